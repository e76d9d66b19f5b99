# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assessed vulnerabilities in the fleet's file, and which features a node uses by its sheet."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import features
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Bfd, Peer

if t.TYPE_CHECKING:
    from .conftest import Lab

ENTRY = "{{id: {id}, needs: [{needs}], reason: see the advisory{more}}}"


def entry(number: str = "CVE-2026-12490", needs: str = "transfer_out", more: str = "") -> str:
    return ENTRY.format(id=number, needs=needs, more=more)


def fleet(*entries: str) -> list[tuple[str, str]]:
    return [("waivers:", f"vulnerabilities: [{', '.join(entries)}]\nwaivers:")]


WRONG: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "an unknown feature": ((entry(needs="transfer_out, osfp"),), [
        f"vulnerabilities[0].needs[1]: osfp is not one of: {', '.join(features.FEATURES)}"
    ]),
    "no number": ((entry("cve-2026"),), [
        "vulnerabilities[0].id: cve-2026 is not the number of a vulnerability, such as CVE-2026-12490"
    ]),
    "twice": ((entry(), entry()), ["vulnerabilities[1].id: CVE-2026-12490 was already given in vulnerabilities[0]"]),
    "no feature": ((entry(needs=""),), ["vulnerabilities[0].needs: is empty; give a list of features"]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_told_with_what_would_be_right(name: str, lab: Lab) -> None:
    entries, messages = WRONG[name]
    assert lab.messages(fleet_=fleet(*entries)) == [f"fleet.yml: {each}" for each in messages]


def test_what_is_assessed_goes_to_every_node(lab: Lab) -> None:
    assert all(host["imrs_vulnerabilities"] == [] for host in lab.load().hosts.values())
    found = lab.load(fleet_=fleet(entry(), entry("TEMP-1078880-B06E40", "bfd, ntp")))
    assert [host["imrs_vulnerabilities"] for host in found.hosts.values()] == [
        [
            {"id": "CVE-2026-12490", "needs": ["transfer_out"], "reason": "see the advisory"},
            {"id": "TEMP-1078880-B06E40", "needs": ["bfd", "ntp"], "reason": "see the advisory"},
        ]
    ] * len(found.hosts)


def peer(**more: t.Any) -> dict[str, t.Any]:
    ends = {"family": "ipv4", "address": "192.0.2.1", "local_address": "192.0.2.2"}
    return Peer(**{"name": "a", "mark": "20144:0:4", "asn": 64500, **ends, **more}).variables()


NOTHING: dict[str, t.Any] = {
    "imrs_peers": [],
    "imrs_members": [],
    "imrs_cluster": None,
    "imrs_uplink": {"bond": None, "vlan": None},
    "imrs_bmc": False,
    "imrs_nameserver": None,
    "imrs_identity_zone": None,
    "imrs_masters": [],
    "imrs_time_sources": [],
    "imrs_log_server": None,
}
MEMBER = {"family": "ipv6", "bfd": None, "password_variable": "vault_x"}
USES: dict[str, tuple[dict[str, t.Any], ...]] = {
    "bfd": ({"imrs_peers": [peer(bfd=Bfd(300, 3))]}, {"imrs_members": [{**MEMBER, "bfd": {"interval_ms": 300}}]}),
    "bgp_ipv4": ({"imrs_peers": [peer()]},),
    "bgp_ipv6": ({"imrs_members": [MEMBER]},),
    "bgp_link_local": ({"imrs_peers": [peer(interface="eno2")]},),
    "bgp_multihop": ({"imrs_peers": [peer(multihop=2)]},),
    "bgp_password": ({"imrs_peers": [peer(password_variable="vault_x")]}, {"imrs_members": [MEMBER]}),
    "bgp_role": ({"imrs_peers": [peer(bgp_role="customer")]},),
    "bgp_route_server": ({"imrs_peers": [peer(route_server=True)]},),
    "bgp_routes_in": ({"imrs_peers": [peer(inbound="default", max_prefix=1)]},),
    "bmc": ({"imrs_bmc": True},),
    "bond": ({"imrs_uplink": {"bond": {"name": "bond0"}, "vlan": None}},),
    "cluster": ({"imrs_cluster": {"minimum_live": 1}},),
    "dns": ({"imrs_nameserver": {"unit": "x.service"}},),
    "identity_zone": ({"imrs_identity_zone": {"name": "x."}},),
    "log_server": ({"imrs_log_server": {"name": "x."}},),
    "ntp": ({"imrs_time_sources": [{"name": "x", "nts": False}]},),
    "nts": ({"imrs_time_sources": [{"name": "x", "nts": True}]},),
    "transfer_tls": ({"imrs_masters": [{"name": "x", "tls": {"port": 853}}]},),
    "vlan": ({"imrs_uplink": {"bond": None, "vlan": {"id": 120}}},),
}
"""By feature: sheets that use it."""


@pytest.mark.parametrize("name", features.FEATURES)
def test_a_sheet_uses_what_it_says(name: str) -> None:
    assert features.unused([name], NOTHING) == [name]
    for used in USES[name] if name in features.USED_BY_SOME else ():
        assert features.unused([name], {**NOTHING, **used}) == []


def test_all_that_a_vulnerability_needs_has_to_be_there() -> None:
    assert features.unused(["dns", "ospf", "ntp"], {**NOTHING, "imrs_nameserver": {}}) == ["dns", "ospf", "ntp"]
    assert features.unused(["dns", "ospf"], {**NOTHING, "imrs_nameserver": {"unit": "x"}}) == ["ospf"]


def test_every_appliance_of_a_fleet_can_be_asked(lab: Lab) -> None:
    for host in lab.load().hosts.values():
        assert "ospf" in features.unused(features.FEATURES, host)
