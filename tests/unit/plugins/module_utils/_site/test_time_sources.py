# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of time: what a fleet may name, and what nodes are told (RFC 8633 section 3.2)."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Lab

LAST = '  - {name: ntp4.imrs.example., addresses: ["2001:db8:0:3::2"]}\n'
FIRST = "{name: ntp1.imrs.example., addresses: [203.0.113.1]}"
FEW = (
    "3 of them are too few: three have to agree before a clock is set, and one may be wrong or silent; give 4 or more "
    "(RFC 8633 section 3.2), or leave time_sources out, and the clocks are left alone"
)
VOICES = "whoever forges the answers of the unsigned ones has their voices; give all of them nts, or none"

SERVICE = "2001:500:9e::/47, a prefix of the service itself; take an address of another network"
TWICE = "stands at time_sources[2].addresses[0] already; a server has one voice"

WRONG: dict[str, tuple[str, str, list[str]]] = {
    "three": (LAST, "", [f"time_sources: {FEW}"]),
    "one name twice": ("name: ntp4.", "name: ntp1.", [
        "time_sources[3].name: ntp1.imrs.example. was already given in time_sources[0]"
    ]),
    "one server with two voices": (LAST, LAST.replace("0:3::2", "0000:3::1"), [
        f"time_sources[3].addresses[0]: 2001:db8:0:3::1 {TWICE}"
    ]),
    "the node itself": (LAST, LAST.replace("2001:db8:0:3::2", "::1"), [
        "time_sources[3].addresses[0]: ::1 is a loopback address; give the server's own address"
    ]),
    "the service": (LAST, LAST.replace("2001:db8:0:3::2", "2001:500:9f::42"), [
        f"time_sources[3].addresses[0]: 2001:500:9f::42 is inside {SERVICE}"
    ]),
    "the root": ("name: ntp4.imrs.example.", "name: .", [
        "time_sources[3].name: is the root; give the server's name"
    ]),
    "signed and unsigned": (FIRST, FIRST.replace("}", ", nts: true}"), [
        f"time_sources[1].nts: is false, and true of others: {VOICES}"
    ]),
    "no name": ("name: ntp4.imrs.example.", "name: 203.0.113.2", [
        "time_sources[3].name: 203.0.113.2 is not a DNS name in lower case that ends in a dot (at most 254 characters)"
    ]),
    "no address": ('addresses: ["2001:db8:0:3::2"]}\n', "addresses: []}\n", [
        "time_sources[3].addresses: is empty; give a list of IP addresses"
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_would_set_no_clock_or_a_wrong_one_is_refused(case: str, lab: Lab) -> None:
    old, new, messages = WRONG[case]
    assert sorted(lab.messages(fleet_=[(old, new)])) == [f"fleet.yml: {message}" for message in messages]


def test_a_node_is_told_of_them(lab: Lab) -> None:
    (first, *others) = lab.hosts()["xlb01"]["imrs_time_sources"]
    assert first == {"name": "ntp1.imrs.example", "addresses": ["203.0.113.1"], "nts": False}
    assert [each["addresses"] for each in others] == [["203.0.113.2"], ["2001:db8:0:3::1"], ["2001:db8:0:3::2"]]
    signed = "".join(f"{line[:-1]}, nts: true}}\n" for line in given(lab))
    nodes = lab.hosts(fleet_=[("".join(f"{line}\n" for line in given(lab)), signed)])
    assert [each["nts"] for each in nodes["xlb01"]["imrs_time_sources"]] == 4 * [True]


def test_a_fleet_without_leaves_the_clocks_alone(lab: Lab) -> None:
    text = "".join(f"{line}\n" for line in ["time_sources:", *given(lab)])
    assert lab.hosts(fleet_=[(text, "")])["xlb01"]["imrs_time_sources"] == []


def given(lab: Lab) -> list[str]:
    """The lines of the lab's sources."""
    return [line for line in lab.fleet.splitlines() if line.startswith("  - {name: ntp")]
