# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a sheet's fields, by the exact sentence that each says."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import errors
from wordings import (
    AS_RANGE,
    COMMUNITY,
    COORDINATES,
    COUNTRY,
    DATE,
    NOT_REPEATED,
    PROSE,
    QUOTES,
    SHORT,
    VAULT,
    WITH_LENGTH,
)

if t.TYPE_CHECKING:
    from .conftest import Lab

TOP = (
    "site, kind, operational, mode, asn, host, location, vantage, nodes, peers, onboarding, language, looking_glass, "
    "unlimited_resolvers, cluster, maintenance, attestations, decommissioned"
)

SHEET: dict[str, tuple[str, str, list[str]]] = {
    "another AS": ("asn: 20144 ", "asn: 64500 ", ["asn: 64500 is not 20144, the AS number of the IMRS"]),
    "AS number out of range": ("asn: 64500", "asn: 4294967296", [f"peers[0].asn: 4294967296 is not {AS_RANGE}"]),
    "AS number 0": ("asn: 64500", "asn: 0", [f"peers[0].asn: 0 is not {AS_RANGE}"]),
    "AS number in words": ("asn: 64500", "asn: AS64500", [f"peers[0].asn: AS64500 is not {AS_RANGE}"]),
    "misspelt key": ("hold_time: 9", "hold_tme: 9", ["peers[0].hold_tme: unknown key; did you mean 'hold_time'?"]),
    "foreign key": ("\nkind:", "\nzzz: 1\nkind:", [f"zzz: unknown key; the keys here are {TOP}"]),
    "missing key": ("site: xlb\n", "", [f"site: is missing; give {SHORT}"]),
    "missing part": ('    noc: {email: noc@host.example, phone: "+1 555 0110"}\n', "", [
        "host.contacts.noc: is missing; give a contact"
    ]),
    "no value": ("mtu: 1500", "mtu:", ["nodes[0].uplink.mtu: is empty; give an MTU in bytes (1280\u20139216)"]),
    "no list": ("gateways: [192", "gateways: 192.0.2.1 # [192", [
        "nodes[0].uplink.gateways: is something else; give a list of IP addresses"
    ]),
    "no steps": ("onboarding:\n", "onboarding: 5\nzzz:\n", [
        "onboarding: is something else; give the course of the onboarding",
        f"zzz: unknown key; the keys here are {TOP}",
    ]),
    "mode": ("mode: live", "mode: on", ["mode: on is not one of: dark, drained, live"]),
    "kind": ("kind: single", "kind: several", ["kind: several is not one of: single, cluster"]),
    "operational": ("operational: true", "operational: yes", ["operational: yes is not true or false"]),
    "type of the host": ("type: isp", "type: carrier", [
        "host.type: carrier is not one of: isp, enterprise, university, government, registry, nren, ixp, other"
    ]),
    "no country": ("type: isp\n  country: CA", "type: isp\n  country: XX", [f"host.country: XX is not {COUNTRY}"]),
    "country in small letters": ("Brochet\n  country: CA", "Brochet\n  country: ca", [
        f"location.country: ca is not {COUNTRY}"
    ]),
    "IATA": ("iata: xlb", "iata: XLB", [
        "location.iata: XLB is not an airport code in three lower-case letters, such as nbo"
    ]),
    "latitude": ("58.6175, -101", "90.5, -101", [f"location.coordinates: 90.5, -101.4689 is not {COORDINATES}"]),
    "longitude": ("-101.4689", "-180.1", [f"location.coordinates: 58.6175, -180.1 is not {COORDINATES}"]),
    "coordinates as a list": ("58.6175, -101.4689", "[58.6175, -101.4689]", [
        f"location.coordinates: is something else; give {COORDINATES}"
    ]),
    "e-mail": ("noc@host.example", "noc", [
        "host.contacts.noc.email: noc is not an e-mail address, such as noc@host.example"
    ]),
    "phone": ('"+1 555 0110"', "555-0110", [
        'host.contacts.noc.phone: 555-0110 is not an international telephone number in quotes, such as "+1 555 0100"'
    ]),
    "phone without quotes": ('"+1 555 0110"', "+15550110", [f"host.contacts.noc.phone: 15550110 {QUOTES}"]),
    "serial number without quotes": ("LAB-0001", "17", [f"nodes[0].serial: 17 {QUOTES}"]),
    "serial number": ("LAB-0001", "LAB 1", ["nodes[0].serial: LAB 1 is not a serial number (letters, digits and -)"]),
    "algorithm": ("hmac-sha256", "hmac-md5", [
        "nodes[0].tsig[0].algorithm: hmac-md5 is not one of: hmac-sha256, hmac-sha384, hmac-sha512"
    ]),
    "nameserver": ("nameserver: knot", "nameserver: bind", ["nodes[0].nameserver: bind is not one of: knot, nsd"]),
    "routing": ("routing: bird", "routing: quagga", ["nodes[0].routing: quagga is not one of: bird, frr"]),
    "not an address": ('[192.0.2.1, "2001:db8:0:1::1"]\n    md5', '[192.0.2.300, "2001:db8:0:1::1"]\n    md5', [
        "peers[0].addresses[0]: 192.0.2.300 is not an IP address, such as 192.0.2.1 or 2001:db8::1"
    ]),
    "an address with a zone": ('"2001:db8:0:1::1"]\n    md5', '"fe80::1%eth0"]\n    md5', [
        "peers[0].addresses[1]: fe80::1%eth0 is not an IP address, such as 192.0.2.1 or 2001:db8::1"
    ]),
    "no prefix length": ("192.0.2.2/29", "192.0.2.2", [
        f"nodes[0].uplink.addresses[0]: 192.0.2.2 is not {WITH_LENGTH}"
    ]),
    "a netmask": ("192.0.2.2/29", "192.0.2.2/255.255.255.248", [
        f"nodes[0].uplink.addresses[0]: 192.0.2.2/255.255.255.248 is not {WITH_LENGTH}"
    ]),
    "literal MD5 password": ("md5: vault_bgp_xlb", "md5: hunter2", [
        f"peers[0].md5: is not null or {VAULT}; {NOT_REPEATED}"
    ]),
    "literal TSIG secret": ("secret: vault_tsig_xlb01_dist1", "secret: aHVudGVyMg==", [
        f"nodes[0].tsig[0].secret: is not {VAULT}; {NOT_REPEATED}"
    ]),
    "description that could leave its quotes": ("Example Net\n    asn", "Example {{ Net }}\n    asn", [
        f"peers[0].description: Example {{{{ Net }}}} is not {PROSE}"
    ]),
    "no date": ("2025-09-01", "2025-02-30", [f"onboarding.steps.contact.date: 2025-02-30 is not {DATE}"]),
    "unknown step": ("    rack: {", "    racked: {", [
        "onboarding.steps.racked: unknown key; did you mean 'rack'?",
        "onboarding.steps.install: is done, and rack before it is not; steps are done in their order",
    ]),
    "own AS as peer": ("asn: 64500", "asn: 20144", ["peers[0].asn: 20144 is our own AS number; give the host's"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEET)
def test_a_wrong_sheet_is_told_what_is_wrong(name: str, lab: Lab) -> None:
    old, new, messages = SHEET[name]
    assert lab.wrong((old, new)) == messages


CLUSTER: dict[str, tuple[str, str, list[str]]] = {
    "uplink too small": ("uplink_mbps: 1000", "uplink_mbps: 99", [
        "cluster.uplink_mbps: 99 is not an uplink in Mbit/s (100\u20131000000)"
    ]),
    "no routers": ("  routers:\n    - router: acc-r1", "  routers: []\n  zzz:\n    - router: acc-r1", [
        "cluster.routers: is empty; give a list of routers",
        "cluster.zzz: unknown key; the keys here are minimum_live, uplink_mbps, routers, below_minimum",
    ]),
    "literal password of a router": ("md5: vault_bgp_acc_r1", "md5: 123456", [
        f"cluster.routers[0].md5: is not null or {VAULT}; {NOT_REPEATED}"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", CLUSTER)
def test_a_wrong_cluster_is_told_what_is_wrong(name: str, cluster: Lab) -> None:
    old, new, messages = CLUSTER[name]
    assert cluster.wrong((old, new)) == messages


def test_funding_has_a_limit(single: Lab) -> None:
    field = "onboarding.expression_of_interest.funding_usd"
    assert single.wrong(("5500", "6001")) == [f"{field}: 6001 is not an amount in US dollars (1\u20136000)"]


def test_a_community_fits_its_bits(single: Lab) -> None:
    for wrong in ("65536:1", "1:2:4294967296", "no-export", "1:2:3:4"):
        assert single.wrong(("64501:100", wrong)) == [f"peers[0].communities[0]: {wrong} is not {COMMUNITY}"]
    assert single.wrong(('"64501:100"', "64501")) == [f"peers[0].communities[0]: 64501 {QUOTES}"]


SECRETS = (
    ("md5: vault_bgp_xlb", "md5: [hunter2]"),
    ("md5: vault_bgp_xlb", "md5: {hunter2: 1}"),
    ("md5: vault_bgp_xlb", "password: hunter2"),
    ("    md5: vault_bgp_xlb", "    ? md5:hunter2\n    :"),
    ("    md5: vault_bgp_xlb", "    md5:hunter2"),
    ("secret: vault_tsig_xlb01_dist1", "secret: hunter2"),
    ("secret: vault_tsig_xlb01_dist1", 'secret: "vault_hunter2\\n"'),
)


@pytest.mark.parametrize(("old", "new"), SECRETS)
def test_a_secret_is_never_repeated(old: str, new: str, lab: Lab) -> None:
    assert "hunter2" not in " ".join(lab.messages([(old, new)]))


def test_all_problems_of_all_files_come_at_once(lab: Lab) -> None:
    more = lab.sheet.replace("mode: live", "mode: off")
    messages = lab.messages(
        [("asn: 64500", "asn: 20144"), ("mtu: 1500", "mtuu: 1500")], [("asn: 20144", "asn: 1")], [more, "\t"]
    )
    for wanted in (
        "fleet.yml: asn: 1 is not 20144, the AS number of the IMRS",
        "sites/more0.yml: mode: off is not one of: dark, drained, live",
        "sites/more1.yml: holds a tab; indent and align with spaces only",
        "sites/xlb.yml: nodes[0].uplink.mtu: is missing; give an MTU in bytes (1280\u20139216)",
        "sites/xlb.yml: nodes[0].uplink.mtuu: unknown key; did you mean 'mtu'?",
        "sites/xlb.yml: peers[0].asn: 20144 is our own AS number; give the host's",
    ):
        assert wanted in messages
    assert messages == sorted(messages, key=lambda message: message.split(": ")[0])


def test_the_line_is_where_the_value_stands(lab: Lab) -> None:
    line = next(number for number, text in enumerate(lab.sheet.splitlines(), 1) if "asn: 64500" in text)
    with pytest.raises(errors.SiteError) as caught:
        lab.load([("asn: 64500", "asn: 65536000000")])
    assert str(caught.value) == (
        f"sites/xlb.yml:{line}: peers[0].asn: 65536000000 is not an AS number (1\u20134294967295)"
    )
