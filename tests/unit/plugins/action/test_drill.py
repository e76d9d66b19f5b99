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
RECORD = {"key": "gate_hung", "began": 100.0, "undone": 110.0, "back": 120.0, "note": "", "rc": 0, "view": []}
SEEN = [[50.0, 100.0, FULL], [101.0, 110.0, NOTHING], [115.0, 130.0, FULL]]
STATUS: dict[str, t.Any] = {
    "mode": {"ipv4": "live", "ipv6": "live"},
    "certificate": {"valid": True, "expires_at": None},
    "intent": {"mode": "live"},
    "verdict": {},
    "fingerprint": "aa",
}


def drill(register: str, **given: t.Any) -> dict[str, t.Any]:
    """One question; what goes wrong is for the play to show."""
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
        "performed": {"records": [RECORD]},
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
    assert found["without"]["refusal"] == "xaa01 has no gate: provision it first (icann.imrs.site)"
    assert "the gate's answer is not understood" in found["strange"]["msg"]
    assert "this node has no gate_melted; there are certificate_refused" in found["misspelt"]["msg"]


def test_what_came_of_it_is_on_disk(asked: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path) -> None:
    found = asked(judge("all", tmp_path / "a"), judge("part", tmp_path / "b"))["all"]
    assert found["passed"] is True
    assert [(each["id"], each["status"]) for each in found["results"]] == [("FB-09", "pass")]
    assert "withdrawn after 1.0 s, back 5.0 s after the end" in found["table"]
    assert "check: FB-09, node: xaa01, by: icann.imrs.drill" in found["attestations"]


def test_the_record_is_of_all_faults_or_none(asked: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path) -> None:
    found = asked(judge("part", tmp_path / "a"), judge("all", tmp_path / "b", faults=[]))
    assert (found["part"]["reports"], (tmp_path / "a").exists()) == ([], False)
    written = json.loads((tmp_path / "b/drill.json").read_text())
    assert (written["node"], written["format"], written["fingerprint"]) == ("xaa01.l.root-servers.org", 1, "aa")
    assert {each["id"]: each["status"] for each in written["results"]}["FB-09"] == "skipped"
    assert (tmp_path / "b/drill.txt").read_text().splitlines()[-1].endswith("not passed: " + ", ".join(
        each["id"] for each in written["results"]
    ))  # fmt: skip


def test_without_a_clock_or_a_router_the_node_is_taken_at_its_word(
    asked: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path
) -> None:
    found = asked(
        judge("clockless", tmp_path, clocks={"node": CLOCK}),
        judge("unread", tmp_path, watched={"skipped": True}),
        judge("broken", tmp_path, watched={"failed": True, "msg": "no python there"}),
        judge("nothing", tmp_path, performed={"failed": True, "msg": "it was killed"}),
        judge("nowhere", pathlib.Path("/proc/nowhere"), faults=[]),
    )
    tables = {name: " ".join(str(each.get("table")).split()) for name, each in found.items()}
    assert found["clockless"]["passed"] is False
    assert "the clock of the router is not known" in tables["clockless"]
    assert "the sheet names no looking_glass" in tables["unread"]
    assert "no python there" in tables["broken"]
    assert found["nothing"]["msg"] == "drill: nothing was drilled: it was killed"
    assert "give report_directory a place that can be written" in found["nowhere"]["msg"]
