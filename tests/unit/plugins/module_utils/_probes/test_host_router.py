# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which daemon of the host's router is read; tests/daemons reads real ones."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host_router

ADDRESSES = {"ipv4": ["192.0.2.2"], "ipv6": []}
PROTOCOLS = """BIRD 2.17.1 ready.
Name       Proto      Table      State  Since         Info
imrs4      BGP        ---        up     12:00:00.000  Established
  BGP state:          Established
    Neighbor address: 192.0.2.2
    Neighbor AS:      20144
    Local AS:         64500
    Source address:   192.0.2.1
"""
ROUTES = """BIRD 2.17.1 ready.
Table master4:
199.7.82.0/23        unreachable [imrs4 12:00:00.000] * (100/-) [AS20144i]
	Type: BGP univ
	BGP.origin: IGP
	BGP.as_path: 20144
	BGP.next_hop: 192.0.2.2
199.7.83.0/24        unicast [imrs4 12:00:00.000] * (100) [AS20144i]
	via 192.0.2.2 on host
	Type: BGP univ
	BGP.origin: IGP
	BGP.as_path: 20144 20144
	BGP.next_hop: 192.0.2.2
"""


NEIGHBOR = {"remote_addr": "192.0.2.2", "state": "Established", "session": {"local": {"address": "192.0.2.1"}}}
RIB = [
    {"prefix": "199.7.83.0/24", "aspath": "20144", "exit_nexthop": "192.0.2.2", "valid": True, "origin": "IGP"},
    {"prefix": "199.7.82.0/23", "aspath": "20144 20144", "valid": False, "origin": "IGP"},
]


def openbgpd(command: t.Sequence[str]) -> dict[str, t.Any]:
    """As bgpctl answers."""
    if command[-1] != "192.0.2.2":
        told: dict[str, t.Any] = {"status": "FAILED", "error": "no such neighbor"}
    else:
        told = {"rib": RIB} if "rib" in command else {"neighbors": [NEIGHBOR]}
    return {"rc": 0, "stdout": json.dumps(told), "stderr": ""}


def machine(*programs: str) -> t.Callable[[t.Sequence[str]], dict[str, t.Any]]:
    """A router that has these."""

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        if command[0] not in programs:
            return {"rc": 127, "stdout": "", "stderr": f"{command[0]}: No such file or directory"}
        if command[0] == "bgpctl":
            return openbgpd(command)
        if command[0] == "vtysh":
            return {"rc": 0, "stdout": "{}", "stderr": ""}
        return {"rc": 0, "stdout": PROTOCOLS if "protocols" in command else ROUTES, "stderr": ""}

    return run


def test_a_router_with_bird() -> None:
    seen = host_router.received(ADDRESSES, machine("birdc"))
    assert seen["sessions"] == {"192.0.2.2": {"state": "Established", "local_as": 64500, "address": "192.0.2.1"}}
    assert [(route["to"], route["as_path"], route["valid"]) for route in seen["routes"]["192.0.2.2"]] == [
        ("199.7.82.0/23", "20144", False),
        ("199.7.83.0/24", "20144 20144", True),
    ]


@pytest.mark.parametrize("programs", [("vtysh",), ("vtysh", "birdc")])
def test_the_first_daemon_that_answers_counts(programs: tuple[str, ...]) -> None:
    seen = host_router.received(ADDRESSES, machine(*programs))
    assert seen["sessions"] == {"192.0.2.2": {"state": "", "local_as": None, "address": ""}}


def test_a_router_of_another_kind_is_told_as_it_is() -> None:
    assert host_router.received(ADDRESSES, machine()) == {
        "error": "; ".join(f"{name}: {name}: No such file or directory" for name in ("vtysh", "birdc", "bgpctl"))
    }


def test_a_router_with_openbgpd() -> None:
    seen = host_router.received(ADDRESSES, machine("bgpctl"))
    assert seen["sessions"] == {"192.0.2.2": {"state": "Established", "local_as": None, "address": "192.0.2.1"}}
    told = [(each["to"], each["as_path"], each["next_hops"], each["valid"]) for each in seen["routes"]["192.0.2.2"]]
    assert told == [
        ("199.7.82.0/23", "20144 20144", [], False),
        ("199.7.83.0/24", "20144", ["192.0.2.2"], True),
    ]


@pytest.mark.parametrize("said", ["", "no JSON", '{"error": "permission denied"}', "[]"])
def test_openbgpd_that_does_not_answer_as_it_should(said: str) -> None:
    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        there = command[0] == "bgpctl"
        return {"rc": 0 if there else 127, "stdout": said if there else "", "stderr": "" if there else "none"}

    why = {"": "bgpctl failed", '{"error": "permission denied"}': "permission denied"}.get(said, said)
    assert host_router.received(ADDRESSES, run) == {"error": f"vtysh: none; birdc: none; bgpctl: {why}"}


@pytest.mark.parametrize("program", ["birdc", "bgpctl"])
def test_a_session_that_is_not_configured(program: str) -> None:
    seen = host_router.received({"ipv4": ["192.0.2.9"]}, machine(program))
    assert seen == {
        "sessions": {"192.0.2.9": {"state": "", "local_as": None, "address": ""}},
        "routes": {"192.0.2.9": []},
    }
