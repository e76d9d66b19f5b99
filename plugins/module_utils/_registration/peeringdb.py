# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What PeeringDB says of our network: hosts make prefix limits and filters from it.

The input is an answer of its API to ``net?asn=20144``, or its dump: ``{"data": [{"asn": 20144, "info_prefixes4": 10,
"info_prefixes6": 10, "irr_as_set": "RIPE::AS20144", "status": "ok"}], "meta": {"generated": 1796083200.5}}``. The field
``updated`` is when somebody last changed the record, and says nothing of the age of the copy.
"""

from __future__ import annotations

import re
import typing as t

from .finding import Finding, Unreadable, Wanted, asn, mapping, parse_json, shown

LIMITS = {"ipv4": "info_prefixes4", "ipv6": "info_prefixes6"}
_MOST = 2**31


class Net(t.NamedTuple):
    """Our record."""

    made: float | None
    """When the copy was made, in Unix time; None where it does not say."""
    limits: dict[str, int | None] | None
    """By family; None where there is no record."""
    irr: tuple[tuple[str, str], ...]
    """AS sets to make filters from, in capitals, each with its registry, which may be empty."""


def read(text: str, name: str, wanted: Wanted) -> Net:
    """The JSON of the file ``name``; Unreadable names what is wrong there."""
    data = parse_json(text, name)
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        raise Unreadable(f"{name}: has no list data; give the answer of PeeringDB's API to net?asn={wanted.asn}")
    made = _made(data, name)
    for number, entry in enumerate(data["data"]):
        where = f"{name}: data[{number}]"
        try:
            if asn(mapping(entry).get("asn")) == wanted.asn and entry.get("status", "ok") == "ok":
                return Net(made, {family: _limit(entry, field) for family, field in LIMITS.items()}, _sets(entry))
        except ValueError as error:
            told = str(error) if str(error).startswith((".", ":")) else f".asn: {error}"
            raise Unreadable(f"{where}{told}; ask PeeringDB again for net?asn={wanted.asn}") from error
    return Net(made, None, ())


def findings(net: Net, wanted: Wanted) -> t.Iterator[Finding]:
    """What is wrong with the record."""
    us = f"AS{wanted.asn}"
    if net.limits is None:
        yield Finding("missing", us, "PeeringDB has no network with this number: register it")
        return
    for family, limit in net.limits.items():
        many = wanted.count(family)
        if limit is None or limit < many:
            told = (
                f"{LIMITS[family]} is {'not given' if limit is None else limit}, and {many} are announced: a host that "
            )
            yield Finding("limit", us, f"{told}makes its limit from this shuts the session; set it to {many} or more")
    named, target = [each for _registry, each in net.irr], wanted.irr_object.upper()
    if target and target not in named and (named or not target[2:].isdecimal()):
        told = (
            f"irr_as_set is {', '.join(named) or 'empty'}, and hosts are told {wanted.irr_object}: make them the same"
        )
        yield Finding("members", us, told)
    for registry, each in net.irr:
        if each == target and registry and wanted.irr_source and registry != wanted.irr_source.upper():
            told = f"irr_as_set names {registry}, and hosts are told {wanted.irr_source}: make them the same"
            yield Finding("members", us, told)


def _limit(entry: t.Mapping[str, t.Any], field: str) -> int | None:
    value = entry.get(field)
    if value is not None and (type(value) is not int or not 0 <= value < _MOST):
        raise ValueError(f".{field}: {shown(value)} is no number of prefixes")
    return value


def _sets(entry: t.Mapping[str, t.Any]) -> tuple[tuple[str, str], ...]:
    """``RIPE::AS-EXAMPLE``, ``AS-EXAMPLE@RIPE`` or ``AS-EXAMPLE``, or several of them."""
    value = entry.get("irr_as_set") or ""
    if not isinstance(value, str):
        raise ValueError(f".irr_as_set: {shown(value)} is no text")  # noqa: TRY004 - told like the others
    found = []
    for word in re.split(r"[\s,/]+", value.upper().strip()):
        registry, colons, name = word.partition("::")
        if not colons:
            name, _at, registry = word.partition("@")
        if name:
            found.append((registry, name))
    return tuple(found)


def _made(data: t.Mapping[str, t.Any], name: str) -> float | None:
    meta = data.get("meta")
    said = meta.get("generated") if isinstance(meta, dict) else None
    if said is None:
        return None
    if type(said) not in (int, float) or not 0 <= said < 2**40:
        raise Unreadable(f"{name}: meta.generated: {shown(said)} is no Unix time; ask PeeringDB again")
    return float(said)
