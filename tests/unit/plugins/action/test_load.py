# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.load up to the first question: a node in service is refused by its own gate's word."""

from __future__ import annotations

import json
import os
import pathlib
import re
import sys
import types
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.action import load
from load_cases import status

HERE = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
LIVE = status(mode={"ipv4": "live", "ipv6": "drained"}, intent={"mode": "live"})


@pytest.fixture
def run(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> t.Callable[..., t.Any]:
    """This machine as the node, with a gate that says this. In check mode, so that nobody takes it."""

    def run(said: t.Any, *options: str, **variables: t.Any) -> t.Any:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "imrs").write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n")
        (folder / "imrs").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        fleet.write({"xaa01": make_node("xaa01", **HERE, **variables)})
        done = fleet.run("load", "--check", *options)
        done.said = " ".join((done.stdout + done.stderr).split())
        return done

    return run


def test_in_check_mode_the_gate_is_asked_and_nothing_else(run: t.Callable[..., t.Any]) -> None:
    done = run(json.dumps(status()), "--limit", "xaa01")
    assert done.returncode == 0, done.said
    assert re.findall(r"(DN-\d\d) skipped: check mode: nothing was asked", done.said) == ["DN-52", "DN-55", "DN-56"]
    assert "changed=0" in done.said


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (
            json.dumps(LIVE),
            "xaa01: it announces specific prefixes (ipv4 live), and a load would hurt those who ask it; drain it first",
        ),
        ("imrs: no gate", "xaa01: its gate does not answer (0); see that imrs-gate runs"),
    ],
)
def test_a_node_in_service_is_refused_and_so_is_one_whose_gate_is_silent(
    run: t.Callable[..., t.Any], gate: str, said: str
) -> None:
    done = run(gate, "--limit", "xaa01")
    assert done.returncode == 2, done.said
    assert said in done.said
    assert "DN-5" not in done.said


def test_a_whole_fleet_is_refused(run: t.Callable[..., t.Any]) -> None:
    done = run(json.dumps(status()))
    assert done.returncode == 2
    assert "say which node is meant, with --limit" in done.said


@pytest.mark.parametrize(
    "bound", ["imrs_load_rate=-1", "imrs_load_seconds=31", "imrs_load_seconds=0", "imrs_load_most=0"]
)
def test_bounds_are_bounded(run: t.Callable[..., t.Any], bound: str) -> None:
    done = run(json.dumps(status()), "--limit", "xaa01", "-e", bound)
    assert done.returncode == 2
    assert "rate is no less than 0, and seconds are 1 to 30" in done.said


def test_a_router_has_nothing_to_load(run: t.Callable[..., t.Any]) -> None:
    done = run("", "--limit", "xaa01", imrs_nameserver_provider="", imrs_function="router")
    assert done.returncode == 0, done.said
    assert done.said.count("skipped: a router has no nameserver") == 3


class Loaded:
    """The module, of which this much is left."""

    def __init__(self, found: dict[str, t.Any], **given: t.Any) -> None:
        expected = {"node_name": "xaa01.example.", "nameserver_provider": "knot", "routing_provider": "bird"}
        task = types.SimpleNamespace(args={"expected": expected, **given}, check_mode=False, async_val=0)
        task.get_ds = dict
        self.plugin = load.ActionModule(task, None, None, None, None, None)
        self.plugin._execute_module = lambda **_words: dict(found)

    def run(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
        monkeypatch.setattr(load.ActionBase, "run", lambda *_arguments: {})
        return t.cast("dict[str, t.Any]", self.plugin.run())


GOOD = {"results": [{"id": "DN-56", "status": "pass", "message": "all of it"}], "table": "all of it"}
BROKEN = {"failed": True, "msg": "xaa01: its gate does not answer", "asked": True}
REFUSED = {"failed": True, "msg": "xaa01: it announces specific prefixes", "asked": False}


@pytest.mark.parametrize(
    ("found", "more", "statuses"),
    [
        (GOOD, {}, {"DN-56": "pass"}),
        (GOOD, {"rate": "0", "seconds": 5, "most": 5000000}, {"DN-56": "pass"}),
        (BROKEN, {}, dict.fromkeys(("DN-52", "DN-55", "DN-56"), "error")),
        (REFUSED, {}, None),
        (GOOD, {"rate": 2000}, None),
        (BROKEN, {"seconds": "1"}, None),
    ],
)
def test_what_is_kept_of_a_load(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    found: dict[str, t.Any],
    more: dict[str, t.Any],
    statuses: dict[str, str] | None,
) -> None:
    """What broke off takes the place of an older record; what was refused, or proves less, leaves it."""
    said = Loaded(found, report_directory=str(tmp_path), **more).run(monkeypatch)
    assert said.get("failed", False) is found.get("failed", False)
    path = tmp_path / "load.json"
    kept = {each["id"]: each["status"] for each in json.loads(path.read_text())["results"]} if path.exists() else None
    assert kept == statuses
