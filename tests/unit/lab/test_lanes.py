# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lanes: what fails in one ends all, nothing goes on after the end, and the last line is the last lane's."""

from __future__ import annotations

import ast
import importlib.util
import pathlib
import re
import signal
import subprocess
import sys
import time
import typing as t

import pytest
from imrslab import shell

ROOT = pathlib.Path(__file__).resolve().parents[3]
_spec = importlib.util.spec_from_file_location("lanes", ROOT / "tests/lanes.py")
assert _spec
assert _spec.loader
lanes = importlib.util.module_from_spec(_spec)
sys.modules["lanes"] = lanes
_spec.loader.exec_module(lanes)

CLOSING = "===== 3 passed in 0.01s ====="
FOREVER = "setsid --fork sleep 600; echo started; sleep 600"
"""A process that has left the session and the group of what started it, and one that has not."""


def step(name: str, script: str) -> t.Any:
    return lanes.Step(name, ("sh", "-c", script))


@pytest.fixture
def run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Any:
    monkeypatch.setattr(lanes, "ROOT", tmp_path)
    monkeypatch.setattr(lanes.Step, "checkout", tmp_path)
    return lanes.Run(tmp_path / "run")


def nothing_is_left(run: t.Any) -> bool:
    return not list(run._marked())


def test_the_last_line_is_the_second_lanes_and_the_first_speaks_into_files(
    run: t.Any, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    script = f"echo '==== begin ===='; echo and so on; echo '{CLOSING}'"
    last = run.lanes(
        [[step("one", "echo quiet; echo 5 passed in 1s")]], [step("two", "echo before"), step("three", script)]
    )
    lanes.report(run, last)
    said = capfdbinary.readouterr().out.decode().splitlines()
    assert said[-1] == CLOSING
    assert said.count(CLOSING) == 1
    assert [line for line in said if line in ("before", "==== begin ====", "and so on", "quiet")] == [
        "before", "==== begin ====", "and so on",
    ]  # fmt: skip
    assert "  one: 5 passed in 1s" in said
    assert "quiet" in run.log(step("one", "")).read_text()
    assert run.failed is None
    assert [(took.lane, took.step.name) for took in sorted(run.took, key=lambda took: took.lane)] == [
        (1, "one"), (2, "two"), (2, "three"),
    ]  # fmt: skip
    kept = (run.folder / "times.md").read_text().splitlines()
    assert kept[0].startswith("| lane | part")
    at = said.index(kept[0])
    assert said[at : at + len(kept)] == kept, "what is kept is what was shown"


def test_a_failure_in_the_first_lane_ends_the_second_and_is_shown(
    run: t.Any, tmp_path: pathlib.Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    waits = f"until [ -e {tmp_path}/go ]; do sleep 0.1; done; echo this is why; exit 3"
    two = step("two", f"touch {tmp_path}/go; {FOREVER}")
    began = time.monotonic()
    last = run.lanes([[step("one", waits), step("never", "touch never")]], [two, step("nor this", "touch never")])
    lanes.report(run, last)
    assert time.monotonic() - began < 60
    assert nothing_is_left(run)
    assert (run.failed.step.name, run.failed.status) == ("one", 3)
    assert capfdbinary.readouterr().out.endswith(b"this is why\n")
    assert not (tmp_path / "never").exists()
    assert "| 1 | one | exit status 3 |" in run.times()
    assert "two" not in run.times()


def test_a_failure_in_the_second_lane_ends_the_first(
    run: t.Any, tmp_path: pathlib.Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    waits = f"until [ -e {tmp_path}/go ]; do sleep 0.1; done; echo '{CLOSING}'; exit 1"
    last = run.lanes([[step("one", f"touch {tmp_path}/go; {FOREVER}")]], [step("two", waits)])
    lanes.report(run, last)
    assert nothing_is_left(run)
    assert run.failed.step.name == "two"
    assert capfdbinary.readouterr().out.decode().splitlines()[-1] == CLOSING


def test_what_does_not_end_when_told_is_made_to(run: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "GRACE", 0.2)
    run.lanes([[step("one", f"trap '' TERM; {FOREVER}")]], [step("two", "sleep 0.2; exit 1")])
    assert nothing_is_left(run)


def test_a_lane_that_cannot_go_on_is_no_success(run: t.Any) -> None:
    """As on a full disk; or the run would pass without its sessions."""
    run.log(step("one", "")).mkdir()
    with pytest.raises(IsADirectoryError):
        run.lanes([[step("one", "true")]], [step("two", "true")])
    assert nothing_is_left(run)


DRIVER = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("lanes", {lanes!r})
lanes = importlib.util.module_from_spec(spec); sys.modules["lanes"] = lanes; spec.loader.exec_module(lanes)
step = lambda name: lanes.Step(name, ("sh", "-c", {forever!r}), checkout=lanes.ROOT)
lanes.IN_FILES, lanes.on_screen = ((step("one"),), (step("other"),)), lambda labs: (step("two"),)
lanes.down = lambda: print("the lab is down", flush=True)
lanes.ROOT = pathlib.Path({root!r})
lanes.Step.checkout = lanes.ROOT
print(f"mark {{__import__('os').getpid()}}-", flush=True)
sys.exit(lanes.main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_leaves_nothing(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    script = DRIVER.format(lanes=str(ROOT / "tests/lanes.py"), forever=FOREVER, root=str(tmp_path))
    environment = {"IMRS_LAB": "none", "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    mark = f"{lanes.MARK}={process.stdout.readline().split()[1]}".encode()

    def marked() -> list[pathlib.Path]:
        found = []
        for each in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (each / "environ").read_bytes():
                    found.append(each)
            except OSError:  # it has ended meanwhile
                continue
        return found

    shell.wait_for("all lanes at work", lambda: len(marked()) >= 9, 60)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert said.endswith("the lab is down\n")
    assert marked() == []


APART = {"docs", "sanity", "importer"}
"""Sessions that `make test` leaves out, as they take long and try what is for others; each is a target of make."""
OF_FAULTS = {"schedules", "sheets"}
"""Sessions that are a part of `make test-faults`."""


def test_every_session_is_in_a_lane_or_a_target_of_its_own() -> None:
    """One that is not would be run by nobody."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    sessions = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any("nox.session" in ast.unparse(each) for each in node.decorator_list)
    }
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"{name}: ## " in makefile and re.search(rf"nox --session {name}[\n ]", makefile) for name in APART)
    faults = (ROOT / "tests/faults.sh").read_text(encoding="utf-8")
    assert all(f"nox --session {name}\n" in faults for name in OF_FAULTS)
    assert (sessions - APART - OF_FAULTS) | {"drills"} == {
        step.name for lane in (*lanes.IN_FILES, lanes.on_screen(2)) for step in lane
    }


@pytest.mark.parametrize(("room", "labs"), [(True, 2), (False, 1)])
def test_a_machine_without_room_has_one_lab(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], room: bool, labs: int
) -> None:
    def make_room(wanted: int) -> None:
        assert wanted == 2 * lanes.host.WATCHERS + lanes.host.OF_TWO_SITES + lanes.host.OF_A_CLUSTER + lanes.host.SPARE
        if not room:
            raise shell.LabError("the limit is 128")

    monkeypatch.setattr(lanes.host, "make_room", make_room)
    assert lanes.how_many_labs() == labs
    assert (b"not 2: the limit is 128" in capfdbinary.readouterr().out) is not room


def test_the_slowest_tests_are_named(run: t.Any) -> None:
    (run.folder / "glue.xml").write_text(
        '<testsuites><testsuite><testcase classname="a.b" name="c" time="7.25"/></testsuite></testsuites>'
    )
    assert "| glue: a.b.c | 7.2 |" in run.times()
