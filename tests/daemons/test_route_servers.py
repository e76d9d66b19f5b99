# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A route server's paths begin with the AS of a member (RFC 7947): they are taken from it, and refused from others.

Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from imrs_gate_bench import FIVE, until
from imrs_provider_bench import vtysh
from imrs_provider_config import ROUTERS
from imrs_reload_bench import CASE, TOLD, Changing

ROW = "routing_peers: route_server"
TRANSPARENT = "export filter {{ if source != RTS_STATIC then reject; bgp_path.prepend(64511); accept; }};"
MEMBER = (
    ROUTERS[CASE]
    .replace("export where source = RTS_STATIC;", TRANSPARENT)
    .replace("ttl security on;", "ttl security on; rs client;")
)
"""The host's router as a route server: it puts no AS of its own in front of a member's (64511)."""


def learned(node: Changing) -> set[str]:
    """The prefixes alone."""
    return {prefix for prefix, _gateway in node.learned()}


@pytest.fixture
def node(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A node that announces everything; ``request.param`` is its routing daemon."""
    with Changing(tmp_path, request.param, CASE) as running:
        running.start_knot()
        running.start_gate()
        running.raise_to_live()
        running.rest()
        yield running


def take(node: Changing, row: str | None) -> None:
    """The files of a change, or those of the case. FRR judges anew only what the peer tells again."""
    node.put(node.routing, row)
    node.take_in()
    if node.routing == "frr":
        vtysh("clear bgp ipv4 unicast * soft in", "clear bgp ipv6 unicast * soft in")


@pytest.mark.parametrize("node", ["bird", "frr"], indirect=True)
def test_a_members_paths_are_taken_from_a_route_server_alone(node: Changing) -> None:
    assert MEMBER.count("rs client") == MEMBER.count("64511") == len(TOLD)
    node.reconfigure_router(MEMBER)
    until(lambda: learned(node) == set(), what=lambda: f"what no route server may say to go: {node.learned()}")
    node.await_routes(FIVE)
    take(node, ROW)
    until(lambda: learned(node) == TOLD, what=lambda: f"what a route server says: {node.learned()}")
    node.await_routes(FIVE)
    take(node, None)
    until(lambda: learned(node) == set(), what=lambda: f"what no route server may say to go: {node.learned()}")
    node.await_routes(FIVE)
