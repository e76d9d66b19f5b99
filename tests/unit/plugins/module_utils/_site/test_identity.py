# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity zone (RFC 7108 section 4.4): where it may be served, and what a node says there."""

from __future__ import annotations

import typing as t

import dns.rdata
import pytest

if t.TYPE_CHECKING:
    from .conftest import Lab

ADDRESSES = '  addresses: [199.7.83.53, "2001:500:9f::53"]\n'
SPECIFIC = "these are 199.7.83.0/24, 2001:500:9f::/48, 2001:500:3::/48"
ZONE = "identity.l.root-servers.org."
WITHOUT = (
    "identity_zone:\n  name: identity.l.root-servers.org.\n  server: beacon.l.root-servers.org.\n" + ADDRESSES,
    "",
)

WRONG: dict[str, tuple[str, str, list[str]]] = {
    "no prefix of ours": ("199.7.83.53", "199.7.84.53", [
        f"addresses[0]: 199.7.84.53 is in no specific prefix, so nothing announces it; {SPECIFIC}"
    ]),
    "covered, and no more": ("199.7.83.53", "199.7.82.53", [
        f"addresses[0]: 199.7.82.53 is in no specific prefix, so nothing announces it; {SPECIFIC}"
    ]),
    "a service address": ('"2001:500:9f::53"', '"2001:0500:3::42"', [
        "addresses[1]: 2001:500:3::42 is a service address, where the root zone is answered for; take another one"
    ]),
    "no host's": ("199.7.83.53", "199.7.83.255", [
        "addresses[0]: 199.7.83.255/24 is the subnet's own address; give the address of the machine in it"
    ]),
    "one family": ("199.7.83.53, ", "", [
        "addresses: has no IPv4 address; give one of each family (dual stack)"
    ]),
    "twice": ("199.7.83.53, ", '199.7.83.53, "2001:500:9f:0::53", ', [
        "addresses[2]: 2001:500:9f::53 was already given in addresses[1]"
    ]),
    "a zone of the service": ("name: identity.l.root-servers.org.", "name: arpa.", [
        "name: arpa. is a zone that all nodes serve alike; take it out of one of the two"
    ]),
    "the root": ("name: identity.l.root-servers.org.", "name: .", [
        "name: . is a zone that all nodes serve alike; take it out of one of the two"
    ]),
    "served from inside": ("server: beacon", "server: beacon.identity", [
        f"server: beacon.{ZONE} is inside {ZONE}, which has no addresses; name it outside"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_nobody_could_reach_is_refused(case: str, lab: Lab) -> None:
    old, new, messages = WRONG[case]
    assert sorted(lab.messages(fleet_=[(old, new)])) == [f"fleet.yml: identity_zone.{message}" for message in messages]


def test_a_zone_that_is_not_sound_is_told_once(lab: Lab) -> None:
    found = lab.messages(fleet_=[("server: beacon.l.root-servers.org.", "server: beacon")])
    assert len(found) == 1, found


def strings(lab: Lab, *edits: tuple[str, str]) -> list[str]:
    """The strings of the TXT record that the node has."""
    zone = lab.hosts(edits)["xlb01"]["imrs_identity_zone"]
    text = " ".join(f'"{string}"' for string in zone["strings"])
    return [each.decode() for each in dns.rdata.from_text("IN", "TXT", text).strings]


def test_a_node_says_who_it_is_and_where(lab: Lab) -> None:
    name = "xlb01.l.root-servers.org"
    assert strings(lab) == [name, "Lac Brochet", "", "CA", "NorthAmerica"]
    place = ("city: Lac Brochet", "city: São Tomé; o $ORIGIN\n  subdivision: Água Grande")
    assert strings(lab, place) == [name, "São Tomé; o $ORIGIN", "Água Grande", "CA", "NorthAmerica"]


def test_no_more_than_ascii_stands_in_its_file(lab: Lab) -> None:
    """Knot DNS does not load a zone whose file has other octets."""
    edits = [("city: Lac Brochet", "city: Zürich")]
    found = lab.hosts(edits)["xlb01"]["imrs_identity_zone"]["strings"]
    assert found[1] == r"Z\195\188rich"
    assert all(string.isascii() for string in found)


def test_a_dot_in_the_operators_mailbox_is_no_end_of_a_label(lab: Lab) -> None:
    edit = ("noc@imrs.example", "noc.root@imrs.example")
    zone = lab.hosts(fleet_=[edit])["xlb01"]["imrs_identity_zone"]
    soa = dns.rdata.from_text("IN", "SOA", f"{zone['server']} {zone['mailbox']} 1 2 3 4 5")
    assert soa.rname.labels[0] == b"noc.root"


def test_without_one_there_are_the_service_addresses_alone(lab: Lab) -> None:
    variables = lab.hosts(fleet_=[WITHOUT])["xlb01"]
    assert variables["imrs_identity_zone"] is None
    assert variables["imrs_anycast_addresses"] == variables["imrs_service_addresses"]


def test_a_name_that_is_too_long_for_a_string_of_a_txt_record_is_refused(lab: Lab) -> None:
    assert lab.load([("city: Lac Brochet", f"city: {60 * '𠮷'}")])
    (found,) = lab.wrong(("city: Lac Brochet", f"city: {61 * 'a'}"))
    assert found.endswith(
        "is not one line of text without double quotes, braces and backslashes, of at most 60 characters"
    )
