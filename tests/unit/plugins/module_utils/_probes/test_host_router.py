# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which daemon of the host's router is read; tests/daemons reads real ones."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host_router

ADDRESSES = {"ipv4": ["192.0.2.2"], "ipv6": []}
CONTROLS = ("vtysh", "birdc", "bgpctl", "gobgp")
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


STATE = {"session_state": 6, "local_asn": 64500}
GO_NEIGHBOR = {
    "conf": {"auth_password": "secret"},
    "state": STATE,
    "transport": {"local_address": "192.0.2.1"},
}
GO_DOWN = {"state": {"session_state": 3, "local_asn": 64500}, "transport": {"local_address": "0.0.0.0"}}
IGP, HOP = {"type": 1, "value": 0}, {"type": 3, "nexthop": "192.0.2.2"}


def go_path(neighbor: str, *segments: tuple[int, list[int]], **more: t.Any) -> dict[str, t.Any]:
    """A path as GoBGP's client has it; segments are their type (2: a sequence) and their numbers."""
    path = {"type": 2, "as_paths": [{"segment_type": kind, "asns": numbers} for kind, numbers in segments]}
    return {"attrs": [IGP, path, HOP], "neighbor-ip": neighbor, **more}


GO_TABLE = {
    "199.7.83.0/24": [go_path("192.0.2.8", (2, [20144])), go_path("192.0.2.2", (2, [20144, 20144]), (1, [1, 2]))],
    "199.7.82.0/23": [go_path("192.0.2.2", stale=True)],
}


def gobgp(command: t.Sequence[str]) -> dict[str, t.Any]:
    """As GoBGP's client answers."""
    told: dict[str, t.Any] = {"error": f"not found neighbor {command[-1]}"}
    if "rib" in command:
        told = GO_TABLE if command[-1] == "ipv4" else {}
    elif command[-1] in ("192.0.2.2", "192.0.2.3"):
        told = GO_NEIGHBOR if command[-1] == "192.0.2.2" else GO_DOWN
    return {"rc": int("error" in told), "stdout": json.dumps(told), "stderr": ""}


def machine(*programs: str) -> t.Callable[[t.Sequence[str]], dict[str, t.Any]]:
    """A router that has these."""

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        if command[0] not in programs:
            return {"rc": 127, "stdout": "", "stderr": f"{command[0]}: No such file or directory"}
        if command[0] == "bgpctl":
            return openbgpd(command)
        if command[0] == "gobgp":
            return gobgp(command)
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
        "error": "; ".join(f"{name}: {name}: No such file or directory" for name in CONTROLS)
    }


def test_a_router_with_openbgpd() -> None:
    seen = host_router.received(ADDRESSES, machine("bgpctl"))
    assert seen["sessions"] == {"192.0.2.2": {"state": "Established", "local_as": None, "address": "192.0.2.1"}}
    told = [(each["to"], each["as_path"], each["next_hops"], each["valid"]) for each in seen["routes"]["192.0.2.2"]]
    assert told == [
        ("199.7.82.0/23", "20144 20144", [], False),
        ("199.7.83.0/24", "20144", ["192.0.2.2"], True),
    ]


def test_openbgpd_without_a_route_says_an_empty_document() -> None:
    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        if command[0] == "bgpctl" and "rib" in command:
            return {"rc": 0, "stdout": "{\n\n}\n", "stderr": ""}
        return machine("bgpctl")(command)

    seen = host_router.received(ADDRESSES, run)
    assert seen["sessions"]["192.0.2.2"]["state"] == "Established"
    assert seen["routes"] == {"192.0.2.2": []}


@pytest.mark.parametrize("said", ["", "no JSON", '{"error": "permission denied"}', "[]"])
def test_openbgpd_that_does_not_answer_as_it_should(said: str) -> None:
    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        there = command[0] == "bgpctl"
        return {"rc": 0 if there else 127, "stdout": said if there else "", "stderr": "" if there else "none"}

    why = {"": "bgpctl failed", '{"error": "permission denied"}': "permission denied"}.get(said, said)
    told = f"vtysh: none; birdc: none; bgpctl: {why}; gobgp: none"
    assert host_router.received(ADDRESSES, run) == {"error": told}


def test_a_router_with_gobgp() -> None:
    seen = host_router.received({"ipv4": ["192.0.2.2", "192.0.2.3"], "ipv6": []}, machine("gobgp"))
    assert seen["sessions"] == {
        "192.0.2.2": {"state": "Established", "local_as": 64500, "address": "192.0.2.1"},
        "192.0.2.3": {"state": "Active", "local_as": 64500, "address": ""},
    }
    told = [(each["to"], each["as_path"], each["next_hops"], each["valid"]) for each in seen["routes"]["192.0.2.2"]]
    assert told == [
        ("199.7.82.0/23", "", ["192.0.2.2"], False),
        ("199.7.83.0/24", "20144 20144 {1 2}", ["192.0.2.2"], True),
    ]
    assert {each["origin"] for each in seen["routes"]["192.0.2.2"]} == {"IGP"}
    assert seen["routes"]["192.0.2.3"] == []
    assert "secret" not in str(seen)


@pytest.mark.parametrize(
    ("question", "said", "why"),
    [
        ("rib", '{"error": "context deadline exceeded"}', "context deadline exceeded"),
        ("rib", "[]", "gobgp failed"),
        ("neighbor", '{"error": "permission denied"}', "permission denied"),
        ("neighbor", "", "gobgp failed"),
    ],
)
def test_gobgp_that_does_not_answer_as_it_should(question: str, said: str, why: str) -> None:
    """What cannot be read is an error, never "nothing"."""

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        broken = {"rc": 0, "stdout": said, "stderr": ""}
        return broken if question in command else machine("gobgp")(command)

    assert host_router.received(ADDRESSES, run, ("gobgp",)) == {"error": f"gobgp: {why}"}


@pytest.mark.parametrize("program", ["birdc", "bgpctl", "gobgp"])
def test_a_session_that_is_not_configured(program: str) -> None:
    seen = host_router.received({"ipv4": ["192.0.2.9"]}, machine(program))
    assert seen == {
        "sessions": {"192.0.2.9": {"state": "", "local_as": None, "address": ""}},
        "routes": {"192.0.2.9": []},
    }
