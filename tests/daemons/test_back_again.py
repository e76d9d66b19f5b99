# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon a node is announced again after its session ended, and how often it asks a router that refuses it.

The host's router never connects by itself here, so that it is the node's own timers that bring the session back.
Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import re
import sys

import pytest
from imrs_gate_bench import FIVE, until
from imrs_host_bench import BesideRefuser
from imrs_provider_bench import Node, vtysh
from imrs_provider_config import PLAIN, ROUTERS

BOTH = ("bird", "frr")
SESSIONS = ("imrs4", "imrs6")
SOON = 60.0
"""Seconds. RFC 4271 suggests 120 between two tries (section 10): with that, one try that failed would be seen here."""


def live(node: Node) -> None:
    """Announce everything."""
    node.start_knot()
    node.start_gate()
    node.raise_to_live()
    node.await_routes(FIVE)


@pytest.mark.parametrize("routing", BOTH)
def test_it_comes_back_soon_whatever_ended_the_session(tmp_path: pathlib.Path, routing: str) -> None:
    with Node(tmp_path, routing, "plain") as node:
        node.reconfigure_router(PLAIN.replace("ttl security on;", "ttl security on; passive on;"))
        live(node)
        for session in SESSIONS:  # the host's engineer resets it: a NOTIFICATION (RFC 4486)
            node.birdc("router", "restart", session)
        until(lambda: set(node.routes()) != FIVE, what="the end of a session")
        node.await_routes(FIVE, SOON)
        node.kill("router")  # it boots anew: nobody listens for a while
        until(lambda: not node.connections()["node"] or len(node.connections()["node"]) < 3, what="the node to notice")
        node.start_router()
        node.await_routes(FIVE, SOON)


def test_frr_comes_back_as_soon_however_often_it_dies(tmp_path: pathlib.Path) -> None:
    """By default watchfrr has a daemon that died twice wait for a minute, and then for twice as long each time."""
    with Node(tmp_path, "frr", "plain") as node:
        live(node)
        for _ in range(3):
            node.end_of_routing()
            node.await_routes(set())
            node.await_routes(FIVE, SOON)


DEAF = """
import signal, socket
listener = socket.create_server(("192.0.2.1", 179))
listener.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
called = socket.socket()
called.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
called.bind(("192.0.2.1", 0))
while called.connect_ex(("192.0.2.2", 179)) or not called.recv(19):
    called.close()
    called = socket.socket()
    called.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    called.bind(("192.0.2.1", 0))
taken = listener.accept()[0]
taken.recv(19)
listener.close()
print("deaf", flush=True)
signal.pause()
"""
"""A router that hangs amid the handshake, in the connection that it made as well as in the one that it took."""


@pytest.mark.parametrize("routing", BOTH)
def test_it_does_not_wait_for_a_router_that_hung_amid_the_handshake(tmp_path: pathlib.Path, routing: str) -> None:
    """RFC 4271 section 8.2.2 suggests 4 minutes of patience."""
    with Node(tmp_path, routing, "local") as node:
        live(node)
        node.kill("router")
        until(
            lambda: not [each for each in node.connections()["node"] if "192.0.2.1" in each], what="the node to notice"
        )
        node.start("deaf", node.router, sys.executable, "-c", DEAF)
        until(lambda: b"deaf" in (tmp_path / "deaf.out").read_bytes(), what="a handshake in both directions")
        node.start_router()
        node.await_routes(FIVE, SOON)


WITHOUT_BFD = re.sub(r"bfd \{\{.*?\}\};", "", ROUTERS["bfd"])
"""The host's router, before its engineer has set up what the sheet says."""


def test_bird_announces_to_a_host_that_has_no_bfd_yet(tmp_path: pathlib.Path) -> None:
    with Node(tmp_path, "bird", "bfd") as node:
        node.reconfigure_router(WITHOUT_BFD)
        live(node)
        before = node.connections()
        assert node.bfd("router") == {}
        node.reconfigure_router(ROUTERS["bfd"])
        until(lambda: set(node.bfd("router").values()) == {"Up"}, what=lambda: f"BFD: {node.bfd('router')}")
        assert set(node.routes()) == FIVE
        assert node.connections() == before, "that BFD comes up ends no session"


def test_frr_waits_for_bfd_before_it_opens_a_session(tmp_path: pathlib.Path) -> None:
    """So docs/sheet.md asks for `bfd` only where the host's router has it."""
    node = Node(tmp_path, "frr", "bfd")
    node.said = WITHOUT_BFD  # from its start, as a session that was up with BFD outlives its end (RFC 5882 section 3.2)
    with node:
        node.start_knot()
        node.start_gate()
        node.raise_to_live()
        until(lambda: '"status":"down"' in vtysh("show bfd peers json").replace(" ", ""), what="FRR's BFD")
        assert node.routes() == {}
        node.reconfigure_router(ROUTERS["bfd"])
        node.await_routes(FIVE)


@pytest.mark.parametrize("routing", BOTH)
def test_a_router_that_refuses_is_left_alone_for_some_seconds(tmp_path: pathlib.Path, routing: str) -> None:
    """BIRD waits 5 s less a quarter at most (RFC 4271 section 10: jitter), FRR 2, 4, 8 and up to 120 s."""
    with BesideRefuser(tmp_path, routing, "table") as node:
        until(lambda: len(node.asked()) >= 3, what=lambda: f"three tries, not {node.asked()}")
        assert node.asked()[2] - node.asked()[0] > 5


@pytest.mark.parametrize("routing", BOTH)
def test_a_session_that_flaps_harms_no_other_and_holds_nothing_down(tmp_path: pathlib.Path, routing: str) -> None:
    """Two routers beside one node: one resets its sessions as soon as they are up, with all that it has told of."""
    with Node(tmp_path, routing, "options") as node:
        live(node)
        until(lambda: node.far_away() == FIVE, what=lambda: f"{FIVE} far away, not {node.far_away()}")

        def far() -> list[str]:
            """The sessions with the other router, by their connections: another session is another one."""
            found = [line for line in node.connections()["node"] if "198.51.100.9" in line or "2001:db8:0:7::9" in line]
            assert len(found) == 2
            return found

        before = far()
        for _ in range(5):
            for session in SESSIONS:
                until(lambda name=session: node.state(name) == "Established", what=session)  # type: ignore[misc]
                node.birdc("router", "restart", session)
        assert far() == before
        assert [node.withdrawals(session, "far") for session in ("far4", "far6")] == [0, 0]
        node.await_routes(FIVE)
        status = node.status()
        assert set(status["falls"].values()) == {0}
        assert [verdict["falls"] for verdict in status["verdict"].values()] == [0, 0]
        assert set(status["mode"].values()) == {"live"}
