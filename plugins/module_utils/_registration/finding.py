# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is looked for in the registries, what is found there, and how both are read and told."""

from __future__ import annotations

import ipaddress
import json
import typing as t

from .. import _addressing as addressing

Network: t.TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
HOUR = 3600
DAY = 24 * HOUR
_MOST_ASN = 2**32 - 1


class Unreadable(ValueError):  # noqa: N818 - reads as what it says
    """An input cannot be understood. The text names the file, the place in it, and what to do."""


class Finding(t.NamedTuple):
    """One thing that is not as it should be."""

    kind: str
    """One of ``invalid``, ``not found``, ``loose``, ``other origin``, ``ends``, ``missing``, ``members``, ``limit`` and
    ``stale``."""
    subject: str
    """The prefix or the object that it is about; empty where it is about the whole input."""
    text: str
    """What is wrong, and what to do, in a sentence without the subject."""

    @property
    def words(self) -> str:
        """All of it, for a message."""
        return f"{self.subject}: {self.text}" if self.subject else self.text


class Wanted(t.NamedTuple):
    """What a fleet announces, and where it says that this is registered."""

    asn: int
    prefixes: tuple[str, ...]
    """All of them, IPv4 first."""
    irr_source: str = ""
    """The routing registry of its route objects, such as ``RIPE``; empty where the fleet does not say."""
    irr_object: str = ""
    """The AS set or AS number that hosts make their filters from."""

    @classmethod
    def of(cls, asn: int, prefixes: t.Mapping[str, t.Iterable[str]], irr: t.Mapping[str, str] | None = None) -> Wanted:
        """From an AS number, its prefixes by family, and ``imrs_irr``."""
        every = tuple(text for family in addressing.FAMILIES for text in sorted(prefixes.get(family, ()), key=_order))
        return cls(asn, every, (irr or {}).get("source", ""), (irr or {}).get("object", ""))

    @property
    def networks(self) -> dict[str, Network]:
        """The prefixes, by their spelling."""
        return {text: ipaddress.ip_network(text) for text in self.prefixes}

    def count(self, family: str) -> int:
        """How many prefixes of one family are announced when all are."""
        return sum(addressing.family_of(text) == family for text in self.prefixes)


class Bounds(t.NamedTuple):
    """How old an input may be, and how soon a ROA may end."""

    rpki_hours: int = 24
    """Validators run at least every hour; what they made yesterday says nothing of today."""
    days: int = 30
    """Of what people write: route objects and PeeringDB."""
    roa_hours: int = 0
    """0: a ROA that has ended. The end that validators tell is the nearest of all certificates and CRLs above the ROA,
    which is often hours away, and put off again in time; so a bound of days would always be met."""

    @classmethod
    def parse(cls, given: t.Mapping[str, t.Any]) -> Bounds:
        """From a mapping with some of the names above; ValueError for what is no number of hours or days."""
        for key, value in given.items():
            if key not in cls._fields:
                raise ValueError(f"{key}: unknown key; known are {', '.join(cls._fields)}")
            if type(value) is not int or not 0 <= value <= 100_000:
                raise ValueError(f"{key}: {value!r} is no number from 0 to 100000")
        return cls(**given)


def network(text: str) -> Network:
    """``199.7.83.0/24`` and the like; ValueError for anything else, netmasks and host bits among it."""
    if not isinstance(text, str) or "/" not in text or text.strip() != text:
        raise ValueError(f"{shown(text)} is no prefix, such as 199.7.83.0/24")
    try:
        addressing.parse(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is no prefix") from error
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is no prefix: it has host bits") from error


def asn(value: object) -> int:
    """``20144``, ``"20144"`` or ``"AS20144"``; ValueError for anything else."""
    digits = value.upper().removeprefix("AS") if isinstance(value, str) else value
    if isinstance(digits, str) and digits.isascii() and digits.isdecimal() and len(digits) <= 10:
        digits = int(digits)
    if type(digits) is not int or not 0 <= digits <= _MOST_ASN:
        raise ValueError(f"{shown(value)} is no AS number (0-{_MOST_ASN})")
    return digits


def parse_json(text: str, name: str) -> t.Any:
    """JSON of the file ``name``; Unreadable for anything else."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}"
        raise Unreadable(f"{where}: no JSON: {error.msg}; was it written to its end? Make it anew") from error
    except (ValueError, RecursionError) as error:  # a number or a nesting that nobody means
        raise Unreadable(f"{name}: no JSON that can be read: {error}; make it anew") from error


def mapping(value: t.Any) -> t.Mapping[str, t.Any]:
    """A JSON object; ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError(f": {shown(value)} is no object")  # noqa: TRY004 - told like other wrong values
    return value


def overlaps(one: Network, other: Network) -> bool:
    """Have they addresses in common? Never of two families."""
    return one.version == other.version and one.overlaps(other)


def within(inner: Network, outer: Network) -> bool:
    """Is every address of ``inner`` in ``outer``? Never of two families."""
    return inner.version == outer.version and overlaps(inner, outer) and inner.prefixlen >= outer.prefixlen


def age(seconds: float) -> str:
    """A span in words: minutes up to two hours, hours up to two days, else days."""
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", 60)):
        if seconds >= 2 * size or unit == "minute":
            number = max(0, int(seconds // size))
            return f"{number} {unit}{'' if number == 1 else 's'}"
    raise AssertionError("minutes end it")


def stale(made: float, now: float, most: float, how: str) -> list[Finding]:
    """Why data of this time says too little of now. Unix times; ``most`` in seconds; ``how`` to renew it."""
    if made > now + HOUR:
        return [Finding("stale", "", f"made {age(made - now)} from now: one of two clocks is wrong")]
    if now - made <= most:
        return []
    return [Finding("stale", "", f"{age(now - made)} old, and what is here may have changed since: {how}")]


def shown(value: object, most: int = 60) -> str:
    """A wrong value in a message, not longer than a line bears."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."


def _order(text: str) -> tuple[int, int]:
    found = ipaddress.ip_network(text)
    return int(found.network_address), found.prefixlen
