# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run killed by SIGKILL at each thing it asks of the system, and at random instants: all old, or all new.

`make test-faults`; SEED=<number> repeats the random ones.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import random
import shutil
import sys
import time
import types
import typing as t

import pytest


def _load() -> types.ModuleType:
    name = "imrs_faults_harness"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, pathlib.Path(__file__).with_name("harness.py"))
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


harness = _load()
SEED = int(os.environ.get("SEED") or time.time_ns() % 1_000_000)
INSTANTS = 250


@pytest.fixture(scope="module")
def machine() -> t.Iterator[t.Any]:
    # In memory where there is a place for it: a kill is no power cut, so nothing depends on a disk.
    shared = pathlib.Path("/dev/shm")
    place = str(shared) if os.access(shared, os.W_OK) else None
    base = pathlib.Path(harness.tempfile.mkdtemp(prefix="imrs-faults-", dir=place))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PATH", "TMPDIR"):
            patch.setenv(name, os.environ.get(name, "/tmp"))  # put back afterwards
        patch.setattr(harness.tempfile, "tempdir", None)
        yield harness.Machine.build(base)
    shutil.rmtree(base)


@pytest.fixture
def chance(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> random.Random:
    with capsys.disabled():
        sys.stdout.write(f"\n{request.node.name}: SEED={SEED} ")
    return random.Random(SEED)  # noqa: S311 - to be repeated, not to be secret


def test_killed_at_every_event(machine: t.Any) -> None:
    machine.reset()
    seen = harness.events(lambda: machine.apply("new"))
    assert {"os.rename", "os.link", "os.mkdir", "os.remove", "os.chmod", "subprocess.Popen"} <= set(seen)
    for at in range(1, len(seen) + 1):
        assert harness.kill_and_put_right(machine, harness.WAYS[at % len(harness.WAYS)], at=at), at


def test_killed_at_random_instants(machine: t.Any, chance: random.Random) -> None:
    machine.reset()
    start = time.monotonic()
    assert not harness.child(lambda: machine.apply("new"))
    whole = time.monotonic() - start
    killed = 0
    while killed < INSTANTS:
        after = chance.uniform(0.0005, whole)
        killed += harness.kill_and_put_right(machine, chance.choice(harness.WAYS), chance, after=after)


def test_the_recovery_killed_at_every_event(machine: t.Any) -> None:
    def half_way() -> None:
        machine.reset()
        assert harness.child(lambda: machine.apply("new"), at=last)

    machine.reset()
    # The last command of a run is its probe: by then, all has changed.
    seen = harness.events(lambda: machine.apply("new"))
    last = max(index for index, event in enumerate(seen, 1) if event == "subprocess.Popen")
    half_way()
    for at in range(1, len(harness.events(machine.recover)) + 1):
        half_way()
        assert harness.child(machine.recover, at=at), at
        harness.put_right(machine, harness.WAYS[at % len(harness.WAYS)])
        machine.converges()


def test_a_change_to_be_confirmed_killed_at_every_event(machine: t.Any) -> None:
    """Whenever the run dies: the timer, or what comes next where none was armed, goes back to old."""
    machine.reset()
    seen = harness.events(lambda: machine.apply("new", confirmed=True))
    for at in range(1, len(seen) + 1):
        machine.reset()
        assert harness.child(lambda: machine.apply("new", confirmed=True), at=at)
        armed = machine.timers.armed()
        if armed:
            machine.recover(*armed[armed.index("--unconfirmed") :])
        else:
            machine.recover()
        assert machine.wholly() == "old", at
        machine.runs("old")
        assert machine.confirm()
        machine.converges()


def test_a_confirmation_killed_at_every_event(machine: t.Any) -> None:
    def waiting() -> None:
        machine.reset()
        assert machine.apply("new", confirmed=True).confirmed is False

    waiting()
    seen = harness.events(machine.confirm)
    for at in range(1, len(seen) + 1):
        waiting()
        assert harness.child(machine.confirm, at=at)
        refused = machine.confirm() if at % 2 else machine.recover(*machine.timers.armed()[-3:])
        assert not refused
        text = machine.wholly()
        assert text == "new" or not at % 2
        machine.runs(text)
        machine.converges()
