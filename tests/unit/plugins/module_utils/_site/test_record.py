# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a site, from which documents for people are made."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import contract, onboarding
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Bfd, HostSession

if t.TYPE_CHECKING:
    from .conftest import Lab


def _steps(done: int, *dates: tuple[str, str]) -> list[dict[str, t.Any]]:
    titles = (
        ("contact", "Contact and company information", "host"),
        ("documents", "Documents and due diligence", "host"),
        ("nda", "Non-disclosure agreement", "host and ICANN"),
        ("agreement", "IMRS agreement", "host and ICANN"),
        ("purchase", "Appliance purchased", "host"),
        ("rack", "Racked, powered, connected", "host"),
        ("install", "Installed and tested", "ICANN"),
        ("notify", "Host notified, live", "ICANN"),
    )
    return [
        {
            "step": key,
            "title": title,
            "actor": actor,
            "done": number < done,
            "date": dates[number][0] if number < done else None,
            "by": dates[number][1] if number < done else None,
        }
        for number, (key, title, actor) in enumerate(titles)
    ]


def test_the_contract(lab: Lab) -> None:
    (found,) = lab.load().sites
    assert found == {
        "fleet": "lab",
        "language": "en",
        "day": onboarding.EVER,
        "site": "xlb",
        "kind": "single",
        "state": "onboarding",
        "operational": True,
        "mode": "live",
        "asn": 20144,
        "host": {
            "name": "Example Net",
            "type": "isp",
            "country": "CA",
            "contacts": {
                "noc": {"name": "", "email": "noc@host.example", "phone": "+1 555 0110"},
                "remote_hands": {
                    "name": "",
                    "email": "hands@host.example",
                    "phone": "+1 555 0111",
                    "hours": "24/7",
                },
            },
            "gse": {"region": "north_america", "coordinator": "GSE North America"},
        },
        "location": {
            "iata": "xlb",
            "city": "Lac Brochet",
            "country": "CA",
            "region": "north_america",
            "latitude": 58.6175,
            "longitude": -101.4689,
            "time_zone": "",
        },
        "nodes": [
            {
                "node": "xlb01",
                "node_name": "xlb01.l.root-servers.org",
                "profile": {
                    "name": "calypso",
                    "description": "1U appliance, 1 Gbit/s",
                    "link_mbps": 1000,
                    "cores": 4,
                    "memory_mib": 16384,
                    "tcp_clients": 10000,
                    "rack_units": 1,
                    "power_supplies": 2,
                    "power_watts": 150,
                    "ports": [
                        {"port": "mgmt", "role": "management", "medium": "1000BASE-T"},
                        {"port": "uplink", "role": "uplink", "medium": "1000BASE-T"},
                    ],
                },
                "serial": "LAB-0001",
                "bmc": "",
                "nameserver": "knot",
                "routing": "bird",
                "uplink": {
                    "interface": "uplink",
                    "mtu": 1500,
                    "addresses": ["192.0.2.2/29", "2001:db8:0:1::2/64"],
                    "gateways": ["192.0.2.1", "2001:db8:0:1::1"],
                    "vlan": None,
                    "bond": None,
                },
                "management": {"interface": "mgmt", "addresses": ["198.51.100.11/24"]},
                "keys": [],
            }
        ],
        "cluster": None,
        "prefixes": {
            "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
            "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
        },
        "service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
        "anycast_addresses": {
            "ipv4": ["199.7.83.42", "199.7.83.53"],
            "ipv6": ["2001:500:9f::42", "2001:500:3::42", "2001:500:9f::53"],
        },
        "sessions": [
            HostSession(
                description="Example Net",
                asn=64500,
                our_name="xlb01",
                family=family,
                address=theirs,
                local_address=ours,
                link=link,
                md5=True,
                bfd=Bfd(1000, 5),
            )
            for family, theirs, ours, link in (
                ("ipv4", "192.0.2.1", "192.0.2.2", "192.0.2.0/29"),
                ("ipv6", "2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1::/64"),
            )
        ],
        "onboarding": {
            "steps": _steps(
                7,
                ("2025-09-01", "Example Net"),
                ("2025-09-15", "Example Net"),
                ("2025-10-01", "Example Net and ICANN"),
                ("2025-11-03", "Example Net and ICANN"),
                ("2025-11-10", "Example Net"),
                ("2025-12-01", "Example Net"),
                ("2025-12-08", "ICANN DNS Engineering"),
            ),
            "done": 7,
            "next": {"step": "notify", "title": "Host notified, live", "actor": "ICANN"},
            "expression_of_interest": None,
            "reimbursement": None,
            "provisioning": {"allowed": True, "reason": "", "override": ""},
        },
        "maintenance": [],
        "decommissioned": None,
        "operator": {"name": "ICANN DNS Engineering", "email": "noc@imrs.example", "phone": "+1 555 0100"},
        "operator_networks": {"ipv4": ["198.51.100.0/24"], "ipv6": []},
        "masters": [
            {"name": f"dist{n}", "addresses": [f"203.0.113.{n}", f"2001:db8:0:3::{n}"], "port": 53, "tls": None}
            for n in (1, 2)
        ],
        "maintenance_windows": [
            {"day": "tuesday", "start": "18:00", "end": "22:00"},
            {"day": "thursday", "start": "10:00", "end": "14:00"},
        ],
        "time_signed": False,
        "log_server": found["log_server"],  # test_log_server.py
        "irr": {"source": "RIPE", "object": "AS20144"},
    }


def test_the_sessions_of_a_cluster_are_its_routers(cluster: Lab) -> None:
    (found,) = cluster.load().sites
    assert found["cluster"] == {
        "minimum_live": 1,
        "uplink_mbps": 1000,
        "links_without_one_mbps": 1000,
        "routers": [
            {
                "router": "acc-r1",
                "addresses": ["192.0.2.33", "2001:db8:0:22::1"],
                "uplink": ["198.51.100.130/29", "2001:db8:0:29::2/64"],
            },
            {
                "router": "acc-r2",
                "addresses": ["192.0.2.36", "2001:db8:0:22::4"],
                "uplink": ["198.51.100.131/29", "2001:db8:0:29::3/64", "2001:db8:0:2a::2/64"],
            },
        ],
    }
    assert [(each.address, each.our_name, each.local_address, each.link) for each in found["sessions"]] == [
        ("198.51.100.129", "acc-r1", "198.51.100.130", "198.51.100.128/29"),
        ("198.51.100.129", "acc-r2", "198.51.100.131", "198.51.100.128/29"),
        ("2001:db8:0:29::1", "acc-r1", "2001:db8:0:29::2", "2001:db8:0:29::/64"),
        ("2001:db8:0:29::1", "acc-r2", "2001:db8:0:29::3", "2001:db8:0:29::/64"),
        ("203.0.113.77", "acc-r1", "198.51.100.130", None),
        ("203.0.113.77", "acc-r2", "198.51.100.131", None),
        ("2001:db8:0:2a::1", "acc-r2", "2001:db8:0:2a::2", "2001:db8:0:2a::/64"),
    ]
    assert [each.gtsm for each in found["sessions"]] == [True] * 4 + [False] * 3
    assert [each.md5 for each in found["sessions"]] == [True] * 4 + [False] * 3


def test_what_is_optional_and_there(single: Lab) -> None:
    (found,) = single.load().sites
    assert found["maintenance"] == [
        {"date": "2026-03-02", "by": "DNS Engineering", "note": "Power supply B replaced"},
        {"date": "2026-03-09", "by": "DNS Engineering", "note": "Fan replaced"},
    ]
    assert found["host"]["contacts"]["noc"]["name"] == "Network operations"
    assert found["nodes"][0]["bmc"] == "10.1.2.3"
    assert found["onboarding"]["expression_of_interest"] == {
        "date": "2025-11-03",
        "programme": "africa_phase_2",
        "funding_usd": 5500,
    }
    assert found["onboarding"]["next"] is None
    assert found["onboarding"]["provisioning"]["override"] == "2026-01-05, J. Doe: Lab rehearsal"


def test_what_is_optional_and_not_there(lab: Lab, cluster: Lab) -> None:
    (found,) = cluster.load().sites
    assert found["host"]["contacts"]["remote_hands"] is None
    edits = [("irr: {source: RIPE, object: AS20144}\n", "")]
    assert lab.load(fleet_=edits).sites[0]["irr"] is None


def test_no_secret_and_no_name_of_one(single: Lab, cluster: Lab) -> None:
    for found in (single.load().sites, cluster.load().sites):
        text = json.dumps(found, default=dataclasses.asdict)
        assert "vault_" not in text
        assert "tsig" not in text
        assert "dist1.example." not in text


def _keys_are_as_typed(found: t.Mapping[str, t.Any], kind: t.Any) -> None:
    assert kind.__required_keys__ <= set(found) <= kind.__required_keys__ | kind.__optional_keys__, kind.__name__


def test_a_record_has_the_keys_of_its_type(single: Lab, cluster: Lab) -> None:
    """mypy sees what this room writes down by itself; what comes out of a sheet only a test can see."""
    for found in (*single.load().sites, *cluster.load().sites):
        _keys_are_as_typed(found, contract.SiteRecord)
        _keys_are_as_typed(found["host"], contract.Host)
        _keys_are_as_typed(found["operator"], contract.Contact)
        _keys_are_as_typed(found["onboarding"], contract.Onboarding)
        typed: list[tuple[t.Iterable[t.Any], t.Any]] = [
            ((node["profile"] for node in found["nodes"]), contract.Profile),
            ((port for node in found["nodes"] for port in node["profile"]["ports"]), contract.Port),
            ((node["uplink"] for node in found["nodes"]), contract.Uplink),
            ((node["uplink"]["bond"] for node in found["nodes"] if node["uplink"]["bond"]), contract.Bond),
            ((node["uplink"]["vlan"] for node in found["nodes"] if node["uplink"]["vlan"]), contract.Vlan),
            ((node["management"] for node in found["nodes"]), contract.Management),
            (found["masters"], contract.Master),
            (found["maintenance_windows"], contract.Window),
            (found["maintenance"], contract.Note),
        ]
        for entries, kind in typed:
            for entry in entries:
                _keys_are_as_typed(entry, kind)
    with pytest.raises(AssertionError, match="Window"):
        _keys_are_as_typed({"day": "monday", "start": "10:00"}, contract.Window)


def test_records_are_sorted_by_site(single: Lab, cluster: Lab) -> None:
    fleet = single.load(more=[cluster.sheet])
    assert [found["site"] for found in fleet.sites] == ["acc", "nbo"]
    assert list(fleet.hosts) == ["nbo01", "acc01", "acc02"]


GONE = "decommissioned: {date: 2026-05-01, by: DNS Engineering, reason: Host moved out}\n"
NOTIFY = "    notify: {date: 2026-01-20, by: DNS Engineering}\n"
INSTALL = "    install: {date: 2026-01-19, by: DNS Engineering}\n"
RACK = "    rack: {date: 2026-01-12, by: Savanna Research Network}\n"
OVERRIDE = "  override: {date: 2026-01-05, by: J. Doe, reason: Lab rehearsal}\n"
OFF = ("operational: true", "operational: false")
SAID = "2026-01-05, J. Doe: Lab rehearsal"

LIVES: dict[str, tuple[list[tuple[str, str]], str, str, bool, str, str]] = {
    "in service": ([], "drained", "drained", True, "", SAID),
    "live": ([("mode: drained", "mode: live")], "live", "live", True, "", SAID),
    "suspended": ([OFF], "suspended", "dark", False, "The instance is not operational.", SAID),
    "decommissioned": (
        [OFF, ("maintenance:", f"{GONE}maintenance:")],
        "decommissioned", "dark", False, "The instance was decommissioned on 2026-05-01.", SAID,
    ),
    "not yet told to the host": ([(NOTIFY, "")], "onboarding", "drained", True, "", SAID),
    "being installed": ([(NOTIFY, ""), (INSTALL, ""), (OVERRIDE, "")], "onboarding", "drained", True, "", ""),
    "not racked": (
        [(NOTIFY, ""), (INSTALL, ""), (RACK, ""), (OVERRIDE, "")], "onboarding", "dark", False,
        "Onboarding step 6, Racked, powered, connected (host), is not done.", "",
    ),
    "not racked, by override": ([(NOTIFY, ""), (INSTALL, ""), (RACK, "")], "onboarding", "drained", True, "", SAID),
    "onboarding and not operational": ([OFF, (NOTIFY, "")], "onboarding", "dark", False,
                                       "The instance is not operational.", SAID),
}  # fmt: skip


@pytest.mark.parametrize("name", LIVES)
def test_state_mode_and_permission(name: str, single: Lab) -> None:
    edits, state, mode, allowed, reason, override = LIVES[name]
    fleet = single.load(edits)
    (found,), variables = fleet.sites, fleet.hosts["nbo01"]
    assert (found["state"], found["mode"]) == (state, mode)
    assert (variables["imrs_state"], variables["imrs_mode"]) == (state, mode)
    assert variables["imrs_operational"] is found["operational"] is (OFF not in edits)
    permission = {"allowed": allowed, "reason": reason, "override": override}
    assert found["onboarding"]["provisioning"] == variables["imrs_provisioning"] == permission


LATER = "Due after a successful deployment: installed and tested, and the host notified."
MONEY: dict[str, tuple[list[tuple[str, str]], tuple[int, bool, str] | None]] = {
    "deployed": ([], (
        5500, True, "The instance was deployed successfully; the host was notified on 2026-01-20."
    )),
    "not yet": ([(NOTIFY, "")], (5500, False, LATER)),
    "gone": ([OFF, ("maintenance:", f"{GONE}maintenance:")], (5500, False, "The instance is decommissioned.")),
    "nothing asked for": ([(", funding_usd: 5500", "")], None),
}  # fmt: skip


@pytest.mark.parametrize("name", MONEY)
def test_reimbursement(name: str, single: Lab) -> None:
    edits, wanted = MONEY[name]
    found = single.load(edits).sites[0]["onboarding"]["reimbursement"]
    if wanted is None:
        assert found is None
    else:
        usd, due, reason = wanted
        assert found == {"programme": "africa_phase_2", "usd": usd, "due": due, "reason": reason}
