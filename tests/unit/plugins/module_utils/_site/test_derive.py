# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles read: the contract of docs/architecture.md, word for word."""

from __future__ import annotations

import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._site import derive

if t.TYPE_CHECKING:
    from .conftest import Lab

DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


def test_the_contract(lab: Lab) -> None:
    session = {
        "asn": 64500,
        "multihop": None,
        "password_variable": "vault_bgp_xlb",
        "hold_time": 9,
        "description": "Example Net",
    }
    assert lab.hosts() == {
        "xlb01": {
            "imrs_fleet": "lab",
            "imrs_site": "xlb",
            "imrs_node": "xlb01",
            "imrs_node_name": "xlb01.l.root-servers.org",
            "imrs_kind": "single",
            "imrs_mode": "live",
            "imrs_vantage": "vantage",
            "imrs_looking_glass": "host-router",
            "imrs_profile": {"name": "calypso", "link_mbps": 1000, "cores": 4, "memory_mib": 16384, "tcp_clients": 250},
            "imrs_nameserver_provider": "knot",
            "imrs_routing_provider": "bird",
            "imrs_asn": 20144,
            "imrs_router_id": "192.0.2.2",
            "imrs_service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
            "imrs_prefixes": {
                "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
                "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
            },
            "imrs_uplink": {
                "interface": "uplink",
                "mtu": 1500,
                "addresses": ["192.0.2.2/29", "2001:db8:0:1::2/64"],
                "gateways": ["192.0.2.1", "2001:db8:0:1::1"],
            },
            "imrs_management": {"interface": "mgmt", "addresses": ["198.51.100.11/24"]},
            "imrs_peers": [
                {
                    **session,
                    "name": "as64500_ipv4_1",
                    "family": "ipv4",
                    "address": "192.0.2.1",
                    "local_address": "192.0.2.2",
                },
                {
                    **session,
                    "name": "as64500_ipv6_1",
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
                    "tsig": {
                        "name": f"xlb01-dist{number}.lab.example.",
                        "algorithm": "hmac-sha256",
                        "secret_variable": f"vault_tsig_xlb01_dist{number}",
                    },
                }
                for number in (1, 2)
            ],
            "imrs_trust_anchors": [f". IN DS 20326 8 2 {DIGEST}"],
            "imrs_operator_networks": {"ipv4": ["198.51.100.0/24"], "ipv6": []},
            "imrs_waivers": [
                {"check": "TM-01", "reason": "A container shares the clock of its host, which keeps the time."}
            ],
        }
    }


def test_groups(lab: Lab) -> None:
    assert derive.groups(lab.hosts()["xlb01"]) == [
        "appliances",
        "kind_single",
        "profile_calypso",
        "nameserver_knot",
        "routing_bird",
        "site_xlb",
        "mode_live",
    ]


def test_addresses_are_spelt_one_way(lab: Lab) -> None:
    edits = [
        ('"2001:db8:0:1::2/64"', '"2001:0DB8:0:1:0::2/64"'),
        ('::1"]\n    md5: vault_bgp_xlb', '::0001"]\n    md5: null'),
    ]
    variables = lab.hosts(sheet=edits)["xlb01"]
    assert variables["imrs_uplink"]["addresses"][1] == "2001:db8:0:1::2/64"
    assert variables["imrs_peers"][1]["address"] == "2001:db8:0:1::1"
    assert variables["imrs_peers"][1]["password_variable"] is None


def test_two_routers_of_one_host_are_counted() -> None:
    def router(last: int) -> dict[str, t.Any]:
        return {
            "asn": 64500,
            "addresses": [f"192.0.2.{last}", f"2001:db8:0:1::{last}"],
            "md5": None,
            "description": "x",
        }

    found = derive.sessions([router(1), router(3)], ["192.0.2.2/29", "2001:db8:0:1::2/64"])
    assert [session["name"] for session in found] == [
        "as64500_ipv4_1",
        "as64500_ipv6_1",
        "as64500_ipv4_2",
        "as64500_ipv6_2",
    ]
    assert {session["hold_time"] for session in found} == {9}
