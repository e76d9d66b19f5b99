# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not asked, not read or not finished is an error; and rules that depend on stage or sheet."""

from __future__ import annotations

import typing as t

import pytest
from recordings import CHECKS, Scene

OF_THE_NODE = [ident for ident, each in CHECKS.items() if "node" in each.scopes]
SENTENCE = "routing of the node could not be read: vtysh failed"


@pytest.mark.parametrize("ident", ["DN-01", "DN-03", "DN-17", "DN-33", "DN-34", "ZI-06", "ZI-08"])
def test_what_was_not_asked_is_an_error(ident: str) -> None:
    scene = Scene()
    scene.scope("node")["exchanges"].clear()
    status, said = scene.judge(ident)
    assert status.value == "error"
    assert "not asked for" in said


def test_one_missing_exchange_is_an_error() -> None:
    scene = Scene()
    exchanges = scene.scope("node")["exchanges"]
    exchanges.remove(scene.exchange("soa", server="2001:500:3::42", transport="tcp"))
    assert scene.judge("DN-26") == ("error", "2001:500:3::42 tcp: not asked for soa")


@pytest.mark.parametrize("ident", ["DN-42", "DN-44", "DN-45", "DN-46", "DN-47", "DN-48", "DN-51"])
def test_what_was_not_tried_is_an_error(ident: str) -> None:
    scene = Scene()
    scene.scope("node").update(streams=[], datagrams=[])
    assert scene.judge(ident).status.value == "error"
    del scene.scope("node")["streams"], scene.scope("node")["datagrams"]
    assert scene.judge(ident).status.value == "error"


def test_what_a_vantage_did_not_ask_for_is_an_error() -> None:
    scene = Scene()
    rows = scene.scope("vantage")["whole"]
    scene.scope("vantage")["whole"] = rows[1:]
    assert scene.judge("PR-04") == ("error", "199.7.83.42 tcp: not asked for long answers")
    scene.expected["siblings"] = ["xlb02.l.root-servers.org"]
    scene.scope("vantage")["whole"] = [{**row, "by": "xlb02.l.root-servers.org"} for row in rows]
    said = "199.7.83.42 tcp: answered by xlb02.l.root-servers.org, however often asked"
    assert scene.judge("PR-04") == ("error", said)


@pytest.mark.parametrize(
    ("scope", "values", "said"),
    [
        ("node", {"error": "permissionerror"}, "199.7.83.42 udp: permissionerror"),
        ("node", {"plain": False}, "not answered, so it proves nothing"),
        ("node", {"intact": False}, "not answered, so it proves nothing"),
        ("node", {"server": "192.0.2.9"}, "199.7.83.42 udp: no question with a checksum of our own was asked"),
    ],
)
def test_checksums_that_nobody_could_try_are_an_error(scope: str, values: dict[str, t.Any], said: str) -> None:
    scene = Scene()
    first, *rest = scene.scope(scope)["checksums"]
    scene.scope(scope)["checksums"] = [{**first, **values}, *rest]
    status, words = scene.judge("DN-49")
    assert (status.value, said in words) == ("error", True), words


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (
            {"checksum": None, "total": None, "ready": None, "error": "permissionerror"},
            "the vantage may not see packets",
        ),
        ({"checksum": None, "error": "timeout"}, "the vantage saw none of 199.7.83.42 (timeout)"),
        ({"ready": False, "total": 1}, "they were on no wire"),
    ],
)
def test_a_vantage_that_cannot_look_at_checksums_is_no_fault_of_the_node(values: dict[str, t.Any], why: str) -> None:
    scene = Scene()
    scene.scope("vantage")["checksums"] = [{**row, **values} for row in scene.scope("vantage")["checksums"]]
    assert scene.judge("DN-49") == ("pass", f"a wrong one is dropped; answers not looked at: {why}")


def test_an_idle_connection_whose_time_is_not_known_is_an_error_until_it_is_closed() -> None:
    scene = Scene()
    for row in scene.scope("node")["streams"]:
        row.update(configured=None)
    status, said = scene.judge("DN-46")
    assert (status.value, "still open after" in said) == ("error", True)
    for row in scene.scope("node")["streams"]:
        row.update(closed=True)
    assert scene.judge("DN-46").status.value == "pass"


@pytest.mark.parametrize(("ident", "section"), [("DN-46", "streams"), ("DN-51", "datagrams")])
def test_what_is_lost_is_an_error(ident: str, section: str) -> None:
    scene = Scene()
    for row in scene.scope("node")[section]:
        row.update({"error": "timeout", "then": "timeout", "from": []})
    status, said = scene.judge(ident)
    assert (status.value, "timeout" in said) == ("error", True)


@pytest.mark.parametrize("ident", sorted(i for i in OF_THE_NODE if i.startswith("BG")))
def test_a_daemon_that_cannot_be_read_is_an_error(ident: str) -> None:
    scene = Scene()
    scene.scope("node")["routing"] = {"error": "Unable to connect to server control socket"}
    assert scene.judge(ident).status.value == "error"


def test_garbage_is_not_an_answer() -> None:
    scene = Scene()
    scene.exchange("soa")["answer"] = "AAAA"
    assert "not an answer to this question" in scene.judge("DN-01").message


@pytest.mark.parametrize(("rc", "line"), [(None, "no zone"), (124, "no end after 60 s"), (127, "no such command")])
def test_a_verifier_that_did_not_finish_is_an_error(rc: int | None, line: str) -> None:
    scene = Scene()
    scene.scope("node")["zones"]["verified"]["."] = {"rc": rc, "output": [line]}
    status, said = scene.judge("ZI-04")
    assert status.value == "error"
    assert line in said


def test_a_container_has_no_clock_of_its_own() -> None:
    assert Scene().judge("TM-01").status.value == "skipped"


def test_drained_is_not_live() -> None:
    scene = Scene("knot", "drained")
    scene.exports.append({**scene.exports[0], "to": "199.7.83.0/24"})
    assert scene.judge("BG-02").status.value == "fail"


def test_dark_exports_nothing() -> None:
    scene, live = Scene("knot", "dark"), Scene("knot", "live")
    scene.routing["exports"] = live.routing["exports"]
    assert "exports 199.7.82.0/23, 199.7.83.0/24, not nothing" in scene.judge("BG-02").message


def test_multihop_takes_the_place_of_ttl_security() -> None:
    scene = Scene()
    scene.expected["peers"][0]["multihop"] = 2
    assert "multihop off, 2 in the sheet" in scene.judge("BG-10").message
    scene.routing["options"][scene.session["name"]]["multihop"] = 2
    assert scene.judge("BG-10").status.value == "pass"


def test_routes_that_could_not_be_read_are_an_error() -> None:
    scene = Scene()
    scene.machine["routes"] = None
    assert scene.judge("AR-03") == ("error", "the kernel's routes could not be read")


def test_a_routing_daemon_that_cannot_be_read_is_told_of_once() -> None:
    scene = Scene()
    scene.scope("node")["routing"] = {"error": "vtysh failed"}
    bgp = [ident for ident in OF_THE_NODE if ident.startswith("BG")]
    assert {scene.judge(ident) for ident in bgp} == {("error", SENTENCE)}
    report = scene.report()
    fatal = sorted(ident for ident in bgp if CHECKS[ident].severity == "F")
    assert report.reasons == (f"{', '.join(fatal)} could not be judged: {SENTENCE}",)
    assert not report.certifiable


@pytest.mark.parametrize("ident", ["ZI-06", "ZI-07", "ZI-08"])
def test_an_address_that_is_silent_says_nothing_of_what_the_others_answer(ident: str) -> None:
    """Else a lost address would look like broken signatures and wrong timers."""
    scene = Scene()
    for exchange in scene.scope("node")["exchanges"]:
        if exchange["server"] == "2001:500:3::42":
            exchange["answer"] = None
    assert scene.judge(ident).status.value == "pass"
    assert {scene.judge(each).status.value for each in ("DN-01", "ZI-16")} == {"fail"}
    for name in ("node", "vantage"):
        for exchange in scene.scope(name)["exchanges"]:
            exchange["answer"] = None
    assert scene.judge(ident) == ("error", "no question was answered")
