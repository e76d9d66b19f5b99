# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at a step, and put right by the next run, by the node's own command, or at boot."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import install, journal, recovery, swap

if t.TYPE_CHECKING:
    from .conftest import Node, Systemctl

pytestmark = pytest.mark.usefixtures("scratch")

BEFORE = (
    "transaction.install",
    "swap._sync",
    "journal.begin",
    "swap.prepare",
    "memory.Memory.stage",
    "journal.advance",
)
MIDST = ("swap.swap", "transaction._Transaction.probe", "memory.Memory.commit")
AFTER = ("memory.Memory.close_journal", "memory.tidy", "journal.end")


def _files(node: Node, text: str) -> list[tuple[dict[str, t.Any], bytes]]:
    return [node.file("a", f"{text}\n"), node.file("b", f"{text}\n"), node.file(f"only-{text}", "x\n")]


def _contents(node: Node) -> dict[str, bytes]:
    return {name: content for name, (_, content) in node.tree().items()}


def _whole(text: str) -> dict[str, bytes]:
    return {"a": f"{text}\n".encode(), "b": f"{text}\n".encode(), f"only-{text}": b"x\n"}


def _daemon(node: Node) -> list[dict[str, t.Any]]:
    """A daemon that takes over its file when it is told to."""
    return [{"command": ["cp", node.path("a"), str(node.log)]}]


@pytest.mark.parametrize("way", ["run", "command", "boot"])
@pytest.mark.parametrize("instant", [*BEFORE, *MIDST, *AFTER])
def test_killed_at_a_step_ends_in_all_old_or_all_new(node: Node, instant: str, way: str, scratch: pathlib.Path) -> None:
    node.apply(*_files(node, "old"), activate=_daemon(node))
    node.killed(*_files(node, "new"), at=instant, activate=_daemon(node), check=["true"])
    text = "new" if instant in AFTER else "old"
    if way == "run":
        # A run that changes nothing of its own, so that only the recovery is seen.
        outcome = node.apply(*_files(node, text), activate=_daemon(node))
        assert bool(outcome.recovered) is outcome.changed is (instant in MIDST)
    else:
        done = node.recover(*(["--boot"] if way == "boot" else []))
        assert done.returncode == 0, done.stderr
        assert ("previous files put back" in done.stdout) is (instant in MIDST)
    assert _contents(node) == _whole(text)
    if way != "boot":  # at boot, daemons start afterwards
        assert node.log.read_text() == f"{text}\n"
    assert not node.journals()
    assert not (node.state / "kept").exists()
    assert not list(scratch.iterdir())
    assert node.apply(*_files(node, "new"), activate=_daemon(node)).changed is (text == "old")
    assert not node.apply(*_files(node, "new"), activate=_daemon(node)).changed
    assert not list(node.state.glob(".*.imrs-new"))


def test_the_journal_is_for_root_only_and_names_what_going_back_takes(node: Node, systemctl: Systemctl) -> None:
    systemctl.set("a.service", "active", "enabled")
    node.apply(node.file("a", "old\n", secret=True))
    more = {"activate": [{"command": ["true", "x y"]}], "ensure": [{"unit": "a.service", "enabled": False}]}
    node.killed(node.file("a", "new\n", secret=True), at="swap.swap", **more)
    assert node.journals() == ["test.changing.journal"]
    path = node.state / "test.changing.journal"
    assert path.stat().st_mode & 0o7777 == 0o600
    assert (node.state / "kept").stat().st_mode & 0o7777 == 0o700
    written = json.loads(path.read_text())
    assert written["past"][0]["path"] == node.path("a")
    assert written["past"][0]["secret"] is True
    assert written["activations"] == [["true", "x y"]]
    assert written["units"] == [{"unit": "a.service", "enabled": True, "started": None}]


def test_killed_while_recovering_the_next_recovery_goes_on(node: Node) -> None:
    node.apply(*_files(node, "old"), activate=_daemon(node))
    for instant in ("swap.restore", "swap._sync", "undo.run", "memory.Memory.close_journal"):
        node.killed(*_files(node, "new"), at="transaction._Transaction.probe", activate=_daemon(node))
        node.killed(at=instant)
        assert node.journals() == ["test.changing.journal"]
        assert node.recover().returncode == 0
        assert _contents(node) == _whole("old")
        assert node.log.read_text() == "old\n"
        assert not node.journals()


def test_killed_while_rolling_back(node: Node) -> None:
    node.apply(*_files(node, "old"), activate=_daemon(node))
    for instant in ("swap.restore", "undo.run"):
        node.killed(*_files(node, "new"), at=instant, activate=_daemon(node), probe=["false"])
        assert node.log.read_text() == "new\n"
        assert node.recover().returncode == 0
        assert (_contents(node), node.log.read_text()) == (_whole("old"), "old\n")


def test_any_bundle_puts_right_what_another_has_left(node: Node) -> None:
    """So there are never two journals at once."""
    node.apply(*_files(node, "old"), activate=_daemon(node))
    node.killed(*_files(node, "new"), at="memory.Memory.commit", activate=_daemon(node))
    outcome = node.apply(node.file("c", "c\n"), name="other")
    assert node.path("a") in outcome.recovered
    assert "bundle test: a run was killed while it changed files; previous files put back" in outcome.warnings[0]
    assert _contents(node) == {**_whole("old"), "c": b"c\n"}
    assert node.log.read_text() == "old\n"
    assert not node.journals()
    noted = json.loads((node.state / "last-rollback.json").read_text())
    assert (noted["bundle"], noted["complete"]) == ("test", True)


def test_check_mode_tells_of_an_open_change_and_leaves_it(node: Node) -> None:
    node.apply(*_files(node, "old"))
    node.killed(*_files(node, "new"), at="memory.Memory.commit")
    before = node.fingerprint()
    outcome = node.apply(*_files(node, "new"), mode="check")
    assert outcome.changed
    assert "bundle test: a change is changing on this node; the next run" in outcome.warnings[0]
    assert node.fingerprint() == before


def test_a_failing_check_after_a_kill_leaves_old_files_and_old_daemons(node: Node) -> None:
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    node.killed(node.file("a", "new\n"), at="memory.Memory.commit", activate=_daemon(node))
    with pytest.raises(_bundle.BundleError, match="check failed"):
        node.apply(node.file("a", "third\n"), check=["false"])
    assert (_contents(node)["a"], node.log.read_text()) == (b"old\n", "old\n")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 2}', '{"version": 1}'])
def test_a_damaged_journal_is_named_and_nothing_is_touched(node: Node, damage: str) -> None:
    node.apply(node.file("a", "old\n"))
    node.killed(node.file("a", "new\n"), at="memory.Memory.commit")
    (node.state / "test.changing.journal").write_text(damage)
    before = node.fingerprint()
    with pytest.raises(_bundle.BundleError, match=r"test\.changing\.journal is damaged .*move it away"):
        node.apply(node.file("a", "old\n"))
    done = node.recover()
    assert (done.returncode, "is damaged" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert node.fingerprint() == before


@pytest.mark.parametrize("ended", [True, False])
def test_a_journal_that_goes_while_it_is_looked_at_is_not_damaged(
    node: Node, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    """Check mode takes no lock: a run beside it may come to its next state, or to its end."""
    node.apply(node.file("a", "old\n"))
    node.killed(node.file("a", "new\n"), at="journal.advance")
    real, met = pathlib.Path.read_bytes, list[pathlib.Path]()

    def read_bytes(path: pathlib.Path) -> bytes:
        if path.suffix == ".journal" and not met:
            met.append(path)
            if ended:
                path.unlink()
            else:
                path.rename(node.state / "test.changing.journal")
        return real(path)

    monkeypatch.setattr(pathlib.Path, "read_bytes", read_bytes)
    warnings = node.apply(node.file("a", "old\n"), mode="check").warnings
    assert met
    assert ["a change is changing" in warning for warning in warnings] == ([] if ended else [True])


def test_a_journal_that_is_a_link_to_nowhere_is_damaged(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    (node.state / "test.changing.journal").symlink_to("nowhere")
    with pytest.raises(_bundle.BundleError, match=r"test\.changing\.journal is damaged"):
        node.apply(node.file("a", "old\n"), mode="check")


def test_what_cannot_be_put_back_keeps_the_journal(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("d/a", "old\n"), directories=[{"path": node.path("d"), **_mine(node)}])
    node.killed(node.file("d/a", "new\n"), at="memory.Memory.commit")
    monkeypatch.setattr(swap.os, "replace", _refuse)
    with pytest.raises(_bundle.BundleError, match=r"not everything can be put back: .*/d/a could not be put back"):
        node.apply()
    monkeypatch.undo()
    assert node.journals() == ["test.changing.journal"]
    assert node.recover().returncode == 0
    assert _contents(node)["d/a"] == b"old\n"


def _mine(node: Node) -> dict[str, str]:
    item, _ = node.file("x", "")
    return {"owner": item["owner"], "group": item["group"]}


def _refuse(source: str, _target: str) -> None:
    raise OSError(5, "Input/output error", source)


def test_without_second_names_previous_files_come_from_the_journal(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    node.apply(*_files(node, "old"))
    (node.root / "c").symlink_to("elsewhere")
    before = node.tree()
    monkeypatch.setattr(os, "link", link)
    with pytest.raises(_bundle.BundleError, match="previous files are in place"):
        node.apply(*_files(node, "new"), node.file("c", "c\n"), probe=["false"])
    node.killed(*_files(node, "new"), node.file("c", "c\n"), at="memory.Memory.commit")
    monkeypatch.undo()
    assert node.recover().returncode == 0
    assert node.tree() == before
    assert (node.root / "c").readlink() == pathlib.Path("elsewhere")


def test_previous_files_come_back_as_they_were_to_the_inode(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    before = (node.root / "a").stat()
    with pytest.raises(_bundle.BundleError, match="probe failed"):
        node.apply(node.file("a", "new\n"), probe=["false"])
    after = (node.root / "a").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_directory_in_which_something_has_been_put_meanwhile_stays(node: Node) -> None:
    fill = ["touch", node.path("d/theirs")]
    with pytest.raises(_bundle.BundleError, match="previous files are in place"):
        node.apply(
            node.file("d/ours", "x\n"),
            directories=[{"path": node.path("d"), **_mine(node)}],
            activate=[{"command": fill}],
            probe=["false"],
        )
    assert sorted(node.tree()) == ["d", "d/theirs"]
    assert not node.journals()


def test_at_boot_only_what_the_boot_does_not_do_is_done(node: Node, systemctl: Systemctl) -> None:
    systemctl.set("new.service", "inactive", "disabled")
    systemctl.set("kept.service", "inactive", "enabled")
    more = {
        "activate": [{"command": "systemctl daemon-reload"}, {"command": "systemctl restart new.service"}],
        "ensure": [
            {"unit": "new.service", "enabled": True, "started": True},
            {"unit": "kept.service", "enabled": True, "started": True},
        ],
    }
    node.killed(node.file("a", "x\n"), at="memory.Memory.commit", **more)
    systemctl.called()
    assert node.recover("--boot").returncode == 0
    assert systemctl.called() == ["disable new.service", "stop new.service --no-block", "daemon-reload"]
    assert node.tree() == {}


def test_a_command_that_a_killed_run_left_behind_is_waited_for(node: Node) -> None:
    """Else it would tell the daemon of the new file after the recovery has told it of the old one."""
    node.apply(node.file("a", "old\n"))
    gate = node.root.parent / "gate"
    os.mkfifo(gate)
    slow = f"v=$(cat {node.path('a')}); kill -9 $PPID; read _ < {gate}; echo $v > {node.log}"
    child = os.fork()
    if not child:
        # In the journal, the same command only takes over what is there.
        node.apply(
            node.file("a", "new\n"),
            activate=[{"command": ["sh", "-c", f"[ -e {gate} ] && {{ {slow}; }}; cp {node.path('a')} {node.log}"]}],
        )
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with subprocess.Popen([*node.places.recover], stdout=subprocess.PIPE) as recovering:
        with pytest.raises(subprocess.TimeoutExpired):
            recovering.wait(1)
        with gate.open("w") as file:
            gate.unlink()
            file.write("go\n")
        assert recovering.wait(20) == 0
    assert (node.root / "a").read_text() == node.log.read_text() == "old\n"


def test_staged_trees_of_killed_runs_are_swept_and_those_of_living_ones_stay(node: Node, scratch: pathlib.Path) -> None:
    secret = node.file("a", "s3cr3t\n", secret=True)
    node.killed(secret, at="stage.shutil.rmtree", check=["true"])
    left = list(scratch.iterdir())
    assert [path.stat().st_mode & 0o777 for path in left] == [0o700]
    (scratch / "imrs-bundle-link").symlink_to(node.root)
    see = ["sh", "-c", f"ls {scratch} > {node.log}"]
    nested = [sys.executable, "-c", "pass"]
    node.apply(secret, check=[see, nested])
    assert left[0].name not in node.log.read_text()
    assert [path.name for path in scratch.iterdir()] == ["imrs-bundle-link"]
    with _bundle.stage.staged(_bundle.parse({"name": "x"}, []), {}) as root:
        node.apply(node.file("b", "b\n"))
        assert pathlib.Path(root).is_dir()


def test_a_broken_line_does_not_stop_a_run_and_being_told_to_end_leads_back(node: Node) -> None:
    node.apply(node.file("a", "old\n"), activate=_daemon(node))
    for number, text in ((signal.SIGHUP, "new"), (signal.SIGTERM, "new")):
        child = os.fork()
        if not child:
            kill = ["sh", "-c", f"kill -{int(number)} $PPID"]
            try:
                node.apply(node.file("a", f"{text} {int(number)}\n"), activate=_daemon(node), probe=[kill])
            except SystemExit:
                os._exit(3)
            os._exit(0)
        rc = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert rc == (0 if number == signal.SIGHUP else 3)
        assert not node.journals()
        assert (node.root / "a").read_text() == node.log.read_text() == f"new {int(signal.SIGHUP)}\n"


def test_nothing_to_recover_is_no_error_and_changes_nothing(node: Node, tmp_path: pathlib.Path) -> None:
    assert recovery.main(["--state", str(tmp_path / "none")]) == 0
    assert not (tmp_path / "none").exists()
    node.apply(node.file("a", "x\n"))
    before = node.fingerprint()
    assert node.recover().returncode == 0
    assert node.recover("--boot").returncode == 0
    assert node.fingerprint() == before


def test_states_follow_each_other_by_rename_only(tmp_path: pathlib.Path) -> None:
    one = journal.Journal("b", "0" * 16, seconds=60)
    journal.begin(tmp_path, one)
    inode = (tmp_path / "b.preparing.journal").stat().st_ino
    for state in journal.STATES[1:]:
        one = journal.advance(tmp_path, one, state)
        assert [(path.name, path.stat().st_ino) for path in tmp_path.glob("b*")] == [(f"b.{state}.journal", inode)]
        assert journal.journals(tmp_path) == [one]


def test_the_node_gets_its_own_copy_once(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not node.apply().changed
    assert not (node.state / "library").exists()
    node.apply(node.file("a", "1\n"))
    unit = node.state / "units" / install.UNIT
    assert (node.state / "units/sysinit.target.wants" / install.UNIT).resolve() == unit
    assert (node.state / "programs/imrs-bundle-recover").resolve() == node.state / "library/imrs-bundle-recover"
    text = unit.read_text()
    assert f"ExecStart={node.state}/library/imrs-bundle-recover --state {node.state} --boot\n" in text
    assert f"ConditionPathExistsGlob=|{node.state}/*.journal\n" in text
    assert f"ConditionPathExistsGlob=|{node.state}/*.owed\n" in text
    inodes = {path: path.lstat().st_ino for path in (unit, node.state / "library/imrs-bundle-recover")}
    node.apply(node.file("a", "2\n"))
    assert {path: path.lstat().st_ino for path in inodes} == inodes
    (node.state / "library/imrs-bundle-recover").write_text("#!/bin/false\n")
    unit.chmod(0o666)
    node.apply(node.file("a", "3\n"))
    assert node.recover().returncode == 0
    assert unit.stat().st_mode & 0o777 == 0o644


def test_the_copy_holds_every_module_that_it_needs_and_knows_no_ansible(node: Node) -> None:
    room = pathlib.Path(_bundle.__file__ or "").parent
    assert {path.stem for path in room.glob("*.py")} - set(install.MODULES) == {"intact", "lease", "record", "render"}
    node.apply(node.file("a", "1\n"))
    done = subprocess.run([node.places.program, "--help"], capture_output=True, text=True, check=True, cwd="/")
    assert "by hand" not in done.stderr
    assert "--boot" in done.stdout
    assert not list((node.state / "library").rglob("*.pyc"))


def test_without_its_own_copy_a_node_is_not_changed(node: Node) -> None:
    node.state.mkdir()
    (node.state / "library").write_text("in the way")
    with pytest.raises(_bundle.BundleError, match=r"cannot be installed: .*\nThe node was not touched"):
        node.apply(node.file("a", "1\n"))
    assert node.tree() == {}
    assert not node.journals()
