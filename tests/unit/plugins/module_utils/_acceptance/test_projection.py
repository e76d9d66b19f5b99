# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What acceptance and drift expect of a node comes from its host variables, in one place."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected, Hardware
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.projection import READ, project

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._site.host_variables import HostVariables

VARIABLES: dict[str, t.Any] = {
    "imrs_node_name": "xlb01.l.root-servers.org",
    "imrs_asn": 20144,
    "imrs_router_id": "192.0.2.2",
    "imrs_service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": []},
    "imrs_identity_zone": None,
    "imrs_prefixes": {"ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]}, "ipv6": {}},
    "imrs_peers": [],
    "imrs_zones": [{"name": "."}],
    "imrs_masters": [],
    "imrs_trust_anchors": [". IN DS 20326 8 2 E06D"],
    "imrs_nameserver_provider": "knot",
    "imrs_routing_provider": "bird",
    "imrs_mode": "live",
    "imrs_cluster": None,
    "imrs_function": "node",
    "imrs_members": [],
    "imrs_profile": {
        "tcp_clients": 10000,
        "cores": 4,
        "memory_mib": 16384,
        "link_mbps": 1000,
        "ecc": True,
        "power_supplies": 2,
        "firmware": {"bios": ["1.10.2"]},
        "cards": {"queues": 16, "hash_ports": True},
    },
    "imrs_bmc": True,
    "imrs_bmc_address": "198.51.100.12",
    "imrs_management": {"interface": "mgmt", "addresses": ["198.51.100.11/24"]},
    "imrs_serial": "LAB-0001",
    "imrs_irr": None,
    "imrs_time_sources": [{"name": "ntp1.imrs.example", "addresses": ["203.0.113.1"], "nts": False}],
    "imrs_log_server": None,
    "imrs_refused": {"ipv4": ["10.0.0.0/8"], "ipv6": []},
    "imrs_link": {
        "ipv4": [{"address": "192.0.2.2", "length": 29, "link_local": False}],
        "ipv6": [
            {"address": "fe80::2", "length": 64, "link_local": True},
            {"address": "2001:db8:0:1::2", "length": 64, "link_local": False},
        ],
    },
    "imrs_uplink": {
        "interface": "uplink",
        "vlan": None,
        "bond": None,
        "addresses": ["192.0.2.2/29", "fe80::2/64", "2001:db8:0:1::2/64"],
    },
}


def of_a_node(without: str = "") -> HostVariables:
    """What a projection reads, and nothing else."""
    return t.cast("HostVariables", {key: value for key, value in VARIABLES.items() if key != without})


def test_what_is_projected_can_be_parsed() -> None:
    found = Expected.parse(project(of_a_node()))
    assert (found.node_name, found.mode, found.routing.name) == ("xlb01.l.root-servers.org", "live", "bird")
    assert found.time_sources == ("ntp1.imrs.example",)
    assert found.addresses == ("199.7.83.42",)
    assert found.router_id == "192.0.2.2"


def test_what_no_peer_may_teach_is_known_by_family() -> None:
    found = Expected.parse(project(of_a_node()))
    assert found.refused == {"ipv4": ("10.0.0.0/8",), "ipv6": ()}
    assert found.links == {"ipv4": ("192.0.2.0/29",), "ipv6": ("2001:db8:0:1::/64",)}


def test_a_master_cannot_notify_a_link_local_address() -> None:
    assert project(of_a_node())["notify_addresses"] == ["192.0.2.2", "2001:db8:0:1::2"]


BOND = {"name": "bond0", "members": ["eno2", "eno3"], "mode": "802.3ad"}


@pytest.mark.parametrize(
    ("uplink", "ports"),
    [
        ({"interface": "eno1"}, ("eno1",)),
        ({"interface": "bond0", "bond": BOND}, ("eno2", "eno3")),
        ({"interface": "vlan120", "vlan": {"id": 120, "parent": "eno2"}}, ("eno2",)),
        ({"interface": "vlan120", "vlan": {"id": 120, "parent": "bond0"}, "bond": BOND}, ("eno2", "eno3")),
    ],
    ids=["port", "bond", "VLAN", "VLAN on a bond"],
)
def test_what_the_hardware_has_to_be(uplink: dict[str, t.Any], ports: tuple[str, ...]) -> None:
    variables = {**VARIABLES, "imrs_uplink": {**VARIABLES["imrs_uplink"], **uplink}}
    found = Expected.parse(project(t.cast("HostVariables", variables))).hardware
    sold = {"power_supplies": 2, "firmware": {"bios": ("1.10.2",)}, "cards": {"queues": 16, "hash_ports": 1}}
    assert found == Hardware(
        "LAB-0001", 4, 16384, 1000, uplink["interface"], ports, bmc=True, bmc_address="198.51.100.12", **sold
    )


def test_the_siblings_of_a_node_are_the_others_of_its_cluster() -> None:
    assert Expected.parse(project(of_a_node())).siblings == ()
    names = ["xlb01.l.root-servers.org", "xlb02.l.root-servers.org", "xlb03.l.root-servers.org"]
    cluster = {"minimum_live": 1, "nodes": [name[:5] for name in names], "node_names": names, "routers": ["r1"]}
    variables = t.cast("HostVariables", {**VARIABLES, "imrs_cluster": cluster})
    assert Expected.parse(project(variables)).siblings == tuple(names[1:])


@pytest.mark.parametrize("name", READ)
def test_a_variable_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        project(of_a_node(without=name))


def test_a_router_has_members_and_no_nameserver() -> None:
    names = ["xlc01.l.root-servers.org", "xlc02.l.root-servers.org"]
    cluster = {"minimum_live": 2, "nodes": ["xlc01", "xlc02"], "node_names": names, "routers": ["xlc-r1"]}
    member = {
        "name": "xlc01_ipv4",
        "node": "xlc01",
        "family": "ipv4",
        "address": "192.0.2.35",
        "local_address": "192.0.2.33",
        "hold_time": 9,
        "keepalive_time": 3,
        "bfd": {"interval_ms": 300, "multiplier": 5},
        "password_variable": "vault_bgp_xlc_routers",
    }
    router = {
        "imrs_node_name": "xlc-r1.l.root-servers.org",
        "imrs_function": "router",
        "imrs_nameserver_provider": "",
        "imrs_members": [member],
        "imrs_cluster": cluster,
    }
    found = Expected.parse(project(t.cast("HostVariables", {**VARIABLES, **router})))
    assert (found.function, found.nameserver, found.minimum_live) == ("router", None, 2)
    assert found.siblings == tuple(names)
    (session,) = found.members
    assert (session.node, session.address, session.md5) == ("xlc01", "192.0.2.35", True)
    assert session.bfd
    assert session.bfd.detection_ms == 1500


def test_a_node_without_a_nameserver_is_refused() -> None:
    with pytest.raises(ValueError, match="nameserver"):
        Expected.parse({**project(of_a_node()), "nameserver_provider": ""})
