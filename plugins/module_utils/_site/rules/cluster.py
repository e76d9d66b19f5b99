# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of a cluster, and of what is no cluster."""

from __future__ import annotations

import typing as t

from ... import _products as products
from .. import addresses
from ..session import Session
from .common import Record, Terms, records, sound, times

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem


def problems(site: Document) -> t.Iterator[Problem]:
    """What is wrong with the number of nodes and with ``cluster``."""
    data = site.data or {}
    kind, nodes, cluster = data.get("kind"), data.get("nodes"), data.get("cluster")
    if kind == "single":
        if "cluster" in data:
            yield site.problem(("cluster",), "stands in the sheet of a single; remove it, or say kind: cluster")
        if nodes and len(nodes) > 1:
            yield site.problem(("nodes",), f"a single has exactly one node, and here are {len(nodes)}")
        return
    if kind != "cluster":
        return
    if nodes and len(nodes) < 2:
        yield site.problem(("nodes",), "a cluster has at least two nodes, and here is one")
    if cluster is None:
        if "cluster" not in data:
            yield site.problem(("cluster",), "is missing; a cluster gives minimum_live, uplink_mbps and routers")
        return
    least = cluster.get("minimum_live")
    if least and nodes and len(nodes) > 1 and least >= len(nodes):
        yield site.problem(
            ("cluster", "minimum_live"),
            f"{least} leaves no node to work on; with {len(nodes)} nodes, {len(nodes) - 1} at most",
        )
    for index, router in records(cluster, "routers"):
        yield from _router(site, ("cluster", "routers", index), router)


def _router(site: Document, path: Path, router: Record) -> t.Iterator[Problem]:
    yield from addresses.families(site, (*path, "addresses"), router.get("addresses"), single=True)
    yield from addresses.families(site, (*path, "uplink"), router.get("uplink"))
    yield from times(site, path, router)
    for at, text in sound(router.get("addresses")):
        wrong = addresses.unfit(text) or _off_link(site, text) or _no_host(site, text)
        if wrong:
            yield site.problem((*path, "addresses", at), wrong)
    for at, text in sound(router.get("uplink")):
        wrong = addresses.unfit(text) or addresses.not_a_host(text) or addresses.swallows(text, addresses.WIDEST_UPLINK)
        if wrong:
            yield site.problem((*path, "uplink", at), wrong)


def _no_host(site: Document, text: str) -> str | None:
    links = [(node.get("uplink") or {}).get("addresses") for _index, node in records(site.data or {}, "nodes")]
    return next(filter(None, (addresses.not_a_host_on(text, own) for own in links)), None)


def _off_link(site: Document, text: str) -> str | None:
    for _index, node in records(site.data or {}, "nodes"):
        own = (node.get("uplink") or {}).get("addresses")
        if own and None not in own and not addresses.on_link(text, own):
            return f"{text} is not on the uplink of node {node.get('node') or '?'} ({', '.join(own)})"
    return None


def without_one(links_mbps: t.Sequence[int]) -> int:
    """What the links of a cluster's nodes carry together in Mbit/s when the node with the widest one is away."""
    return sum(links_mbps) - max(links_mbps)


def warnings(site: Document, terms: Terms) -> t.Iterator[Problem]:
    """Where the loss of one node is not made up for, where one fault of one program would take all nodes at once, and
    who is not watched though the sheet says so."""
    data = site.data or {}
    nodes = [node for _index, node in records(data, "nodes")]
    if data.get("kind") != "cluster" or len(nodes) < 2:
        return
    links = [terms.link_mbps.get(node.get("profile") or "") for node in nodes]
    uplink = (data.get("cluster") or {}).get("uplink_mbps")
    if uplink and all(links) and uplink > (left := without_one([each for each in links if each])):
        yield site.problem(
            ("cluster", "uplink_mbps"),
            f"the uplink brings {uplink} Mbit/s, and with one node away the links of the others carry {left}; "
            "what comes beyond that is lost then",
        )
    for at, router in records(data.get("cluster") or {}, "routers"):
        unwatched = [f"{node.get('node')} ({each.title})" for node in nodes for each in products.PRODUCTS
                     if each.name == node.get("routing") and not each.bfd_inside]  # fmt: skip
        if router.get("bfd") and unwatched:
            yield site.problem(
                ("cluster", "routers", at, "bfd"),
                f"{', '.join(unwatched)} cannot watch a router of its own AS with BFD; there a silent neighbour counts "
                f"as gone after hold_time, {router.get('hold_time', Session.hold_time)} s",
            )
    for key, title in (("nameserver", "nameserver"), ("routing", "routing daemon")):
        used = {node.get(key) for node in nodes}
        if len(used) == 1 and None not in used:
            yield site.problem(
                ("nodes",), f"all nodes have the same {title}, {used.pop()}; with two, one fault does not take all"
            )
