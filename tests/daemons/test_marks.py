# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session gets what carries its own mark, and nothing else; no mark leaves the node. Needs root and the lab image."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from imrs_gate_bench import FIVE, until
from imrs_gate_config import MARKS
from imrs_host_bench import Told
from imrs_provider_bench import Node

NEAR, FAR = MARKS[:2], MARKS[2:]
"""Of the host's router, and of the one behind it."""
STRANGE = ("20144:4:2", "20144:1:4", "64500:4:1", "64500:6:1")
"""Nearly, but not theirs; the last ones in another AS' name."""
V4 = {prefix for prefix in FIVE if ":" not in prefix}


def on(case: str) -> pytest.MarkDecorator:
    """Run a test on a case with BIRD and with FRR."""
    return pytest.mark.parametrize(
        "told", [(routing, case) for routing in ("bird", "frr")], ids=["bird", "frr"], indirect=True
    )


@pytest.fixture
def told(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Told]:
    """A node with a gate that says what it is told to, before it has said anything to anybody."""
    with Told(tmp_path, *request.param) as node:
        yield node


def taken(told: Told) -> set[str]:
    """What the routing daemon has from the gate, whoever else may get it."""
    return told.blackholes()


@on("options")
def test_each_session_gets_what_has_its_own_mark(told: Told) -> None:
    told.say(FIVE, sessions=NEAR)
    told.await_routes(FIVE)
    until(lambda: told.state("imrs4") == told.state("imrs6") == "Established", what="the host's sessions")
    until(lambda: established(told, "far4") and established(told, "far6"), what="the other router's sessions")
    assert told.far_away() == set()

    before = told.connections()
    told.say(FIVE, sessions=MARKS)
    until(lambda: told.far_away() == FIVE, what=lambda: f"{FIVE}, not {told.far_away()}")
    told.say(FIVE, sessions=FAR[:1] + NEAR)
    until(lambda: told.far_away() == V4, what=lambda: f"{V4}, not {told.far_away()}")
    assert told.connections() == before
    assert {told.withdrawals("imrs4"), told.withdrawals("imrs6")} == {0}, "that was for another session"
    for attributes in told.received().values():
        assert "20144," not in attributes.get("large_community", "").replace(" ", ""), "a mark left the node"

    told.say(FIVE, sessions=FAR)
    told.await_routes(set())
    until(lambda: told.far_away() == FIVE, what=lambda: f"{FIVE}, not {told.far_away()}")


@on("plain")
@pytest.mark.parametrize("sessions", [(), STRANGE, FAR], ids=["none", "strange", "another's"])
def test_without_its_mark_a_session_gets_nothing(told: Told, sessions: tuple[str, ...]) -> None:
    told.say(FIVE, sessions=sessions)
    until(lambda: taken(told) == FIVE, what=lambda: f"the daemon to take it: {taken(told)}")
    until(lambda: told.state("imrs4") == told.state("imrs6") == "Established", what="the host's sessions")
    # What comes after it over the same session has come: then it would have been there.
    told.say(V4, sessions=(*sessions, NEAR[0]))
    told.await_routes(V4)
    assert told.withdrawals("imrs4") == told.withdrawals("imrs6") == 0


@on("cluster")
def test_a_router_of_the_same_as_needs_its_mark_too(told: Told) -> None:
    told.say(FIVE, sessions=FAR)
    until(lambda: taken(told) == FIVE, what=lambda: f"the daemon to take it: {taken(told)}")
    until(lambda: told.state("imrs4") == told.state("imrs6") == "Established", what="the cluster's sessions")
    assert told.routes() == {}
    told.say(FIVE, sessions=NEAR)
    told.await_routes(FIVE)
    assert not {"large_community"} & {name for attributes in told.received().values() for name in attributes}


def established(node: Node, protocol: str) -> bool:
    """Of the router two hops away."""
    return node.birdc("far", "show", "protocols", protocol).split()[-1] == "Established"


@pytest.mark.parametrize("routing", ["bird", "frr"])
def test_a_session_on_trial_is_told_and_its_end_takes_nothing_else(tmp_path: pathlib.Path, routing: str) -> None:
    """The gate itself, from the certificate to the peers."""
    with Node(tmp_path, routing, "options") as node:
        node.start_knot()
        node.start_gate()
        near = [word for mark in NEAR for word in ("--session", mark)]
        far = [word for mark in FAR for word in ("--session", mark)]
        assert node.imrs("certify", "live", "--fingerprint", node.fingerprint(), *near)[0] == 0
        assert node.imrs("live")[0] == 0
        node.await_routes(FIVE)
        until(lambda: established(node, "far4") and established(node, "far6"), what="the other router's sessions")
        assert node.far_away() == set()
        assert node.imrs("trial", "--fingerprint", node.fingerprint(), "--for", "600", *far)[0] == 0
        until(lambda: node.far_away() == FIVE, what=lambda: f"{FIVE}, not {node.far_away()}")
        assert node.imrs("certify", "live", "--fingerprint", node.fingerprint(), *near)[0] == 0
        until(lambda: node.far_away() == set(), what=lambda: f"nothing, not {node.far_away()}")
        assert node.imrs("trial", "--fingerprint", node.fingerprint(), "--for", "0.1", *far)[0] == 0
        until(lambda: node.status()["certificate"]["trial"] == [], what="the end of the trial")
        until(lambda: node.far_away() == set(), what=lambda: f"nothing, not {node.far_away()}")
        assert set(node.routes()) == FIVE
        assert {node.withdrawals("imrs4"), node.withdrawals("imrs6")} == {0}
