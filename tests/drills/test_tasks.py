# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Few, thick tasks: how often a run that has nothing to do reaches the node, each time over a long line."""

from __future__ import annotations

import json
import pathlib
import typing as t

from imrslab import topology

if t.TYPE_CHECKING:
    import pytest
    from imrslab.drill import Drill

MOST = 4
CALLBACKS = topology.ROOT / "tests/bench/callback"


def test_a_run_without_changes_reaches_the_node_rarely(
    drill: Drill, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_CALLBACK_PLUGINS", str(CALLBACKS))
    monkeypatch.setenv("ANSIBLE_CALLBACKS_ENABLED", "imrs_reached")
    monkeypatch.setenv("IMRS_REACHED", str(tmp_path / "reached.json"))
    done = drill.play("site")
    assert done.status == 0, done.output
    assert done.changed == 0, done.output
    tasks = json.loads((tmp_path / "reached.json").read_text())
    reached = [(task["task"], task["times"]) for task in tasks if task["target"] == drill.appliance.name]
    # What is known to reach it is there: the count is not low because nothing was counted.
    assert {
        "Take the node, and see what stands there",
        "icann.imrs.acceptance : judge | Tell the gate what is due, and collect evidence on the node",
    } <= dict(reached).keys()
    assert sum(times for _, times in reached) <= MOST, reached
