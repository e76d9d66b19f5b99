# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What FRR says of a node's sessions; whole nodes are in _acceptance/test_sessions.py, recorded from real ones."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import frr_sessions

SECRET = "password-of-the-host"
RUNNING = f"""\
router bgp 20144
 bgp graceful-restart-disable
 neighbor direct peer-group
 neighbor direct ttl-security hops 1
 neighbor 192.0.2.1 remote-as 64500
 neighbor 192.0.2.1 peer-group direct
 neighbor 192.0.2.1 password {SECRET}
 neighbor 192.0.2.3 remote-as 64501
 neighbor 192.0.2.3 ebgp-multihop 2
 neighbor 192.0.2.3 graceful-restart
 neighbor 192.0.2.5 ttl-security hops 3
 no neighbor 192.0.2.5 enforce-first-as
 !
 address-family ipv4 unicast
  neighbor 192.0.2.3 password {SECRET}
"""
UP: dict[str, t.Any] = {
    "bgpState": "Established",
    "localAs": 20144,
    "remoteAs": 64500,
    "hostLocal": "192.0.2.2",
    "bgpTimerHoldTimeMsecs": 9000,
    "bgpTimerKeepAliveIntervalMsecs": 3000,
    "neighborCapabilities": {
        "multiprotocolExtensions": {"ipv4Unicast": {"advertisedAndReceived": True}},
        "longLivedGracefulRestart": "received",
    },
    "gracefulRestartInfo": {"localGrMode": "Disable*"},
    "addressFamilyInfo": {
        "ipv4Unicast": {
            "routeMapForIncomingAdvertisements": "nothing",
            "routeMapForOutgoingAdvertisements": "out",
            "acceptedPrefixCounter": 1,
            "sentPrefixCounter": 2,
            "prefixAllowedMax": 1,
        }
    },
}
ROUTE = {"aspath": {"string": "Local"}, "origin": "IGP", "peer": {"peerId": "127.0.0.2"}}
LEAKED = {**ROUTE, "peer": {"peerId": "192.0.2.1"}, "community": {"string": "64500:1 no-export 1234"}}


def runner(answers: dict[str, str]) -> t.Callable[[t.Sequence[str]], dict[str, t.Any]]:
    """A vtysh that knows a few commands, by their beginnings; the rest is an error."""

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        said = next((text for words, text in answers.items() if command[-1].startswith(words)), None)
        return {"rc": int(said is None), "stdout": said or "", "stderr": "" if said is not None else "unknown command"}

    return run


def test_options_of_a_session_are_its_own_and_its_groups() -> None:
    found = frr_sessions.session_options(RUNNING)
    assert found["192.0.2.1"] == {"ttl_security": True, "authentication": True, "first_as": True}
    assert found["192.0.2.3"] == {"multihop": 2, "graceful_restart": True, "first_as": True}
    assert found["192.0.2.5"] == {"ttl_security": False, "first_as": False}, "a router three hops away may have sent it"
    assert SECRET not in repr(found)
    everywhere = frr_sessions.session_options(RUNNING.replace("restart-disable", "restart"))
    assert everywhere["192.0.2.1"]["graceful_restart"] is True
    anybody = RUNNING.replace(" neighbor 192.0.2.1 password", " no bgp enforce-first-as\n neighbor 192.0.2.1 password")
    assert frr_sessions.session_options(anybody)["192.0.2.1"]["first_as"] is False


def test_a_session_with_its_channel() -> None:
    (session,) = frr_sessions.parse_neighbors({"192.0.2.1": UP, "vrfId": 0})
    (channel,) = session["channels"]
    assert (session["name"], session["hold_time"], session["keepalive_time"]) == ("192.0.2.1", 9, 3)
    assert (channel["state"], channel["limits"]) == ("UP", {"import": "1"})
    assert channel["beyond"] == {"import": "ends the session"}
    assert channel["filters"] == {"input": "nothing", "output": "out"}
    assert channel["routes"] == {"imported": 1, "exported": 2}
    assert session["restarts"] == []


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"neighborCapabilities": {}}, "UP"),
        ({"neighborCapabilities": {"multiprotocolExtensions": {"ipv6Unicast": {"received": True}}}}, "DOWN"),
        ({"bgpState": "Active"}, "DOWN"),
    ],
    ids=["IPv4 without a word", "another family", "no session"],
)
def test_a_channel_is_up_when_both_sides_speak_of_it(change: dict[str, t.Any], state: str) -> None:
    (session,) = frr_sessions.parse_neighbors({"192.0.2.1": UP | change})
    assert session["channels"][0]["state"] == state
    assert ("hold_time" in session) == (session["bgp_state"] == "Established"), "nothing was negotiated"


def test_graceful_restart_is_seen() -> None:
    offered = {
        "gracefulRestartInfo": {"localGrMode": "Restart*"},
        "neighborCapabilities": {"longLivedGracefulRestart": "advertisedAndReceived"},
    }
    (session,) = frr_sessions.parse_neighbors({"192.0.2.1": UP | offered})
    assert session["restarts"] == ["Graceful restart", "Long-lived graceful restart"]


def test_bfd_is_as_slow_as_the_slower_side() -> None:
    peer = {"peer": "fe80::1%uplink", "status": "up", "receive-interval": 300, "remote-transmit-interval": 1000}
    peer |= {"remote-detect-multiplier": 3, "transmit-interval": 300, "remote-receive-interval": 50}
    (found,) = frr_sessions.parse_bfd([{**peer, "detect-multiplier": 5}])
    assert (found["address"], found["state"], found["timeout_ms"]) == ("fe80::1", "Up", 3000)
    assert found["receive"] == {"interval_ms": 1000, "multiplier": 3}
    assert found["send"] == {"interval_ms": 300, "multiplier": 5}


def test_what_bgpd_calls_itself() -> None:
    """As FRR 10.3 prints it, whether a session is up or not."""
    one, two = {"localRouterId": "192.0.2.2"}, {"localRouterId": "192.0.2.9"}
    assert frr_sessions.router_id({"192.0.2.1": one, "127.0.0.2": one, "vrfId": 0}) == "192.0.2.2"
    assert frr_sessions.router_id({"192.0.2.1": one, "127.0.0.2": two}) == "192.0.2.2, 192.0.2.9"
    assert frr_sessions.router_id({}) == ""


def test_what_leaves_says_of_whom_it_came() -> None:
    neighbors = {"192.0.2.1": UP, "127.0.0.2": UP | {"peerGroup": "gate", "addressFamilyInfo": {}}}
    routes = {"199.7.83.0/24": {"paths": [ROUTE]}, "198.51.100.0/24": {"paths": [LEAKED]}}
    answers = {
        "show bgp neighbors json": json.dumps(neighbors),
        "show running-config": RUNNING,
        "show bgp ipv4 unicast neighbors 192.0.2.1": json.dumps({"advertisedRoutes": routes}),
        "show bgp ipv4 unicast json": json.dumps({"routes": {"0.0.0.0/0": [{"peerId": "192.0.2.1"}]}}),
        "show bgp ipv6 unicast json": "{}",
        "show bfd peers json": "[]",
    }
    seen = frr_sessions.read(runner(answers))
    ours, leaked = seen["exports"]["192.0.2.1"]
    assert (ours["protocol"], ours["attributes"]) == ("gate", {"origin": "IGP", "as_path": ""})
    assert leaked["protocol"] == "192.0.2.1"
    assert leaked["attributes"]["community"] == "(64500,1) (65535,65281) (1234)"
    assert seen["imports"] == {"192.0.2.1": [{"to": "0.0.0.0/0"}], "gate": []}
    assert seen["options"]["192.0.2.1"] == {"ttl_security": True, "authentication": True, "first_as": True}
    assert seen["router_id"] == ""
    assert SECRET not in repr(seen)


def test_of_several_paths_those_leave_that_go_to_this_neighbour() -> None:
    """As FRR 10.3 tells of a cluster's router: the gate's path goes to the host, and the nodes' own to the gate."""
    sent = ROUTE | {"advertisedTo": {"192.0.2.1": {}}}
    inside = LEAKED | {"advertisedTo": {"127.0.0.2": {}}}
    table = {"advertisedRoutes": {"199.7.83.0/24": {"paths": [sent, inside]}}}
    found = {name: frr_sessions.parse_advertised(table, name) for name in ("192.0.2.1", "127.0.0.2", "192.0.2.9")}
    assert [len(routes) for routes in found.values()] == [1, 1, 2], "what FRR does not say may be any"
    assert found["192.0.2.1"] != found["127.0.0.2"]


def test_of_a_whole_table_only_what_matters_is_listed() -> None:
    family = {**UP["addressFamilyInfo"]["ipv4Unicast"], "acceptedPrefixCounter": 900_000}
    answers = {
        "show bgp neighbors json": json.dumps({"192.0.2.1": UP | {"addressFamilyInfo": {"ipv4Unicast": family}}}),
        "show running-config": RUNNING,
        "show bgp ipv4 unicast 0.0.0.0/0 json": json.dumps(
            {"prefix": "0.0.0.0/0", "paths": [{"peer": {"peerId": "192.0.2.1"}}]}
        ),
        "show bgp ipv4 unicast 199.7.82.0/23 longer-prefixes json": json.dumps(
            {"routes": {"199.7.83.0/25": [{"peerId": "192.0.2.1"}]}}
        ),
        "show bgp ipv6 unicast json": "{}",
    }
    seen = frr_sessions.read(runner(answers), prefixes={"ipv4": ["199.7.82.0/23"]})
    assert seen["imports"] == {"192.0.2.1": [{"to": "0.0.0.0/0"}, {"to": "199.7.83.0/25"}]}


@pytest.mark.parametrize("lacking", ["show bgp neighbors json", "show running-config"])
def test_an_frr_that_does_not_answer_is_an_error(lacking: str) -> None:
    answers = {"show bgp neighbors json": "{}", "show running-config": RUNNING}
    del answers[lacking]
    assert frr_sessions.read(runner(answers)) == {"error": "unknown command"}


def test_what_cannot_be_read_is_not_nothing() -> None:
    answers = {"show bgp neighbors json": "% BGP instance not found", "show running-config": RUNNING}
    assert frr_sessions.read(runner(answers)) == {"error": "no JSON, but: % BGP instance not found"}
    answers["show bgp neighbors json"] = json.dumps({"192.0.2.1": UP})
    seen = frr_sessions.read(runner(answers | {"show bgp ipv4 unicast neighbors": "half a {"}))
    assert (seen["exports"], seen["imports"]) == ({"192.0.2.1": None}, {"192.0.2.1": None})


@pytest.mark.parametrize(
    ("more", "does"),
    [
        ({"prefixAllowedMaxWarning": True, "prefixAllowedRestartIntervalMsecs": 900000}, "warned of"),
        ({"prefixAllowedRestartIntervalMsecs": 900000}, "ends the session for a while"),
        ({}, "ends the session"),
    ],
)
def test_what_becomes_of_too_many_routes(more: dict[str, t.Any], does: str) -> None:
    family = {**UP["addressFamilyInfo"]["ipv4Unicast"], **more}
    (session,) = frr_sessions.parse_neighbors({"192.0.2.1": {**UP, "addressFamilyInfo": {"ipv4Unicast": family}}})
    assert session["channels"][0]["beyond"] == {"import": does}


LIST = "ip address prefix-list learnable_ipv4"
RULE: dict[str, t.Any] = {"type": "permit", "matchClauses": [LIST], "setClauses": [], "action": "Exit routemap"}
YIELDS = "IPv4 prefix list learnable_ipv4 yields {} for 10.0.0.0/8, matching entry #20: 10.0.0.0/8 le 32\n"


@pytest.mark.parametrize(
    ("rules", "verdict", "taken"),
    [
        ([RULE], "PERMIT", True),
        ([RULE], "DENY", False),
        ([{**RULE, "type": "deny"}], "PERMIT", False),
        ([{**RULE, "type": "deny"}, {**RULE, "matchClauses": []}], "DENY", True),
        ([{**RULE, "type": "deny", "matchClauses": []}], "PERMIT", False),
        ([{**RULE, "matchClauses": [LIST, "tag 1"]}], "PERMIT", None),
        ([{**RULE, "action": "Continue to next entry"}], "PERMIT", None),
        ([{**RULE, "callRoute": "more"}], "PERMIT", None),
        ([], "PERMIT", None),
        ([RULE], "", None),
    ],
    ids=[
        "yes",
        "no",
        "denied",
        "all but",
        "nothing",
        "more than a list",
        "goes on",
        "calls",
        "no such",
        "no such list",
    ],
)
def test_what_a_route_map_would_take_is_what_bgpd_says(
    rules: list[dict[str, t.Any]], verdict: str, taken: bool | None
) -> None:
    run = runner(
        {
            "show route-map host_in json": json.dumps({"bgpd": {"host_in": {"rules": rules}} if rules else {}}),
            "debug prefix-list learnable_ipv4 match 10.0.0.0/8": YIELDS.format(verdict) if verdict else "",
        }
    )
    session = {"name": "192.0.2.1", "channels": [{"family": "ipv4", "filters": {"input": "host_in"}}]}
    found = frr_sessions.takes([session], {"ipv4": ["10.0.0.0/8"], "ipv6": ["::/0"]}, run)
    assert found == {"192.0.2.1": {"10.0.0.0/8": taken}}


def test_a_filter_beside_the_route_map_is_not_overlooked() -> None:
    family = {**UP["addressFamilyInfo"]["ipv4Unicast"], "incomingUpdatePrefixFilterList": "x"}
    sessions = frr_sessions.parse_neighbors({"192.0.2.1": {**UP, "addressFamilyInfo": {"ipv4Unicast": family}}})
    found = frr_sessions.takes(sessions, {"ipv4": ["10.0.0.0/8"]}, runner({}))
    assert found == {"192.0.2.1": {"10.0.0.0/8": None}}
