# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of a cluster's routers that are ours to provision: of what stands in ``machine``, and of what it needs."""

from __future__ import annotations

import typing as t

from ... import _products as products
from .. import addresses, sessions
from ..session import Session
from . import node as node_rules
from .common import Record, Terms, names, profile, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem


def problems(site: Document, terms: Terms) -> t.Iterator[Problem]:
    """Everything that is wrong with routers of ours."""
    data = site.data or {}
    if data.get("kind") != "cluster":
        return
    routers = list(records(data.get("cluster") or {}, "routers"))
    ours = [(index, router) for index, router in routers if "machine" in router]
    if not ours:
        return
    for index, router in routers:
        if "machine" not in router:
            named = ", ".join(each.get("router") or "?" for _index, each in ours)
            yield site.problem(
                ("cluster", "routers", index, "machine"),
                f"is missing; all routers of a site are ours to provision, or none; give it, or remove that of {named}",
            )
    yield from _one_link(site, data)
    for index, router in ours:
        path: Path = ("cluster", "routers", index)
        yield from _machine(site, path, router, terms)
        yield from _own_network(site, path, router)
    yield from _met(site, data)


def _machine(site: Document, path: Path, router: Record, terms: Terms) -> t.Iterator[Problem]:
    machine, own = router.get("machine") or {}, router.get("uplink")
    here: Path = (*path, "machine")
    yield from profile(site, here, machine, terms)
    management = machine.get("management") or {}
    yield from _interfaces(site, here, machine.get("interfaces") or {}, management.get("interface"))
    yield from addresses.families(site, (*here, "gateways"), machine.get("gateways"), single=True)
    for at, text in sound(machine.get("gateways")):
        wrong = addresses.unfit(text)
        if not wrong and own and None not in own and not addresses.on_link(text, own):
            wrong = f"{text} is not on the router's uplink ({', '.join(own)}), so it cannot be its gateway"
        wrong = wrong or addresses.not_a_host_on(text, own)
        if wrong:
            yield site.problem((*here, "gateways", at), wrong)
    links = [*(own or ()), *(text for _name, _mtu, texts in _nodes(site.data or {}) for text in texts)]
    yield from node_rules.management(site, here, management, links)


def _interfaces(site: Document, path: Path, given: Record, management: str | None) -> t.Iterator[Problem]:
    """Three cables, three interfaces."""
    nodes, uplink = given.get("nodes"), given.get("uplink")
    if nodes and nodes == uplink:
        yield site.problem(
            (*path, "interfaces", "uplink"), f"{uplink} is the interface towards the nodes; the uplink has its own"
        )
    if management and management in (nodes, uplink):
        side = "towards the nodes" if management == nodes else "of the uplink"
        yield site.problem(
            (*path, "management", "interface"), f"{management} is the interface {side}; management has its own"
        )


def _nodes(data: Record) -> t.Iterator[tuple[str, int | None, list[str]]]:
    """Name, MTU and addresses of each node, as far as they are sound."""
    for _index, node in records(data, "nodes"):
        uplink = node.get("uplink") or {}
        yield node.get("node") or "?", uplink.get("mtu"), [text for _at, text in sound(uplink.get("addresses"))]


def _one_link(site: Document, data: Record) -> t.Iterator[Problem]:
    """Routers take prefix lengths and MTU of their inner side from the nodes, so these have the same."""
    first: tuple[str, int | None, list[str]] | None = None
    for (index, _node), (name, mtu, texts) in zip(records(data, "nodes"), _nodes(data), strict=True):
        if first is None:
            first = name, mtu, texts
            continue
        path: Path = ("nodes", index, "uplink")
        if mtu and first[1] and mtu != first[1]:
            yield site.problem(
                (*path, "mtu"), f"{mtu} is not {first[1]}, that of {first[0]}; nodes and routers on a link have one MTU"
            )
        for at, text in enumerate(texts):
            beside = [other for other in first[2] if addresses.overlap(text, other)]
            if beside and addresses.network(text).cidr != addresses.network(beside[0]).cidr:
                yield site.problem(
                    (*path, "addresses", at),
                    f"{text} and {beside[0]} of {first[0]} have different prefix lengths; give both that of their link",
                )


def _own_network(site: Document, path: Path, router: Record) -> t.Iterator[Problem]:
    """A router does not pass on between two interfaces in one subnet."""
    for at, text in sound(router.get("uplink")):
        if addresses.swallows(text, addresses.WIDEST_UPLINK):
            continue
        for name, _mtu, texts in _nodes(site.data or {}):
            if inner := next((other for other in texts if addresses.overlap(text, other)), None):
                yield site.problem(
                    (*path, "uplink", at),
                    f"{text} is in the network of node {name} ({inner}); the uplink has a network of its own",
                )
                break


def _met(site: Document, data: Record) -> t.Iterator[Problem]:
    """Each has a session with somebody."""
    cluster, peers = data.get("cluster") or {}, data.get("peers")
    known = names(cluster, "routers", "router")
    texts = [router.get("uplink") for _index, router in records(cluster, "routers")]
    texts += [peer.get("addresses") for _index, peer in records(data, "peers")]
    if known is None or not peers or None in peers or any(not each or None in each for each in texts):
        return  # what is wrong there is told
    met = {name for _peer, _address, name, _own in sessions.meetings(data)}
    for index, name in enumerate(known):
        if name not in met:
            own = ", ".join(cluster["routers"][index]["uplink"])
            yield site.problem(
                ("cluster", "routers", index, "uplink"),
                f"no peer is on it ({own}), and {name} would announce to nobody; add a peer, or correct the addresses",
            )


def warnings(site: Document) -> t.Iterator[Problem]:
    """What is in vain, of a sheet that is sound."""
    data = site.data or {}
    if data.get("kind") != "cluster":
        return
    cluster = data["cluster"]
    ours = [(index, router) for index, router in records(cluster, "routers") if "machine" in router]
    if not ours:
        if "below_minimum" in cluster:
            yield site.problem(
                ("cluster", "below_minimum"), "is for routers that are ours to provision (machine), and here are none"
            )
        return
    tells = {
        name
        for peer, _address, name, _own in sessions.meetings(data)
        if peer.get("inbound", Session.inbound) == "default"
    }
    for index, router in ours:
        path: Path = ("cluster", "routers", index)
        if router.get("inbound", Session.inbound) == "default" and router["router"] not in tells:
            yield site.problem(
                (*path, "inbound"),
                "default, and no peer tells this router a default route, so that it passes none on; "
                "say inbound: default of a peer of it, or leave it out here",
            )
        yield from _unwatched(site, path, router)
    daemons = {router["machine"]["routing"] for _index, router in ours}
    if len(ours) > 1 and len(daemons) == 1:
        yield site.problem(
            ("cluster", "routers"),
            f"all routers have the same routing daemon, {daemons.pop()}; with two, one fault does not take all",
        )


def _unwatched(site: Document, path: Path, router: Record) -> t.Iterator[Problem]:
    daemon = products.named(products.ROUTING, router["machine"]["routing"])
    if router.get("bfd") and not daemon.bfd_inside:
        yield site.problem(
            (*path, "bfd"),
            f"{daemon.title}, which this router has, cannot watch nodes of its own AS with BFD; a silent one counts as "
            f"gone after hold_time, {router.get('hold_time', Session.hold_time)} s",
        )
