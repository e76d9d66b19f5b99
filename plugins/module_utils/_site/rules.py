# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the schema cannot say: rules that need the IMRS's numbers, two fields, or two files.

Every rule works on what ``shape`` left over, so a field may be absent and a list item None; a rule then keeps quiet,
because the field's own problem is already known.
"""

from __future__ import annotations

import collections
import typing as t

from .. import _addressing as addressing
from . import addresses
from .shape import compile_pattern

if t.TYPE_CHECKING:
    from .document import Document, Path
    from .errors import Problem

NODE_DOMAIN = "l.root-servers.org"
"""Nodes are called ``<node>.l.root-servers.org`` (RFC 7108 section 3)."""

Record = dict[str, t.Any]


def full_name(node: str) -> str:
    """The name that the node gives as its identity."""
    return f"{node}.{NODE_DOMAIN}"


def records(data: Record, key: str) -> t.Iterator[tuple[int, Record]]:
    """The sound entries of a list, with their indexes."""
    for index, record in enumerate(data.get(key) or ()):
        if record is not None:
            yield index, record


def fleet_problems(fleet: Document) -> t.Iterator[Problem]:
    """Rules of the fleet's file alone."""
    data = fleet.data or {}
    yield from _own_asn(fleet)
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
        yield from _once(fleet, key, "name")
    for index, master in records(data, "masters"):
        yield from addresses.families(fleet, ("masters", index, "addresses"), master.get("addresses"))
    zones = data.get("zones")
    if zones and all(zone and "name" in zone for zone in zones) and "." not in [zone["name"] for zone in zones]:
        yield fleet.problem(("zones",), "the root zone '.' is missing; it is what the IMRS serves")


def site_problems(site: Document, fleet: Document) -> t.Iterator[Problem]:
    """Rules of one sheet, and of the sheet against its fleet."""
    data = site.data or {}
    yield from _own_asn(site)
    profiles: list[t.Any] = [profile.get("name") for _index, profile in records(fleet.data or {}, "profiles")]
    if data.get("profile") and profiles and None not in profiles and data["profile"] not in profiles:
        yield site.problem(
            ("profile",), f"{data['profile']} is not a profile of the fleet; these are {', '.join(profiles)}"
        )
    nodes = data.get("nodes") or []
    if data.get("kind") == "single" and len(nodes) > 1:
        yield site.problem(("nodes",), f"a single has exactly one node, and here are {len(nodes)}")
    for index, node in records(data, "nodes"):
        yield from _node(site, index, node, fleet)
    for index, peer in records(data, "peers"):
        yield from _peer(site, index, peer)


def fleet_wide_problems(fleet: Document, sites: t.Sequence[Document]) -> t.Iterator[Problem]:
    """Rules between files: what must be unique is unique over the whole fleet."""
    names: dict[tuple[str, str], str] = {}
    owners: dict[str, str] = {
        addresses.host(text): "the IMRS itself" for texts in addressing.SERVICE_ADDRESSES.values() for text in texts
    }
    for index, master in records(fleet.data or {}, "masters"):
        yield from _own(fleet, ("masters", index, "addresses"), master.get("addresses"), _called(master), owners)
    for site in sites:
        data = site.data or {}
        yield from _unique(site, ("site",), ("site", data.get("site")), names)
        for index, node in records(data, "nodes"):
            yield from _unique(site, ("nodes", index, "node"), ("node", node.get("node")), names)
            for port in ("uplink", "management"):
                path: Path = ("nodes", index, port, "addresses")
                yield from _own(site, path, (node.get(port) or {}).get("addresses"), _called(node), owners)
    for site in sites:
        for path, text in _neighbours(site):
            if addresses.host(text) in owners:
                yield site.problem(path, f"{text} is an address of {owners[addresses.host(text)]}, not of the host")


def _own_asn(document: Document) -> t.Iterator[Problem]:
    asn = (document.data or {}).get("asn", addressing.ASN)
    if asn != addressing.ASN:
        yield document.problem(("asn",), f"{asn} is not {addressing.ASN}, the AS number of the IMRS")


def _once(document: Document, key: str, name: str, path: Path = (), data: Record | None = None) -> t.Iterator[Problem]:
    """No two entries of a list have the same name."""
    seen: dict[str, int] = {}
    for index, record in records(document.data or {} if data is None else data, key):
        value = record.get(name)
        if value is None:
            continue
        if value in seen:
            yield document.problem((*path, key, index, name), f"{value} was already given in {key}[{seen[value]}]")
        seen.setdefault(value, index)


def _node(site: Document, index: int, node: Record, fleet: Document) -> t.Iterator[Problem]:
    path: Path = ("nodes", index)
    pattern = (fleet.data or {}).get("node_name_pattern")
    compiled = compile_pattern(pattern) if pattern else None
    if compiled and "node" in node and not compiled.fullmatch(full_name(node["node"])):
        yield site.problem(
            (*path, "node"), f"{full_name(node['node'])} does not match the fleet's node_name_pattern {pattern}"
        )
    uplink = node.get("uplink") or {}
    own, gateways = uplink.get("addresses"), uplink.get("gateways")
    yield from addresses.families(site, (*path, "uplink", "addresses"), own)
    yield from addresses.families(site, (*path, "uplink", "gateways"), gateways, single=True)
    for at, text in _sound(own):
        wrong = addresses.unfit(text) or addresses.not_a_host(text)
        if wrong:
            yield site.problem((*path, "uplink", "addresses", at), wrong)
    for at, text in _sound(gateways):
        wrong = addresses.unfit(text)
        if not wrong and own and None not in own and not addressing.on_link(text, own):
            wrong = f"{text} is not on the uplink ({', '.join(own)}), so it cannot be its gateway"
        if wrong:
            yield site.problem((*path, "uplink", "gateways", at), wrong)
    for at, text in _sound((node.get("management") or {}).get("addresses")):
        wrong = addresses.not_a_host(text)
        if wrong:
            yield site.problem((*path, "management", "addresses", at), wrong)
    yield from _keys(site, path, node, fleet)


def _keys(site: Document, path: Path, node: Record, fleet: Document) -> t.Iterator[Problem]:
    """One TSIG key for every master of the fleet."""
    masters: list[t.Any] = [master.get("name") for _index, master in records(fleet.data or {}, "masters")]
    given = node.get("tsig")
    yield from _once(site, "tsig", "master", path, node)
    if not masters or None in masters or given is None:
        return
    for index, key in records(node, "tsig"):
        if key.get("master", masters[0]) not in masters:
            yield site.problem(
                (*path, "tsig", index, "master"),
                f"{key['master']} is not a master of the fleet; these are {', '.join(masters)}",
            )
    if all(key and "master" in key for key in given):
        for master in masters:
            if master not in [key["master"] for key in given]:
                yield site.problem((*path, "tsig"), f"has no TSIG key for the master {master}")


def _peer(site: Document, index: int, peer: Record) -> t.Iterator[Problem]:
    path: Path = ("peers", index)
    if peer.get("asn") == addressing.ASN:
        yield site.problem((*path, "asn"), f"{addressing.ASN} is our own AS number; give the host's")
    yield from addresses.families(site, (*path, "addresses"), peer.get("addresses"), single=True)
    earlier = collections.Counter(
        addresses.host(text)
        for _at, other in list(records(site.data or {}, "peers"))
        if other is not peer
        for _place, text in _sound(other.get("addresses"))
    )
    for at, text in _sound(peer.get("addresses")):
        wrong = addresses.unfit(text)
        if not wrong and earlier[addresses.host(text)]:
            wrong = f"{text} is the address of another peer too; give every router once"
        if not wrong and "multihop" not in peer:
            wrong = _off_link(site, text)
        if wrong:
            yield site.problem((*path, "addresses", at), wrong)


def _off_link(site: Document, text: str) -> str | None:
    for _index, node in records(site.data or {}, "nodes"):
        own = (node.get("uplink") or {}).get("addresses")
        if own and None not in own and not addressing.on_link(text, own):
            return f"{text} is not on the uplink ({', '.join(own)}); correct it, or say multihop"
    return None


def _sound(texts: list[str | None] | None) -> t.Iterator[tuple[int, str]]:
    for index, text in enumerate(texts or ()):
        if text is not None:
            yield index, text


def _called(record: Record) -> str:
    if "node" in record:
        return f"node {record['node']}"
    return f"master {record['name']}" if "name" in record else "another machine"


def _unique(
    document: Document, path: Path, name: tuple[str, str | None], names: dict[t.Any, str]
) -> t.Iterator[Problem]:
    kind, value = name
    if value is None:
        return
    here = str(document.problem(path, "").line)
    if name in names:
        yield document.problem(path, f"{kind} {value} already exists, in {names[name]}; give every {kind} its own name")
    names.setdefault(name, f"{document.file}:{here}")


def _own(
    document: Document, path: Path, texts: list[str | None] | None, owner: str, owners: dict[str, str]
) -> t.Iterator[Problem]:
    """An address belongs to one machine of the fleet, once."""
    for index, text in _sound(texts):
        if addresses.host(text) in owners:
            yield document.problem(
                (*path, index),
                f"{addresses.host(text)} is used twice; it already belongs to {owners[addresses.host(text)]}",
            )
        owners.setdefault(addresses.host(text), owner)


def _neighbours(site: Document) -> t.Iterator[tuple[Path, str]]:
    """Addresses of the host's machines, as the sheet names them."""
    data = site.data or {}
    for index, node in records(data, "nodes"):
        for at, text in _sound((node.get("uplink") or {}).get("gateways")):
            yield ("nodes", index, "uplink", "gateways", at), text
    for index, peer in records(data, "peers"):
        for at, text in _sound(peer.get("addresses")):
            yield ("peers", index, "addresses", at), text
