# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What every rule uses.

A rule works on what ``shape`` left over, so anything may be absent or None; it then keeps quiet, because the problem
with the field itself is already known. Only what is absent, and not what is None, has its default.
"""

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from .. import certificates
from ..document import spell
from ..session import Session

if t.TYPE_CHECKING:
    import re

    from ..document import Document, Path
    from ..errors import Problem

NODE_DOMAIN = "l.root-servers.org"
"""Nodes are called ``<node>.l.root-servers.org`` (RFC 7108 section 3)."""

Record = dict[str, t.Any]


class Terms(t.NamedTuple):
    """What the fleet offers to its sheets. A part that is not sound is None, and then not asked."""

    profiles: tuple[str, ...] | None
    link_mbps: dict[str, int]
    """Of the profiles where it is sound."""
    masters: tuple[str, ...] | None
    pattern: re.Pattern[str] | None
    """What a node's full name has to match."""
    ixp_exceptions: frozenset[str]


def full_name(node: str) -> str:
    """The name that the node gives as its identity."""
    return f"{node}.{NODE_DOMAIN}"


def records(data: Record, key: str) -> t.Iterator[tuple[int, Record]]:
    """The sound entries of a list, with their indexes."""
    for index, record in enumerate(data.get(key) or ()):
        if record is not None:
            yield index, record


def sound(values: list[t.Any] | None) -> t.Iterator[tuple[int, t.Any]]:
    """The sound items of a list, with their indexes."""
    for index, value in enumerate(values or ()):
        if value is not None:
            yield index, value


def names(data: Record, key: str, name: str = "name") -> tuple[str, ...] | None:
    """The names of all entries of a list; None when one of them is not known."""
    found = tuple(record.get(name) if record else None for record in data.get(key) or [None])
    return None if None in found else t.cast("tuple[str, ...]", found)


def own_asn(document: Document) -> t.Iterator[Problem]:
    """The number that fleet and sheets repeat is ours."""
    asn = (document.data or {}).get("asn")
    if asn not in {None, addressing.ASN}:
        yield document.problem(("asn",), f"{asn} is not {addressing.ASN}, the AS number of the IMRS")


def once(document: Document, path: Path, values: t.Iterable[tuple[int, t.Any]], name: str = "") -> t.Iterator[Problem]:
    """No two entries of the list at ``path`` are the same, or have the same ``name``."""
    seen: dict[t.Any, int] = {}
    for index, entry in values:
        value = entry.get(name) if name else entry
        if value is None:
            continue
        if value in seen:
            here = (*path, index, name) if name else (*path, index)
            yield document.problem(here, f"{value} was already given in {path[-1]}[{seen[value]}]")
        seen.setdefault(value, index)


def profile(site: Document, path: Path, machine: Record, terms: Terms) -> t.Iterator[Problem]:
    """A machine is of a hardware class that the fleet has."""
    if terms.profiles and machine.get("profile") not in {None, *terms.profiles}:
        yield site.problem(
            (*path, "profile"),
            f"{machine['profile']} is not a profile of the fleet; these are {', '.join(terms.profiles)}",
        )


def times(site: Document, path: Path, session: Record) -> t.Iterator[Problem]:
    """The keepalive time of a session goes with its hold time."""
    hold, keepalive = session.get("hold_time", Session.hold_time), session.get("keepalive_time")
    # Our daemons, and most of what hosts have, take the smaller one of what is configured and a third of the hold time.
    if keepalive is not None and hold is not None and keepalive > hold // 3:
        yield site.problem(
            (*path, "keepalive_time"),
            f"{keepalive} is more than a third of the hold time, {hold}, so neighbours would use {hold // 3} instead "
            f"(RFC 4271, section 4.4); give {hold // 3} or less, or leave it out",
        )


def pinned(
    fleet: Document, place: Path, pem: str, name: str, seen: dict[str, Path]
) -> t.Generator[Problem, None, certificates.Certificate | None]:
    """What is wrong with a certificate that a server is known by; returns it where it can be read.

    ``name``: the server's, without a final dot; ``seen``: those before it, by their text.
    """
    try:
        found = certificates.read(pem)
    except ValueError as error:
        yield fleet.problem(place, str(error))
        return None
    first = seen.setdefault(found.pem, place)
    if first != place:
        yield fleet.problem(place, f"stands at {spell(first)} already; leave one out")
    elif name and name not in found.names:
        names = ", ".join(found.names) or "no name"
        yield fleet.problem(place, f"is for {names} (subjectAltName), not for {name}., and would be refused")
    return found
