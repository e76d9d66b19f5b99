# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster whose routers are ours to provision: what follows from its sheet."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils._site import derive, document, fleet

from .conftest import ANCHORS, Lab, edited, machine


def member(number: int, family: str, router: int, **more: t.Any) -> dict[str, t.Any]:
    address, own = {"ipv4": ("192.0.2.{}", 98), "ipv6": ("2001:db8:0:41::{}", 2)}[family]
    return {
        "name": f"cpt0{number}_{family}",
        "node": f"cpt0{number}",
        "family": family,
        "address": address.format(own + number),
        "local_address": address.format(own - 2 + router),
        "hold_time": 9,
        "keepalive_time": 3,
        "bfd": None,
        "password_variable": None,
        **more,
    }


def test_routers_are_hosts_before_the_nodes(routers: Lab) -> None:
    assert list(routers.hosts()) == ["cpt-r1", "cpt-r2", "cpt01", "cpt02"]


def test_what_a_router_has_that_a_node_has_not(routers: Lab) -> None:
    first, second = (routers.hosts()[name] for name in ("cpt-r1", "cpt-r2"))
    asked = {"hold_time": 6, "keepalive_time": 2, "password_variable": "vault_bgp_cpt_routers"}
    every = [(number, family) for number in (1, 2) for family in ("ipv4", "ipv6")]
    assert first["imrs_members"] == [member(*each, 1, **asked) for each in every]
    assert second["imrs_members"] == [member(*each, 2) for each in every]
    assert first["imrs_inside"] == {
        "interface": "eno2",
        "mtu": 9000,
        "addresses": ["192.0.2.97/28", "2001:db8:0:41::1/64"],
    }
    assert second["imrs_inside"]["addresses"] == ["192.0.2.98/28", "2001:db8:0:41::2/64"]


def test_what_is_a_routers_own(routers: Lab) -> None:
    hosts = routers.hosts()
    alike = {
        "imrs_function": "router",
        "imrs_bmc_address": "",
        "imrs_nameserver_provider": "",
        "imrs_nameserver": None,
        "imrs_identity_zone": None,
        "imrs_masters": [],
        "imrs_vantage": "vantage-cpt",
        "imrs_looking_glass": "lg-cpt",
        "imrs_cluster": {
            "minimum_live": 1,
            "below_minimum": "dark",
            "nodes": ["cpt01", "cpt02"],
            "node_names": ["cpt01.l.root-servers.org", "cpt02.l.root-servers.org"],
            "routers": ["cpt-r1", "cpt-r2"],
        },
    }
    own = {
        "cpt-r1": {
            "imrs_node": "cpt-r1",
            "imrs_node_name": "cpt-r1.l.root-servers.org",
            "imrs_serial": "CLP-2026-0103",
            "imrs_routing_provider": "frr",
            "imrs_routing": products.FRR.variables(),
            "imrs_router_id": "192.0.2.113",
            "imrs_uplink": {
                "interface": "eno3",
                "mtu": 1500,
                "addresses": ["192.0.2.113/31", "2001:db8:0:42::b/127"],
                "gateways": ["192.0.2.112", "2001:db8:0:42::a"],
                "vlan": None,
                "bond": None,
            },
            "imrs_link": {
                "ipv4": [{"address": "192.0.2.113", "length": 31, "link_local": False}],
                "ipv6": [{"address": "2001:db8:0:42::b", "length": 127, "link_local": False}],
            },
            "imrs_management": {"interface": "eno1", "addresses": ["198.51.100.63/24"]},
        },
        "cpt-r2": {
            "imrs_node": "cpt-r2",
            "imrs_node_name": "cpt-r2.l.root-servers.org",
            "imrs_serial": "",
            "imrs_routing_provider": "bird",
            "imrs_routing": products.BIRD.variables(),
            "imrs_router_id": "192.0.2.115",
            "imrs_uplink": {
                "interface": "ens2",
                "mtu": 1400,
                "addresses": ["192.0.2.115/31", "2001:db8:0:43::b/127"],
                "gateways": ["192.0.2.114", "2001:db8:0:43::a"],
                "vlan": None,
                "bond": None,
            },
            "imrs_link": {
                "ipv4": [{"address": "192.0.2.115", "length": 31, "link_local": False}],
                "ipv6": [{"address": "2001:db8:0:43::b", "length": 127, "link_local": False}],
            },
            "imrs_management": {"interface": "eno1", "addresses": ["198.51.100.64/24", "2001:db8:f0::64/64"]},
        },
    }
    sessions = {"imrs_peers", "imrs_members", "imrs_inside"}
    for name, wanted in own.items():
        same = {key for key in hosts[name] if key not in {*alike, *wanted, *sessions}}
        assert {key: hosts[name][key] for key in alike} == alike
        assert {key: hosts[name][key] for key in wanted} == wanted
        assert {key: hosts[name][key] for key in same} == {key: hosts["cpt01"][key] for key in same}
    assert set(hosts["cpt-r1"]) == set(hosts["cpt01"])


def test_a_routers_sessions_are_those_that_the_host_sees(routers: Lab) -> None:
    found = routers.load()
    agreed = {
        "interface": None,
        "internal": False,
        "next_hop_interface": None,
        "global_address": None,
        "hold_time": 9,
        "keepalive_time": 3,
        "bfd": None,
        "large_communities": [],
        "no_export": False,
        "route_server": False,
        "bgp_role": None,
    }
    (near, _six, far, _far6) = found.hosts["cpt-r1"]["imrs_peers"]
    assert near == {
        **agreed,
        "name": "as64500_ipv4_1",
        "mark": "20144:3618082770:3081392914",
        "family": "ipv4",
        "asn": 64500,
        "address": "192.0.2.112",
        "local_address": "192.0.2.113",
        "description": "Table Mountain Net, towards cpt-r1",
        "multihop": None,
        "next_hop": None,
        "password_variable": "vault_bgp_cpt",
        "communities": ["64500:100"],
        "prepend": 1,
        "inbound": "default",
        "max_prefix": 1,
    }
    assert far == {
        **agreed,
        "name": "as64502_ipv4_1",
        "mark": "20144:2130640225:4238475280",
        "family": "ipv4",
        "asn": 64502,
        "address": "203.0.113.99",
        "local_address": "192.0.2.113",
        "description": "Cape Transit, behind both",
        "multihop": 2,
        "next_hop": "192.0.2.112",
        "password_variable": None,
        "communities": [],
        "prepend": 0,
        "inbound": "none",
        "max_prefix": None,
    }
    (record,) = found.sites
    for name in ("cpt-r1", "cpt-r2"):
        theirs = [(each.address, each.local_address) for each in record["sessions"] if each.our_name == name]
        assert [(each["address"], each["local_address"]) for each in found.hosts[name]["imrs_peers"]] == theirs
    marks = [peer["mark"] for host in found.hosts.values() for peer in host["imrs_peers"]]
    assert len(set(marks)) == len(marks)


def test_for_nodes_nothing_changes_but_who_judges_them(routers: Lab) -> None:
    ours = routers.hosts()
    edits = [(machine(routers.sheet, name), "") for name in ("cpt-r1", "cpt-r2")]
    theirs = routers.hosts(edits)
    assert list(theirs) == ["cpt01", "cpt02"]
    for name, before in theirs.items():
        changed = {key for key in before if before[key] != ours[name][key]}
        assert changed == {"imrs_vantage", "imrs_looking_glass"}
        assert (ours[name]["imrs_vantage"], ours[name]["imrs_looking_glass"]) == ("cpt-r1", "cpt-r1")
        assert (before["imrs_vantage"], before["imrs_looking_glass"]) == ("vantage-cpt", "lg-cpt")


@pytest.mark.parametrize("daemon", ["bird", "frr"])
def test_bfd_is_where_both_ends_can(daemon: str, routers: Lab) -> None:
    """FRR has none within an AS, so a node does not wait for it either."""
    edits = [
        ("      hold_time: 6\n", "      hold_time: 6\n      bfd: {interval_ms: 50, multiplier: 3}\n"),
        ("routing: frr\n        mtu", f"routing: {daemon}\n        mtu"),
    ]
    hosts = routers.hosts(edits)
    watched = {"interval_ms": 50, "multiplier": 3}
    wanted = {"cpt01": watched if daemon == "bird" else None, "cpt02": None}
    assert {each["node"]: each["bfd"] for each in hosts["cpt-r1"]["imrs_members"]} == wanted
    for node, bfd in wanted.items():
        assert [peer["bfd"] for peer in hosts[node]["imrs_peers"]] == [bfd, bfd, None, None]


def test_a_nodes_name_may_have_a_hyphen_and_its_sessions_none(routers: Lab) -> None:
    text = routers.sheet.replace("node: cpt01", "node: cpt-a")
    loose = edited(routers.fleet, [(r"'^[a-z]{3}[0-9]{2}\.", r"'^[a-z0-9-]+\.")])
    found = fleet.load(document.parse("fleet.yml", loose), [document.parse(routers.file, text)], ANCHORS)
    assert [each["name"] for each in found.hosts["cpt-r2"]["imrs_members"]][:2] == ["cpt_a_ipv4", "cpt_a_ipv6"]


def test_groups_of_routers(routers: Lab) -> None:
    hosts = routers.hosts()
    assert derive.groups(hosts["cpt-r1"]) == [
        "appliances",
        "function_router",
        "kind_cluster",
        "profile_calypso",
        "routing_frr",
        "site_cpt",
        "mode_dark",
        "state_onboarding",
        "country_za",
        "region_africa",
        "cluster_cpt",
    ]
    assert "function_node" in derive.groups(hosts["cpt01"])
    assert derive.entrance(hosts["cpt-r2"]) == "198.51.100.64"


def test_a_router_of_ours_is_in_no_group_of_machines_that_judge(routers: Lab) -> None:
    hosts = routers.hosts()
    assert derive.machines(hosts["cpt-r1"], hosts) == [("vantage-cpt", "vantages"), ("lg-cpt", "routers")]
    assert derive.machines(hosts["cpt01"], hosts) == []


def test_the_record_is_as_that_of_any_cluster(routers: Lab) -> None:
    """Documents for hosts are made from it."""
    (ours,) = routers.load().sites
    (theirs,) = routers.load([(machine(routers.sheet, name), "") for name in ("cpt-r1", "cpt-r2")]).sites
    assert ours == theirs
