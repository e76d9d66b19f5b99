# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles read: the contract of docs/architecture.md, word for word."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._site import bogons, derive
from lab_sheets import DIGEST

if t.TYPE_CHECKING:
    from .conftest import Lab

DEFAULTS: dict[str, t.Any] = {
    **dict.fromkeys(("interface", "next_hop", "next_hop_interface", "global_address", "multihop", "max_prefix")),
    "hold_time": 9,
    "keepalive_time": 3,
    **dict.fromkeys(("internal", "no_export", "route_server"), False),
    **{each: [] for each in ("communities", "large_communities")},
    "prepend": 0,
    "inbound": "none",
    **dict.fromkeys(("bfd", "bgp_role")),
}
"""Of a session about which nothing else is agreed on."""

BUDGET = [{"group_by": "fleet", "max_unavailable": 5}, {"group_by": "region", "max_unavailable_percent": 25}]
LIMITS = {"imrs_budget": BUDGET, "imrs_accepted_losses": []}
SIGNER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGARLp8K6WYAL9TlYfH0yolpRdK63O5HyJ1A7xL9rma2"
WAIVED = {
    "TM-01": "A container shares the clock of its host, which keeps the time.",
    "TM-02": "A container shares the clock of its host, which keeps the time.",
    "OS-02": "A container shares the disks of its host, which has its own alarms.",
    "HD-05": "A container has no BMC of its own.",
    "HW-01": "A container is no machine, and has no serial number.",
    "HW-02": "A container shares the processors and the memory of its host.",
    "HW-03": "A container shares the disks of its host, which has its own alarms.",
    "HW-04": "The uplink of a container is a pair of virtual interfaces, without a wire.",
}


def test_the_contract(lab: Lab) -> None:
    session = {**DEFAULTS, "asn": 64500, "password_variable": "vault_bgp_xlb", "description": "Example Net"}
    session["bfd"] = {"interval_ms": 1000, "multiplier": 5}
    assert lab.hosts() == {
        "xlb01": {
            "imrs_fleet": "lab",
            "imrs_function": "node",
            "imrs_site": "xlb",
            "imrs_node": "xlb01",
            "imrs_node_name": "xlb01.l.root-servers.org",
            "imrs_kind": "single",
            "imrs_operational": True,
            "imrs_state": "onboarding",
            "imrs_mode": "live",
            "imrs_provisioning": {"allowed": True, "reason": "", "override": ""},
            "imrs_location": {"iata": "xlb", "city": "Lac Brochet", "country": "CA", "region": "north_america"},
            "imrs_serial": "LAB-0001",
            "imrs_bmc": False,
            "imrs_bmc_address": "",
            "imrs_vantage": "vantage",
            "imrs_looking_glass": "host-router",
            "imrs_unlimited_resolvers": [],
            "imrs_profile": {
                "name": "calypso",
                "link_mbps": 1000,
                "cores": 4,
                "memory_mib": 16384,
                "ecc": True,
                "disks": 2,
                "tcp_clients": 10000,
                "rate_limit": 400,
                "peak_queries": 1000,
                "power_supplies": 2,
                **{key: {} for key in ("firmware", "cards")},
            },
            "imrs_nameserver_provider": "knot",
            "imrs_nameserver": {
                "unit": "knot.service",
                "packages": ["knot", "knot-dnsutils", "ldnsutils"],
                "directory": "/etc/knot",
                "defaults_file": "/etc/default/knot",
                "programs": ["/usr/sbin/knotd", "/usr/sbin/knotc"],
                "libraries": ["libknot.so*", "libdnssec.so*", "libzscanner.so*"],
            },
            "imrs_routing_provider": "bird",
            "imrs_routing": {
                "unit": "bird.service",
                "packages": ["bird2"],
                "directory": "/etc/bird",
                "defaults_file": "",
                "programs": ["/usr/sbin/bird"],
                "libraries": [],
            },
            "imrs_held_packages": ["knot", "nsd", "ldnsutils", "bird2", "frr", "frr-pythontools"],
            "imrs_asn": 20144,
            "imrs_router_id": "192.0.2.2",
            "imrs_service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
            "imrs_anycast_addresses": {
                "ipv4": ["199.7.83.42", "199.7.83.53"],
                "ipv6": ["2001:500:9f::42", "2001:500:3::42", "2001:500:9f::53"],
            },
            "imrs_identity_zone": {
                "name": "identity.l.root-servers.org.",
                "server": "beacon.l.root-servers.org.",
                "addresses": {"ipv4": ["199.7.83.53"], "ipv6": ["2001:500:9f::53"]},
                "mailbox": "noc.imrs.example.",
                "strings": ["xlb01.l.root-servers.org", "Lac Brochet", "", "CA", "NorthAmerica"],
                "address": "192.0.2.2",
            },
            "imrs_prefixes": {
                "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
                "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
            },
            "imrs_refused": bogons.refused(),
            "imrs_link": {
                "ipv4": [{"address": "192.0.2.2", "length": 29, "link_local": False}],
                "ipv6": [{"address": "2001:db8:0:1::2", "length": 64, "link_local": False}],
            },
            "imrs_master_addresses": {
                "ipv4": ["203.0.113.1", "203.0.113.2"],
                "ipv6": ["2001:db8:0:3::1", "2001:db8:0:3::2"],
            },
            "imrs_uplink": {
                "interface": "uplink",
                "mtu": 1500,
                "addresses": ["192.0.2.2/29", "2001:db8:0:1::2/64"],
                "gateways": ["192.0.2.1", "2001:db8:0:1::1"],
                "vlan": None,
                "bond": None,
            },
            "imrs_management": {"interface": "mgmt", "addresses": ["198.51.100.11/24"]},
            "imrs_management_routes": [],
            "imrs_cluster": None,
            "imrs_inside": None,
            "imrs_members": [],
            "imrs_peers": [
                {
                    **session,
                    "name": "as64500_ipv4_1",
                    "mark": "20144:3306782347:1788718063",
                    "family": "ipv4",
                    "address": "192.0.2.1",
                    "local_address": "192.0.2.2",
                },
                {
                    **session,
                    "name": "as64500_ipv6_1",
                    "mark": "20144:383153361:681419303",
                    "family": "ipv6",
                    "address": "2001:db8:0:1::1",
                    "local_address": "2001:db8:0:1::2",
                },
            ],
            "imrs_zones": [
                {"name": ".", "zonemd": True, "dnssec": True},
                {"name": "arpa.", "zonemd": True, "dnssec": True},
                {"name": "root-servers.net.", "zonemd": True, "dnssec": True},
            ],
            "imrs_masters": [
                {
                    "name": f"dist{number}",
                    "addresses": [f"203.0.113.{number}", f"2001:db8:0:3::{number}"],
                    "port": 53,
                    "tls": None,
                    "tsig": {
                        "name": f"xlb01-dist{number}.lab.example.",
                        "algorithm": "hmac-sha256",
                        "previous": None,
                        "secret_variable": f"vault_tsig_xlb01_dist{number}",
                    },
                }
                for number in (1, 2)
            ],
            "imrs_trust_anchors": [f". IN DS 20326 8 2 {DIGEST}"],
            "imrs_operator_networks": {"ipv4": ["198.51.100.0/24"], "ipv6": []},
            "imrs_time_sources": lab.hosts()["xlb01"]["imrs_time_sources"],  # test_time_sources.py
            "imrs_log_server": lab.hosts()["xlb01"]["imrs_log_server"],  # test_log_server.py
            "imrs_irr": {"source": "RIPE", "object": "AS20144"},
            "imrs_waivers": [{"check": check, "reason": reason} for check, reason in WAIVED.items()],
            **{f"imrs_{k}": [] for k in ("attestations", "required_attestations", "raised_checks")},
            **{f"imrs_{k}": [] for k in ("vulnerabilities", "keys")},
            "imrs_maintenance_windows": [
                {"day": "tuesday", "start": "18:00", "end": "22:00"},
                {"day": "thursday", "start": "10:00", "end": "14:00"},
            ],
            **LIMITS,
            "imrs_certificate": {"signers": [{"name": "lab", "key": SIGNER}], "days": None},
            "imrs_operators": [],
        }
    }


def test_everything_that_a_sheet_can_say(single: Lab) -> None:
    variables = single.hosts()["nbo01"]
    assert variables["imrs_uplink"] == {
        "interface": "vlan120",
        "mtu": 9000,
        "addresses": ["192.0.2.18/29", "2001:db8:0:11::2/64"],
        "gateways": ["192.0.2.17", "2001:db8:0:11::1"],
        "vlan": {"id": 120, "parent": "bond0"},
        "bond": {"name": "bond0", "members": ["eno2", "eno3"], "mode": "802.3ad"},
    }
    assert variables["imrs_bmc_address"] == "10.1.2.3"
    assert variables["imrs_state"] == variables["imrs_mode"] == "drained"
    near, far = variables["imrs_peers"][1], variables["imrs_peers"][2]
    assert near == {
        "name": "as64501_ipv6_1",
        "mark": "20144:3680411564:410742475",
        "family": "ipv6",
        "asn": 64501,
        "address": "2001:db8:0:11::1",
        "local_address": "2001:db8:0:11::2",
        "interface": None,
        "next_hop": None,
        "next_hop_interface": None,
        "global_address": None,
        "multihop": None,
        "password_variable": "vault_bgp_nbo",
        "hold_time": 30,
        "keepalive_time": 5,
        "description": "Savanna Research Network, router 1",
        "internal": False,
        "bfd": {"interval_ms": 300, "multiplier": 3},
        "communities": ["64501:100"],
        "large_communities": ["64501:1:2"],
        "no_export": True,
        "prepend": 2,
        "inbound": "all",
        "max_prefix": 1000,
        "route_server": False,
        "bgp_role": "customer",
    }
    assert far == {
        **DEFAULTS,
        "name": "as64501_ipv4_2",
        "mark": "20144:809805132:3353480515",
        "family": "ipv4",
        "asn": 64501,
        "address": "198.51.100.200",
        "local_address": "192.0.2.18",
        "next_hop": "192.0.2.17",
        "multihop": 3,
        "password_variable": None,
        "description": "Savanna Research Network, route server",
        "inbound": "default",
        "max_prefix": 1,
    }


def test_a_vlan_without_a_bond_and_a_bond_without_a_vlan(single: Lab) -> None:
    bond = "      bond: {members: [eno2, eno3], mode: 802.3ad}\n"
    uplink = single.hosts([(bond, ""), ("interface: bond0", "interface: eno2")])["nbo01"]["imrs_uplink"]
    assert (uplink["interface"], uplink["vlan"], uplink["bond"]) == ("vlan120", {"id": 120, "parent": "eno2"}, None)
    uplink = single.hosts([("      vlan: 120\n", "")])["nbo01"]["imrs_uplink"]
    assert (uplink["interface"], uplink["vlan"], uplink["bond"]["name"]) == ("bond0", None, "bond0")


def test_the_nodes_of_a_cluster_peer_with_its_routers(cluster: Lab) -> None:
    hosts = cluster.hosts()
    assert list(hosts) == ["acc01", "acc02"]
    for node, last in (("acc01", "2"), ("acc02", "3")):
        assert hosts[node]["imrs_cluster"] == {
            "minimum_live": 1,
            "below_minimum": "drained",
            "nodes": ["acc01", "acc02"],
            "node_names": ["acc01.l.root-servers.org", "acc02.l.root-servers.org"],
            "routers": ["acc-r1", "acc-r2"],
        }
        assert hosts[node]["imrs_peers"][1:3] == [
            {
                **DEFAULTS,
                "name": "as20144_ipv6_1",
                "mark": hosts[node]["imrs_peers"][1]["mark"],
                "family": "ipv6",
                "asn": 20144,
                "address": "2001:db8:0:22::1",
                "local_address": f"2001:db8:0:22::{last}",
                "next_hop": "2001:db8:0:22::1",
                "password_variable": "vault_bgp_acc_r1",
                "description": "Site router acc-r1",
                "internal": True,
            },
            {
                **DEFAULTS,
                "name": "as20144_ipv4_2",
                "mark": hosts[node]["imrs_peers"][2]["mark"],
                "family": "ipv4",
                "asn": 20144,
                "address": "192.0.2.36",
                "local_address": hosts[node]["imrs_router_id"],
                "next_hop": "192.0.2.36",
                "password_variable": None,
                "description": "Site router acc-r2",
                "internal": True,
            },
        ]


def test_what_is_agreed_on_for_the_sessions_with_a_clusters_routers(cluster: Lab) -> None:
    agreed = "      md5: vault_bgp_acc_r1\n      bfd: {interval_ms: 50, multiplier: 3}\n      hold_time: 6\n"
    agreed += "      inbound: default\n"
    for variables in cluster.hosts([("      md5: vault_bgp_acc_r1\n", agreed)]).values():
        found = [(peer["bfd"], peer["hold_time"], peer["keepalive_time"]) for peer in variables["imrs_peers"]]
        # FRR has no BFD within an AS.
        watched = {"interval_ms": 50, "multiplier": 3} if variables["imrs_routing_provider"] == "bird" else None
        assert found == [(watched, 6, 2)] * 2 + [(None, 9, 3)] * 2
        taken = [(peer["inbound"], peer["max_prefix"]) for peer in variables["imrs_peers"]]
        assert taken == [("default", 1)] * 2 + [("none", None)] * 2


def test_a_mark_is_of_the_session_alone(single: Lab) -> None:
    """Whatever else comes, goes or is changed: the gate of a live node still knows the sessions that were judged."""

    def marks(edits: t.Sequence[tuple[str, str]] = ()) -> dict[tuple[str, int], str]:
        return {(peer["address"], peer["asn"]): peer["mark"] for peer in single.hosts(edits)["nbo01"]["imrs_peers"]}

    before = marks()
    assert len(set(before.values())) == len(before) == 4
    peers = "peers:\n"
    another = (
        "  - {description: First in the list, asn: 64502, addresses: [192.0.2.19, '2001:db8:0:11::3'], md5: null}\n"
    )
    assert before.items() < marks([(peers, peers + another)]).items()
    options = [("hold_time: 30", "hold_time: 60"), ("router 1", "router one"), ("vault_bgp_nbo", "vault_bgp_other")]
    assert marks(options) == before
    moved = marks([("router 1\n    asn: 64501", "router 1\n    asn: 64502")])
    assert len(set(moved.values()) - set(before.values())) == 2, "another AS is another session"


def test_the_same_peers_of_two_nodes_have_other_marks(cluster: Lab) -> None:
    marks = [peer["mark"] for host in cluster.hosts().values() for peer in host["imrs_peers"]]
    assert len(set(marks)) == len(marks)
    assert all(mark.startswith("20144:") for mark in marks)


def test_groups(lab: Lab, single: Lab, cluster: Lab) -> None:
    assert derive.groups(lab.hosts()["xlb01"]) == [
        "appliances",
        "function_node",
        "kind_single",
        "profile_calypso",
        "nameserver_knot",
        "routing_bird",
        "site_xlb",
        "mode_live",
        "state_onboarding",
        "country_ca",
        "region_north_america",
        "provisionable",
    ]
    assert {"state_drained", "mode_drained", "country_ke", "region_africa"} <= set(
        derive.groups(single.hosts()["nbo01"])
    )
    found = derive.groups(cluster.hosts()["acc02"])
    assert {"kind_cluster", "cluster_acc", "mode_dark", "state_onboarding", "nameserver_nsd"} <= set(found)
    assert "provisionable" not in found


def test_machines_that_judge(lab: Lab, cluster: Lab) -> None:
    hosts = {**lab.hosts(), **cluster.hosts()}
    assert derive.machines(hosts["xlb01"], hosts) == [("vantage", "vantages"), ("host-router", "routers")]
    assert derive.machines(hosts["acc01"], hosts) == [("vantage-acc", "vantages")]


def test_addresses_are_spelt_one_way(lab: Lab) -> None:
    edits = [
        ('"2001:db8:0:1::2/64"', '"2001:0DB8:0:1:0::2/064"'),
        ('::1"]\n    md5: vault_bgp_xlb', '::0001"]\n    md5: null'),
    ]
    variables = lab.hosts(sheet=edits)["xlb01"]
    assert variables["imrs_uplink"]["addresses"][1] == "2001:db8:0:1::2/64"
    assert variables["imrs_peers"][1]["address"] == "2001:db8:0:1::1"
    assert variables["imrs_peers"][1]["password_variable"] is None


def test_a_peer_beyond_the_uplink_says_multihop(lab: Lab) -> None:
    far = (
        '    addresses: [192.0.2.1, "2001:db8:0:1::1"]\n    md5',
        '    addresses: [198.51.100.77, "2001:db8:9::1"]\n    multihop: 3\n    md5',
    )
    peers = lab.hosts([far])["xlb01"]["imrs_peers"]
    assert [(peer["local_address"], peer["multihop"]) for peer in peers] == [("192.0.2.2", 3), ("2001:db8:0:1::2", 3)]


def test_two_routers_of_one_host_are_counted(single: Lab) -> None:
    assert [peer["name"] for peer in single.hosts()["nbo01"]["imrs_peers"]] == [
        "as64501_ipv4_1",
        "as64501_ipv6_1",
        "as64501_ipv4_2",
        "as64501_ipv6_2",
    ]


def test_no_host_variable_knows_the_hosts_people_or_money(single: Lab) -> None:
    text = json.dumps(single.hosts())
    for private in ("savanna.example", "555", "Front desk", "GSE Africa", "5500", "Fan replaced", "africa_phase_2"):
        assert private in single.sheet
        assert private not in text
