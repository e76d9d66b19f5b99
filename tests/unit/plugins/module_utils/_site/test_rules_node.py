# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a node: name, profile, addresses, interfaces and keys; each by the exact sentence that it says."""

from __future__ import annotations

import typing as t

import pytest
from wordings import EDGE, FEWER, REACHED, ROUTED, ours

if t.TYPE_CHECKING:
    from .conftest import Lab

UPLINK = 'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64"]'
GATEWAYS = 'gateways: [192.0.2.1, "2001:db8:0:1::1"]'
SECRET = "secret: vault_tsig_xlb01_dist1"
BEFORE = f"{SECRET}\n        previous: {{name: xlb01-dist1-2026.lab.example., algorithm: hmac-sha256"
PATTERN = r"^[a-z]{3}[0-9]{2}\.l\.root-servers\.org$"
MANAGED, GATE = "addresses: [198.51.100.11/24]", "nodes[0].management.gateways"
ON = "(192.0.2.2/29, 2001:db8:0:1::2/64)"

LARGE = "has a subnet that is too large for a link, so that far networks would be taken for neighbours"

NODE: dict[str, tuple[str, str, list[str]]] = {
    "profile": ("profile: calypso", "profile: pandora", [
        "nodes[0].profile: pandora is not a profile of the fleet; these are calypso, virtual, bare"
    ]),
    "name": ("node: xlb01", "node: xlb1", [
        f"nodes[0].node: xlb1.l.root-servers.org does not match the fleet's node_name_pattern {PATTERN}"
    ]),
    "name of another place": ("node: xlb01", "node: nbo01", [
        "nodes[0].node: nbo01 does not begin with xlb, the airport code of the location"
    ]),
    "uplink without IPv6": (UPLINK, "addresses: [192.0.2.2/29]", [
        f"nodes[0].uplink.addresses: has no IPv6 address; {FEWER}",
        "nodes[0].uplink.gateways[1]: 2001:db8:0:1::1 is not on the uplink (192.0.2.2/29), so it cannot be its gateway",
        "peers[0].addresses[1]: 2001:db8:0:1::1 is not on the uplink (192.0.2.2/29); correct it, or say multihop",
    ]),
    "gateways without IPv4": (
        GATEWAYS, 'gateways: ["2001:db8:0:1::1"]', [f"nodes[0].uplink.gateways: has no IPv4 address; {FEWER}"]
    ),
    "gateway that is the subnet": (GATEWAYS, 'gateways: [192.0.2.0, "2001:db8:0:1::1"]', [
        "nodes[0].uplink.gateways[0]: 192.0.2.0/29 is the subnet's own address; give the address of the machine in it"
    ]),
    "gateway elsewhere": (GATEWAYS, 'gateways: [198.51.100.77, "2001:db8:0:1::1"]', [
        f"nodes[0].uplink.gateways[0]: 198.51.100.77 is not on the uplink {ON}, so it cannot be its gateway"
    ]),
    "private gateway": (GATEWAYS, 'gateways: [10.0.0.1, "2001:db8:0:1::1"]', [
        f"nodes[0].uplink.gateways[0]: 10.0.0.1 is a private address (RFC 1918); {ROUTED}"
    ]),
    "subnet's own address": (UPLINK, 'addresses: [192.0.2.7/29, "2001:db8:0:1::2/64"]', [
        f"nodes[0].uplink.addresses[0]: 192.0.2.7/29 {EDGE}"
    ]),
    "subnet's own address in IPv6": (UPLINK, 'addresses: [192.0.2.2/29, "2001:db8:0:1::/64"]', [
        f"nodes[0].uplink.addresses[1]: 2001:db8:0:1::/64 {EDGE}"
    ]),
    "management on the subnet's own address": ("198.51.100.11/24", "198.51.100.0/24", [
        f"nodes[0].management.addresses[0]: 198.51.100.0/24 {EDGE}"
    ]),
    "management that cannot be reached": ("198.51.100.11/24", "127.0.0.1/8", [
        f"nodes[0].management.addresses[0]: 127.0.0.1/8 is a loopback address; {REACHED}"
    ]),
    "management on the service side": ("198.51.100.11/24", "199.7.83.11/24", [
        f"nodes[0].management.addresses[0]: 199.7.83.11/24 {ours('199.7.82.0/23')}"
    ]),
    "management's gateway elsewhere": (MANAGED, f"{MANAGED}, gateways: [198.51.101.1]", [
        f"{GATE}[0]: 198.51.101.1 is not on the management network (198.51.100.11/24), so it cannot be its gateway"
    ]),
    "management's gateway that is the subnet": (MANAGED, f"{MANAGED}, gateways: [198.51.100.0]", [
        f"{GATE}[0]: 198.51.100.0/24 is the subnet's own address; give the address of the machine in it"
    ]),
    "management's two gateways": (MANAGED, f"{MANAGED}, gateways: [198.51.100.1, 198.51.100.2]", [
        f"{GATE}[1]: 198.51.100.2 is a second gateway of its family; give one"
    ]),
    "management's gateway that is the node": (MANAGED, f"{MANAGED}, gateways: [198.51.100.11]", [
        f"{GATE}[0]: 198.51.100.11 is an address of node xlb01, not of the host"
    ]),
    "A-3: uplink that is the Internet": (UPLINK, 'addresses: [192.0.2.2/0, "2001:db8:0:1::2/64"]', [
        f"nodes[0].uplink.addresses[0]: 192.0.2.2/0 {LARGE}; give the length of the link's prefix, /16 or longer"
    ]),
    "A-3: uplink that holds the service": (UPLINK, 'addresses: [199.7.0.2/16, "2001:db8:0:1::2/64"]', [
        ("nodes[0].uplink.addresses[0]: 199.7.0.2/16 has a subnet that holds 199.7.82.0/23, "
        "a prefix of the service itself; correct the length"),
        ("nodes[0].uplink.gateways[0]: 192.0.2.1 is not on the uplink (199.7.0.2/16, 2001:db8:0:1::2/64), "
        "so it cannot be its gateway"),
        ("peers[0].addresses[0]: 192.0.2.1 is not on the uplink (199.7.0.2/16, 2001:db8:0:1::2/64); "
        "correct it, or say multihop"),
    ]),
    "A-3: management that is the Internet": ("198.51.100.11/24", "198.51.100.11/0", [
        f"nodes[0].management.addresses[0]: 198.51.100.11/0 {LARGE}; give the length of the link's prefix, /8 or longer"
    ]),
    "A-3: management in the uplink's subnet": ("198.51.100.11/24", "192.0.2.3/29", [
        ("nodes[0].management.addresses[0]: 192.0.2.3/29 is in the uplink's subnet (192.0.2.2/29); "
        "management has a network of its own, for operators only")
    ]),
    "A-3: loopback as the uplink": ("interface: uplink", "interface: lo", [
        "nodes[0].uplink.interface: lo is a name that the kernel has for something else"
    ]),
    "A-3: no name of an interface": ("interface: uplink", "interface: a..", [
        ("nodes[0].uplink.interface: a.. is not the name of a network interface that a cable is plugged into, "
        "or of a bond (at most 15 characters)")
    ]),
    "TSIG key for nobody": ("master: dist2", "master: dist3", [
        "nodes[0].tsig: has no TSIG key for the master dist2",
        "nodes[0].tsig[1].master: dist3 is not a master of the fleet; these are dist1, dist2",
    ]),
    "TSIG key twice": ("master: dist2", "master: dist1", [
        "nodes[0].tsig: has no TSIG key for the master dist2",
        "nodes[0].tsig[1].master: dist1 was already given in tsig[0]",
    ]),
    "previous key with the new one's secret": (SECRET, f"{BEFORE}, {SECRET}}}", [
        ("nodes[0].tsig[0].previous.secret: vault_tsig_xlb01_dist1 is the new key's, too; "
        "a key that is rolled has a secret of its own")
    ]),
    "previous key with the new one's name": (SECRET, f"{BEFORE.replace('-2026', '')}, secret: vault_tsig_xlb01_old}}", [
        ("nodes[0].tsig[0].previous.name: TSIG key xlb01-dist1.lab.example. already exists, in sites/xlb.yml:46; "
        "every TSIG key is there once")
    ]),
    "previous key without a secret": (SECRET, f"{BEFORE}}}", [
        ("nodes[0].tsig[0].previous.secret: is missing; give the name of a vault variable "
        "(vault_ and then lower-case letters, digits and _)")
    ]),
    "one interface for both": ("interface: mgmt", "interface: uplink", [
        "nodes[0].management.interface: uplink is the uplink's interface; management has its own"
    ]),
    "address of a master": ("198.51.100.11/24", "203.0.113.1/24", [
        "nodes[0].management.addresses[0]: 203.0.113.1 is used twice; it already belongs to master dist1"
    ]),
    "two nodes": ("  - node: xlb01", "  - {}\n  - node: xlb01", [
        "nodes[0].serial: is missing; the appliance is bought, so give its serial number",
        *(f"nodes[0].{key}: is missing; give {what}" for key, what in (
            ("management", "a management port"),
            ("nameserver", "one of: knot, nsd"),
            ("node", "the name of a machine, such as xlb01"),
            ("profile", "a short name (lower-case letters, digits and _, a letter first)"),
            ("routing", "one of: bird, frr"),
            ("tsig", "a list of TSIG keys, one for each distribution master"),
            ("uplink", "an uplink"),
        )),
        "nodes: a single has exactly one node, and here are 2",
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", NODE)
def test_a_wrong_node_is_told_what_is_wrong(name: str, lab: Lab) -> None:
    old, new, messages = NODE[name]
    assert sorted(lab.wrong((old, new))) == sorted(messages)


FULL: dict[str, tuple[str, str, list[str]]] = {
    "BMC that cannot be reached": ("bmc: 10.1.2.3", "bmc: 169.254.1.1", [
        f"nodes[0].bmc: 169.254.1.1 is a link-local address; {REACHED}"
    ]),
    "BMC on the service side": ("bmc: 10.1.2.3", 'bmc: "2001:500:9f::7"', [
        f"nodes[0].bmc: 2001:500:9f::7 {ours('2001:500:9e::/47')}"
    ]),
    "BMC at another address of ours": ("bmc: 10.1.2.3", "bmc: 198.51.100.21", [
        "nodes[0].bmc: 198.51.100.21 is used twice; it already belongs to node nbo01"
    ]),
    "bond called as its member": ("interface: bond0", "interface: eno2", [
        "nodes[0].uplink.interface: eno2 is a member of the bond; give the bond a name of its own here, such as bond0"
    ]),
    "bond with one member twice": ("[eno2, eno3]", "[eno2, eno2]", [
        "nodes[0].uplink.bond.members[1]: eno2 was already given in members[0]"
    ]),
    "bond with the management port": ("[eno2, eno3]", "[eno2, eno1]", [
        "nodes[0].uplink.bond.members[1]: eno1 is the management interface, not the uplink's"
    ]),
    "bond without members": ("[eno2, eno3]", "[]", [
        "nodes[0].uplink.bond.members: is empty; give a list of interfaces"
    ]),
    "bond of another kind": ("802.3ad", "balance-rr", [
        "nodes[0].uplink.bond.mode: balance-rr is not one of: 802.3ad, active-backup"
    ]),
    "VLAN called as the bond": ("interface: bond0", "interface: vlan120", [
        "nodes[0].uplink.vlan: vlan120 is what the VLAN's own interface is called; rename the other one"
    ]),
    "VLAN called as a member": ("[eno2, eno3]", "[eno2, vlan120]", [
        "nodes[0].uplink.vlan: vlan120 is what the VLAN's own interface is called; rename the other one"
    ]),
    "VLAN out of range": ("vlan: 120", "vlan: 4095", ["nodes[0].uplink.vlan: 4095 is not a VLAN number (1\u20134094)"]),
    "MTU": ("mtu: 9000", "mtu: 1279", ["nodes[0].uplink.mtu: 1279 is not an MTU in bytes (1280\u20139216)"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FULL)
def test_a_wrong_port_is_told_what_is_wrong(name: str, single: Lab) -> None:
    old, new, messages = FULL[name]
    assert single.wrong((old, new)) == messages


UNFIT = (
    ("10.0.0.2/29", "a private address (RFC 1918)"),
    ("172.31.255.2/29", "a private address (RFC 1918)"),
    ("192.168.1.2/29", "a private address (RFC 1918)"),
    ("100.127.0.2/29", "a shared address of carriers (RFC 6598)"),
    ("fd00::2/64", "a unique local address (RFC 4193)"),
    ("127.0.0.2/29", "a loopback address"),
    ("::1/64", "a loopback address"),
    ("169.254.0.2/29", "a link-local address"),
    ("224.0.0.2/29", "not the address of a host"),
    ("0.0.0.2/29", "not the address of a host"),
    ("ff02::2/64", "not the address of a host"),
    ("::ffff:192.0.2.2/96", "not the address of a host"),
)


@pytest.mark.parametrize(("address", "why"), UNFIT)
def test_the_service_side_is_routed_by_the_internet(address: str, why: str, lab: Lab) -> None:
    edit = (UPLINK, f'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64", "{address}"]')
    assert lab.wrong(edit) == [f"nodes[0].uplink.addresses[2]: {address} is {why}; {ROUTED}"]


@pytest.mark.parametrize(
    "address", ["172.15.0.2/29", "172.32.0.2/29", "100.128.0.2/29", "11.0.0.2/29", "2001:501::2/64"]
)
def test_just_beside_an_unfit_range_is_fit(address: str, lab: Lab) -> None:
    edit = (UPLINK, f'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64", "{address}"]')
    assert address in lab.hosts([edit])["xlb01"]["imrs_uplink"]["addresses"]


def test_the_service_side_is_not_inside_our_own_prefixes(lab: Lab) -> None:
    edit = (UPLINK, 'addresses: [192.0.2.2/29, "2001:db8:0:1::2/64", 199.7.82.9/29]')
    assert lab.wrong(edit) == [f"nodes[0].uplink.addresses[2]: 199.7.82.9/29 {ours('199.7.82.0/23')}"]
