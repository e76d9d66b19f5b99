# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a peer, and of a cluster with its routers; each by the exact sentence that it says."""

from __future__ import annotations

import typing as t

import pytest
from wordings import EDGE, FEWER, ROUTED

if t.TYPE_CHECKING:
    from .conftest import Lab

PEER = '    addresses: [192.0.2.1, "2001:db8:0:1::1"]\n    md5'
ON = "(192.0.2.2/29, 2001:db8:0:1::2/64)"
SUBNET = "is the subnet's own address; give the address of the machine in it"
HIDES = "is a well-known community (RFC 1997, RFC 7999), which may stop our prefixes; for NO_EXPORT say no_export: true"

LAB: dict[str, tuple[str, str, list[str]]] = {
    "without IPv6": (
        PEER, "    addresses: [192.0.2.1]\n    md5", [f"peers[0].addresses: has no IPv6 address; {FEWER}"]
    ),
    "two IPv4 addresses": (PEER, '    addresses: [192.0.2.1, 192.0.2.3, "2001:db8:0:1::1"]\n    md5', [
        "peers[0].addresses: has 2 IPv4 addresses; give exactly one of each family"
    ]),
    "the whole link": (PEER, '    addresses: [192.0.2.7, "2001:db8:0:1::1"]\n    md5', [
        f"peers[0].addresses[0]: 192.0.2.7/29 {SUBNET}"
    ]),
    "elsewhere": (PEER, '    addresses: [198.51.100.77, "2001:db8:0:1::1"]\n    md5', [
        f"peers[0].addresses[0]: 198.51.100.77 is not on the uplink {ON}; correct it, or say multihop"
    ]),
    "is the node": (PEER, '    addresses: [192.0.2.2, "2001:db8:0:1::1"]\n    md5', [
        "peers[0].addresses[0]: 192.0.2.2 is an address of node xlb01, not of the host"
    ]),
    "is a master": (PEER, '    addresses: [203.0.113.1, "2001:db8:0:1::1"]\n    multihop: 2\n    md5', [
        "peers[0].addresses[0]: 203.0.113.1 is an address of master dist1, not of the host"
    ]),
    "private": (PEER, '    addresses: [192.168.0.1, "2001:db8:0:1::1"]\n    multihop: 2\n    md5', [
        f"peers[0].addresses[0]: 192.168.0.1 is a private address (RFC 1918); {ROUTED}"
    ]),
    "one hop": ("md5: vault_bgp_xlb", "multihop: 1\n    md5: null", [
        "peers[0].multihop: 1 is not a number of hops (2\u2013255)"
    ]),
    "AS_TRANS": ("asn: 64500", "asn: 23456", ["peers[0].asn: 23456 is AS_TRANS (RFC 6793); no network has it"]),
    "reserved AS": ("asn: 64500", "asn: 65535", ["peers[0].asn: 65535 is reserved (RFC 7300); no network has it"]),
    "hold time": ("hold_time: 9", "hold_time: 2", [
        "peers[0].hold_time: 2 is not a hold time in seconds (3\u201365535)"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", LAB)
def test_a_wrong_peer_is_told_what_is_wrong(name: str, lab: Lab) -> None:
    old, new, messages = LAB[name]
    assert lab.wrong((old, new)) == messages


THIRD = "neighbours would use {0} instead (RFC 4271, section 4.4); give {0} or less, or leave it out"

FULL: dict[str, tuple[str, str, list[str]]] = {
    "router twice": ('[198.51.100.200, "2001:db8:0:99::1"]', '[192.0.2.17, "2001:db8:0:99::1"]', [
        "peers[1].addresses[0]: 192.0.2.17 was already given in peers[0]; give every router once"
    ]),
    "A-9: keepalive longer than a third of the hold time": ("keepalive_time: 5", "keepalive_time: 11", [
        f"peers[0].keepalive_time: 11 is more than a third of the hold time, 30, so {THIRD.format(10)}"
    ]),
    "A-9: longer than a third of the default hold time": ("multihop: 3", "multihop: 3\n    keepalive_time: 8", [
        f"peers[1].keepalive_time: 8 is more than a third of the hold time, 9, so {THIRD.format(3)}"
    ]),
    "all without a limit": ("    max_prefix: 1000\n", "", [
        "peers[0].max_prefix: is missing; with inbound all, say how many prefixes may come"
    ]),
    "none with a limit": ("inbound: all", "inbound: none", [
        "peers[0].max_prefix: stands beside inbound none, which takes no prefix; remove it"
    ]),
    "nothing said of inbound, with a limit": ("    inbound: all\n", "", [
        "peers[0].max_prefix: stands beside inbound none, which takes no prefix; remove it"
    ]),
    "default with another limit": ("inbound: default", "inbound: default\n    max_prefix: 2", [
        "peers[1].max_prefix: 2 is not 1, the number of default routes; remove it"
    ]),
    "prepend": ("prepend: 2", "prepend: 6", ["peers[0].prepend: 6 is not a number of prepends (0\u20135)"]),
    "inbound": ("inbound: all", "inbound: some", ["peers[0].inbound: some is not one of: none, default, all"]),
    "BGP role": ("bgp_role: customer", "bgp_role: provider", [
        "peers[0].bgp_role: provider is not one of: customer"
    ]),
    "community that hides us": ('["64501:100", "64501:1:2"]', '["65535:666", "64501:1:2"]', [
        f"peers[0].communities[0]: 65535:666 {HIDES}"
    ]),
    "community twice": ('["64501:100", "64501:1:2"]', '["64501:100", "64501:0100"]', [
        "peers[0].communities[1]: 64501:100 was already given in communities[0]"
    ]),
    "BFD too fast": ("interval_ms: 300", "interval_ms: 10", [
        "peers[0].bfd.interval_ms: 10 is not an interval in ms (50\u201360000)"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", FULL)
def test_a_wrong_session_is_told_what_is_wrong(name: str, single: Lab) -> None:
    old, new, messages = FULL[name]
    assert single.wrong((old, new)) == messages


def test_the_one_default_route_may_be_said(single: Lab) -> None:
    peers = single.hosts([("inbound: default", "inbound: default\n    max_prefix: 1")])["nbo01"]["imrs_peers"]
    assert peers[2]["max_prefix"] == 1


OR_FAR = "correct it, or say multihop"
OWN_SECRET = "give the host of site acc one of its own"
OF_ACC01 = "(192.0.2.34/28, 2001:db8:0:22::2/64)"
R1 = 'addresses: [192.0.2.33, "2001:db8:0:22::1"]'
R1_UPLINK = '[198.51.100.130/29, "2001:db8:0:29::2/64"]'
UPLINKS = "198.51.100.130/29, 2001:db8:0:29::2/64, 198.51.100.131/29, 2001:db8:0:29::3/64, 2001:db8:0:2a::2/64"

CLUSTER: dict[str, tuple[str, str, list[str]]] = {
    "no node to work on": ("minimum_live: 1", "minimum_live: 2", [
        "cluster.minimum_live: 2 leaves no node to work on; with 2 nodes, 1 at most"
    ]),
    "no node must live": ("minimum_live: 1", "minimum_live: 0", [
        "cluster.minimum_live: 0 is not a number of nodes (1\u201364)"
    ]),
    "called a single": ("kind: cluster", "kind: single", [
        "nodes: a single has exactly one node, and here are 2",
        "cluster: stands in the sheet of a single; remove it, or say kind: cluster",
        *(
            f"peers[0].addresses[{at}]: {text} is not on the uplink (192.0.2.34/28, 2001:db8:0:22::2/64, "
            "192.0.2.35/28, 2001:db8:0:22::3/64); correct it, or say multihop"
            for at, text in enumerate(("198.51.100.129", "2001:db8:0:29::1"))
        ),
    ]),
    "router without IPv6": (R1, "addresses: [192.0.2.33]", [
        f"cluster.routers[0].addresses: has no IPv6 address; {FEWER}",
    ]),
    "router with two addresses of a family": (R1, 'addresses: [192.0.2.33, 192.0.2.37, "2001:db8:0:22::1"]', [
        "cluster.routers[0].addresses: has 2 IPv4 addresses; give exactly one of each family"
    ]),
    "router that is the link": (R1, 'addresses: [192.0.2.47, "2001:db8:0:22::1"]', [
        f"cluster.routers[0].addresses[0]: 192.0.2.47/28 {SUBNET}"
    ]),
    "router not on the nodes' link": (R1, 'addresses: [192.0.2.49, "2001:db8:0:22::1"]', [
        f"cluster.routers[0].addresses[0]: 192.0.2.49 is not on the uplink of node acc01 {OF_ACC01}"
    ]),
    "router with a private address": (R1, 'addresses: [10.0.0.1, "2001:db8:0:22::1"]', [
        f"cluster.routers[0].addresses[0]: 10.0.0.1 is a private address (RFC 1918); {ROUTED}",
    ]),
    "router's uplink without IPv4": (R1_UPLINK, '["2001:db8:0:29::2/64"]', [
        f"cluster.routers[0].uplink: has no IPv4 address; {FEWER}",
    ]),
    "router's uplink private": (R1_UPLINK, '[10.0.0.2/29, "2001:db8:0:29::2/64"]', [
        f"cluster.routers[0].uplink[0]: 10.0.0.2/29 is a private address (RFC 1918); {ROUTED}",
    ]),
    "router's uplink at the subnet's own address": (R1_UPLINK, '[198.51.100.135/29, "2001:db8:0:29::2/64"]', [
        f"cluster.routers[0].uplink[0]: 198.51.100.135/29 {EDGE}",
    ]),
    "peer on no router's uplink": ('[198.51.100.129, "2001:db8:0:29::1"]', '[198.51.100.77, "2001:db8:0:29::1"]', [
        f"peers[0].addresses[0]: 198.51.100.77 is not on the uplink of a router ({UPLINKS}); {OR_FAR}"
    ]),
    "peer is our own router": ('[198.51.100.129, "2001:db8:0:29::1"]', '[198.51.100.131, "2001:db8:0:29::1"]', [
        "peers[0].addresses[0]: 198.51.100.131 is an address of router acc-r2, not of the host"
    ]),
    "gateway is a node": ('gateways: [192.0.2.33, "2001:db8:0:22::1"]', 'gateways: [192.0.2.35, "2001:db8:0:22::1"]', [
        "nodes[0].uplink.gateways[0]: 192.0.2.35 is an address of node acc02, not of the host"
    ]),
    "router with a keepalive longer than a third of its hold time": (R1, f"{R1}\n      keepalive_time: 4", [
        f"cluster.routers[0].keepalive_time: 4 is more than a third of the hold time, 9, so {THIRD.format(3)}"
    ]),
    "router with BFD that nobody has": (R1, f"{R1}\n      bfd: {{interval_ms: 10, multiplier: 3}}", [
        "cluster.routers[0].bfd.interval_ms: 10 is not an interval in ms (50\u201360000)"
    ]),
    "router twice": ("router: acc-r2", "router: acc-r1", [
        "cluster.routers[1].router: router acc-r1 already exists, in sites/acc.yml:59; every router is there once"
    ]),
    "routers at one address": ("[192.0.2.36,", "[192.0.2.33,", [
        "cluster.routers[1].addresses[0]: 192.0.2.33 is used twice; it already belongs to router acc-r1"
    ]),
    "routers and host with one password": ("md5: vault_bgp_acc\n", "md5: vault_bgp_acc_r1\n", [
        f"peers[0].md5: vault_bgp_acc_r1 is already the secret of the routers of site acc; {OWN_SECRET}"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", CLUSTER)
def test_a_wrong_cluster_is_told_what_is_wrong(name: str, cluster: Lab) -> None:
    old, new, messages = CLUSTER[name]
    assert sorted(cluster.wrong((old, new))) == sorted(messages)


def test_a_cluster_has_two_nodes_at_least(cluster: Lab) -> None:
    second = cluster.sheet[cluster.sheet.index("  - node: acc02") : cluster.sheet.index("cluster:\n  minimum")]
    assert cluster.wrong((second, "")) == ["nodes: a cluster has at least two nodes, and here is one"]


def test_a_cluster_has_routers_of_its_own(cluster: Lab) -> None:
    own = cluster.sheet[cluster.sheet.index("cluster:\n  minimum") : cluster.sheet.index("peers:")]
    assert cluster.wrong((own, "")) == [
        "cluster: is missing; a cluster gives minimum_live, uplink_mbps and routers",
    ]


def test_the_nodes_of_a_cluster_have_their_routers_as_gateways(cluster: Lab) -> None:
    assert cluster.hosts()["acc02"]["imrs_uplink"]["gateways"] == ["192.0.2.33", "2001:db8:0:22::1"]
