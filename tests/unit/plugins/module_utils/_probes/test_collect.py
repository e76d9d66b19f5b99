# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is waited for on a node: sessions, and BFD where it was agreed."""

from __future__ import annotations

import base64
import math
import typing as t

import dns.edns
import dns.message
import dns.rrset
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import (
    bird,
    collect,
    hardware,
    host,
    host_router,
    query,
    state,
    system,
)

PREFIXES = {"ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]}}
PEER = {"address": "192.0.2.1", "bfd": {"interval_ms": 300, "multiplier": 3}}
UP = [{"neighbor": "192.0.2.1", "bgp_state": "Established"}]
FAST = {"address": "192.0.2.1", "state": "Up", "timeout_ms": 900}


@pytest.mark.parametrize(
    ("sessions", "bfd", "peer", "watched"),
    [
        (UP, [FAST], PEER, True),
        (UP, [], PEER, False),
        (UP, [{**FAST, "state": "Down"}], PEER, False),
        (UP, [{**FAST, "timeout_ms": 3000}], PEER, False),
        (UP, [{**FAST, "address": "192.0.2.9"}], PEER, False),
        ([], [FAST], PEER, False),
        (UP, [], {"address": "192.0.2.1", "bfd": None}, True),
        (UP, [], {"address": "192.0.2.1"}, True),
    ],
    ids=["as agreed", "no BFD", "down", "still slow", "another's", "no session", "not agreed", "not said"],
)
def test_whether_a_session_is_watched(
    sessions: list[t.Any], bfd: list[t.Any], peer: dict[str, t.Any], watched: bool
) -> None:
    assert collect._watched({"sessions": sessions, "bfd": bfd}, [peer]) is watched


def test_a_node_is_read_until_bfd_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([[], [{**FAST, "timeout_ms": 3000}], [FAST]])
    asked = []

    def read(_runner: object, _command: object, _path: object, prefixes: object) -> dict[str, t.Any]:
        asked.append(prefixes)
        return {"sessions": UP, "bfd": next(seen)}

    monkeypatch.setattr(bird, "read", read)
    monkeypatch.setattr(collect.time, "sleep", lambda _seconds: None)
    expected = {"peers": [PEER], "prefixes": PREFIXES, "routing_provider": "bird"}
    assert collect._routing(expected, {}, math.inf)["bfd"] == [FAST]
    assert asked == [{"ipv4": ["199.7.82.0/23", "199.7.83.0/24"]}] * 3


def _speaking(sent: int, meant: int) -> dict[str, t.Any]:
    """A routing daemon that has sent so many of the routes that it means to."""
    channels = [{"family": "ipv4", "routes": {"exported": sent}}, {"family": "ipv6"}]
    exports = {"host": [{"to": f"199.7.{number}.0/24"} for number in range(meant)]}
    return {"sessions": [{**UP[0], "name": "host", "channels": channels}], "bfd": [], "exports": exports}


@pytest.mark.parametrize(("sent", "meant", "all_sent"), [(1, 1, True), (0, 0, True), (0, 1, False), (2, 1, False)])
def test_whether_all_that_is_meant_for_a_peer_is_sent(sent: int, meant: int, all_sent: bool) -> None:
    assert collect._sent(_speaking(sent, meant), [PEER]) is all_sent
    assert collect._sent(_speaking(sent, meant), [{"address": "192.0.2.9"}])


def test_a_node_is_read_until_all_that_is_meant_for_its_peers_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([_speaking(0, 2), _speaking(1, 2), _speaking(2, 2)])
    monkeypatch.setattr(bird, "read", lambda *_arguments: next(seen))
    monkeypatch.setattr(collect.time, "sleep", lambda _seconds: None)
    expected = {"peers": [{**PEER, "bfd": None}], "prefixes": PREFIXES, "routing_provider": "bird"}
    assert collect._routing(expected, {}, math.inf) == _speaking(2, 2)


def test_a_node_that_stays_slow_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bird, "read", lambda *_arguments: {"sessions": [], "bfd": []})
    assert collect._routing({"peers": [PEER], "prefixes": PREFIXES, "routing_provider": "bird"}, {}, 0) == {
        "sessions": [],
        "bfd": [],
    }


def test_the_uplinks_ports_are_looked_at_before_and_after_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def told(name: str) -> t.Callable[..., dict[str, t.Any]]:
        return lambda *_arguments: done.append(name) or {"of": name}

    for module, name in ((hardware, "look"), (hardware, "read"), (hardware, "links"), (host, "read"), (system, "read")):
        monkeypatch.setattr(module, name, told(f"{module.__name__.rpartition('.')[2]}.{name}"))
    monkeypatch.setattr(collect, "_routing", told("routing"))
    monkeypatch.setattr(state, "manifests", told("bundles"))
    given = {"node_name": "x", "prefixes": {}, "nameserver_provider": "", "routing_provider": "bird"}
    found = collect.node("dark", {**given, "hardware": {"uplink": "eno1", "ports": ["eno1"]}}, [])
    assert found["hardware"] == {"of": "hardware.read", "links": {"of": "hardware.links"}}
    assert (done[0], done[-1], len(done)) == ("hardware.look", "hardware.links", 7)


def test_the_daemon_is_asked_what_it_would_take_of_its_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    host = {**UP[0], "name": "host", "channels": [{"family": "ipv4", "filters": {"input": "host_in"}}]}
    gate = {**host, "name": "gate", "neighbor": "127.0.0.2"}
    monkeypatch.setattr(bird, "read", lambda *_arguments: {"sessions": [host, gate], "bfd": []})
    monkeypatch.setattr(collect.host, "run", lambda _words: {"rc": 0, "stdout": "BIRD 2.17.6 ready.\nTRUE\n"})
    expected = {"peers": [PEER], "prefixes": PREFIXES, "routing_provider": "bird"}
    seen = collect._routing(expected, {}, 0, examples={"ipv4": ["10.0.0.0/8"], "ipv6": ["::/0"]})
    assert seen["takes"] == {"host": {"10.0.0.0/8": True}}, "the gate is no peer"


def test_a_routing_daemon_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="routing: there is no 'quagga'; known are bird, frr"):
        collect._routing({"routing_provider": "quagga"}, {}, 0)


ROUTES = ["199.7.82.0/23", "199.7.83.0/24"]
FIRST = {"local_address": "192.0.2.2", "address": "192.0.2.1", "family": "ipv4", "mark": "20144:0:1"}
SECOND = {**FIRST, "address": "192.0.2.3", "mark": "20144:0:2"}
"""With another router on the same link."""


def _router(state: str, *prefixes: str) -> dict[str, t.Any]:
    return {
        "sessions": {"192.0.2.2": {"state": state, "address": "192.0.2.1" if state == "Established" else ""}},
        "routes": {"192.0.2.2": [{"to": prefix} for prefix in prefixes]},
    }


@pytest.mark.parametrize(
    "early",
    [_router("Active"), _router("Established"), _router("Established", ROUTES[0])],
    ids=["no session", "no routes", "one of two"],
)
def test_the_hosts_router_is_read_until_it_has_what_is_announced(
    monkeypatch: pytest.MonkeyPatch, early: dict[str, t.Any]
) -> None:
    late = _router("Established", *ROUTES)
    seen = iter([early, late])
    monkeypatch.setattr(host_router, "received", lambda *_arguments: next(seen))
    monkeypatch.setattr(collect.time, "sleep", lambda _seconds: None)
    expected = {"node_name": "x", "peers": [FIRST]}
    assert collect.router("live", expected, {"ipv4": ROUTES}, patience=math.inf)["host_router"] == late


@pytest.mark.parametrize("seen", [_router("Established", "198.51.100.0/24"), {"error": "vtysh failed"}])
def test_what_does_not_come_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch, seen: dict[str, t.Any]) -> None:
    monkeypatch.setattr(host_router, "received", lambda *_arguments: seen)
    expected = {"node_name": "x", "peers": [FIRST]}
    assert collect.router("dark", expected, {}, patience=-1)["host_router"] == seen


@pytest.mark.parametrize(
    ("certified", "seen", "enough"),
    [
        ([], _router("Established"), True),
        ([], _router("Active"), False),
        (["20144:0:1"], _router("Established", *ROUTES), True),
        (["20144:0:1"], _router("Established"), False),
        (["20144:0:2"], _router("Established"), True),
        (["20144:0:2"], _router("Established", *ROUTES), False),
        (["20144:0:1", "20144:0:2"], _router("Active"), False),
    ],
    ids=["dark", "dark and not there", "certified", "on the way", "the other is", "too much", "both, not there"],
)
def test_a_router_is_waited_for_as_far_as_its_session_is_certified(
    certified: list[str], seen: dict[str, t.Any], enough: bool
) -> None:
    announced = {"ipv4": ROUTES} if certified else {}
    assert collect._received(seen, [FIRST, SECOND], announced, certified) is enough


def test_only_certified_sessions_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    up = {"sessions": [{"neighbor": "192.0.2.1", "bgp_state": "Established"}], "bfd": []}
    later = {**up, "sessions": [*up["sessions"], {"neighbor": "192.0.2.3", "bgp_state": "Established"}]}
    expected = {"peers": [FIRST, SECOND], "prefixes": PREFIXES, "routing_provider": "bird"}
    monkeypatch.setattr(collect.time, "sleep", lambda _seconds: None)
    for certified, due in (([FIRST["mark"]], up), ([FIRST["mark"], SECOND["mark"]], later), ([], later)):
        seen = iter([up, later])
        monkeypatch.setattr(bird, "read", lambda *_arguments, seen=seen: next(seen))
        assert collect._routing(expected, {}, math.inf, certified) == due


NODE, OTHER = "xlb01.l.root-servers.org", "other.l.root-servers.org"


def _exchange(nsid: str = "", *, asked: bool = True, answered: bool = True) -> dict[str, t.Any]:
    """One, answered by the instance of that name."""
    query = dns.message.make_query(".", "SOA", use_edns=0, options=[dns.edns.NSIDOption(b"")])
    answer = dns.message.make_response(query)
    answer.use_edns(0, options=[dns.edns.NSIDOption(nsid.encode())] if nsid else [])
    wire = base64.b64encode(answer.to_wire()).decode()
    return {"query": {"nsid": asked}, "answer": wire if answered else None}


@pytest.mark.parametrize(
    ("exchanges", "reached"),
    [
        ([_exchange(NODE), _exchange(asked=False)], True),
        ([_exchange(NODE), _exchange(asked=False, answered=False)], False),  # lost on the way
        ([_exchange(NODE), {"query": {"optional": True}, "answer": None}], True),  # nobody waits for that
        ([_exchange(NODE), _exchange(OTHER)], False),  # the route is not there yet
        ([_exchange("")], False),
        ([{"query": {"nsid": True}, "answer": base64.b64encode(b"no message").decode()}], False),
    ],
    ids=["all by the node", "a lost packet", "an optional one", "another instance", "no name", "no message"],
)
def test_whether_the_vantage_reaches_the_node(exchanges: list[dict[str, t.Any]], reached: bool) -> None:
    assert collect._reached(exchanges, [NODE]) is reached


SIBLING = "xlb02.l.root-servers.org"


@pytest.mark.parametrize("own", [2, 64])
def test_a_question_that_a_sibling_of_the_cluster_got_is_asked_from_ever_new_ports(
    monkeypatch: pytest.MonkeyPatch, own: int
) -> None:
    """Until the node itself answers, or long enough to know that its routers send it nothing."""
    asked: list[list[t.Any]] = []

    def ask_all(questions: list[t.Any], **how: t.Any) -> list[dict[str, t.Any]]:
        assert how["per_second"] == collect.VANTAGE_RATE
        asked.append(list(questions))
        return [_exchange(NODE if each == "mine" or len(asked) > own else SIBLING) for each in questions]

    monkeypatch.setattr(query, "ask_all", ask_all)
    expected = {"node_name": NODE, "siblings": [SIBLING]}
    seen = collect.vantage("live", expected, t.cast("list[query.Question]", ["mine", "lost", "mine"]), patience=0)
    assert asked == [["mine", "lost", "mine"], *[["lost"]] * own]
    assert seen["tries"] == 1
    assert [query.answered_by(each) for each in seen["exchanges"]] == [NODE] * 3


def test_a_node_that_its_routers_send_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[_exchange(SIBLING)]] * (collect.SPREAD + 1))
    monkeypatch.setattr(query, "ask_all", lambda *_questions, **_how: list(next(answers)))
    seen = collect.vantage("live", {"node_name": NODE, "siblings": [SIBLING]}, [{"name": "."}], patience=0)
    assert not list(answers)
    assert query.answered_by(seen["exchanges"][0]) == SIBLING


def test_for_a_router_any_node_of_the_cluster_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[_exchange(OTHER)], [_exchange(SIBLING)]])
    monkeypatch.setattr(query, "ask_all", lambda *_questions, **_how: list(next(answers)))
    monkeypatch.setattr(collect.time, "sleep", lambda _seconds: None)
    router = {"node_name": "xlb-r1.l.root-servers.org", "function": "router", "siblings": [NODE, SIBLING]}
    seen = collect.vantage("live", router, [{"name": "."}], patience=math.inf)
    assert (query.answered_by(seen["exchanges"][0]), seen["tries"]) == (SIBLING, 2)


def test_another_instance_is_no_sibling(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[_exchange(OTHER)]])
    monkeypatch.setattr(query, "ask_all", lambda *_questions, **_how: list(next(answers)))
    seen = collect.vantage("live", {"node_name": NODE, "siblings": [SIBLING]}, [{"name": "."}], patience=0)
    assert query.answered_by(seen["exchanges"][0]) == OTHER
    assert not list(answers)


@pytest.mark.parametrize(("text", "name"), [('"xlb02.l.root-servers.org"', SIBLING), (None, None)])
def test_who_answered_a_question_of_class_ch(text: str | None, name: str | None) -> None:
    asked = dns.message.make_query("hostname.bind.", "TXT", "CH")
    answer = dns.message.make_response(asked)
    if text:
        answer.answer = [dns.rrset.from_text("hostname.bind.", 0, "CH", "TXT", text)]
    wire = base64.b64encode(answer.to_wire()).decode()
    assert query.answered_by({"query": {"rdclass": "CH"}, "answer": wire}) == name


@pytest.mark.parametrize(("patience", "tries"), [(math.inf, 3), (0, 1)])
def test_the_vantage_asks_until_the_route_is_there(
    monkeypatch: pytest.MonkeyPatch, patience: float, tries: int
) -> None:
    answers = iter([[_exchange(OTHER)], [_exchange(NODE, answered=False)], [_exchange(NODE)]])
    monkeypatch.setattr(query, "ask_all", lambda *_questions, **_how: next(answers))
    monkeypatch.setattr(collect.time, "sleep", lambda _seconds: None)
    assert collect.vantage("live", {"node_name": NODE}, [], patience=patience)["tries"] == tries
