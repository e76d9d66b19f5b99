# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packet filter does with SYNs, in a network namespace of its own that has no way out."""

from __future__ import annotations

import typing as t

import pytest
from imrs_network_wire import V4, V6, Wire, laid, ruleset
from imrs_role_cases import CASES, NODE
from imrs_sheet_render import different

DRAWN = 25
"""Sheets whose packet filter is loaded."""


@pytest.fixture
def wire() -> t.Iterator[Wire]:
    with laid() as cable:
        yield cable


SOURCES = [("203.0.113.1", "203.0.113.1", "203.0.113.2"), ("2001:db8:7::1", "2001:db8:7::2", "2001:db8:7:1::1")]


@pytest.mark.parametrize(("source", "same", "other"), SOURCES)
def test_one_source_is_limited_and_no_other(wire: Wire, source: str, same: str, other: str) -> None:
    wire.load(ruleset(network_tcp_rate=1, network_tcp_burst=50))
    assert 50 <= wire.send(source, 110)["passed"] < 110
    assert wire.send(same, 50)["passed"] < 50
    assert wire.send(other, 50)["passed"] == 50


@pytest.mark.parametrize("source", ["203.0.113.1", "2001:db8:7::1"])
def test_nothing_is_dropped_where_the_set_is_full(wire: Wire, source: str) -> None:
    wire.load(ruleset(network_tcp_rate=1, network_tcp_burst=5, network_tcp_sources=1))
    assert wire.send("2001:db8:8::1" if ":" in source else "203.0.113.9", 1)["passed"] == 1
    assert wire.send(source, 60)["passed"] == 60


def test_lo_has_no_limit(wire: Wire) -> None:
    wire.load(ruleset(network_tcp_rate=1, network_tcp_burst=5))
    assert wire.send(V4, 60, by="lo")["passed"] == 60
    assert wire.send(V6, 60, by="lo")["passed"] == 60


def test_a_rate_of_zero_is_no_limit(wire: Wire) -> None:
    wire.load(ruleset(network_tcp_rate=0))
    assert wire.send("203.0.113.1", 60)["passed"] == 60


@pytest.mark.parametrize("peer", CASES["plain"][1]["imrs_peers"], ids=lambda peer: str(peer["family"]))
@pytest.mark.parametrize(("options", "passes"), [({}, 0), ({"multihop": 2}, 1), ({"internal": True}, 1)])
def test_a_router_on_the_link_is_heard_with_ttl_255_alone(
    wire: Wire, peer: dict[str, t.Any], options: dict[str, t.Any], passes: int
) -> None:
    peers = [{**peer, **options}]
    wire.load(ruleset(network_peers=peers, network_uplink={**NODE["imrs_uplink"], "interface": "near"}))
    uplink = peer["local_address"]
    assert wire.send(peer["address"], 1, uplink, 179, 254)["let_in"] == passes
    assert wire.send(peer["address"], 1, uplink, 179, 255)["let_in"] == 1


@pytest.mark.parametrize(("source", "stranger"), [("198.51.100.9", "203.0.113.9"), ("2001:db8:9::9", "2001:db8:7::9")])
@pytest.mark.parametrize(("interface", "passes"), [("near", 1), ("mgmt", 0)])
def test_operators_get_in_by_the_management_interface_alone(
    wire: Wire, source: str, stranger: str, interface: str, passes: int
) -> None:
    networks = {"ipv4": ["198.51.100.0/24"], "ipv6": ["2001:db8:9::/48"]}
    wire.load(ruleset(network_operator_networks=networks, network_management={"interface": interface}))
    own = {":" in each: each.partition("/")[0] for each in NODE["imrs_uplink"]["addresses"]}[":" in source]
    assert wire.send(source, 1, own, 22)["let_in"] == passes
    assert wire.send(stranger, 1, own, 22)["let_in"] == 0
    assert wire.send(source, 1, V6 if ":" in source else V4, 22)["let_in"] == 0, "the service addresses have no SSH"


def test_the_filter_of_any_valid_sheet_is_taken(wire: Wire) -> None:
    """Whatever its interfaces are called, and however many links, peers and masters there are; a router's, too."""
    for example in different(DRAWN):
        for variables in example.load().hosts.values():
            wire.load(ruleset(**variables))
