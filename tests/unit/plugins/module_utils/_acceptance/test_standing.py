# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer's problem is that peer's: which sessions are certified, which wait, and what fails the node whoever waits."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    report_json,
    report_markdown,
    standing,
    table,
)
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.evidence import Evidence
from recordings import CHECKS, Document, Scene, Spoil, sessions

SECOND = "as64501_ipv4_1"
QUICK = {"catalog": [CHECKS[ident] for ident in CHECKS if ident.startswith("BG") or ident == "PR-02"]}
"""The rest is not about sessions, and takes a second."""
BGP = [ident for ident in sorted(CHECKS) if ident.startswith("BG") or ident == "PR-02"]


def scene_of(case: str, name: str, *, certified: bool, stage: str = "live") -> Scene:
    """A node of which one session is not certified; then it exports nothing there, and at stage dark nowhere."""
    scene = sessions(case)
    dark = Scene("knot", "dark")
    if stage == "dark":
        bird, frr = scene.routing, scene.scope("router")["host_router"]
        for session in bird["sessions"]:
            silence(scene, session["name"])
        frr["routes"] = {address: [] for address in frr["routes"]}
        dark.expected["peers"] = scene.expected["peers"]
        dark.scope("node")["routing"], dark.scope("router")["host_router"] = bird, frr
        dark.machine["sockets"] = scene.machine["sockets"]
        scene = dark
    if not certified:
        scene.uncertified.add(name)
        silence(scene, name)
    return scene


def session_of(scene: Scene, name: str) -> Document:
    """What BIRD says of it."""
    return t.cast("Document", next(s for s in scene.routing["sessions"] if s["name"] == name))


def silence(scene: Scene, name: str) -> None:
    """Nothing goes out over it."""
    scene.routing["exports"][name] = []
    for channel in session_of(scene, name)["channels"]:
        channel["routes"]["exported"] = 0


def down(scene: Scene, name: str, state: str = "Active", why: str = "Socket: No route to host") -> None:
    """As BIRD 2.17 shows a session whose router does not answer: no source, no timers, nothing negotiated."""
    session = session_of(scene, name)
    for key in ("source", "hold_time", "keepalive_time"):
        session.pop(key, None)
    session.update(bgp_state=state, state="start", last_error=why, restarts=[])
    for channel in session["channels"]:
        channel["state"] = "DOWN"
        channel["routes"] = {}
    scene.routing["imports"][name] = []
    scene.routing["bfd"] = [bfd for bfd in scene.routing["bfd"] if bfd["address"] != session["neighbor"]]


def placed(scene: Scene) -> dict[str, tuple[str, str]]:
    evidence = Evidence.gather(scene.documents, scene.sheet, scene.stage, scene.certified)
    return {each.peer.name: (each.standing.value, each.why) for each in standing.all_of(evidence, scene.sheet)}


def _bfd(**values: t.Any) -> Spoil:
    return lambda scene: next(bfd for bfd in scene.routing["bfd"] if bfd["address"] == "192.0.2.1").update(values)


def _no_bfd(scene: Scene) -> None:
    scene.routing["bfd"] = [bfd for bfd in scene.routing["bfd"] if bfd["address"] != "192.0.2.1"]


ABSENT: list[tuple[str, str, str, Spoil, str]] = [
    ("no route", "options", SECOND, lambda scene: down(scene, SECOND), "Active (Socket: No route to host)"),
    ("just starting", "options", SECOND, lambda scene: down(scene, SECOND, "Connect", ""), "Connect"),
    ("another AS", "options", SECOND, lambda scene: down(scene, SECOND, "Idle", "Bad peer AS"), "Idle (Bad peer AS)"),
    (
        "another family",
        "bfd",
        "as64500_ipv4_1",
        lambda s: s.session["channels"][0].update(state="DOWN"),
        "the ipv4 channel",
    ),
    (
        "no channel",
        "bfd",
        "as64500_ipv4_1",
        lambda scene: scene.session["channels"].clear(),
        "the ipv4 channel is not up",
    ),
    ("no BFD", "bfd", "as64500_ipv4_1", _no_bfd, "BFD is not running"),
    ("BFD down", "bfd", "as64500_ipv4_1", _bfd(state="Down"), "BFD is Down"),
    ("BFD too slow", "bfd", "as64500_ipv4_1", _bfd(timeout_ms=3000), "BFD notices after 3000 ms, within 900 ms"),
]
"""What a peer alone can bring about, for itself."""


@pytest.mark.parametrize(("case", "name", "spoil", "why"), [row[1:] for row in ABSENT], ids=[row[0] for row in ABSENT])
@pytest.mark.parametrize("certified", [False, True])
def test_who_is_not_there_waits_unless_it_was_certified(
    case: str, name: str, spoil: Spoil, why: str, certified: bool
) -> None:
    scene = sessions(case)
    if not certified:
        scene.uncertified.add(name)
    assert placed(scene)[name] == ("certified" if certified else "ready", "")
    spoil(scene)
    found = placed(scene)
    assert found[name][0] == ("certified" if certified else "waiting")
    assert why in found[name][1]
    assert {each for other, each in found.items() if other != name} == {("certified", "")}


@pytest.mark.parametrize("stage", ["dark", "live"])
def test_who_waits_keeps_nobody_else_from_serving(stage: str) -> None:
    scene = scene_of("options", SECOND, certified=False, stage=stage)
    down(scene, SECOND)
    report = scene.report(**QUICK)
    assert report.reasons == ()
    result = next(result for result in report.results if result.id == "BG-20")
    assert (result.status, result.severity) == ("fail", "W")
    assert result.message == (
        f"{SECOND} with 198.51.100.9 (AS64501) is degraded: Active (Socket: No route to host); it gets nothing: "
        "run icann.imrs.accept when its router is there"
    )
    assert SECOND not in report.ready


@pytest.mark.parametrize("ident", [ident for ident in BGP if ident != "BG-20"])
def test_a_certified_session_that_goes_down_fails_as_ever(ident: str) -> None:
    scene = scene_of("options", SECOND, certified=True)
    down(scene, SECOND)
    due = {"BG-01", "BG-02", "BG-03", "BG-11", "BG-12", "BG-13", "BG-14"}
    silence(scene, SECOND)
    assert (scene.judge(ident).status.value == "fail") is (ident in due)
    assert scene.report(**QUICK).harmful == ()


@pytest.mark.parametrize("ident", BGP)
def test_where_nobody_is_there_nothing_is_certified(ident: str) -> None:
    scene = scene_of("options", SECOND, certified=False, stage="dark")
    for peer in scene.expected["peers"]:
        scene.uncertified.add(peer["name"])
        down(scene, peer["name"])
    due = {"BG-01", "BG-12", "BG-13", "BG-14", "BG-20"}
    status, said = scene.judge(ident)
    assert (status.value == "fail") is (ident in due), said
    if ident == "BG-01":
        assert "as64500_ipv4_1: Active (Socket: No route to host)" in said
    assert not scene.report(**QUICK).ready


@pytest.mark.parametrize("stage", ["drained", "live"])
def test_above_dark_one_session_at_least_is_certified(stage: str) -> None:
    scene = Scene("knot", stage)
    scene.uncertified |= {peer["name"] for peer in scene.expected["peers"]}
    assert scene.judge("BG-01") == ("fail", "no session is certified, so nothing is announced")
    assert "BG-05" in scene.report(**QUICK).harmful, "what goes out although none is certified is a leak"


WRONG: list[tuple[str, str, Spoil]] = [
    ("BG-01", "our own AS", lambda scene: session_of(scene, SECOND).update(local_as=64512)),
    ("BG-01", "our own source", lambda scene: session_of(scene, SECOND).update(source="198.51.100.11")),
    ("BG-01", "not configured", lambda s: s.routing["sessions"].remove(session_of(s, SECOND))),
    ("BG-06", "no filter", lambda s: session_of(s, SECOND)["channels"][0]["filters"].pop("output")),
    ("BG-06", "no filter, down", lambda s: (down(s, SECOND), session_of(s, SECOND)["channels"][0]["filters"].clear())),
    ("BG-07", "ours came in", lambda scene: scene.routing["imports"][SECOND].append({"to": "199.7.83.0/24"})),
    ("BG-10", "another multihop", lambda scene: scene.routing["options"][SECOND].update(multihop=64)),
    ("BG-10", "likewise, down", lambda s: (down(s, SECOND), s.routing["options"][SECOND].update(multihop=64))),
    ("BG-11", "a password", lambda scene: scene.routing["options"][SECOND].update(authentication=True)),
    ("BG-11", "likewise, down", lambda s: (down(s, SECOND), s.routing["options"][SECOND].update(authentication=True))),
    ("BG-12", "too slow a keepalive", lambda scene: session_of(scene, SECOND).update(keepalive_time=4)),
    ("BG-13", "graceful restart", lambda scene: session_of(scene, SECOND).update(restarts=["Graceful restart"])),
]
"""What our own files are to blame for, whoever waits."""


@pytest.mark.parametrize(("ident", "spoil"), [(row[0], row[2]) for row in WRONG], ids=[f"{r[0]}-{r[1]}" for r in WRONG])
@pytest.mark.parametrize("stage", ["dark", "live"])
def test_what_is_our_own_fault_fails_the_node(ident: str, spoil: Spoil, stage: str) -> None:
    scene = scene_of("options", SECOND, certified=False, stage=stage)
    assert scene.judge(ident).status.value == "pass"
    spoil(scene)
    assert scene.judge(ident).status.value == "fail"
    assert not scene.report(**QUICK).certifiable


def test_a_session_that_is_not_certified_and_announces_is_harm() -> None:
    """Before acceptance has judged it, nothing goes out: else the mark does not work."""
    scene = sessions("options")
    scene.uncertified.add(SECOND)
    for ident in ("BG-02", "BG-03", "BG-05"):
        status, said = scene.judge(ident)
        assert (status.value, SECOND in said) == ("fail", True)
    assert scene.report(**QUICK).harmful == ("BG-05",)
    silence(scene, SECOND)
    assert scene.report(**QUICK).harmful == ()


def test_the_hosts_router_holds_nothing_of_a_session_that_is_not_certified() -> None:
    scene = scene_of("options", "as64500_ipv4_1", certified=False)
    for ident in ("BG-03", "PR-02"):
        assert scene.judge(ident).status.value == "fail"
    scene.scope("router")["host_router"]["routes"]["192.0.2.2"].clear()
    assert scene.judge("BG-03").status.value == "pass"
    assert scene.judge("PR-02") == ("pass", "every prefix accepted over 1 of 4 sessions")
    scene.uncertified.add("as64500_ipv6_1")
    scene.scope("router")["host_router"]["routes"]["2001:db8::2"].clear()
    assert scene.judge("PR-02").status.value == "skipped", "what was read proves nothing of those that are certified"


def test_a_router_that_is_down_is_not_taken_for_another_of_its_as() -> None:
    """Two routers of one host, on one link: the one that can be read is not there yet, and the other one serves."""
    scene = sessions("options")
    first = next(peer for peer in scene.expected["peers"] if peer["name"] == "as64500_ipv4_1")
    second = {**first, "name": "as64500_ipv4_2", "mark": "as64500_ipv4_2", "address": "192.0.2.3"}
    scene.expected["peers"].append(second)
    found = session_of(scene, first["name"])
    scene.routing["sessions"].append({**json.loads(json.dumps(found)), "name": second["name"], "neighbor": "192.0.2.3"})
    for kind in ("exports", "imports", "options"):
        scene.routing[kind][second["name"]] = scene.routing[kind][first["name"]]
    scene.uncertified.add(first["name"])
    down(scene, first["name"])
    silence(scene, first["name"])
    router = scene.scope("router")["host_router"]
    router["sessions"]["192.0.2.2"].update(address="", state="Active")
    router["routes"]["192.0.2.2"].clear()
    assert scene.judge("PR-02") == ("pass", "every prefix accepted over 1 of 5 sessions")


def test_reports_say_where_each_session_stands() -> None:
    scene = scene_of("options", SECOND, certified=False)
    down(scene, SECOND)
    scene.uncertified.add("as64501_ipv6_1")
    silence(scene, "as64501_ipv6_1")
    report = scene.report(**QUICK)
    assert report.ready == ("20144:6:4294967295",)
    said = {each["name"]: each for each in json.loads(report_json.render(report))["sessions"]}
    assert said[SECOND] == {
        "name": SECOND,
        "address": "198.51.100.9",
        "mark": "20144:4:4294967295",
        "standing": "waiting",
        "why": "Active (Socket: No route to host)",
    }
    assert {name: each["standing"] for name, each in said.items()} == {
        "as64500_ipv4_1": "certified",
        "as64500_ipv6_1": "certified",
        SECOND: "waiting",
        "as64501_ipv6_1": "ready",
    }
    text = table.render(report)
    assert f"\nsession {SECOND} with 198.51.100.9 (AS64501) is degraded: Active" in text
    assert "\nsession as64500_ipv4_1 with 192.0.2.1 (AS64500) is certified\n" in text
    assert "| as64501\\_ipv4\\_1 | 198.51.100.9 | degraded; nothing is announced over it" in report_markdown.render(
        report
    )


def test_without_a_word_of_the_routing_daemon_nobody_stands_anywhere() -> None:
    scene = Scene()
    scene.scope("node")["routing"] = {"error": "no"}
    report = scene.report(**QUICK)
    assert (report.sessions, report.ready) == ((), ())
