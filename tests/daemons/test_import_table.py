# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's router that cannot be asked to tell all again (no route refresh, RFC 2918): BIRD filters what it has kept.

Without a table of its own, `birdc configure` would end such a session to hear all anew. Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from imrs_gate_bench import FIVE, until
from imrs_reload_bench import CASE, TOLD, Changing

DEFAULT = {"0.0.0.0/0", "::/0"}
LEARNED = {
    "routing_refused": TOLD | {"198.18.0.0/16"},
    "routing_learnable": {"192.0.32.0/20"},
    "routing_link": TOLD,
    "routing_prefixes": TOLD,
    "routing_peers: inbound": DEFAULT,
    "routing_peers: max_prefix": TOLD,
}
"""What is learned after a row's change of what is let in."""
SESSIONS = ("as64500_ipv4_1", "as64500_ipv6_1")


def learned(node: Changing) -> set[str]:
    """The prefixes alone."""
    return {prefix for prefix, _gateway in node.learned()}


def told(node: Changing, session: str) -> str:
    """What BIRD says of a session of the node's."""
    return node.birdc("bird", "show", "protocols", "all", session)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Changing]:
    """A node that announces everything, and learns from a router that does not know route refresh."""
    bench = Changing(tmp_path_factory.mktemp("bird"), "bird", CASE)
    asked = bench.said
    bench.said = asked.replace("ttl security on;", "ttl security on; enable route refresh off;")
    assert bench.said.count("route refresh off") == len(SESSIONS)
    with bench as running:
        running.start_knot()
        running.start_gate()
        running.raise_to_live()
        running.rest()
        for session in SESSIONS:
            _, _, neighbor = told(running, session).partition("Neighbor capabilities")
            assert "Multiprotocol" in neighbor
            assert "Route refresh" not in neighbor, "it can be asked: this proves nothing"
        yield running


@pytest.fixture
def at_rest(node: Changing) -> t.Iterator[Changing]:
    """Before a change and after it: the case's own files, all sessions, all prefixes, and what the peers told."""
    yield node
    node.put("bird", None)
    node.take_in()
    node.rest()


@pytest.mark.parametrize("row", LEARNED)
def test_a_change_of_what_is_let_in_ends_no_session(at_rest: Changing, row: str) -> None:
    before = at_rest.watched()
    assert all(before["connections"].values()), before
    at_rest.put("bird", row)
    at_rest.tell("bird", row)
    until(lambda: learned(at_rest) == LEARNED[row], 20, lambda: f"{row}: {at_rest.learned()}")
    assert at_rest.watched() == before
    assert set(at_rest.routes()) == FIVE


def test_what_is_kept_is_limited_and_the_session_stays(at_rest: Changing) -> None:
    """Else a peer could fill the memory with what the filter does not let in."""
    policy = pathlib.Path("/etc/bird/policy.conf")
    limited = policy.read_text().replace("as64500_ipv4_1_kept = 2000000;", "as64500_ipv4_1_kept = 2;")
    assert limited != policy.read_text()
    policy.write_text(limited)
    at_rest.take_in()
    at_rest.birdc("bird", "restart", "as64500_ipv4_1")
    until(lambda: "Receive limit:  2 [HIT]" in told(at_rest, "as64500_ipv4_1"), 20, "the limit to be met")
    assert "2 of 2 routes" in at_rest.birdc("bird", "show route import table as64500_ipv4_1.ipv4 count")
    at_rest.await_routes(FIVE)
