# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The formats that the schemas name: what a text must be, beyond its pattern."""

from __future__ import annotations

import base64
import datetime
import difflib
import ipaddress
import re
import typing as t
import warnings
import zoneinfo

from .. import _addressing as addressing
from . import prose


def compile_pattern(text: str) -> re.Pattern[str] | None:
    """A regular expression, or None when it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(text)
        except (re.error, OverflowError, RecursionError):
            return None


def coordinates(text: str) -> tuple[float, float]:
    """Latitude and longitude in degrees, of a text that matches the pattern of ``parts.COORDINATES``."""
    latitude, _comma, longitude = text.partition(",")
    return float(latitude), float(longitude)


def communities(texts: t.Iterable[str]) -> tuple[list[str], list[str]]:
    """Standard (RFC 1997) and large (RFC 8092) communities, each in its one spelling (``010:1`` is ``10:1``)."""
    spelt = [":".join(str(int(part)) for part in text.split(":")) for text in texts]
    return [text for text in spelt if text.count(":") == 1], [text for text in spelt if text.count(":") == 2]


def _is_address(text: str) -> bool:
    return "/" not in text and bool(addressing.parse(text))


def _is_interface_address(text: str) -> bool:
    return "/" in text and bool(addressing.parse(text))


def _is_network(text: str) -> bool:
    return _is_interface_address(text) and bool(ipaddress.ip_network(text))


def _is_pattern(text: str) -> bool:
    return compile_pattern(text) is not None


def _is_date(text: str) -> bool:
    return bool(datetime.date.fromisoformat(text))


def _is_community(text: str) -> bool:
    parts = [int(part) for part in text.split(":")]
    return all(part < 1 << (16 if len(parts) == 2 else 32) for part in parts)


def _is_coordinates(text: str) -> bool:
    latitude, longitude = coordinates(text)
    return abs(latitude) <= 90 and abs(longitude) <= 180


def _is_interface(text: str) -> bool:
    return reserved_interface(text) is None


def reserved_interface(name: str) -> str | None:
    """Why this cannot be the name of a port or bond, as the rest of a sentence; None when it can."""
    if name in {"lo", "all", "default"}:
        return "is a name that the kernel has for something else"
    made = name.rstrip("0123456789")
    if made in {"dummy", "sit", "tunl", "gre", "gretap", "ip6tnl", "ip6gre", "erspan"} and made != name:
        return "is an interface that the kernel makes itself, and no cable leads there"
    return None


def unknown_time_zone(name: str) -> str | None:
    """Why this names no time zone, as the rest of a sentence; None when it does.

    Also where this Python finds no time zone at all: on Debian they come with the package tzdata, elsewhere pip has
    one of the same name. A name is then neither right nor wrong, and a document without the local time would be.
    """
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        known = zoneinfo.available_timezones()
        if not known:
            return (
                "cannot be looked up, as the controller has no time zone data: install the distribution's package "
                "tzdata, or python3 -m pip install tzdata"
            )
        near = difflib.get_close_matches(name, known, 1)
        remedy = f"did you mean {near[0]}?" if near else "write one such as Africa/Nairobi"
        return f"is no IANA time zone that this controller knows; {remedy}"
    return None


def _is_time_zone(text: str) -> bool:
    return unknown_time_zone(text) is None


def _is_ssh_key(text: str) -> bool:
    """The type of the key stands in front of it and in it (RFC 4253 section 6.6)."""
    kind, _space, octets = text.partition(" ")
    found = base64.b64decode(octets, validate=True)
    return found[4 : 4 + int.from_bytes(found[:4])] == kind.encode()


def _is_prose(text: str) -> bool:
    return prose.unseen(text) is None


WHY: dict[str, t.Callable[[str], str | None]] = {
    "imrs-prose": prose.unseen,
    "imrs-interface": reserved_interface,
    "imrs-time-zone": unknown_time_zone,
}
"""Of some formats: what is wrong with a text, as the rest of a sentence; None when the format does not say."""

_FORMATS: dict[str, t.Callable[[str], bool]] = {
    "imrs-address": _is_address,
    "imrs-interface-address": _is_interface_address,
    "imrs-network": _is_network,
    "imrs-pattern": _is_pattern,
    "imrs-community": _is_community,
    "imrs-coordinates": _is_coordinates,
    "imrs-interface": _is_interface,
    "imrs-prose": _is_prose,
    "imrs-ssh-key": _is_ssh_key,
    "imrs-time-zone": _is_time_zone,
    "date": _is_date,
}


def of(name: str) -> t.Callable[[object], bool]:
    """The test of a format. Like every format of JSON Schema, it holds for whatever is not text."""
    test = _FORMATS[name]

    def holds(value: object) -> bool:
        try:
            return not isinstance(value, str) or test(value)
        except ValueError:
            return False

    return holds


NAMES = tuple(_FORMATS)
"""All formats."""
