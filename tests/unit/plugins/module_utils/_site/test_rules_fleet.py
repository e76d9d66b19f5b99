# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the fleet's file, and between files; each by the exact sentence that it says."""

from __future__ import annotations

import typing as t

import pytest
from wordings import FEWER

if t.TYPE_CHECKING:
    from .conftest import Lab

SPECIFIC = "these are 199.7.83.0/24, 2001:500:9f::/48, 2001:500:3::/48"
COVERING = "these are 199.7.82.0/23, 2001:500:9e::/47"
SERVICE = "these are 199.7.83.42, 2001:500:9f::42, 2001:500:3::42"

LONG = 4 * f"{62 * 'a'}." + "aa."
"""255 characters: 256 octets on the wire, one too many (RFC 1035, section 2.3.4)."""

FLEET: dict[str, tuple[str, str, list[str]]] = {
    "another AS": ("asn: 20144", "asn: 64500", ["asn: 64500 is not 20144, the AS number of the IMRS"]),
    "foreign service address": ("  - 199.7.83.42\n", "  - 199.7.83.43\n", [
        "service_addresses: 199.7.83.42, a service address of the IMRS, is missing",
        f"service_addresses[0]: 199.7.83.43 is not a service address of the IMRS; {SERVICE}",
    ]),
    "service addresses without IPv4": ("  - 199.7.83.42\n", "", [
        "service_addresses: 199.7.83.42, a service address of the IMRS, is missing",
        f"service_addresses: has no IPv4 address; {FEWER}",
    ]),
    "foreign prefix": ('    - "2001:500:3::/48"\n', '    - "2001:500:4::/48"\n', [
        "prefixes.specific: 2001:500:3::/48, a specific prefix of the IMRS, is missing",
        f"prefixes.specific[2]: 2001:500:4::/48 is not a specific prefix of the IMRS; {SPECIFIC}",
    ]),
    "a prefix more": ("    - 199.7.82.0/23\n", "    - 199.7.82.0/23\n    - 192.0.37.0/24\n", [
        f"prefixes.covering[1]: 192.0.37.0/24 is not a covering prefix of the IMRS; {COVERING}",
    ]),
    "a prefix twice": ("    - 199.7.82.0/23\n", "    - 199.7.82.0/23\n    - 199.7.82.0/23\n", [
        "prefixes.covering[1]: 199.7.82.0/23 is given twice",
    ]),
    "host bits": ("    - 199.7.82.0/23\n", "    - 199.7.83.0/23\n", [
        "prefixes.covering[0]: 199.7.83.0/23 is not a prefix without host bits, such as 192.0.2.0/24",
    ]),
    "master without IPv6": ('[203.0.113.1, "2001:db8:0:3::1"]', "[203.0.113.1]", [
        f"masters[0].addresses: has no IPv6 address; {FEWER}"
    ]),
    "no root zone": ('name: "."', 'name: "net."', [
        "zones: the root zone '.' is missing; it is what the IMRS serves"
    ]),
    "zone twice": ("zones:\n", 'zones:\n  - {name: ".", zonemd: true, dnssec: true}\n', [
        "zones[1].name: . was already given in zones[0]"
    ]),
    "name that DNS has not": ('name: "arpa."', f'name: "{LONG}"', [
        f"zones[1].name: {LONG[:57]}... is not a DNS name in lower case that ends in a dot (at most 254 characters)"
    ]),
    "port twice": ("port: uplink", "port: mgmt", ["profiles[0].ports[1].port: mgmt was already given in ports[0]"]),
    "role of a port": ("role: uplink", "role: service", [
        "profiles[0].ports[1].role: service is not one of: bmc, management, uplink, unused"
    ]),
    "power supplies": ("power_supplies: 2", "power_supplies: 5", [
        "profiles[0].power_supplies: 5 is not a number of power supplies (1\u20134)"
    ]),
    "window that ends before it begins": ('end: "22:00"', 'end: "18:00"', [
        "maintenance_windows[0].end: 18:00 is not after 18:00; a window ends on its day, so write two of them"
    ]),
    "no time": ('start: "18:00"', "start: 24:00", [
        'maintenance_windows[0].start: 24:00 is not a time of day in UTC, in quotes, such as "18:00"'
    ]),
    "no operator": ("operator: {name", "operatr: {name", [
        "operator: is missing; give the operator's contact", "operatr: unknown key; did you mean 'operator'?"
    ]),
    "route object": ("object: AS20144", "object: 20144", [
        "irr.object: 20144 is read as a number or as true or false; put it in quotes"
    ]),
    "exception twice": ("waivers:", "ixp_exceptions: [xlb, xlb]\nwaivers:", [
        "ixp_exceptions[1]: xlb was already given in ixp_exceptions[0]"
    ]),
    "not a pattern": (r"'^[a-z]{3}", "'^([a-z]{3}", [
        r"node_name_pattern: ^([a-z]{3}[0-9]{2}\.l\.root-servers\.org$ is not a regular expression"
    ]),
    "address twice": ('[203.0.113.2, "2001:db8:0:3::2"]', '[203.0.113.1, "2001:db8:0:3::2"]', [
        "masters[1].addresses[0]: 203.0.113.1 is used twice; it already belongs to master dist1"
    ]),
    "master at a service address": ('[203.0.113.1, "2001:db8:0:3::1"]', '[199.7.83.42, "2001:db8:0:3::1"]', [
        "masters[0].addresses[0]: 199.7.83.42 is used twice; it already belongs to the IMRS itself"
    ]),
    "both ways of trust": ("trust_anchor_file:", "trust_anchors: [. IN DS 1 8 2 AB]\ntrust_anchor_file:", [
        "trust_anchors: stands beside trust_anchor_file; keep one of them"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", FLEET)
def test_a_wrong_fleet_is_told_what_is_wrong(name: str, lab: Lab) -> None:
    old, new, messages = FLEET[name]
    found = [message for message in lab.messages(fleet_=[(old, new)]) if message.startswith("fleet.yml")]
    assert sorted(found) == [f"fleet.yml: {message}" for message in messages]


def _twin(lab: Lab, **changes: str) -> str:
    """The lab's sheet for another site, that shares nothing with it but what ``changes`` say."""
    kept = {
        "site: xlb": "site: xlc", "node: xlb01": "node: xlb02", "LAB-0001": "LAB-0002", "192.0.2.2/29": "192.0.2.10/29",
        "192.0.2.1,": "192.0.2.9,", "2001:db8:0:1::": "2001:db8:0:9::",
        "198.51.100.11": "198.51.100.12", "name: xlb01-": "name: xlb02-",
        "vault_tsig_xlb01": "vault_tsig_xlb02", "vault_bgp_xlb": "vault_bgp_xlc",
    }  # fmt: skip
    text = lab.sheet
    for old, new in kept.items():
        assert old in text
        text = text.replace(old, changes.get(old, new))
    return text


def test_two_sites_may_stand_side_by_side(lab: Lab) -> None:
    assert set(lab.hosts(more=[_twin(lab)])) == {"xlb01", "xlb02"}


OVERLAP = "overlaps 192.0.2.2/29, the uplink of site xlb {where}; a link belongs to one site, so correct one of the two"
OWN_SECRET = "give the host of site xlc one of its own"


def _where(lab: Lab, text: str) -> str:
    line = next(number for number, found in enumerate(lab.sheet.splitlines(), 1) if text in found)
    return f"in sites/xlb.yml:{line}"


TWICE: dict[str, tuple[str, list[str]]] = {
    "site: xlb": ("site: xlb", ["site: site xlb already exists, {where}; every site is there once"]),
    "node: xlb01": (
        "node: xlb01", ["nodes[0].node: node xlb01 already exists, {where}; every node is there once"]
    ),
    "LAB-0001": (
        "LAB-0001",
        ["nodes[0].serial: serial number LAB-0001 already exists, {where}; every serial number is there once"],
    ),
    "192.0.2.": ("192.0.2.2/29", [
        "nodes[0].uplink.addresses[0]: 192.0.2.2 is used twice; it already belongs to node xlb01",
        f"nodes[0].uplink.addresses[0]: 192.0.2.2/29 {OVERLAP}",
    ]),
    "198.51.100.11": ("198.51.100.11", [
        "nodes[0].management.addresses[0]: 198.51.100.11 is used twice; it already belongs to node xlb01"
    ]),
    "name: xlb01-": ("name: xlb01-dist1", [
        f"nodes[0].tsig[{index}].name: TSIG key xlb01-dist{index + 1}.lab.example. already exists, "
        f"in sites/xlb.yml:{{line{index}}}; every TSIG key is there once" for index in (0, 1)
    ]),
    "vault_tsig_xlb01": ("vault_tsig_xlb01", [
        f"nodes[0].tsig[{index}].secret: vault_tsig_xlb01_dist{index + 1} is already the secret of node xlb01; "
        "give node xlb02 one of its own" for index in (0, 1)
    ]),
    "vault_bgp_xlb": ("vault_bgp_xlb", [
        f"peers[0].md5: vault_bgp_xlb is already the secret of the host of site xlb; {OWN_SECRET}"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("shared", TWICE)
def test_what_is_one_machines_or_one_hosts_is_not_anothers(shared: str, lab: Lab) -> None:
    shown, messages = TWICE[shared]
    lines = {f"line{index}": _where(lab, f"xlb01-dist{index + 1}").rpartition(":")[2] for index in (0, 1)}
    kept = {text: text for text in ("192.0.2.2/29", "192.0.2.1,", shared) if text.startswith(shared)}
    assert lab.messages(more=[_twin(lab, **kept)]) == [
        f"sites/more0.yml: {message.format(where=_where(lab, shown), **lines)}" for message in messages
    ]


def test_a_secret_of_one_node_may_be_used_for_all_its_masters(lab: Lab) -> None:
    edit = ("secret: vault_tsig_xlb01_dist2", "secret: vault_tsig_xlb01_dist1")
    assert lab.hosts([edit])["xlb01"]["imrs_masters"][1]["tsig"]["secret_variable"] == "vault_tsig_xlb01_dist1"


def test_a_previous_key_is_its_nodes_own_as_every_key_is(lab: Lab) -> None:
    previous = "previous: {name: xlb01-old.lab.example., algorithm: hmac-sha512, secret: vault_tsig_xlb01_old}"
    edit = ("secret: vault_tsig_xlb01_dist1", f"secret: vault_tsig_xlb01_dist1\n        {previous}")
    tsig = lab.hosts([edit])["xlb01"]["imrs_masters"][0]["tsig"]
    assert (tsig["name"], tsig["secret_variable"]) == ("xlb01-dist1.lab.example.", "vault_tsig_xlb01_dist1")
    assert tsig["previous"] == {
        "name": "xlb01-old.lab.example.",
        "algorithm": "hmac-sha512",
        "secret_variable": "vault_tsig_xlb01_old",
    }
    shared = _twin(lab).replace("secret: vault_tsig_xlb02_dist1", "secret: vault_tsig_xlb01_old")
    (told,) = [each for each in lab.messages([edit], more=[shared]) if "vault_tsig_xlb01_old" in each]
    assert "is already the secret of node xlb01; give node xlb02 one of its own" in told


def test_a_bmc_belongs_to_one_node(single: Lab, lab: Lab) -> None:
    text = lab.sheet.replace("    serial: LAB-0001", "    serial: LAB-0001\n    bmc: 10.1.2.3")
    assert single.messages(more=[text]) == [
        "sites/more0.yml: nodes[0].bmc: 10.1.2.3 is used twice; it already belongs to the BMC of node nbo01"
    ]


def test_a_later_sheet_may_own_what_an_earlier_one_called_the_hosts(lab: Lab) -> None:
    text = _twin(lab).replace("192.0.2.10/29", "192.0.2.1/29").replace("192.0.2.9,", "192.0.2.4,")
    overlap = OVERLAP.format(where=_where(lab, "192.0.2.2/29"))
    assert lab.messages(more=[text]) == [
        f"sites/more0.yml: nodes[0].uplink.addresses[0]: 192.0.2.1/29 {overlap}",
        "sites/xlb.yml: nodes[0].uplink.gateways[0]: 192.0.2.1 is an address of node xlb02, not of the host",
        "sites/xlb.yml: peers[0].addresses[0]: 192.0.2.1 is an address of node xlb02, not of the host",
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("xlb01", "is a node of the fleet, and no node judges a node"),
        ("appliances", "is the name of a group; give the machine another one"),
    ],
)
def test_who_judges_a_node_is_another_machine(name: str, why: str, lab: Lab) -> None:
    assert lab.wrong(("vantage: vantage", f"vantage: {name}")) == [f"vantage: {name} {why}"]
    assert lab.wrong(("looking_glass: host-router", f"looking_glass: {name}")) == [f"looking_glass: {name} {why}"]


def test_a_fleet_without_trust_is_refused(lab: Lab) -> None:
    from ansible_collections.icann.imrs.plugins.module_utils._site import document, errors, fleet  # noqa: PLC0415

    text = "".join(line + "\n" for line in lab.fleet.splitlines() if not line.startswith("trust_anchor_file"))
    with pytest.raises(errors.SiteError) as caught:
        fleet.load(document.parse("fleet.yml", text), [document.parse("sites/xlb.yml", lab.sheet)])
    assert [problem.message for problem in caught.value.problems] == [
        "has neither trust_anchors nor trust_anchor_file; give one of them"
    ]


@pytest.mark.parametrize(
    ("mine", "problem"),
    [("192.0.2.10/28", "sites/xlc.yml"), ("192.0.2.10/29", None)],
    ids=["A-3 uplinks that overlap", "uplinks that are beside each other"],
)
def test_a_link_belongs_to_one_site(mine: str, problem: str | None, lab: Lab) -> None:
    text = _twin(lab).replace("192.0.2.10/29", mine)
    if problem is None:
        assert set(lab.hosts(more=[text])) == {"xlb01", "xlb02"}
        return
    overlap = OVERLAP.format(where=_where(lab, "192.0.2.2/29"))
    assert lab.messages(more=[text]) == [f"sites/more0.yml: nodes[0].uplink.addresses[0]: {mine} {overlap}"]


def test_a_router_has_one_as_number_a_3(lab: Lab) -> None:
    far = 'asn: 64500\n    multihop: 2\n    addresses: [203.0.113.77, "2001:db8:77::1"]'
    near = lab.sheet[lab.sheet.index("asn: 64500") : lab.sheet.index("    md5:")].rstrip()
    text = _twin(lab)
    there = text[text.index("asn: 64500") : text.index("    md5:")].rstrip()
    same = text.replace(there, far)
    assert set(lab.hosts([(near, far)], more=[same])) == {"xlb01", "xlb02"}
    line = lab.sheet[: lab.sheet.index("asn: 64500")].count("\n") + 1
    assert lab.messages([(near, far)], more=[same.replace("asn: 64500", "asn: 64501")]) == [
        (
            f"sites/more0.yml: peers[0].asn: 64501 is not 64500, which the router at 203.0.113.77 has in "
            f"sites/xlb.yml:{line}; "
            "a router has one AS number, so correct one of the two"
        )
    ]
