# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The faults, one entry each: how it is made and ended on the node, and what has to come of it. Pure.

A fault ends by itself: whoever makes it arms a timer on the node first (``perform``), and none of them outlives a
reboot. Nothing is written to a disk, and no packet leaves the node that would not leave it otherwise.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from .. import _addressing as addressing
from .. import _products as products

Command = tuple[str, ...]

TABLE = "imrs_drill"
"""Of nftables; faults of the line are rules there, and it is gone when the fault is over."""

NAMESERVER_BOUND = 15.0
"""Seconds after which a dead nameserver's prefixes have to be gone at the peer (requirements FB-02)."""
STOP_BOUND = 10.0
"""The same where it is stopped as planned (requirements FB-01)."""
KILLED_BOUND = 1.0
"""The same of a routing daemon that was killed: its TCP sessions end with it (requirements FB-06)."""
GATE_BOUND = 30.0
"""The same of the gate (requirements FB-09)."""
LINE_MARGIN = 2.0
"""Seconds beside the session's hold time, where that is what notices the fault (requirements FB-07, FB-08)."""
CUT = 130.0
"""Seconds for which masters are cut off: the gate asks them twice in that time (``gate_masters_every``)."""


class Kind(enum.StrEnum):
    """What has to come of a fault."""

    FALLS = "falls"
    """What is announced is withdrawn in time, and comes back when the fault is over."""
    STAYS = "stays"
    """Nothing changes."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault. Commands are lists of words; no shell is involved."""

    key: str
    """Its name in records, of this fault alone."""
    ids: tuple[str, ...]
    """The requirements that it is evidence for."""
    what: str
    """What happens, for people."""
    kind: Kind
    begin: tuple[Command, ...]
    undo: tuple[Command, ...] = ()
    """Ends it, also where it has not begun or is over."""
    bound: float = 0.0
    """Seconds in which it has to be withdrawn, as the peer sees it."""
    lasts: float = 0.0
    """Seconds that it is kept up at least."""
    families: tuple[str, ...] = tuple(addressing.FAMILIES)
    """Which have to go; the others stay."""
    held: bool = False
    """Until it is ended nothing may be announced again; else the node mends it itself."""
    seen_by_node: bool = True
    """Whether the gate itself says that it withdraws. Where it is dead, only the peer can tell."""

    @property
    def longest(self) -> float:
        """Seconds after which it is ended, whatever was seen."""
        return max(self.bound, self.lasts) + 10.0


@dataclasses.dataclass(frozen=True)
class Node:
    """What the faults need to know of a node."""

    nameserver: products.Product
    routing: products.Product
    service_addresses: t.Mapping[str, t.Sequence[str]]
    masters: tuple[str, ...]
    uplink: str
    """The interface that leads to the host's router."""
    management: str
    """The interface by which the node is reached."""
    hold_time: float
    """Seconds; the longest of its sessions."""
    ipv4_routers: tuple[str, ...]
    ipv6_routers: tuple[str, ...]
    """Addresses of the routers that it has sessions with, but for link-local ones."""

    @classmethod
    def parse(cls, expected: t.Mapping[str, t.Any], uplink: str, management: str) -> Node:
        """From what acceptance goes by (``_acceptance.projection``); ValueError where it is no node with sessions."""
        if expected.get("function") == "router" or not expected.get("nameserver_provider"):
            raise ValueError("a cluster's router has no nameserver to break: drill its nodes")
        if not expected["peers"]:
            raise ValueError("it has no BGP session, so nothing could be seen to be withdrawn")
        return cls(
            nameserver=products.named(products.NAMESERVER, expected["nameserver_provider"]),
            routing=products.named(products.ROUTING, expected["routing_provider"]),
            service_addresses=expected["service_addresses"],
            masters=tuple(address for master in expected["masters"] for address in master["addresses"]),
            uplink=uplink,
            management=management,
            hold_time=max(float(peer["hold_time"]) for peer in expected["peers"]),
            **{f"{family}_routers": tuple(_routers(expected["peers"], family)) for family in addressing.FAMILIES},
        )


def _routers(peers: t.Iterable[t.Mapping[str, t.Any]], family: str) -> list[str]:
    """Of sessions of that family. A link-local address may be the gateway's, too: cut off, all of IPv6 would be."""
    return [
        str(peer["address"])
        for peer in peers
        if peer["family"] == family and not addressing.is_link_local(peer["address"])
    ]


def systemctl(*words: str) -> Command:
    """A command to systemd."""
    return ("systemctl", *words)


def kill(unit: str, signal: str) -> Command:
    """A signal to all processes of a unit."""
    return systemctl("kill", f"--signal={signal}", unit)


def rules(*chains: str) -> tuple[Command, ...]:
    """Drop what the rules of the chains name; a table of our own, so that nothing else is touched."""
    return (("nft", f"table inet {TABLE} {{ {' '.join(chains)} }}"),)


NO_RULES = (("nft", f"table inet {TABLE} {{ }}; delete table inet {TABLE}"),)
"""Ends what ``rules`` has begun. The empty table first, as it is no error then that there is none."""


def _chain(name: str, hook: str, *drops: str) -> str:
    """Before the node's own filter, and before its rules that track nothing."""
    return f"chain {name} {{ type filter hook {hook} priority -400; policy accept; {'; '.join(drops)}; }};"


def _addresses(family: str, addresses: t.Iterable[str]) -> str:
    word = {"ipv4": "ip", "ipv6": "ip6"}[family]
    return f"{word} daddr {{ {', '.join(addresses)} }}"


def _cut_from(addresses: t.Iterable[str]) -> tuple[Command, ...]:
    found = addressing.by_family(addresses)
    drops = [f"{_addresses(family, each)} drop" for family, each in found.items() if each]
    return rules(_chain("out", "output", *drops))


def of(node: Node) -> tuple[Fault, ...]:
    """All faults, in the order in which they are made."""
    dns, bgp, gate = node.nameserver.unit, node.routing.unit, "imrs-gate.service"
    ipv6 = list(node.service_addresses.get("ipv6", ()))
    by_hold = node.hold_time + LINE_MARGIN
    start = systemctl("start", dns)
    found = [
        Fault(
            "masters_cut", ("FB-05", "ZI-15"), "nothing could be sent to the masters",
            Kind.STAYS, _cut_from(node.masters), NO_RULES, lasts=CUT,
        ),
        Fault(
            "routing_reloaded", ("BG-17",), "the routing daemon read its configuration again",
            Kind.STAYS, (systemctl("reload", bgp),), (systemctl("start", bgp),), lasts=10.0,
        ),
        Fault(
            "nameserver_stopped", ("FB-01", "FB-12"), "the nameserver was stopped as planned",
            Kind.FALLS, (systemctl("stop", dns),), (start,), STOP_BOUND, lasts=5.0, held=True,
        ),
        Fault(
            "routing_first", ("FB-11",), "the routing daemon was started while there was no nameserver",
            Kind.FALLS, (systemctl("stop", dns), systemctl("restart", bgp)), (start,), STOP_BOUND, lasts=by_hold + 10,
            held=True,
        ),
        Fault(
            "nameserver_killed", ("FB-02", "FB-12"), "the nameserver was killed",
            Kind.FALLS, (kill(dns, "KILL"),), (start,), NAMESERVER_BOUND,
        ),
        Fault(
            "nameserver_hung", ("FB-02", "FB-12"), "the nameserver hung",
            Kind.FALLS, (kill(dns, "STOP"),), (kill(dns, "CONT"),), NAMESERVER_BOUND, lasts=5.0, held=True,
        ),
        Fault(
            "routing_killed", ("FB-06",), "the routing daemon was killed",
            Kind.FALLS, (kill(bgp, "KILL"),), (systemctl("start", bgp),), KILLED_BOUND, seen_by_node=False,
        ),
        Fault(
            "routing_hung", ("FB-07",), "the routing daemon hung",
            Kind.FALLS, (kill(bgp, "STOP"),), (kill(bgp, "CONT"),), by_hold, lasts=by_hold, seen_by_node=False,
        ),
        Fault(
            "gate_killed", ("FB-09",), "the gate was killed",
            Kind.FALLS, (kill(gate, "KILL"),), (systemctl("start", gate),), GATE_BOUND, seen_by_node=False,
        ),
        Fault(
            "gate_hung", ("FB-09",), "the gate hung",
            Kind.FALLS, (kill(gate, "STOP"),), (kill(gate, "CONT"),), GATE_BOUND, lasts=5.0, seen_by_node=False,
        ),
    ]  # fmt: skip
    if ipv6:
        drop = f"{_addresses('ipv6', ipv6)} udp dport 53 drop"
        deaf = Fault(
            "udp_over_ipv6_lost", ("FB-02",), "no question over IPv6 and UDP reached the nameserver",
            Kind.FALLS, rules(_chain("in", "input", drop)), NO_RULES, NAMESERVER_BOUND, lasts=5.0, families=("ipv6",),
            held=True,
        )  # fmt: skip
        found.insert(6, deaf)
    if node.ipv6_routers and node.ipv4_routers:
        peers = ", ".join(node.ipv6_routers)
        cut = Fault(
            "ipv6_session_cut", ("BG-18",), "the session of IPv6 carried nothing",
            Kind.FALLS,
            rules(
                _chain("in", "input", f"ip6 saddr {{ {peers} }} meta l4proto tcp drop"),
                _chain("out", "output", f"ip6 daddr {{ {peers} }} meta l4proto tcp drop"),
            ),
            NO_RULES, by_hold, lasts=by_hold + 3, families=("ipv6",), held=True, seen_by_node=False,
        )  # fmt: skip
        found.insert(-4, cut)
    if node.uplink != node.management:
        device = f'"{node.uplink}"'
        dead = Fault(
            "line_dead", ("FB-08",), "the line to the host carried nothing",
            Kind.FALLS,
            rules(
                _chain("in", "prerouting", f"iifname {device} drop"), _chain("out", "output", f"oifname {device} drop")
            ),
            NO_RULES, by_hold, lasts=by_hold + 3, held=True, seen_by_node=False,
        )  # fmt: skip
        found.insert(-4, dead)
    return tuple(found)


def chosen(node: Node, keys: t.Collection[str] = ()) -> tuple[Fault, ...]:
    """Those of these keys, or all. ValueError for a key that is none."""
    found = of(node)
    if unknown := sorted(set(keys) - {fault.key for fault in found}):
        raise ValueError(
            f"faults: this node has no {', '.join(unknown)}; there are {', '.join(fault.key for fault in found)}"
        )
    return tuple(fault for fault in found if not keys or fault.key in keys)
