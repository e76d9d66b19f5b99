# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a cluster's routers that are ours to provision; each by the exact sentence that it says."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import derive, document, fleet
from wordings import FEWER, REACHED, ROUTED

from .conftest import ANCHORS, edited, machine

if t.TYPE_CHECKING:
    from .conftest import Edits, Lab

R1_UPLINK = '[192.0.2.113/31, "2001:db8:0:42::b/127"]'
R1_GATEWAYS = 'gateways: [192.0.2.112, "2001:db8:0:42::a"]\n        management'
R1_INTERFACES = "{nodes: eno2, uplink: eno3}"
HERE = "cluster.routers[0].machine"
R1 = "192.0.2.113/31, 2001:db8:0:42::b/127"


NO_PEER = f"no peer is on it ({R1}), and cpt-r1 would announce to nobody; add a peer, or correct the addresses"
FAR_PEER = (
    '  - description: Cape Transit, behind both\n    asn: 64502\n    addresses: [203.0.113.99, "2001:db8:0:44::1"]\n'
)
FAR_PEER += "    md5: null\n    multihop: 2\n"
ANOTHER = "give the router another one"
ONCE = "serial number is there once"
JUDGED = "is a router of ours, from which the nodes behind it are judged anyway"

WRONG: dict[str, tuple[Edits, list[str]]] = {
    "no such profile": ([("profile: calypso\n        serial", "profile: pandora\n        serial")], [
        f"{HERE}.profile: pandora is not a profile of the fleet; these are calypso, virtual, bare"
    ]),
    "no such routing daemon": ([("routing: frr\n        mtu", "routing: quagga\n        mtu")], [
        f"{HERE}.routing: quagga is not one of: bird, frr"
    ]),
    "no routing daemon": ([("routing: frr\n        mtu", "mtu")], [
        f"{HERE}.routing: is missing; give one of: bird, frr"
    ]),
    "MTU out of range": ([("mtu: 1400", "mtu: 1200")], [
        "cluster.routers[1].machine.mtu: 1200 is not an MTU in bytes (1280\u20139216)"
    ]),
    "below_minimum is live": ([("below_minimum: dark", "below_minimum: live")], [
        "cluster.below_minimum: live is not one of: drained, dark"
    ]),
    "one interface for both sides": ([(R1_INTERFACES, "{nodes: eno2, uplink: eno2}")], [
        f"{HERE}.interfaces.uplink: eno2 is the interface towards the nodes; the uplink has its own"
    ]),
    "management towards the nodes": ([(R1_INTERFACES, "{nodes: eno1, uplink: eno3}")], [
        f"{HERE}.management.interface: eno1 is the interface towards the nodes; management has its own"
    ]),
    "management on the uplink": ([(R1_INTERFACES, "{nodes: eno2, uplink: eno1}")], [
        f"{HERE}.management.interface: eno1 is the interface of the uplink; management has its own"
    ]),
    "interface of the kernel": ([(R1_INTERFACES, "{nodes: eno2, uplink: lo}")], [
        f"{HERE}.interfaces.uplink: lo is a name that the kernel has for something else"
    ]),
    "gateway of one family": ([(R1_GATEWAYS, "gateways: [192.0.2.112]\n        management")], [
        f"{HERE}.gateways: has no IPv6 address; {FEWER}"
    ]),
    "gateway not on the uplink": ([
        (R1_GATEWAYS, 'gateways: [192.0.2.120, "2001:db8:0:42::a"]\n        management')
    ], [
        f"{HERE}.gateways[0]: 192.0.2.120 is not on the router's uplink ({R1}), so it cannot be its gateway"
    ]),
    "gateway is the router": ([(R1_GATEWAYS, 'gateways: [192.0.2.113, "2001:db8:0:42::a"]\n        management')], [
        f"{HERE}.gateways[0]: 192.0.2.113 is an address of router cpt-r1, not of the host"
    ]),
    "gateway is private": ([(R1_GATEWAYS, 'gateways: [10.0.0.1, "2001:db8:0:42::a"]\n        management')], [
        f"{HERE}.gateways[0]: 10.0.0.1 is a private address (RFC 1918); {ROUTED}"
    ]),
    "management out of reach": ([("198.51.100.63/24", "127.0.0.1/8")], [
        f"{HERE}.management.addresses[0]: 127.0.0.1/8 is a loopback address; {REACHED}"
    ]),
    "management in the nodes' network": ([("198.51.100.63/24", "192.0.2.101/28")], [
        (f"{HERE}.management.addresses[0]: 192.0.2.101/28 is in the uplink's subnet (192.0.2.99/28); "
        "management has a network of its own, for operators only")
    ]),
    "management is a node's": ([("198.51.100.63/24", "198.51.100.61/24")], [
        f"{HERE}.management.addresses[0]: 198.51.100.61 is used twice; it already belongs to node cpt01"
    ]),
    "serial is a node's": ([("CLP-2026-0103", "CLP-2026-0101")], [
        f"{HERE}.serial: serial number CLP-2026-0101 already exists, in sites/cpt.yml:29; every {ONCE}"
    ]),
    "name is a node's": ([("router: cpt-r1", "router: cpt01")], [
        f"cluster.routers[0].router: cpt01 is the name of a node already, in sites/cpt.yml:27; {ANOTHER}"
    ]),
    "name is a group's": ([("router: cpt-r1", "router: appliances")], [
        f"cluster.routers[0].router: appliances is the name of a group; {ANOTHER}"
    ]),
    "looking glass is a router of its own": ([("looking_glass: lg-cpt", "looking_glass: cpt-r2")], [
        f"looking_glass: cpt-r2 {JUDGED}; name the host's, or leave it out"
    ]),
    "vantage is a router of its own": ([("vantage: vantage-cpt", "vantage: cpt-r1")], [
        f"vantage: cpt-r1 {JUDGED}; name one of the host's side"
    ]),
    "nodes with two MTUs": ([("mtu: 9000", "mtu: 1500")], [
        "nodes[1].uplink.mtu: 9000 is not 1500, that of cpt01; nodes and routers on a link have one MTU"
    ]),
    "nodes with two prefix lengths": ([("192.0.2.100/28", "192.0.2.100/27")], [
        ("nodes[1].uplink.addresses[0]: 192.0.2.100/27 and 192.0.2.99/28 of cpt01 have different prefix lengths; "
        "give both that of their link"),
        ("cluster.routers[0].uplink[0]: 192.0.2.113/31 is in the network of node cpt02 (192.0.2.100/27); "
        "the uplink has a network of its own"),
        ("cluster.routers[1].uplink[0]: 192.0.2.115/31 is in the network of node cpt02 (192.0.2.100/27); "
        "the uplink has a network of its own"),
    ]),
    "no peer for a router": ([
        (FAR_PEER, ""),
        ('addresses: [192.0.2.112, "2001:db8:0:42::a"]\n    md5: vault_bgp_cpt\n    inbound: default\n',
         'addresses: [192.0.2.118, "2001:db8:0:49::a"]\n    md5: vault_bgp_cpt\n'),
        ('"2001:db8:0:43::b/127"]', '"2001:db8:0:43::b/127", 192.0.2.119/31, "2001:db8:0:49::b/127"]'),
    ], [f"cluster.routers[0].uplink: {NO_PEER}"]),
    "bought, and no serial number": ([
        ("    agreement: {", "    agreement: {date: 2026-03-02, by: GSE}\n    purchase: {"),
    ], ["cluster.routers[1].machine.serial: is missing; the appliance is bought, so give its serial number"]),
    "no mapping": ([("      machine:\n        profile", "      machine: 5\n      x:\n        profile")], [
        f"{HERE}: is something else; give a router's machine",
        ("cluster.routers[0].x: unknown key; the keys here are router, addresses, uplink, md5, bfd, hold_time, "
        "keepalive_time, inbound, machine"),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_router_is_told_what_is_wrong(name: str, routers: Lab) -> None:
    edits, messages = WRONG[name]
    assert sorted(routers.wrong(*edits)) == sorted(messages)


def test_all_routers_of_a_site_are_ours_or_none(routers: Lab) -> None:
    assert routers.wrong((machine(routers.sheet, "cpt-r2"), "")) == [
        (
            "cluster.routers[1].machine: is missing; all routers of a site are ours to provision, or none; "
            "give it, or remove that of cpt-r1"
        )
    ]


def test_a_problem_names_its_line(routers: Lab) -> None:
    line = routers.sheet[: routers.sheet.index(R1_INTERFACES)].count("\n") + 1
    text = edited(routers.sheet, [(R1_INTERFACES, "{nodes: eno2, uplink: eno2}")])
    with pytest.raises(fleet.SiteError, match=rf"^sites/cpt\.yml:{line}: cluster\.routers\[0\]\.machine\.interfaces"):
        fleet.load(document.parse("fleet.yml", routers.fleet), [document.parse(routers.file, text)], ANCHORS)


def test_a_router_of_one_site_judges_no_other_one(routers: Lab, lab: Lab) -> None:
    assert routers.messages(more=[lab.sheet.replace("looking_glass: host-router", "looking_glass: cpt-r1")]) == [
        f"sites/more0.yml: looking_glass: cpt-r1 {JUDGED}; name the host's, or leave it out"
    ]


def test_a_router_and_a_node_of_two_sites_do_not_share_a_name(routers: Lab, lab: Lab) -> None:
    sheet = edited(routers.sheet, [("router: cpt-r1", "router: xlb01")])
    line = sheet[: sheet.index("router: xlb01")].count("\n") + 1
    assert lab.messages(more=[sheet])[0].startswith(
        "sites/more0.yml: cluster.routers[0].router: xlb01 is the name of a"
    )
    routers.sheet = sheet
    assert routers.messages(more=[lab.sheet])[0] == (
        f"sites/more0.yml: nodes[0].node: xlb01 is the name of a router already, in sites/cpt.yml:{line}; "
        "give the node another one"
    )


def test_a_router_of_somebody_else_may_still_be_read_by_its_cluster(cluster: Lab) -> None:
    hosts = cluster.hosts([("vantage: vantage-acc\n", "vantage: vantage-acc\nlooking_glass: acc-r1\n")])
    assert hosts["acc01"]["imrs_looking_glass"] == "acc-r1"
    assert derive.machines(hosts["acc01"], hosts) == [("vantage-acc", "vantages"), ("acc-r1", "routers")]


def test_a_sound_sheet_gives_no_warning(routers: Lab) -> None:
    assert routers.warnings() == []


def test_a_default_route_that_nobody_tells_is_told(routers: Lab) -> None:
    assert routers.warnings(("    inbound: default\n    communities", "    communities")) == [
        (
            "sites/cpt.yml: cluster.routers[0].inbound: default, and no peer tells this router a default route, "
            "so that it passes none on; say inbound: default of a peer of it, or leave it out here"
        )
    ]


def test_a_router_that_cannot_watch_is_told(routers: Lab) -> None:
    bfd = "      hold_time: 6\n      bfd: {interval_ms: 300, multiplier: 3}\n"
    warnings = routers.warnings(("      hold_time: 6\n", bfd))
    assert (
        "sites/cpt.yml: cluster.routers[0].bfd: FRR, which this router has, cannot watch nodes of its own AS with BFD; "
        "a silent one counts as gone after hold_time, 6 s"
    ) in warnings


def test_routers_with_one_daemon_are_told(routers: Lab) -> None:
    assert routers.warnings(("routing: frr\n        mtu", "routing: bird\n        mtu")) == [
        (
            "sites/cpt.yml: cluster.routers: all routers have the same routing daemon, bird; with two, one fault "
            "does not take all"
        )
    ]


def test_below_minimum_without_routers_of_ours_is_told(cluster: Lab) -> None:
    edit = ("minimum_live: 1\n", "minimum_live: 1\n  below_minimum: dark\n")
    assert cluster.warnings(edit) == [
        "sites/acc.yml: cluster.below_minimum: is for routers that are ours to provision (machine), and here are none"
    ]
