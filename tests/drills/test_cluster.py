# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster: two nodes behind two routers of the site, from bare to live; then a node is drained, killed and hung.

It has a lab of its own meanwhile, made from the sheet of site xlc. What counts is what those outside are answered.
"""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from imrslab import shell, stream, topology
from imrslab.drill import ALL, COVERING, PATIENCE, Drill

SERVICE = "199.7.83.42"
NODES = ("xlc01", "xlc02")
ROUTERS = ("xlc-r1", "xlc-r2")
UNLIMITED = json.dumps({"nameserver_rate_limit": 0, "network_tcp_rate": 0})
"""The limit of one source's questions, and of its new connections, must not be what loses them."""
RATE, QUESTIONS = 1000, 3000
"""Questions a second, and how many are asked at least after what is done to a node."""


class Cluster:
    """A lab with the cluster's two nodes."""

    def __init__(self, lab: topology.Lab) -> None:
        self.lab = lab
        self.nodes = {name: Drill(lab, "xlc", name) for name in NODES}
        self.first = self.nodes[NODES[0]]

    def tell(self, router: str, question: str) -> dict[str, t.Any]:
        """What a router says of something."""
        return json.loads(self.first.inside(router, "vtysh", "-c", f"{question} json"))

    def carriers(self) -> dict[str, set[str]]:
        """For each router, the nodes to which it sends questions over IPv4."""
        owners = {address: each.name for each in self.lab.plan.appliances for address in each.uplink}
        return {
            router: {
                owners[hop["ip"]]
                for route in self.tell(router, "show ip route 199.7.83.0/24").get("199.7.83.0/24", [])
                for hop in route["nexthops"]
                if hop.get("fib")
            }
            for router in ROUTERS
        }

    def wait(self, *nodes: str) -> None:
        """Until both routers send questions to exactly these."""
        due = dict.fromkeys(ROUTERS, set(nodes))
        shell.wait_for(f"both routers to send to {', '.join(nodes)} alone", lambda: self.carriers() == due, PATIENCE)

    def outside(self) -> set[str]:
        """What the host's router holds from each of the cluster's: all five prefixes from both, or an error."""
        held = []
        for router in self.lab.plan.site_routers:
            found: set[str] = set()
            for session in router.sessions:
                question = f"show bgp {session.family} unicast neighbors {session.address} routes"
                found |= set(self.tell(session.router, question).get("routes", {}))
            held.append(found)
        assert held[0] == held[1], held
        return held[0]

    def answer(self, questions: int = 40) -> set[str]:
        """Who answers those outside, each time from another port."""
        ask = f"for n in $(seq {questions}); do dig @{SERVICE} . SOA +norec +nsid +time=2 +tries=1 +noall +comments; done"
        return set(re.findall(r'NSID: .*\("(\w+)\.', self.first.inside("vantage", "sh", "-c", ask)))

    def stream(self) -> stream.Running:
        """Questions from outside."""
        return stream.Running(SERVICE, ("ip", "netns", "exec", self.lab.namespace("vantage")), RATE)


@pytest.fixture(scope="module")
def cluster() -> t.Iterator[Cluster]:
    """Bare nodes, and what is around them."""
    lab = Cluster(topology.Lab(topology.name_beside()))
    try:
        lab.first.up()
        yield lab
    finally:
        lab.first.down()


@pytest.fixture(autouse=True)
def live() -> None:
    """Nothing of the usual lab is needed (conftest.py)."""


def test_a_cluster_goes_live_from_bare(cluster: Cluster) -> None:
    done = cluster.first.play("site", "-e", UNLIMITED)
    assert done.status == 0, done.output[-6000:]
    for name, node in cluster.nodes.items():
        certificate = node.status()["certificate"]
        assert (certificate["mode"], certificate["valid"]) == ("live", True), (name, certificate)
        assert len(certificate["sessions"]) == 4
        assert node.received() == ALL
    cluster.wait(*NODES)
    assert cluster.outside() == ALL
    assert cluster.answer() == set(NODES)

    again = cluster.first.play("site", "-e", UNLIMITED)
    assert (again.status, again.changed) == (0, 0), again.output[-6000:]


@pytest.mark.parametrize("name", NODES)
def test_a_node_that_is_drained_takes_no_question_with_it(cluster: Cluster, name: str) -> None:
    node, (other,) = cluster.nodes[name], set(NODES) - {name}
    with cluster.stream() as questions:
        node.node("imrs", "drain")
        cluster.wait(other)
        node.wait(COVERING)
        questions.await_more(QUESTIONS)
        assert cluster.outside() == ALL
        assert cluster.answer() == {other}
        node.node("imrs", "live")
        cluster.wait(*NODES)
        found = questions.end()
    assert found["lost"] == 0, found


def test_the_last_live_node_is_not_drained(cluster: Cluster) -> None:
    """minimum_live: 1."""
    words = {"imrs_by": "the drill", "imrs_reason": "fibre work"}
    refused = cluster.first.play("drain", "--limit", "cluster_xlc", "-e", json.dumps(words))
    assert refused.status != 0
    assert "minimum_live" in refused.output, refused.output[-3000:]
    assert cluster.outside() == ALL
    assert cluster.answer() == set(NODES)


@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_a_node_whose_nameserver_falls_is_left_out(cluster: Cluster, signal: str) -> None:
    node = cluster.nodes["xlc02"]
    node.node("systemctl", "kill", f"--signal={signal}", "nsd.service")
    if signal == "STOP":
        cluster.wait("xlc01")
        assert cluster.answer() == {"xlc01"}
        node.node("systemctl", "kill", "--signal=CONT", "nsd.service")
    cluster.wait(*NODES)
    assert cluster.outside() == ALL
    assert cluster.answer() == set(NODES)


def test_a_node_that_loses_its_power_is_left_out(cluster: Cluster) -> None:
    """It says no farewell: BFD notices. Those outside see nothing but the one share that is lost meanwhile."""
    cluster.nodes["xlc02"].cut_power()
    cluster.wait("xlc01")
    assert cluster.outside() == ALL
    with cluster.stream() as questions:
        questions.await_more(QUESTIONS)
        found = questions.end()
    assert found["lost"] == 0, found
    cluster.nodes["xlc02"].switch_on()
    cluster.wait(*NODES)
    assert cluster.answer() == set(NODES)
