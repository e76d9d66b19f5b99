# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session takes from the uplink, and what no session teaches: templates print it as it is here."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import bogons, sessions

DUAL = {
    "interface": "vlan120",
    "addresses": ["192.0.2.2/29", "2001:db8::2/64"],
    "gateways": ["192.0.2.1", "2001:db8::1"],
}
BOTH_KINDS = {**DUAL, "addresses": ["192.0.2.2/29", "fe80::2/64", "2001:DB8:0::2/64", "2001:db8:1::2/64"]}
SIX = {"interface": "uplink", "addresses": ["2001:db8::2/64"], "gateways": ["2001:db8::1"]}

CASES: dict[str, tuple[dict[str, t.Any], dict[str, t.Any], tuple[str | None, ...]]] = {
    "direct": ({"address": "192.0.2.1"}, DUAL, (None, None, None, None)),
    "multihop, IPv4": ({"address": "198.51.100.9", "multihop": 2}, DUAL, (None, "192.0.2.1", None, None)),
    "multihop, IPv6": ({"address": "2001:db8:7::9", "multihop": 2}, DUAL, (None, "2001:db8::1", None, None)),
    "multihop, on a node that has IPv6 only": (
        {"address": "2001:db8:7::9", "multihop": 2}, SIX, (None, "2001:db8::1", None, None),
    ),
    "multihop, several gateways": (
        {"address": "2001:db8:7::9", "multihop": 2},
        {**DUAL, "gateways": ["192.0.2.1", "192.0.2.3", "2001:DB8:0::3", "2001:db8::1"]},
        (None, "2001:db8::3", None, None),
    ),
    "multihop, a link-local gateway": (
        {"address": "2001:db8:7::9", "multihop": 2},
        {**DUAL, "gateways": ["192.0.2.1", "fe80::1"]},
        (None, "fe80::1", "vlan120", None),
    ),
    "link-local": ({"address": "fe80::1"}, BOTH_KINDS, ("vlan120", None, None, "2001:db8::2")),
    "a router of our own": (
        {"address": "2001:DB8:0::3", "internal": True}, DUAL, (None, "2001:db8::3", None, None),
    ),
    "a link-local router of our own": (
        {"address": "fe80::3", "internal": True}, BOTH_KINDS, ("vlan120", "fe80::3", "vlan120", "2001:db8::2"),
    ),
}  # fmt: skip
"""Session, uplink, and what follows: interface, next_hop, next_hop_interface, global_address."""


@pytest.mark.parametrize("case", CASES)
def test_what_a_session_takes_from_the_uplink(case: str) -> None:
    session, uplink, (interface, next_hop, next_hop_interface, global_address) = CASES[case]
    family = "ipv6" if ":" in session["address"] else "ipv4"
    assert sessions.over({**session, "family": family}, uplink) == {
        "interface": interface,
        "next_hop": next_hop,
        "next_hop_interface": next_hop_interface,
        "global_address": global_address,
    }


def test_addresses_on_a_link_keep_their_order_and_lengths() -> None:
    assert sessions.link(BOTH_KINDS["addresses"]) == {
        "ipv4": [{"address": "192.0.2.2", "length": 29, "link_local": False}],
        "ipv6": [
            {"address": "fe80::2", "length": 64, "link_local": True},
            {"address": "2001:db8::2", "length": 64, "link_local": False},
            {"address": "2001:db8:1::2", "length": 64, "link_local": False},
        ],
    }
    assert sessions.link(SIX["addresses"])["ipv4"] == []


@pytest.mark.parametrize(
    ("prefix", "refused"),
    [
        ("10.1.0.0/16", True),
        ("199.7.83.0/24", True),
        ("199.7.82.0/23", True),
        ("199.7.80.0/22", False),
        ("8.8.8.0/24", False),
        ("2001:500:9f::/48", True),
        ("2001:500:3::/48", True),
        ("2001:db8:7::/48", True),
        ("2620:0:2d0::/48", False),
    ],
)
def test_what_no_session_may_teach(prefix: str, refused: bool) -> None:
    wanted = ipaddress.ip_network(prefix)
    ours = [ipaddress.ip_network(each) for each in bogons.refused()[f"ipv{wanted.version}"]]
    assert any(wanted.subnet_of(each) for each in ours) == refused  # type: ignore[arg-type]
