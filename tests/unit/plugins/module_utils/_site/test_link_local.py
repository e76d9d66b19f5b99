# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""R-4: `fe80::1` as gateway or peer, which is right, and the link-local addresses that are not."""

from __future__ import annotations

import typing as t

import pytest
from wordings import FEWER, ROUTED

if t.TYPE_CHECKING:
    from .conftest import Lab

Edit = tuple[str, str]

UPLINK: Edit = (
    'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64"]',
    'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64", "fe80::2/64"]',
)
GATEWAY: Edit = ('gateways: [192.0.2.1, "2001:db8:0:1::1"]', 'gateways: [192.0.2.1, "fe80::1"]')
PEER: Edit = ('addresses: [192.0.2.1, "2001:db8:0:1::1"]\n    md5', 'addresses: [192.0.2.1, "fe80::1"]\n    md5')


def instead(edit: Edit, old: str, new: str) -> Edit:
    """The same edit, with something else in the new text."""
    assert old in edit[1]
    return edit[0], edit[1].replace(old, new)


def test_a_link_local_gateway_needs_nothing_beside_it(lab: Lab) -> None:
    variables = lab.hosts([GATEWAY])["xlb01"]
    assert variables["imrs_uplink"]["gateways"] == ["192.0.2.1", "fe80::1"]
    assert [peer["interface"] for peer in variables["imrs_peers"]] == [None, None]


@pytest.mark.parametrize(("vlan", "interface"), [("", "uplink"), ("\n      vlan: 120", "vlan120")])
def test_a_link_local_peer_comes_with_the_uplinks_interface(lab: Lab, vlan: str, interface: str) -> None:
    edits = [UPLINK, instead(GATEWAY, '"fe80::1"]', f'"fe80::1"]{vlan}'), PEER]
    variables = lab.hosts(edits)["xlb01"]
    near, far = variables["imrs_peers"]
    assert (near["address"], near["interface"]) == ("192.0.2.1", None)
    assert (far["address"], far["local_address"], far["interface"]) == ("fe80::1", "fe80::2", interface)
    assert variables["imrs_uplink"]["addresses"] == ["192.0.2.2/29", "2001:db8:0:1::2/64", "fe80::2/64"]
    assert variables["imrs_router_id"] == "192.0.2.2"


def test_a_session_over_several_hops_is_never_from_the_link_local_address(lab: Lab) -> None:
    first = (
        'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64"]',
        'addresses: ["fe80::2/64", "2001:db8:0:1::2/64", 192.0.2.2/29]',
    )
    far = (PEER[0], 'addresses: [203.0.113.9, "2001:db8:0:7::9"]\n    multihop: 2\n    md5')
    variables = lab.hosts([first, far])["xlb01"]
    assert [peer["local_address"] for peer in variables["imrs_peers"]] == ["192.0.2.2", "2001:db8:0:1::2"]


ONLY_OWN = "is one of several link-local addresses; give the one that the host's router speaks to"

WRONG: dict[str, tuple[list[Edit], list[str]]] = {
    "several hops": (
        [UPLINK, instead(PEER, "\n    md5", "\n    multihop: 2\n    md5")],
        [
            (
                "peers[0].addresses[1]: fe80::1 is a link-local address, which nobody reaches over several hops; "
                "remove multihop, or correct it"
            )
        ],
    ),
    "a peer, and the node has none": (
        [PEER],
        [
            (
                "peers[0].addresses[1]: fe80::1 is a link-local address, and the host's router has to be told the "
                "node's: add one to the uplink's addresses, such as fe80::2/64"
            )
        ],
    ),
    "the node itself": (
        [UPLINK, instead(PEER, "fe80::1", "fe80::2")],
        ["peers[0].addresses[1]: fe80::2 is the node's own address on the uplink; give the router's"],
    ),
    "several of the node's": (
        [instead(UPLINK, '"fe80::2/64"', '"fe80::2/64", "fe80::3/64"')],
        [
            f"nodes[0].uplink.addresses[2]: fe80::2/64 {ONLY_OWN}",
            f"nodes[0].uplink.addresses[3]: fe80::3/64 {ONLY_OWN}",
        ],
    ),
    "another length": (
        [instead(UPLINK, "fe80::2/64", "fe80::2/120")],
        [
            (
                "nodes[0].uplink.addresses[2]: fe80::2/120 is a link-local address, whose prefix is a /64 (RFC 4291, "
                "section 2.5.6); correct the length"
            )
        ],
    ),
    "no other IPv6 address": (
        [instead(UPLINK, '"2001:db8:0:1::2/64", ', ""), GATEWAY, PEER],
        [f"nodes[0].uplink.addresses: has no IPv6 address; {FEWER}"],
    ),
    "management": (
        [("addresses: [198.51.100.11/24]", 'addresses: [198.51.100.11/24, "fe80::2/64"]')],
        ["nodes[0].management.addresses[1]: fe80::2/64 is a link-local address; give one that operators can reach"],
    ),
    "IPv4's": (
        [instead(GATEWAY, "192.0.2.1", "169.254.0.1")],
        [f"nodes[0].uplink.gateways[0]: 169.254.0.1 is a link-local address; {ROUTED}"],
    ),
    "with a zone": (
        [instead(GATEWAY, "fe80::1", "fe80::1%uplink")],
        ["nodes[0].uplink.gateways[1]: fe80::1%uplink is not an IP address, such as 192.0.2.1 or 2001:db8::1"],
    ),
    "routes taken over several hops": (
        [
            GATEWAY,
            (
                'addresses: [192.0.2.1, "2001:db8:0:1::1"]\n    md5',
                'addresses: [198.51.100.99, "2001:db8:0:99::1"]\n    multihop: 2\n    inbound: default\n    md5',
            ),
        ],
        [
            (
                "peers[0].inbound: routes taken over several hops go by the gateway, and fe80::1 is a link-local one, "
                "which they cannot name; take none, or give the gateway another address"
            )
        ],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_means_nothing_is_refused(lab: Lab, name: str) -> None:
    edits, messages = WRONG[name]
    assert lab.wrong(*edits) == messages
