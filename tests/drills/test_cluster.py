# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster: two nodes behind two routers of its own, from bare to live; then each of them is taken away in turn.

It has a lab of its own meanwhile, which the scenario `cluster` brings up from the sheet of site xlc. What is lost is
measured by `make bench-cluster`.
"""

from __future__ import annotations

import concurrent.futures
import json
import typing as t

import pytest
from imrslab import shell, topology
from imrslab.cluster import NODES, ROUTERS, Cluster
from imrslab.drill import ALL, COVERING, PATIENCE, UNLIMITED

QUESTIONS = 3000
"""How many are asked at least after what is done to a machine."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WINDOWS = [{"day": day, "start": "00:00", "end": "24:00"} for day in DAYS]
OPEN = ("-e", json.dumps({"imrs_maintenance_windows": WINDOWS}))
"""A node may be disturbed at any time."""


@pytest.fixture(scope="module")
def cluster() -> t.Iterator[Cluster]:
    """Its appliances, live from bare, and what is around them: the scenario `cluster`."""
    lab = Cluster(topology.Lab(topology.name_beside()))
    try:
        done = lab.first.scenario("cluster", *UNLIMITED)
        assert done.status == 0, done.output[-6000:]
        yield lab
    finally:
        lab.first.down()


@pytest.fixture(autouse=True)
def live() -> None:
    """Nothing of the usual lab is needed (conftest.py)."""


def is_whole(cluster: Cluster) -> None:
    """All nodes answer, by all routers."""
    cluster.wait(*NODES)
    cluster.wait_for_ways(*ROUTERS)
    shell.wait_for("all prefixes by all routers", lambda: cluster.outside() == [ALL] * len(ROUTERS), PATIENCE)
    assert cluster.answer() == set(NODES)


def loses_nothing(cluster: Cluster) -> None:
    """From now on."""
    with cluster.stream() as questions:
        questions.await_more(QUESTIONS)
        found = questions.end()
    assert found["lost"] == 0, found


def test_all_of_a_cluster_is_live(cluster: Cluster) -> None:
    for name, drill in {**cluster.nodes, **cluster.routers}.items():
        certificate = drill.status()["certificate"]
        assert (certificate["mode"], certificate["valid"]) == ("live", True), (name, certificate)
        assert len(certificate["sessions"]) == {**dict.fromkeys(NODES, 4), **dict.fromkeys(ROUTERS, 2)}[name]
        assert drill.received() == ALL
    is_whole(cluster)


@pytest.mark.parametrize("name", NODES)
def test_a_node_that_is_drained_takes_no_question_with_it(cluster: Cluster, name: str) -> None:
    node, (other,) = cluster.nodes[name], set(NODES) - {name}
    with cluster.stream() as questions:
        node.node("imrs", "drain")
        cluster.wait(other)
        node.wait(COVERING)
        questions.await_more(QUESTIONS)
        assert cluster.outside() == [ALL] * len(ROUTERS)
        assert cluster.answer() == {other}
        node.node("imrs", "live")
        cluster.wait(*NODES)
        found = questions.end()
    assert found["lost"] == 0, found


def test_the_last_live_node_is_neither_drained_nor_changed(cluster: Cluster) -> None:
    """minimum_live: 1."""
    words = {"imrs_by": "the drill", "imrs_reason": "fibre work"}
    refused = cluster.first.play("drain", "--limit", "cluster_xlc", "-e", json.dumps(words))
    assert refused.status != 0
    assert "minimum_live" in refused.output, refused.output[-3000:]
    cluster.nodes["xlc01"].node("imrs", "drain")
    cluster.wait("xlc02")
    refused = cluster.first.play("site", "--limit", "xlc02", *UNLIMITED, *OPEN, "-e", "nameserver_tcp_clients=249")
    assert refused.status != 0
    assert "minimum_live" in refused.output, refused.output[-3000:]
    assert cluster.outside() == [ALL] * len(ROUTERS)
    assert cluster.answer() == {"xlc02"}
    cluster.nodes["xlc01"].node("imrs", "live")
    is_whole(cluster)


def test_two_operators_at_once_leave_the_minimum(cluster: Cluster) -> None:
    """Each of them would find the other's node live, were it not claimed."""
    words = json.dumps({"imrs_by": "the drill", "imrs_reason": "fibre work"})
    with concurrent.futures.ThreadPoolExecutor() as people:
        runs = list(people.map(lambda name: cluster.first.play("drain", "--limit", name, "-e", words), NODES))
    refused = [run for run in runs if run.status != 0]
    assert refused, [run.output[-3000:] for run in runs]
    for run in refused:
        assert "minimum_live" in run.output, run.output[-3000:]
    assert cluster.outside() == [ALL] * len(ROUTERS)
    for node in cluster.nodes.values():
        assert node.status()["claims"] == []
        node.node("imrs", "live")
    is_whole(cluster)


def test_below_the_minimum_the_routers_announce_less(cluster: Cluster) -> None:
    """minimum_live: 1. Told to the nodes themselves, where nobody counts."""
    for mode, prefixes in (("drain", COVERING), ("dark", set[str]())):
        for node in cluster.nodes.values():
            node.node("imrs", mode)
        said = f"the host holding {sorted(prefixes)} by every router"
        shell.wait_for(said, lambda prefixes=prefixes: cluster.outside() == [prefixes] * len(ROUTERS), PATIENCE)
        why = {
            "drain": "0 of 2 nodes are live, and 1 have to be; not xlc01, xlc02",
            "dark": "no node announces anything",
        }
        for router in cluster.routers.values():
            assert why[mode] in router.node("imrs", "status")
    for node in cluster.nodes.values():
        node.node("imrs", "live")
    is_whole(cluster)


@pytest.mark.parametrize("name", ROUTERS)
def test_a_router_whose_gate_is_killed_announces_nothing_and_loses_nothing(cluster: Cluster, name: str) -> None:
    """Questions that still come by it go on to the nodes; it is back when its gate has counted them anew."""
    (other,) = set(ROUTERS) - {name}
    with cluster.stream() as questions:
        cluster.routers[name].node("systemctl", "kill", "--signal=KILL", "imrs-gate.service")
        shell.wait_for(f"the host holding nothing by {name}", lambda: cluster.outside(name) == [set()], PATIENCE)
        assert cluster.outside(other) == [ALL]
        questions.await_more(QUESTIONS)
        found = questions.end()
    assert found["lost"] == 0, found
    is_whole(cluster)


def test_one_router_has_to_stay(cluster: Cluster) -> None:
    budget = [{"group_by": "fleet", "max_unavailable": 4}]
    words = json.dumps({"imrs_by": "the drill", "imrs_reason": "fibre work", "imrs_budget": budget})
    refused = cluster.first.play("drain", "--limit", "function_router", "-e", words)
    assert refused.status != 0
    assert "of cluster xlc (routers) only none would stay live" in refused.output, refused.output[-3000:]
    assert cluster.outside() == [ALL] * len(ROUTERS)


def test_nothing_has_drifted(cluster: Cluster) -> None:
    done = cluster.first.play("drift", *UNLIMITED)
    assert done.status == 0, done.output[-6000:]
    for name in (*NODES, *ROUTERS):
        assert f"{name}.l.root-servers.org: as intended" in done.output


@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_a_node_whose_nameserver_falls_is_left_out(cluster: Cluster, signal: str) -> None:
    node = cluster.nodes["xlc02"]
    node.node("systemctl", "kill", f"--signal={signal}", "nsd.service")
    if signal == "STOP":
        cluster.wait("xlc01")
        assert cluster.answer() == {"xlc01"}
        node.node("systemctl", "kill", "--signal=CONT", "nsd.service")
    is_whole(cluster)


@pytest.mark.parametrize("name", NODES)
def test_a_node_that_loses_its_power_is_left_out(cluster: Cluster, name: str) -> None:
    """It says no farewell: BFD notices, or for a node with FRR the hold timer."""
    (other,) = set(NODES) - {name}
    with cluster.without_power(name):
        cluster.wait(other)
        assert cluster.outside() == [ALL] * len(ROUTERS)
        loses_nothing(cluster)
    is_whole(cluster)


def test_a_router_that_loses_its_power_is_left_out(cluster: Cluster) -> None:
    """The nodes whose gateway it is answer by the other one."""
    with cluster.without_power("xlc-r1"):
        cluster.wait_for_ways("xlc-r2")
        assert cluster.outside("xlc-r2") == [ALL]
        assert cluster.answer() == set(NODES)
        loses_nothing(cluster)
    is_whole(cluster)


def test_a_router_that_loses_its_link_to_the_host_is_left_out(cluster: Cluster) -> None:
    """It is there for the nodes, but has no default route to tell them any more."""
    with cluster.parted("xlc-r2", "uplink"):
        cluster.wait_for_ways("xlc-r1")
        assert cluster.answer() == set(NODES)
        loses_nothing(cluster)
    is_whole(cluster)
