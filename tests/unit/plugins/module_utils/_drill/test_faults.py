# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a node, and that the kernel takes the rules."""

from __future__ import annotations

import shlex
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._drill import faults
from ansible_collections.icann.imrs.plugins.module_utils._drill.faults import Node
from ansible_collections.icann.imrs.plugins.module_utils._site.checks import ATTESTED

EXPECTED: dict[str, t.Any] = {
    "nameserver_provider": "knot",
    "routing_provider": "bird",
    "service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
    "masters": [{"addresses": ["203.0.113.1", "2001:db8:0:3::1"]}, {"addresses": ["203.0.113.2"]}],
    "peers": [
        {"hold_time": 9, "family": "ipv4", "address": "192.0.2.1"},
        {"hold_time": 30, "family": "ipv6", "address": "2001:db8::1"},
    ],
}
NODE = Node.parse(EXPECTED, "uplink", "mgmt")


def test_every_fault_is_of_requirements_that_the_reports_know() -> None:
    found = faults.of(NODE)
    assert len({fault.key for fault in found}) == len(found)
    assert {ident for fault in found for ident in fault.ids} < ATTESTED


@pytest.mark.parametrize("fault", faults.of(NODE), ids=lambda fault: fault.key)
def test_what_is_begun_is_ended(fault: faults.Fault) -> None:
    assert fault.undo
    assert fault.longest >= max(fault.bound, fault.lasts)
    begun, undone = (" ".join(map(shlex.join, each)) for each in (fault.begin, fault.undo))
    for one, other in (("stop", "start"), ("STOP", "CONT"), ("KILL", "start"), ("hook", "delete table")):
        assert one not in begun or other in undone


def test_the_bounds_are_those_of_the_requirements() -> None:
    bounds = {fault.key: fault.bound for fault in faults.of(NODE)}
    assert (bounds["nameserver_stopped"], bounds["nameserver_killed"], bounds["gate_killed"]) == (10, 15, 30)
    assert bounds["routing_killed"] == 1
    assert bounds["routing_hung"] == bounds["line_dead"] == 32


RULES = [fault for fault in faults.of(NODE) if fault.begin[0][0] == "nft"]


@pytest.mark.parametrize("fault", RULES, ids=lambda fault: fault.key)
def test_the_kernel_takes_the_rules_and_forgets_them(fault: faults.Fault) -> None:
    """In one namespace; the end is also taken where nothing has begun."""
    steps = [*fault.undo, *fault.begin, ("nft", "list", "tables"), *fault.undo, ("nft", "list", "tables"), *fault.undo]
    script = " && ".join([*map(shlex.join, steps), "echo end"])
    done = subprocess.run(["unshare", "--net", "sh", "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [f"table inet {faults.TABLE}", "end"]


DROPPED = """
ip link set lo up
ip address add 199.7.83.42/32 dev lo
ip -6 address add {0}/128 dev lo nodad
python3 - <<'E'
import socket
for family, address in ((socket.AF_INET, "199.7.83.42"), (socket.AF_INET6, "{0}")):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        there = socket.socket(family, kind)
        there.bind((address, 53))
        here = socket.socket(family, kind)
        here.settimeout(0.3)
        if kind == socket.SOCK_STREAM:
            there.listen()
            passed = not here.connect_ex((address, 53))
        else:
            there.settimeout(0.3)
            here.sendto(b"x", (address, 53))
            try:
                passed = bool(there.recvfrom(9))
            except TimeoutError:
                passed = False
        print(address, kind.name, passed)
E
"""
"""What comes through to port 53."""


def test_only_udp_over_ipv6_is_lost() -> None:
    (lost,) = (fault for fault in faults.of(NODE) if fault.key == "udp_over_ipv6_lost")
    address = "2001:500:9f::42"
    script = f"{shlex.join(lost.begin[0])}\n{DROPPED.format(address)}"
    done = subprocess.run(["unshare", "--net", "sh", "-ec", script], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "199.7.83.42 SOCK_DGRAM True",
        "199.7.83.42 SOCK_STREAM True",
        f"{address} SOCK_DGRAM False",
        f"{address} SOCK_STREAM True",
    ]


def test_the_masters_are_cut_off_whole() -> None:
    (cut,) = (fault for fault in faults.of(NODE) if fault.key == "masters_cut")
    assert all(address in cut.begin[0][1] for master in EXPECTED["masters"] for address in master["addresses"])


def test_a_line_by_which_the_node_is_reached_is_not_cut() -> None:
    assert "line_dead" in {fault.key for fault in faults.of(NODE)}
    assert "line_dead" not in {fault.key for fault in faults.of(Node.parse(EXPECTED, "uplink", "uplink"))}


def test_without_ipv6_nothing_is_done_to_it() -> None:
    without = {**EXPECTED, "service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": []}}
    assert "udp_over_ipv6_lost" not in {fault.key for fault in faults.of(Node.parse(without, "uplink", "mgmt"))}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"function": "router"}, "drill its nodes"),
        ({"nameserver_provider": ""}, "drill its nodes"),
        ({"peers": []}, "it has no BGP session"),
    ],
)
def test_what_has_nothing_to_break_is_refused(more: dict[str, t.Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Node.parse({**EXPECTED, **more}, "uplink", "mgmt")


def test_a_fault_that_is_none_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="no gate_melted; there are masters_cut, routing_reloaded, "):
        faults.chosen(NODE, ["gate_hung", "gate_melted"])
    assert [fault.key for fault in faults.chosen(NODE, ["gate_hung"])] == ["gate_hung"]
