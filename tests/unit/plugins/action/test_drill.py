# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.drill and its action plugin, without a node: what is refused, judged and written."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

NODE = {
    "expected": "{{ lookup('icann.imrs.expected') }}",
    "uplink": "{{ imrs_uplink.interface }}",
    "management": "{{ imrs_management.interface }}",
}
FULL = {"ipv4": ["199.7.82.0/23"], "ipv6": ["2001:500:9e::/47"]}
NOTHING: dict[str, list[str]] = {"ipv4": [], "ipv6": []}
CLOCK = {"asked": 10.0, "answered": 10.4, "now": 10.2}
RECORD = {"key": "gate_hung", "began": 100.0, "undone": 110.0, "back": 120.0, "note": "", "view": []}
SEEN = [[50.0, 100.0, FULL], [101.0, 110.0, NOTHING], [115.0, 130.0, FULL]]
VIEW = [[100.0, {"ipv4": "drained", "ipv6": "drained"}], [101.0, {"ipv4": "dark", "ipv6": "dark"}]]
STOPPED = {
    "records": [{**RECORD, "key": "nameserver_stopped", "view": [*VIEW, [112.0, VIEW[0][1]]]}],
    "why": "",
}
AGAIN = [[200.0 + first, 200.0 + last, state] for first, last, state in SEEN]
BOTH = {
    "performed": {
        "records": [
            {**RECORD, "key": "gate_killed"},
            {**RECORD, "began": 300.0, "undone": 310.0, "back": 320.0},
        ],
        "why": "somebody took the node",
    },
    "watched": {"seen": [*SEEN[:2], [115.0, 300.0, FULL], *AGAIN[1:]]},
}
STATUS: dict[str, t.Any] = {
    "mode": {"ipv4": "live", "ipv6": "live"},
    "certificate": {"valid": True, "expires_at": None},
    "intent": {"mode": "live"},
    "verdict": {},
    "fingerprint": "aa",
}


def drill(register: str, **given: t.Any) -> dict[str, t.Any]:
    """One question; what goes wrong is for the play to show."""
    given.setdefault("report_directory", "/proc/nowhere")
    return {"name": register, "icann.imrs.drill": {**NODE, **given}, "register": register, "ignore_errors": True}


@pytest.fixture
def asked(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> t.Callable[..., dict[str, t.Any]]:
    """What came of tasks, in a real run that contacts nobody, by the names of their variables."""

    def run(*tasks: dict[str, t.Any]) -> dict[str, t.Any]:
        fleet.write({"xaa01": make_node("xaa01")})
        found = fleet.base / "found.json"
        names = [task["register"] for task in tasks]
        text = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
        here = {"delegate_to": "localhost", "become": False, "vars": {"ansible_connection": "local"}}
        kept = {"name": "Keep", "ansible.builtin.copy": {"content": text, "dest": str(found)}, **here}
        playbook = fleet.base / "asked.yml"
        playbook.write_text(
            json.dumps([{"name": "Ask", "hosts": "all", "gather_facts": False, "tasks": [*tasks, kept]}])
        )
        done = fleet.run(str(playbook))
        assert found.exists(), done.stdout + done.stderr
        assert not fleet.called.exists()
        return t.cast("dict[str, t.Any]", json.loads(found.read_text()))

    return run


def judge(register: str, directory: pathlib.Path, **more: t.Any) -> dict[str, t.Any]:
    given = {
        "verb": "judge",
        "performed": {"records": [RECORD], "why": ""},
        "watched": {"seen": SEEN},
        "clocks": {"node": CLOCK, "router": CLOCK},
        "fingerprint": "aa",
        "report_directory": str(directory),
        "faults": ["gate_hung"],
        **more,
    }
    return drill(register, **given)


def test_the_playbook_has_no_parts(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    for options in (("--tags", "always"), ("--skip-tags", "other")):
        done = fleet.run("drill", *options)
        assert done.returncode == 2, done.stdout
        assert "Nothing is done: drills have no parts" in done.stdout
    assert not fleet.called.exists()


def test_a_node_that_cannot_be_reached_is_not_drilled(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    done = fleet.run("drill")
    assert done.returncode == 4, done.stdout
    assert "Make the faults" not in done.stdout


def test_which_nodes_are_drilled(asked: t.Callable[..., dict[str, t.Any]]) -> None:
    found = asked(
        drill("live", verb="ready", status=json.dumps(STATUS)),
        drill("without", verb="ready", status=""),
        drill("strange", verb="ready", status="{}"),
        drill("misspelt", verb="ready", status=json.dumps(STATUS), faults=["gate_melted"]),
    )
    assert found["live"]["refusal"].startswith("xaa01 is live, and drills would lose its questions")
    assert "FB-09: the gate hung" in found["live"]["plan"]
    assert found["live"]["fingerprint"] == "aa"
    assert len(found["live"]["token"]) == 32
    assert found["without"]["refusal"].startswith(
        "xaa01 has no gate, or one that gives no answer: look at it, or provision"
    )
    assert "the gate's answer is not understood" in found["strange"]["msg"]
    assert "this node has no gate_melted; there are masters_cut" in found["misspelt"]["msg"]


def test_what_came_of_it_is_on_disk(asked: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path) -> None:
    found = asked(judge("all", tmp_path / "a"), judge("part", tmp_path / "b"))["all"]
    assert found["passed"] is True
    assert [(each["id"], each["status"]) for each in found["results"]] == [("FB-09", "pass")]
    assert "withdrawn after 1.0 s, back 5.0 s after the end" in found["table"]
    assert found["attestations"] == "", "what some faults have shown is not attested"


def test_the_record_is_of_all_faults_or_none(asked: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path) -> None:
    drained = {**STATUS, "mode": {"ipv4": "drained", "ipv6": "drained"}}
    begun = drill("begun", verb="ready", status=json.dumps(drained), report_directory=str(tmp_path / "c"))
    found = asked(judge("part", tmp_path / "a"), judge("all", tmp_path / "b", faults=[], **BOTH), begun)
    assert found["begun"]["refusal"] == ""
    assert found["all"]["passed"] is False, "it broke off"
    assert {each["status"] for each in json.loads((tmp_path / "c/drill.json").read_text())["results"]} == {"error"}
    assert "check: FB-09, node: xaa01, by: icann.imrs.drill" in found["all"]["attestations"]
    assert "check: FB-02" not in found["all"]["attestations"]
    assert (found["part"]["reports"], (tmp_path / "a").exists()) == ([], False)
    written = json.loads((tmp_path / "b/drill.json").read_text())
    assert (written["node"], written["format"], written["fingerprint"]) == ("xaa01.l.root-servers.org", 1, "aa")
    statuses = {each["id"]: each["status"] for each in written["results"]}
    assert (statuses.pop("FB-09"), set(statuses.values())) == ("pass", {"skipped"})
    assert "passed: FB-09; not passed: BG-17, BG-18, FB-01" in (tmp_path / "b/drill.txt").read_text()


def test_without_a_clock_or_a_router_the_node_is_taken_at_its_word(
    asked: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path
) -> None:
    found = asked(
        judge("clockless", tmp_path, clocks={"node": CLOCK}),
        judge("unread", tmp_path, watched={"skipped": True}),
        judge("broken", tmp_path, watched={"failed": True, "msg": "no python there"}),
        judge("alone", tmp_path, watched={"skipped": True}, performed=STOPPED, faults=["nameserver_stopped"]),
        judge("blind", tmp_path, watched={"error": "busy"}, performed=STOPPED, faults=["nameserver_stopped"]),
        judge("nothing", tmp_path, performed={"failed": True, "msg": "it was killed"}),
        judge("nowhere", pathlib.Path("/proc/nowhere"), faults=[]),
    )
    tables = {name: " ".join(str(each.get("table")).split()) for name, each in found.items()}
    assert found["clockless"]["passed"] is False
    assert "the clock of the router is not known" in tables["clockless"]
    assert "the sheet names no looking_glass" in tables["unread"]
    assert "no python there" in tables["broken"]
    assert found["alone"]["passed"] is True
    assert "by what the node says alone, as the host's router was not read" in tables["alone"]
    # The sheet says that it may be read.
    assert found["blind"]["passed"] is False
    assert found["nothing"]["msg"] == "drill: nothing is known of the faults: it was killed"
    assert "give report_directory a place that can be written" in found["nowhere"]["msg"]
