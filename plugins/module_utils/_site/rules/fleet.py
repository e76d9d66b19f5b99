# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of the fleet's file alone."""

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from .. import addresses
from ..formats import compile_pattern
from .common import Terms, names, once, own_asn, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem


def terms(fleet: Document) -> Terms:
    """What sheets are held against."""
    data = fleet.data or {}
    pattern = data.get("node_name_pattern")
    return Terms(
        profiles=names(data, "profiles"),
        link_mbps={
            profile["name"]: profile["link_mbps"]
            for _index, profile in records(data, "profiles")
            if profile.get("name") and profile.get("link_mbps")
        },
        masters=names(data, "masters"),
        pattern=compile_pattern(pattern) if pattern else None,
        ixp_exceptions=frozenset(name for _index, name in sound(data.get("ixp_exceptions"))),
    )


def problems(fleet: Document) -> t.Iterator[Problem]:
    """Everything that is wrong with it."""
    data = fleet.data or {}
    yield from own_asn(fleet)
    lists: tuple[tuple[dict[str, tuple[str, ...]], Path, str], ...] = (
        (addressing.SERVICE_ADDRESSES, ("service_addresses",), "service address"),
        (addressing.SPECIFIC, ("prefixes", "specific"), "specific prefix"),
        (addressing.COVERING, ("prefixes", "covering"), "covering prefix"),
    )
    for family_table, path, what in lists:
        found: t.Any = data
        for step in path:
            found = (found or {}).get(step)
        yield from addresses.families(fleet, path, found)
        yield from addresses.exactly(fleet, path, found, sum(family_table.values(), ()), what)
    for key in ("profiles", "zones", "masters"):
        yield from once(fleet, (key,), records(data, key), "name")
    for word in ("name", "key"):
        yield from once(fleet, ("certificate", "signers"), records(data.get("certificate") or {}, "signers"), word)
    for index, profile in records(data, "profiles"):
        yield from once(fleet, ("profiles", index, "ports"), records(profile, "ports"), "port")
    zones = names(data, "zones")
    if zones and "." not in zones:
        yield fleet.problem(("zones",), "the root zone '.' is missing; it is what the IMRS serves")
    for index, window in records(data, "maintenance_windows"):
        start, end = window.get("start"), window.get("end")
        if start and end and end <= start:
            yield fleet.problem(
                ("maintenance_windows", index, "end"),
                f"{end} is not after {start}; a window ends on its day, so write two of them",
            )
    yield from once(fleet, ("vulnerabilities",), records(data, "vulnerabilities"), "id")
    yield from once(fleet, ("ixp_exceptions",), sound(data.get("ixp_exceptions")))
