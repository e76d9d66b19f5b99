# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetBox's objects to sheets: which field becomes what, and what is said where NetBox leaves it open."""

from __future__ import annotations

import copy
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import document, errors, fleet, netbox

FLEET = pathlib.Path(__file__).resolve().parents[5] / "inventories/example/fleet.yml"
Record = dict[str, t.Any]


def port(name: str, *addresses: str, **more: t.Any) -> Record:
    """An interface as the source gives it, less what is not looked at."""
    ips = [{"address": text, "status": {"value": "active"}, "role": None} for text in addresses]
    return {
        "name": name, "enabled": True, "mgmt_only": False, "mtu": None, "type": {"value": "1000base-t"}, "lag": None,
        "parent": None, "untagged_vlan": None, "tagged_vlans": [], "ip_addresses": ips, **more,
    }  # fmt: skip


SITE: Record = {
    "name": "Accra", "slug": "acc", "status": {"value": "active"}, "latitude": 5.6052, "longitude": -0.1668,
    "tenant": {"name": "Volta Networks", "slug": "volta-networks"}, "asns": [{"asn": 20144}],
}  # fmt: skip
IMRS: Record = {
    "mode": "live",
    "vantage": "vantage-acc",
    "host": {
        "type": "isp",
        "country": "GH",
        "contacts": {"noc": {"email": "noc@volta.example", "phone": "+233 30 255 0100"}},
        "gse": {"region": "africa", "coordinator": "GSE Africa"},
    },
    "peers": [
        {"description": "Volta", "asn": 64501, "addresses": ["192.0.2.33", "2001:db8:0:2::1"], "md5": "vault_bgp_acc"}
    ],
    "onboarding": {"steps": {}},
}
TSIG = [
    {"master": f"dist{n}", "name": f"acc01-dist{n}.example.", "algorithm": "hmac-sha256", "secret": f"vault_dist{n}"}
    for n in (1, 2, 3, 4)
]
GATEWAYS = ["192.0.2.33", "2001:db8:0:2::1"]


def node(name: str = "acc01", last: int = 4, **more: t.Any) -> Record:
    """A device with the role of an appliance."""
    local = {"nameserver": "knot", "routing": "bird", "tsig": TSIG, "uplink": {"gateways": GATEWAYS}}
    interfaces = [
        port("eno1", f"203.0.113.7{last}/27"),
        port("eno2", f"2001:db8:0:2::{last}/64", f"192.0.2.3{last}/29", mtu=1500),
        port("iDRAC", f"203.0.113.8{last}/27", mgmt_only=True),
    ]
    found = {
        "is_virtual": False, "role": "imrs-node", "device_type": "calypso", "serial": "CLP-1", "site": SITE,
        "regions": ["gh", "africa"], "primary_ip4": f"203.0.113.7{last}", "oob_ip": f"203.0.113.8{last}",
        "interfaces": interfaces, "config_context": {"imrs": IMRS, "imrs_node": local, "ntp": {}}, **more,
    }  # fmt: skip
    return copy.deepcopy(found)


def router(name: str = "acc-r1") -> Record:
    """A device with the role of a cluster's router."""
    found = {
        "is_virtual": False, "role": "imrs-router", "site": SITE, "regions": ["gh"], "primary_ip4": "203.0.113.130",
        "interfaces": [
            port("xe-0", "203.0.113.130/31", "2001:db8:0:9::2/64"),
            port("irb.0", "192.0.2.33/29", "2001:db8:0:2::1/64"),
            port("fxp0", "198.51.100.200/24", mgmt_only=True),
        ],
        "config_context": {"imrs": IMRS, "imrs_router": {"md5": "vault_bgp_acc_r1"}},
    }  # fmt: skip
    return copy.deepcopy(found)


def sheet(**devices: Record) -> Record:
    """The one sheet that these devices make."""
    found = netbox.sheets({name.replace("_", "-"): device for name, device in devices.items()})
    assert found.problems == []
    (only,) = found.documents
    assert only.data is not None
    return only.data


def complaints(**devices: Record) -> list[str]:
    """What is said of devices that no sheet can be made of."""
    found = netbox.sheets({name.replace("_", "-"): device for name, device in devices.items()})
    assert found.documents == []
    return [str(problem) for problem in found.problems]


def judged(**devices: Record) -> list[str]:
    """What schema and rules say of devices that do make a sheet."""
    found = netbox.sheets({name.replace("_", "-"): device for name, device in devices.items()})
    assert found.problems == []
    with pytest.raises(errors.SiteError) as caught:
        fleet.load(document.parse("fleet.yml", FLEET.read_bytes()), found.documents)
    return [str(problem) for problem in caught.value.problems]


# What becomes what ---------------------------------------------------------------------------------------------------


def test_a_single_is_laid_together_from_fields_and_contexts() -> None:
    assert sheet(acc01=node()) == {
        "site": "acc",
        "kind": "single",
        "operational": True,
        "mode": "live",
        "asn": 20144,
        "host": {**IMRS["host"], "name": "Volta Networks"},
        "location": {"iata": "acc", "city": "Accra", "country": "GH", "coordinates": "5.6052, -0.1668"},
        "vantage": "vantage-acc",
        "nodes": [
            {
                "node": "acc01",
                "profile": "calypso",
                "serial": "CLP-1",
                "bmc": "203.0.113.84",
                "nameserver": "knot",
                "routing": "bird",
                "uplink": {
                    "interface": "eno2",
                    "mtu": 1500,
                    "addresses": ["192.0.2.34/29", "2001:db8:0:2::4/64"],
                    "gateways": GATEWAYS,
                },
                "management": {"interface": "eno1", "addresses": ["203.0.113.74/27"]},
                "tsig": TSIG,
            }
        ],
        "peers": IMRS["peers"],
        "onboarding": {"steps": {}},
    }


def test_what_netbox_said_stays_as_it_was() -> None:
    device = node()
    before = copy.deepcopy(device)
    netbox.sheets({"acc01": device})
    assert device == before


def test_a_cluster_has_routers_of_its_own() -> None:
    first, second, edge = node(), node(last=5), router()
    for device in (first, second, edge):
        device["config_context"]["imrs"]["cluster"] = {"minimum_live": 1, "uplink_mbps": 1000}
    found = sheet(acc01=first, acc02=second, acc_r1=edge)
    assert found["kind"] == "cluster"
    assert [item["node"] for item in found["nodes"]] == ["acc01", "acc02"]
    assert found["cluster"] == {
        "minimum_live": 1,
        "uplink_mbps": 1000,
        "routers": [
            {
                "router": "acc-r1",
                "addresses": ["192.0.2.33", "2001:db8:0:2::1"],
                "uplink": ["203.0.113.130/31", "2001:db8:0:9::2/64"],
                "md5": "vault_bgp_acc_r1",
            }
        ],
    }


def test_bond_and_vlan() -> None:
    device = node()
    uplink = device["interfaces"].pop(1)
    device["interfaces"] += [
        port("bond0", type={"value": "lag"}),
        port("eno2", lag={"name": "bond0"}),
        port("eno3", lag={"name": "bond0"}),
        {**uplink, "name": "vlan120", "parent": {"name": "bond0"}, "untagged_vlan": {"vid": 120}},
    ]
    device["config_context"]["imrs_node"]["uplink"]["bond"] = {"mode": "active-backup"}
    assert sheet(acc01=device)["nodes"][0]["uplink"] == {
        "interface": "bond0",
        "bond": {"members": ["eno2", "eno3"], "mode": "active-backup"},
        "vlan": 120,
        "mtu": 1500,
        "addresses": ["192.0.2.34/29", "2001:db8:0:2::4/64"],
        "gateways": GATEWAYS,
    }


@pytest.mark.parametrize(
    ("status", "operational"),
    [("planned", True), ("staging", True), ("active", True), ("decommissioning", False), ("retired", False)],
)
def test_the_status_of_the_site(status: str, operational: bool) -> None:
    assert sheet(acc01=node(site={**SITE, "status": {"value": status}}))["operational"] is operational


def test_the_context_may_suspend_a_site() -> None:
    device = node()
    device["config_context"]["imrs"]["operational"] = False
    assert sheet(acc01=device)["operational"] is False


def test_airport_and_city_may_differ_from_slug_and_name() -> None:
    device = node(site={**SITE, "slug": "acc2", "name": "Accra, second site", "time_zone": "Africa/Accra"})
    device["config_context"]["imrs"]["location"] = {"iata": "acc", "city": "Accra"}
    found = sheet(acc01=device)
    assert found["site"] == "acc2"
    told = {"iata": "acc", "city": "Accra", "country": "GH", "coordinates": "5.6052, -0.1668"}
    assert found["location"] == told | {"time_zone": "Africa/Accra"}


def test_the_country_is_the_nearest_region_with_a_code() -> None:
    assert sheet(acc01=node(regions=["greater-accra", "gh", "africa"]))["location"]["country"] == "GH"


def test_steps_are_put_in_order() -> None:
    """NetBox keeps contexts as jsonb, which sorts keys."""
    device = node()
    done = {"date": "2026-01-01", "by": "Volta"}
    device["config_context"]["imrs"]["onboarding"]["steps"] = {"nda": done, "contact": done, "documents": done}
    assert list(sheet(acc01=device)["onboarding"]["steps"]) == ["contact", "documents", "nda"]


def address(text: str, status: str = "active", role: str | None = None) -> Record:
    """An IP address of an interface."""
    return {"address": text, "status": {"value": status}, "role": role and {"value": role}}


@pytest.mark.parametrize(
    "other",
    [
        port("eno3", "192.0.2.99/29", enabled=False),
        port("lo", ip_addresses=[address("199.7.83.42/32", role="anycast")]),
        port("eno4", ip_addresses=[address("192.0.2.99/29", status="deprecated")]),
        port("eno5", "203.0.113.99/27", mgmt_only=True),
    ],
    ids=["disabled", "anycast", "deprecated", "management only"],
)
def test_interfaces_that_do_not_count(other: Record) -> None:
    device = node()
    device["interfaces"].append(other)
    assert sheet(acc01=device) == sheet(acc01=node())


def test_the_port_of_the_bmc_need_not_be_marked() -> None:
    device = node()
    device["interfaces"][2]["mgmt_only"] = False
    assert sheet(acc01=device) == sheet(acc01=node())


# What is said --------------------------------------------------------------------------------------------------------


def without(device: Record, *keys: str) -> Record:
    """The device, less one thing."""
    inner = device
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return device


def ports(*others: Record) -> Record:
    """A node with these interfaces beside that for management."""
    return node(interfaces=[port("eno1", "203.0.113.74/27"), *others])


NO_SHEET = [
    (node(is_virtual=True), "device acc01: is a virtual machine; "),
    (node(role="switch"), "device acc01: has neither the role imrs-node nor imrs-router; "),
    (without(node(), "site"), "device acc01: Site: cannot be seen; "),
    (without(node(), "config_context", "imrs"), "site acc: Config context: imrs: is missing; assign to the site "),
    (node(config_context={"imrs": []}), "site acc: Config context: imrs: is no mapping; assign to the site "),
    (
        node(config_context={"imrs": IMRS, "imrs_node": "knot"}),
        "device acc01: Config context: imrs_node: is no mapping",
    ),
    (node(site={**SITE, "asns": [{"asn": 20144}, {"asn": 64500}]}), "site acc: ASNs: has 2 AS numbers; "),
    (without(node(), "primary_ip4"), "device acc01: Primary IPv4: is missing, or on no enabled interface; "),
    (ports(), "device acc01: Interfaces: none is left for the uplink: "),
    (
        ports(port("eno2", "192.0.2.34/29"), port("eno3", "192.0.2.50/29")),
        "device acc01: Interfaces: eno2 and eno3 have addresses of an uplink; only one interface can",
    ),
    (
        node(primary_ip6="2001:db8:0:2::4"),
        "device acc01: Interfaces: eno1 and eno2 have primary IP addresses; only one interface can",
    ),
    (
        ports(port("eno2", "192.0.2.34/29", tagged_vlans=[{"vid": 120}])),
        "device acc01: Interface eno2, Tagged VLANs: are beside addresses; ",
    ),
    (
        ports(port("eno2"), port("vlan7", "192.0.2.34/29", parent={"name": "eno2"})),
        "device acc01: Interface vlan7, Untagged VLAN: is missing; give the VLAN that is tagged on eno2",
    ),
]


@pytest.mark.parametrize(("device", "said"), NO_SHEET, ids=[said for _device, said in NO_SHEET])
def test_what_no_sheet_can_be_made_of(device: Record, said: str) -> None:
    (complaint,) = complaints(acc01=device)
    assert complaint.startswith(f"netbox: {said}")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("asn", "site acc: Config context: imrs.asn: belongs into NetBox's own field 'ASNs'; remove it here"),
        ("nodes", "site acc: Config context: imrs.nodes: belongs into NetBox's own field 'Devices'; remove it here"),
    ],
)
def test_nothing_is_said_twice_of_a_site(key: str, said: str) -> None:
    device = node()
    device["config_context"]["imrs"][key] = 20144
    assert complaints(acc01=device) == [f"netbox: {said}"]


def test_nothing_is_said_twice_of_a_device() -> None:
    device = node()
    device["config_context"]["imrs_node"]["uplink"]["mtu"] = 9000
    (complaint,) = complaints(acc01=device)
    assert complaint.startswith(
        "netbox: device acc01: Config context: imrs_node.uplink.mtu: belongs into NetBox's own "
    )
    assert "'Interface eno2, MTU'" in complaint


def test_a_site_has_one_context() -> None:
    second = node(last=5)
    second["config_context"]["imrs"]["mode"] = "dark"
    (complaint,) = complaints(acc01=node(), acc02=second)
    assert complaint.startswith("netbox: site acc: Config context: imrs: is not the same for acc01 and acc02; ")


def test_one_site_without_a_sheet_does_not_hide_another() -> None:
    bad, good = node(config_context={}), node(site={**SITE, "slug": "tnr"})
    found = netbox.sheets({"acc01": bad, "tnr01": good})
    assert [item.file for item in found.documents] == ["netbox: site tnr"]
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (node(site={**SITE, "asns": [{"asn": 64500}]}), "site acc: ASNs: 64500 is not 20144"),
        (node(site={**SITE, "asns": []}), "site acc: ASNs: is missing; "),
        (node(site={**SITE, "tenant": None}), "site acc: Tenant: is missing; "),
        (node(site={**SITE, "latitude": None}), "site acc: Latitude and longitude: is missing; "),
        (node(site={**SITE, "time_zone": "Africa/Acra"}), "site acc: Time zone: Africa/Acra is no IANA time zone "),
        (node(site={**SITE, "slug": "acc-2"}), "site acc-2: Slug: acc-2 is not a short name"),
        (node(regions=["africa"]), "site acc: Region: is missing; "),
        (node(serial="CLP 1"), "device acc01: Serial number: CLP 1 is not a serial number "),
        (node(device_type="nuc"), "device acc01: Device type (slug): nuc is not a profile of the fleet"),
        (node(config_context={"imrs": IMRS}), "device acc01: Config context: imrs_node.tsig: is missing; "),
        (without(node(), "config_context", "imrs", "mode"), "site acc: Config context: imrs.mode: is missing; "),
        (ports(port("eno2", "10.0.0.2/29", mtu=1500)), "device acc01: Interface eno2, IP addresses[0]: "),
        (ports(port("eno2", "192.0.2.34/29")), "device acc01: Interface eno2, MTU: is missing; "),
    ],
)
def test_schema_and_rules_name_what_netbox_shows(device: Record, said: str) -> None:
    assert any(line.startswith(f"netbox: {said}") for line in judged(acc01=device)), judged(acc01=device)


def test_a_secret_in_a_context_is_not_repeated() -> None:
    device = node()
    device["config_context"]["imrs"]["peers"][0]["md5"] = "hunter2-hunter2"
    (said,) = judged(acc01=device)
    assert said.startswith("netbox: site acc: Config context: imrs.peers[0].md5: is not ")
    assert "hunter2" not in said


def test_the_same_address_at_two_sites() -> None:
    other = node(site={**SITE, "slug": "abj", "name": "Abidjan"}, oob_ip=None)
    said = judged(acc01=node(), abj01=other)
    assert any(line.startswith("netbox: device acc01: Interface eno2, IP addresses[0]: 192.0.2.34 ") for line in said)


@pytest.mark.parametrize("wrong", [None, 0, [[]], {"a": [{}]}, 0.5, True])
@pytest.mark.parametrize("key", [*IMRS, "location", "cluster", "maintenance", "looking_glass"])
def test_no_context_breaks_the_reader(key: str, wrong: object) -> None:
    device = node()
    device["config_context"]["imrs"][key] = wrong
    found = netbox.sheets({"acc01": device})
    with pytest.raises(errors.SiteError) as caught:
        fleet.load(document.parse("fleet.yml", FLEET.read_bytes()), found.documents, None, found.problems)
    assert any(problem.field.startswith(f"Config context: imrs.{key}") for problem in caught.value.problems)


@pytest.mark.parametrize("wrong", [None, 0, "x", [], {}, 0.5])
@pytest.mark.parametrize("key", ["nameserver", "routing", "tsig", "uplink"])
def test_no_context_of_a_device_breaks_the_reader(key: str, wrong: object) -> None:
    device = node()
    device["config_context"]["imrs_node"][key] = wrong
    assert any(f"netbox: device acc01: Config context: imrs_node.{key}" in line for line in judged(acc01=device))
