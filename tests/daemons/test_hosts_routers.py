# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's router may do to a node, and what it is told: sessions without a hold time, roles, a crowd of routes,
malformed UPDATEs; GRACEFUL_SHUTDOWN and a text at the end. Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import shutil
import struct
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import wire
from imrs_gate_bench import COVERING, FIVE, Bench, until
from imrs_host_bench import HOST_PEERS, BesideFrr, BesideSpeaker, Told, crowd, with_role
from imrs_provider_bench import RENDERED, Node
from imrs_provider_config import PLAIN, ROUTERS

BOTH = ("bird", "frr")
GRACEFUL = "(65535,0)"
V4 = {prefix for prefix in FIVE if ":" not in prefix}


def live(node: Bench) -> None:
    """Announce everything."""
    node.start_knot()
    node.start_gate()
    node.raise_to_live()


@pytest.mark.parametrize("routing", BOTH)
def test_a_peer_that_wants_no_keepalives_gets_no_session(tmp_path: pathlib.Path, routing: str) -> None:
    with BesideFrr(tmp_path, routing, "plain") as node:
        live(node)
        # A bgpd alone may not resolve the next hop of the others.
        until(lambda: set(node.routes()) >= V4, what=lambda: f"{V4}, not {node.routes()}")
        node.offer("0 0")
        # The router keeps only the last reason, and two OPENs that cross end as a collision: its log has all.
        refused = "received from neighbor {} 2/6 (OPEN Message Error/Unacceptable Hold Time)"
        until(lambda: all(refused.format(peer) in node.heard() for peer in HOST_PEERS), what=node.heard)
        assert node.routes() == {}
        node.offer("1 3")
        until(lambda: set(node.routes()) >= V4, what=lambda: f"{V4}, not {node.routes()}")


@pytest.mark.parametrize("routing", BOTH)
def test_a_host_that_is_our_provider_gets_a_session_and_no_other(tmp_path: pathlib.Path, routing: str) -> None:
    with Node(tmp_path, routing, "bfd") as node:
        live(node)
        node.await_routes(FIVE)
        for role in ("peer", "customer"):
            node.reconfigure_router(with_role(ROUTERS["bfd"], role))
            node.await_routes(set())
            until(
                lambda: (
                    "Role Mismatch" in node.birdc("router", "show", "protocols", "all", "imrs4")
                    or "Role mismatch" in node.birdc("router", "show", "protocols", "all", "imrs4")
                ),
                what=lambda: node.birdc("router", "show", "protocols", "all"),
            )
            assert node.routes() == {}
        node.reconfigure_router(with_role(ROUTERS["bfd"], "provider"))
        node.await_routes(FIVE)


@pytest.fixture
def told(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Told]:
    """A node that announces everything because it is told to; ``request.param`` is its routing daemon and its case."""
    with Told(tmp_path, *request.param) as node:
        node.say(FIVE)
        node.await_routes(FIVE)
        yield node


def on(case: str) -> pytest.MarkDecorator:
    """Run a test on a case with BIRD and with FRR."""
    return pytest.mark.parametrize("told", [(routing, case) for routing in BOTH], ids=BOTH, indirect=True)


def communities(node: Node) -> dict[str, str]:
    """What the host's router holds, by prefix."""
    return {prefix: attributes.get("community", "") for prefix, attributes in node.received().items()}


def await_communities(node: Node, due: dict[str, str]) -> None:
    """Wait until the host's router holds exactly that."""
    until(lambda: communities(node) == due, what=lambda: f"{due}, not {communities(node)}")


@on("plain")
def test_the_host_hears_of_a_planned_withdrawal_before_it_comes(told: Told) -> None:
    told.say(FIVE, more=[(64500, 666), (65535, 65281)])
    told.say(FIVE, graceful=True, more=[(64500, 666), (65535, 65281)])
    await_communities(told, dict.fromkeys(FIVE, GRACEFUL))
    assert {told.withdrawals("imrs4"), told.withdrawals("imrs6")} == {0}
    told.say(COVERING, graceful=True)
    await_communities(told, dict.fromkeys(COVERING, GRACEFUL))
    told.say(FIVE)
    await_communities(told, dict.fromkeys(FIVE, ""))


@on("plain")
def test_nothing_else_that_the_gate_says_goes_on(told: Told) -> None:
    told.kill("gate")
    told.await_routes(set())
    told.say(FIVE, more=[(64500, 666), (65535, 65281)])
    told.await_routes(FIVE)
    assert communities(told) == dict.fromkeys(FIVE, "")


@on("options")
def test_what_the_host_wants_on_the_prefixes_stays_beside_it(told: Told) -> None:
    before = communities(told)
    told.say(FIVE, graceful=True)
    until(lambda: all(GRACEFUL in each for each in communities(told).values()), what=lambda: str(communities(told)))
    for prefix, each in communities(told).items():
        assert sorted(each.split()) == sorted([*before[prefix].split(), GRACEFUL])
    told.say(FIVE)
    await_communities(told, before)


@on("cluster")
def test_the_clusters_routers_are_told_by_local_preference_too(told: Told) -> None:
    told.say(FIVE, graceful=True)
    await_communities(told, dict.fromkeys(FIVE, GRACEFUL))
    assert {attributes["local_pref"] for attributes in told.received().values()} == {"0"}
    told.say(FIVE)
    await_communities(told, dict.fromkeys(FIVE, ""))
    assert {attributes["local_pref"] for attributes in told.received().values()} == {"100"}


@on("plain")
def test_a_routing_daemon_that_is_stopped_says_why(told: Told) -> None:
    shutil.copytree(RENDERED / "plain/etc/systemd/system", "/etc/systemd/system", dirs_exist_ok=True)
    told.end_of_routing_on_purpose()
    told.await_routes(set())
    for session in ("imrs4", "imrs6"):
        until(
            lambda name=session: (
                "IMRS node - routing daemon stopped on purpose"  # type: ignore[misc]
                in told.birdc("router", "show", "protocols", "all", name)
            ),
            what=lambda name=session: told.birdc("router", "show", "protocols", "all", name),  # type: ignore[misc]
        )


@pytest.mark.parametrize("routing", BOTH)
@pytest.mark.parametrize("case", ["plain", "options"])
def test_a_crowd_of_routes_takes_no_prefix_away(tmp_path: pathlib.Path, routing: str, case: str) -> None:
    """Where nothing is let in, and where a default route is; with a table, see test_provider_files.py."""
    with Node(tmp_path, routing, case) as node:
        live(node)
        node.await_routes(FIVE)
        if case == "options":
            until(lambda: node.far_away() == FIVE, what="the other sessions")
        before = node.connections()
        said = PLAIN if case == "plain" else ROUTERS[case]
        node.reconfigure_router(crowd(said, 100_000))
        until(lambda: exported(node) >= 100_000, what=lambda: f"{exported(node)} routes told")
        assert node.connections() == before
        assert set(node.routes()) == FIVE
        assert {node.withdrawals("imrs4"), node.withdrawals("imrs6")} == {0}


def exported(node: Node) -> int:
    """How many routes the host's router has told of."""
    lines = node.birdc("router", "show", "protocols", "all", "imrs4").splitlines()
    counts = next((line.split() for line in lines if "Export updates" in line), [])
    return int(counts[-1]) if counts else 0


HEAD = bytes.fromhex("400101 00 400206 0201 0000fbf4 400304 c0000201")
"""Attributes that a route from AS 64500 at 192.0.2.1 needs: ORIGIN, AS_PATH, NEXT_HOP."""
MALFORMED = {
    "ORIGIN of no kind": bytes.fromhex("400101 09 400206 0201 0000fbf4 400304 c0000201"),
    "AS_PATH cut short": bytes.fromhex("400101 00 400205 0202 0000fb 400304 c0000201"),
    "NEXT_HOP too short": bytes.fromhex("400101 00 400206 0201 0000fbf4 400303 c00002"),
    "no NEXT_HOP": bytes.fromhex("400101 00 400206 0201 0000fbf4"),
    "communities that are not whole": HEAD + bytes.fromhex("c00805 fbf4000100"),
    "MED too short": HEAD + bytes.fromhex("800403 000001"),
    "ATOMIC_AGGREGATE with a value": HEAD + bytes.fromhex("400601 00"),
    "AGGREGATOR too short": HEAD + bytes.fromhex("c00703 000001"),
    "large communities that are not whole": HEAD + bytes.fromhex("c02005 0000000100"),
}
"""What RFC 7606 sections 7.1 to 7.11 and RFC 8092 have treated as a withdrawal, or left out: the session stays."""
PREFIX = bytes.fromhex("14 c02d00")  # 192.45.0.0/20


def an_update(attributes: bytes) -> bytes:
    """An UPDATE of one prefix."""
    body = b"\0\0" + struct.pack("!H", len(attributes)) + attributes + PREFIX
    return wire.HEADER.pack(wire.MARKER, wire.HEADER.size + len(body), wire.UPDATE) + body


@pytest.mark.parametrize("routing", BOTH)
def test_malformed_updates_end_no_session(tmp_path: pathlib.Path, routing: str) -> None:
    with BesideSpeaker(tmp_path, routing, "table") as node:
        live(node)
        until(lambda: any("199.7.83.0/24" in said for said in node.heard()), what=lambda: str(node.heard()))
        session = len(node.heard())
        for number, (name, attributes) in enumerate(MALFORMED.items()):
            node.send(f"{number:02}", an_update(attributes))
            # It tells all again when asked: it has read what came before, and is still there.
            told = node.heard()[-1].count("199.7.83.0/24")
            node.send(f"{number:02}-again", wire.encode(wire.RouteRefresh("ipv4")))
            until(
                lambda told=told: node.heard()[-1].count("199.7.83.0/24") > told,  # type: ignore[misc]
                what=lambda name=name: f"an answer after {name}: {node.heard()}",  # type: ignore[misc]
            )
        assert len(node.heard()) == session
        assert "Notification" not in node.heard()[-1]
        assert "withdrawn=('" not in node.heard()[-1]
