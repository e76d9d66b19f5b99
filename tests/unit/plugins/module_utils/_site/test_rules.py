# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule of the site model, by the exact sentence that it says."""

from __future__ import annotations

import typing as t

import jsonschema
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import document, errors, fleet, schema
from hypothesis import given, settings
from hypothesis import strategies as st

if t.TYPE_CHECKING:
    from .conftest import Lab

UPLINK = 'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64"]'
GATEWAYS = 'gateways: [192.0.2.1, "2001:db8:0:1::1"]'
PATTERN = r"^[a-z]{3}[0-9]{2}\.l\.root-servers\.org$"
TWICE = "is used twice; it already belongs to node xlb01"
SPECIFIC = "these are 199.7.83.0/24, 2001:500:9f::/48, 2001:500:3::/48"
COVERING = "these are 199.7.82.0/23, 2001:500:9e::/47"
OURS = "is inside 199.7.82.0/23, a prefix of the service itself; take an address of the host's network"
AS_RANGE = "an AS number (1\u20134294967295)"
SHORT = "a short name (lower-case letters, digits and _, a letter first)"
PEER = '    addresses: [192.0.2.1, "2001:db8:0:1::1"]\n    md5'
FEWER = "give one of each family (dual stack)"
SERVICE = "these are 199.7.83.42, 2001:500:9f::42, 2001:500:3::42"
ROUTED = "the service side takes addresses that the Internet routes"
ON = "(192.0.2.2/29, 2001:db8:0:1::2/64)"
SECRET = (
    "(vault_ and then lower-case letters, digits and _); the value is not repeated here, "
    "because it may be a secret: keep secrets in the vault"
)

SHEET: dict[str, tuple[str, str, list[str]]] = {
    "another AS": ("asn: 20144 ", "asn: 64500 ", ["asn: 64500 is not 20144, the AS number of the IMRS"]),
    "AS number out of range": (
        "asn: 64500",
        "asn: 4294967296",
        ["peers[0].asn: 4294967296 is not an AS number (1\u20134294967295)"],
    ),
    "AS number 0": ("asn: 64500", "asn: 0", ["peers[0].asn: 0 is not an AS number (1\u20134294967295)"]),
    "AS number in words": ("asn: 64500", "asn: AS64500", [f"peers[0].asn: AS64500 is not {AS_RANGE}"]),
    "own AS as peer": ("asn: 64500", "asn: 20144", ["peers[0].asn: 20144 is our own AS number; give the host's"]),
    "misspelt key": ("hold_time: 9", "hold_tme: 9", ["peers[0].hold_tme: unknown key; did you mean 'hold_time'?"]),
    "foreign key": (
        "\nprofile:",
        "\nzzz: 1\nprofile:",
        [
            ("zzz: unknown key; the keys here are site, kind, mode, asn, profile, nameserver, routing, "
        "vantage, nodes, peers, looking_glass"),
        ],
    ),
    "missing key": ("site: xlb\n", "", [f"site: is missing; give {SHORT}"]),
    "no value": ("mtu: 1500", "mtu:", ["nodes[0].uplink.mtu: is empty; give an MTU in bytes (1280\u20139216)"]),
    "mode": ("mode: live", "mode: on", ["mode: on is not one of: dark, drained, live"]),
    "cluster": ("kind: single", "kind: cluster", ["kind: cluster is not one of: single"]),
    "algorithm": (
        "hmac-sha256",
        "hmac-md5",
        ["nodes[0].tsig[0].algorithm: hmac-md5 is not one of: hmac-sha256, hmac-sha384, hmac-sha512"],
    ),
    "profile": ("profile: calypso", "profile: pandora", [
        "profile: pandora is not a profile of the fleet; these are calypso"]),
    "uplink without IPv6": (UPLINK, "addresses: [192.0.2.2/29]", [
        f"nodes[0].uplink.addresses: has no IPv6 address; {FEWER}",
        "nodes[0].uplink.gateways[1]: 2001:db8:0:1::1 is not on the uplink (192.0.2.2/29), so it cannot be its gateway",
        "peers[0].addresses[1]: 2001:db8:0:1::1 is not on the uplink (192.0.2.2/29); correct it, or say multihop",
    ]),
    "gateways without IPv4": (
        GATEWAYS, 'gateways: ["2001:db8:0:1::1"]', [f"nodes[0].uplink.gateways: has no IPv4 address; {FEWER}"]
    ),
    "gateway elsewhere": (
        GATEWAYS,
        'gateways: [198.51.100.77, "2001:db8:0:1::1"]',
        [f"nodes[0].uplink.gateways[0]: 198.51.100.77 is not on the uplink {ON}, so it cannot be its gateway"],
    ),
    "peer without IPv6": (
        PEER, "    addresses: [192.0.2.1]\n    md5", [f"peers[0].addresses: has no IPv6 address; {FEWER}"]
    ),
    "peer with two IPv4 addresses": (
        PEER,
        '    addresses: [192.0.2.1, 192.0.2.3, "2001:db8:0:1::1"]\n    md5',
        ["peers[0].addresses: has 2 IPv4 addresses; give exactly one of each family"],
    ),
    "peer elsewhere": (
        PEER,
        '    addresses: [198.51.100.77, "2001:db8:0:1::1"]\n    md5',
        [f"peers[0].addresses[0]: 198.51.100.77 is not on the uplink {ON}; correct it, or say multihop"],
    ),
    "peer is the node": (
        PEER,
        '    addresses: [192.0.2.2, "2001:db8:0:1::1"]\n    md5',
        ["peers[0].addresses[0]: 192.0.2.2 is an address of node xlb01, not of the host"],
    ),
    "not an address": (
        PEER,
        '    addresses: [192.0.2.300, "2001:db8:0:1::1"]\n    md5',
        ["peers[0].addresses[0]: 192.0.2.300 is not an IP address, such as 192.0.2.1 or 2001:db8::1"],
    ),
    "no prefix length": (
        UPLINK,
        'addresses: [192.0.2.2, "2001:db8:0:1::2/64"]',
        ["nodes[0].uplink.addresses[0]: 192.0.2.2 is not an IP address with its prefix length, such as 192.0.2.2/29"],
    ),
    "subnet's own address": (
        UPLINK,
        'addresses: [192.0.2.7/29, "2001:db8:0:1::2/64"]',
        ["nodes[0].uplink.addresses[0]: 192.0.2.7/29 is the subnet's own address; give the address of the node in it"],
    ),
    "literal MD5 password": ("md5: vault_bgp_xlb", "md5: hunter2", [
        f"peers[0].md5: is not null or the name of a vault variable {SECRET}"
    ]),
    "literal TSIG secret": ("secret: vault_tsig_xlb01_dist1", "secret: aHVudGVyMg==", [
        f"nodes[0].tsig[0].secret: is not the name of a vault variable {SECRET}"
    ]),
    "TSIG key for nobody": ("master: dist2", "master: dist3", [
        "nodes[0].tsig: has no TSIG key for the master dist2",
        "nodes[0].tsig[1].master: dist3 is not a master of the fleet; these are dist1, dist2",
    ]),
    "TSIG key twice": ("master: dist2", "master: dist1", [
        "nodes[0].tsig: has no TSIG key for the master dist2",
        "nodes[0].tsig[1].master: dist1 was already given in tsig[0]",
    ]),
    "node name": ("node: xlb01", "node: xlb1", [
        f"nodes[0].node: xlb1.l.root-servers.org does not match the fleet's node_name_pattern {PATTERN}"
    ]),
    "address of a master": ("198.51.100.11/24", "203.0.113.1/24", [
        "nodes[0].management.addresses[0]: 203.0.113.1 is used twice; it already belongs to master dist1"
    ]),
    "description that could leave its quotes": ("Example Net", "Example {{ Net }}", [
        "peers[0].description: Example {{ Net }} is not one line of text without quotes, braces and backslashes"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEET)
def test_a_wrong_sheet_is_told_what_is_wrong(name: str, lab: Lab) -> None:
    old, new, messages = SHEET[name]
    assert lab.messages(sheet=[(old, new)]) == [f"sites/xlb.yml: {message}" for message in messages]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.0.0.2/29", "a private address (RFC 1918)"),
        ("172.16.0.2/29", "a private address (RFC 1918)"),
        ("192.168.1.2/29", "a private address (RFC 1918)"),
        ("127.0.0.2/29", "a loopback address"),
        ("169.254.0.2/29", "a link-local address"),
        ("fd00::2/64", "a unique local address (RFC 4193)"),
        ("fe80::2/64", "a link-local address"),
        ("::1/64", "a loopback address"),
        ("224.0.0.2/29", "not the address of a host"),
    ],
)
def test_the_service_side_is_routed_by_the_internet(address: str, why: str, lab: Lab) -> None:
    edits = [(UPLINK, f'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64", "{address}"]')]
    assert lab.messages(sheet=edits) == [f"sites/xlb.yml: nodes[0].uplink.addresses[2]: {address} is {why}; {ROUTED}"]


def test_the_service_side_is_not_inside_our_own_prefixes(lab: Lab) -> None:
    edits = [(UPLINK, 'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64", 199.7.82.9/29]')]
    assert lab.messages(sheet=edits) == [f"sites/xlb.yml: nodes[0].uplink.addresses[2]: 199.7.82.9/29 {OURS}"]


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
    "host bits": ("    - 199.7.82.0/23\n", "    - 199.7.83.0/23\n", [
        "prefixes.covering[0]: 199.7.83.0/23 is not a prefix without host bits, such as 192.0.2.0/24",
    ]),
    "master without IPv6": ('[203.0.113.1, "2001:db8:0:3::1"]', "[203.0.113.1]", [
        f"masters[0].addresses: has no IPv6 address; {FEWER}"
    ]),
    "no root zone": ('name: "."', 'name: "net."', [
        "zones: the root zone '.' is missing; it is what the IMRS serves"
    ]),
    "zone twice": ('name: "arpa."', 'name: "."', ["zones[1].name: . was already given in zones[0]"]),
    "not a pattern": (r"'^[a-z]{3}", "'^([a-z]{3}", [
        r"node_name_pattern: ^([a-z]{3}[0-9]{2}\.l\.root-servers\.org$ is not a regular expression"
    ]),
    "address twice": ('[203.0.113.2, "2001:db8:0:3::2"]', '[203.0.113.1, "2001:db8:0:3::2"]', [
        "masters[1].addresses[0]: 203.0.113.1 is used twice; it already belongs to master dist1"
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


def test_names_and_addresses_are_unique_over_the_fleet(lab: Lab) -> None:
    assert lab.messages(more=[lab.sheet]) == [
        "sites/more0.yml: site: site xlb already exists, in sites/xlb.yml:3; give every site its own name",
        "sites/more0.yml: nodes[0].node: node xlb01 already exists, in sites/xlb.yml:16; give every node its own name",
        f"sites/more0.yml: nodes[0].uplink.addresses[0]: 192.0.2.2 {TWICE}",
        f"sites/more0.yml: nodes[0].uplink.addresses[1]: 2001:db8:0:1::2 {TWICE}",
        f"sites/more0.yml: nodes[0].management.addresses[0]: 198.51.100.11 {TWICE}",
    ]


def test_a_single_has_one_node(lab: Lab) -> None:
    start, end = lab.sheet.index("  - node:"), lab.sheet.index("# The host's routers")
    messages = lab.messages(sheet=[("# The host's routers", lab.sheet[start:end] + "# The host's routers")])
    assert messages[0] == "sites/xlb.yml: nodes: a single has exactly one node, and here are 2"


def test_a_peer_beyond_the_uplink_says_multihop(lab: Lab) -> None:
    far = '    addresses: [198.51.100.77, "2001:db8:9::1"]\n    multihop: 3\n    md5'
    peers = lab.hosts(sheet=[(PEER, far)])["xlb01"]["imrs_peers"]
    assert [(peer["local_address"], peer["multihop"]) for peer in peers] == [("192.0.2.2", 3), ("2001:db8:0:1::2", 3)]


def test_a_secret_is_never_repeated(lab: Lab) -> None:
    for old, new in (
        ("md5: vault_bgp_xlb", "md5: [hunter2]"),
        ("md5: vault_bgp_xlb", "password: hunter2"),
        ("    md5: vault_bgp_xlb", "    ? md5:hunter2\n    :"),
        ("    md5: vault_bgp_xlb", "    md5:hunter2"),
        ("secret: vault_tsig_xlb01_dist1", "secret: hunter2"),
        ("secret: vault_tsig_xlb01_dist1", 'secret: "vault_hunter2\\n"'),
    ):
        assert "hunter2" not in " ".join(lab.messages(sheet=[(old, new)]))


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


def test_the_line_is_where_the_value_stands(lab: Lab) -> None:
    line = next(number for number, text in enumerate(lab.sheet.splitlines(), 1) if "asn: 64500" in text)
    with pytest.raises(errors.SiteError) as caught:
        lab.hosts(sheet=[("asn: 64500", "asn: 0")])
    assert str(caught.value) == f"sites/xlb.yml:{line}: peers[0].asn: 0 is not an AS number (1\u20134294967295)"


@pytest.mark.parametrize("wanted", [schema.FLEET, schema.SITE])
def test_the_schema_is_a_schema(wanted: dict[str, t.Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(wanted)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["192.0.2.1", "::1/64", "live"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(st.data())
def test_any_value_anywhere_is_a_problem_or_a_host_and_never_a_traceback(data: st.DataObject) -> None:
    from .conftest import ANCHORS, Lab  # noqa: PLC0415 - fixtures and hypothesis do not mix

    lab = Lab()
    documents = [document.parse("fleet.yml", lab.fleet), document.parse("sites/xlb.yml", lab.sheet)]
    for _count in range(data.draw(st.integers(1, 3))):
        chosen = data.draw(st.sampled_from(documents))
        path = data.draw(st.sampled_from(sorted(chosen.lines, key=str)[1:]))
        place: t.Any = chosen.data
        try:
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = data.draw(VALUES)
        except (KeyError, IndexError, TypeError):
            continue
    outcome: object
    try:
        outcome = fleet.hosts(documents[0], documents[1:], ANCHORS)
    except errors.SiteError as error:
        outcome = error.problems
    assert outcome
