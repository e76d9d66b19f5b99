# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab with a cluster: two nodes behind two routers of its own. What counts is what those outside are answered."""

from __future__ import annotations

import contextlib
import json
import re
import typing as t

from . import machine, network, shell, stream, topology
from .drill import PATIENCE, Drill, boot_again

SITE = "xlc"
SERVICE = "199.7.83.42"
NODES = ("xlc01", "xlc02")
ROUTERS = ("xlc-r1", "xlc-r2")
RATE = 1000
"""Questions a second."""


class Cluster:
    """Its nodes and routers, as drills; and those outside."""

    def __init__(self, lab: topology.Lab) -> None:
        self.lab = lab
        self.nodes = {name: Drill(lab, SITE, name) for name in NODES}
        self.routers = {name: Drill(lab, SITE, name) for name in ROUTERS}
        self.first = self.nodes[NODES[0]]

    def carriers(self, router: str) -> dict[str, set[str]]:
        """The nodes to which a router sends questions, by prefix."""
        owners = {address: each.name for each in self.lab.plan.appliances for address in each.uplink}
        return {each: {owners[hop] for hop in self._hops(router, each)} for each in topology.SPECIFIC}

    def entrances(self) -> set[str]:
        """The cluster's routers to which the host's sends questions over IPv4 (over IPv6, by link-local ones)."""
        owners = {session.address: each.name for each in self.lab.plan.routers for session in each.sessions}
        return {owners[hop] for hop in self._hops("host-router", "199.7.83.0/24")}

    def exits(self) -> dict[str, set[str]]:
        """The routers by which each node answers over IPv4, as far as they told it a default route."""
        inside = {session.peer: session.router for each in self.lab.plan.appliances for session in each.sessions}
        owners = {address: name for address, name in inside.items() if name in ROUTERS}
        return {
            name: {
                owners[found]
                for line in node.node("ip", "-oneline", "route", "show", "default").splitlines()
                if "proto static" not in line  # the gateway of the sheet, for when no router tells one
                for found in re.findall(r"via (\S+)", line)
            }
            for name, node in self.nodes.items()
        }

    def _hops(self, machine: str, prefix: str) -> set[str]:
        """The gateways of a machine's kernel for exactly this prefix."""
        family = "-6" if ":" in prefix else "-4"
        listed = json.loads(self.first.inside(machine, "ip", family, "-j", "route", "show", "exact", prefix) or "[]")
        ways = [way for route in listed for way in route.get("nexthops", [route])]
        return {way["gateway"] for way in ways if "gateway" in way}

    def wait(self, *nodes: str, routers: t.Sequence[str] = ROUTERS) -> None:
        """Until these routers, which questions come in by, send them to exactly these nodes, in either family.

        A node's sessions of IPv4 and IPv6 are back at different times: the sum of both would hide one that is not.
        """
        shell.wait_for(
            f"{', '.join(routers)} to send to {', '.join(nodes)} alone",
            lambda: all(each == set(nodes) for router in routers for each in self.carriers(router).values()),
            PATIENCE,
        )

    def wait_for_ways(self, *routers: str) -> None:
        """Until questions come in, and answers go out, by exactly these routers."""

        def ways() -> bool:
            outwards = set().union(*self.exits().values())
            return self.entrances() == outwards == set(routers) and all(self.exits().values())

        shell.wait_for(f"a way in and out by {', '.join(routers)} alone", ways, PATIENCE)

    def outside(self, *routers: str) -> list[set[str]]:
        """What the host's router holds from each of these routers, by default from all."""
        held = []
        for router in self.lab.plan.routers:
            found: set[str] = set()
            for session in router.sessions:
                question = f"show bgp {session.family} unicast neighbors {session.address} routes json"
                said = json.loads(self.first.inside(session.router, "vtysh", "-c", question) or "{}")
                found |= set(said.get("routes", {}))
            if router.name in (routers or ROUTERS):
                held.append(found)
        return held

    def answer(self, questions: int = 40) -> set[str]:
        """Who answers those outside, each time from another port."""
        ask = (
            f"for n in $(seq {questions}); do dig @{SERVICE} . SOA +norec +nsid +time=2 +tries=1 +noall +comments; done"
        )
        return set(re.findall(r'NSID: .*\("(\w+)\.', self.first.inside("vantage", "sh", "-c", ask)))

    def stream(self, rate: int = RATE) -> stream.Running:
        """Questions from outside."""
        return stream.Running(SERVICE, ("ip", "netns", "exec", self.lab.namespace("vantage")), rate)

    @contextlib.contextmanager
    def without_power(self, name: str) -> t.Iterator[None]:
        """Meanwhile a machine is off: it stopped at once, without a word, and its cables are dead."""
        network.cut_off(self.lab, self.lab.plan.machine(name))
        machine.stop(self.lab, name)
        network.unplug(self.lab, name)
        try:
            yield
        finally:
            boot_again(self.lab, self.lab.plan.machine(name))

    def parted(self, name: str, interface: str) -> contextlib.AbstractContextManager[None]:
        """Meanwhile a link of a machine passes nothing, and nobody's light goes out."""
        return network.parted(self.lab, self.lab.plan.machine(name), interface)
