# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Route objects and the AS set from which hosts make their filters (RFC 2622 sections 4 and 5, RFC 4012)."""

from __future__ import annotations

import re
import typing as t

from . import rpsl
from .finding import Finding, Network, Unreadable, Wanted, asn, network, overlaps, within

_FAMILIES = {"route": 4, "route6": 6}
_ERROR = re.compile(r"^%\s*ERROR:?.*$", re.MULTILINE)


class Route(t.NamedTuple):
    """A route object: who may announce what, by whose word."""

    prefix: Network
    origin: int
    source: str
    line: int


class Registry(t.NamedTuple):
    """What an input says of our prefixes, and of the object that hosts use."""

    routes: tuple[Route, ...]
    """Those that have addresses in common with one of our prefixes."""
    members: tuple[str, ...] | None
    """Of our AS set, in capitals; None where the input does not have it."""


def read(text: str, name: str, wanted: Wanted) -> Registry:
    """The RPSL of the file ``name``; Unreadable names the line. Objects of other classes are read over."""
    ours, routes = tuple(wanted.networks.values()), []
    members, number = None, 0
    for number, found in enumerate(rpsl.objects(text, name), 1):  # noqa: B007 - how many there were
        if found.kind in _FAMILIES:
            route = _route(found, name)
            if any(overlaps(route.prefix, our) for our in ours):
                routes.append(route)
        elif found.kind == "as-set" and _is_named(found, wanted):
            members = (*(members or ()), *_members(found))
    if not number:
        said = _ERROR.search(text)
        told = f" (the server said: {said[0][:80]})" if said else ""
        raise Unreadable(f"{name}: has no object{told}; ask the registry again")
    return Registry(tuple(dict.fromkeys(routes)), members)


def sources(registry: Registry, prefix: Network, origin: int) -> list[str]:
    """Where there is an object of exactly this route."""
    return sorted({each.source for each in registry.routes if (each.prefix, each.origin) == (prefix, origin)})


def findings(registry: Registry, wanted: Wanted) -> t.Iterator[Finding]:
    """What is wrong with the objects."""
    for text, prefix in wanted.networks.items():
        there = sources(registry, prefix, wanted.asn)
        kind = f"route{'6' if prefix.version == 6 else ''}"
        where = f" in {wanted.irr_source}" if wanted.irr_source else ""
        if there and wanted.irr_source and wanted.irr_source.upper() not in there:
            text_ = (
                f"its object is in {', '.join(there)}, not{where}, where hosts look: register it there, or change irr"
            )
            yield Finding("missing", text, text_)
        elif not there:
            yield Finding("missing", text, f"no {kind} object with origin AS{wanted.asn}{where}: register it")
    for route in registry.routes:
        yield from _strange(route, wanted)
    yield from _set(registry.members, wanted)


def _strange(route: Route, wanted: Wanted) -> t.Iterator[Finding]:
    """An object of a prefix of ours, or of a part of one, that lets something else through hosts' filters."""
    networks = wanted.networks.values()
    if not any(within(route.prefix, our) for our in networks):
        return
    where = f"in {route.source} (line {route.line})"
    if route.origin != wanted.asn:
        told = f"an object {where} has origin AS{route.origin}: have it deleted if it is not meant"
        yield Finding("other origin", str(route.prefix), told)
    elif route.prefix not in networks:
        told = f"an object {where} has our origin, and we do not announce it: delete it"
        yield Finding("loose", str(route.prefix), told)


def _set(members: tuple[str, ...] | None, wanted: Wanted) -> t.Iterator[Finding]:
    """An AS set without us, or with others."""
    if members is None:
        return
    us = f"AS{wanted.asn}"
    if us not in members:
        yield Finding(
            "members", wanted.irr_object, f"has no member {us}, so filters from it drop all our prefixes: add it"
        )
    if others := sorted(set(members) - {us}):
        yield Finding(
            "members", wanted.irr_object, f"has members that are not ours ({', '.join(others[:5])}): remove them"
        )


def _route(found: rpsl.Object, name: str) -> Route:
    """A route or route6 object; Unreadable where it is none."""
    version, where = _FAMILIES[found.kind], f"{name}:{found.line}: {found.kind}"
    try:
        prefix = network(found.key)
    except ValueError as error:
        raise Unreadable(f"{where}: {error}; have the registry's object mended, or leave it out") from error
    if prefix.version != version:
        told = f"{prefix} is IPv{prefix.version}, which belongs in a route{'6' if prefix.version == 6 else ''} object"
        raise Unreadable(f"{where}: {told}; have the registry's object mended, or leave it out")
    origins = found.values("origin")
    if len(origins) != 1:
        told = f"has {len(origins)} attributes origin, not 1"
        raise Unreadable(f"{where}: {prefix} {told}; was the input cut off? Ask the registry again")
    try:
        return Route(prefix, asn(origins[0]), _source(found), found.line)
    except ValueError as error:
        raise Unreadable(f"{where}: origin: {error}; have the registry's object mended, or leave it out") from error


def _source(found: rpsl.Object) -> str:
    return next(iter(found.values("source")), "").upper() or "no source"


def _is_named(found: rpsl.Object, wanted: Wanted) -> bool:
    """Is it the object that hosts are told of?"""
    there = not wanted.irr_source or _source(found) == wanted.irr_source.upper()
    return there and found.key.upper() == wanted.irr_object.upper()


def _members(found: rpsl.Object) -> list[str]:
    return [word for value in found.values("members") for word in re.split(r"[,\s]+", value.upper()) if word]
