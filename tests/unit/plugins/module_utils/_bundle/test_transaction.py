# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: every guard has a test in which it fails."""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import tempfile
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import entry, transaction

if t.TYPE_CHECKING:
    from .conftest import Node

SECRET = "key: hmac-sha256 Zm9vYmFyYmF6cXV4\n"


@pytest.fixture(autouse=True)
def scratch(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Staged trees go here, so that tests see what is left of them."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


@pytest.fixture
def systemctl(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A systemctl whose answer to ``show`` is the file ``show``; everything else is noted in ``called``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "systemctl"
    script.write_text(f'#!/bin/sh\n[ "$1" = show ] && exec cat {folder}/show\necho "$1 $2" >> {folder}/called\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def test_writes_all_files_and_remembers_them(node: Node, scratch: pathlib.Path) -> None:
    files = [node.file("etc/a", "one\n"), node.file("etc/b", SECRET, secret=True)]
    directories = [
        {"path": node.path("etc"), "owner": files[0][0]["owner"], "group": files[0][0]["group"], "mode": "0750"}
    ]
    outcome = node.apply(*files, directories=directories)
    assert [change.what for change in outcome.changes] == ["created"] * 3
    assert {name: mode & 0o7777 for name, (mode, _) in node.tree().items()} == {
        "etc": 0o750,
        "etc/a": 0o644,
        "etc/b": 0o640,
    }
    manifest = node.state / "test.json"
    assert manifest.stat().st_mode & 0o777 == 0o600
    assert node.state.stat().st_mode & 0o777 == 0o700
    assert set(json.loads(manifest.read_text())["files"]) == {node.path("etc/a"), node.path("etc/b")}
    assert not (node.state / "test.journal").exists()
    assert not list(scratch.iterdir())


def test_second_run_touches_nothing_and_runs_nothing(node: Node) -> None:
    more = {"check": [node.mark("check")], "activate": [{"command": node.mark("act")}], "probe": [node.mark("probe")]}
    assert node.apply(node.file("a", "one\n"), **more).changed
    assert node.marks() == ["check", "act", "probe"]
    before = node.fingerprint()
    outcome = node.apply(node.file("a", "one\n"), **more)
    assert not outcome.changed
    assert outcome.activated == ()
    assert node.fingerprint() == before
    assert node.marks() == ["check", "act", "probe"]


def test_check_sees_the_whole_staged_tree_with_modes(node: Node) -> None:
    node.apply(node.file("a", "one\n", mode="0600"), node.file("b", "two\n"))
    look = [
        "sh",
        "-c",
        f"cat $0{node.path('a')} $0{node.path('b')}; stat -c %a $0 $0{node.path('a')}; false",
        "{staged}",
    ]
    with pytest.raises(_bundle.BundleError, match=r"one\nthree\n700\n600"):
        node.apply(node.file("a", "one\n", mode="0600"), node.file("b", "three\n"), check=[look])


def test_failed_check_leaves_the_node_byte_identical(node: Node, scratch: pathlib.Path) -> None:
    node.apply(node.file("a", "one\n"))
    before = node.fingerprint()
    check = ["sh", "-c", f"echo $0{node.path('a')}:1: bad line; exit 3", "{staged}"]
    with pytest.raises(_bundle.BundleError) as caught:
        node.apply(node.file("a", "bad\n"), node.file("b", "new\n"), check=[check])
    assert "rc 3" in str(caught.value)
    assert f": {node.path('a')}:1: bad line" in str(caught.value)
    assert str(scratch) not in str(caught.value)
    assert not caught.value.rolled_back
    assert node.fingerprint() == before
    assert not list(scratch.iterdir())


def test_missing_check_program_fails_and_in_check_mode_warns(node: Node) -> None:
    with pytest.raises(_bundle.BundleError, match="No such file"):
        node.apply(node.file("a", "one\n"), check=["no-such-program {staged}"])
    outcome = node.apply(node.file("a", "one\n"), check=["no-such-program {staged}"], check_mode=True)
    assert "not installed yet" in outcome.warnings[0]


def _failing_once(node: Node) -> list[str]:
    """Fails while the new content is in place, succeeds with the old one."""
    return ["sh", "-c", f"echo $(cat {node.path('a')}) >> {node.log}; ! grep -q new {node.path('a')}"]


def test_failed_activation_rolls_back_and_activates_again(node: Node) -> None:
    node.write("gone", "still here\n", 0o600)
    node.apply(node.file("a", "old\n"), node.file("unlisted", "was listed\n"))
    before = node.tree()
    with pytest.raises(_bundle.BundleError, match="previous files are in place") as caught:
        node.apply(
            node.file("a", "new\n"),
            node.file("fresh", "x\n"),
            absent=[node.path("gone")],
            activate=[{"command": _failing_once(node)}, {"command": node.mark("never")}],
        )
    assert caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == ["new", "old"]
    assert not (node.state / "test.journal").exists()
    assert set(json.loads((node.state / "test.json").read_text())["files"]) == {node.path("a"), node.path("unlisted")}


def test_failed_probe_rolls_back(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    before = node.tree()
    with pytest.raises(_bundle.BundleError, match=r"probe failed.*rc 7") as caught:
        node.apply(
            node.file("a", "new\n"),
            activate=[{"command": node.mark("act")}],
            probe=[["sh", "-c", "exit 7"]],
            probe_timeout=0.3,
        )
    assert caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == ["act", "act"]


def test_probe_is_tried_again(node: Node) -> None:
    probe = ["sh", "-c", f"echo x >> {node.log}; [ $(wc -l < {node.log}) -ge 3 ]"]
    assert node.apply(node.file("a", "new\n"), probe=[probe], probe_timeout=10).changed
    assert len(node.marks()) == 3


def test_failure_in_the_middle_of_the_swap_rolls_back(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("a", "old\n"))
    before, real = node.tree(), entry.put

    def put(path: str, wanted: entry.Entry) -> None:
        if path == node.path("b"):
            raise OSError(28, "No space left on device", path)
        real(path, wanted)

    monkeypatch.setattr(transaction, "put", put)
    with pytest.raises(_bundle.BundleError, match=r"cannot change .*/b: No space left"):
        node.apply(node.file("a", "new\n"), node.file("b", "x\n"), activate=[{"command": node.mark("act")}])
    monkeypatch.undo()
    assert node.tree() == before
    assert node.marks() == []


def test_a_manifest_that_cannot_be_written_rolls_back(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("a", "old\n"))
    before = node.tree()

    def remember(*_: object) -> None:
        raise OSError(28, "No space left on device", "manifest")

    monkeypatch.setattr(transaction.Memory, "remember", remember)
    with pytest.raises(_bundle.BundleError, match="manifest: No space left") as caught:
        node.apply(node.file("a", "new\n"), activate=[{"command": node.mark("act")}])
    assert caught.value.rolled_back
    assert node.tree() == before
    assert node.marks() == ["act", "act"]


@pytest.mark.parametrize("wanted", ["old", "new"])
@pytest.mark.parametrize("instant", ["swap of a", "swap of b", "activation", "probe", "manifest", "closing"])
def test_killed_at_any_instant_the_next_run_finishes_the_job(node: Node, instant: str, wanted: str) -> None:
    def files(text: str) -> list[tuple[dict[str, t.Any], bytes]]:
        return [node.file("a", f"{text}\n"), node.file("b", f"{text}\n"), node.file(f"only-{text}", "x\n")]

    node.apply(*files("old"))
    child = os.fork()
    if not child:
        real = entry.put

        def put(path: str, entry_: entry.Entry) -> None:
            if instant == f"swap of {path[-1]}":
                os._exit(9)
            real(path, entry_)

        def die(*_: object) -> None:
            os._exit(9)

        transaction.put = put
        for name, method in (("manifest", "remember"), ("closing", "close_journal")):
            if instant == name:
                # closing: die only once the journal is there, that is at the end
                original = getattr(transaction.Memory, method)
                setattr(
                    transaction.Memory,
                    method,
                    lambda self, *rest, _do=original: die() if self._journal.exists() else _do(self, *rest),
                )
        kill = ["sh", "-c", "kill -9 $PPID; sleep 1"]
        activate = [{"command": kill}] if instant == "activation" else []
        node.apply(*files("new"), activate=activate, probe=[kill] if instant == "probe" else [])
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (9, -9)
    outcome = node.apply(*files(wanted), activate=[{"command": node.mark("act")}])
    committed = instant == "closing"
    assert outcome.changed is not (committed and wanted == "new")
    assert node.marks() == (["act"] if outcome.changed else [])
    assert bool(outcome.recovered) is not committed
    assert {name: content for name, (_, content) in node.tree().items()} == {
        "a": f"{wanted}\n".encode(),
        "b": f"{wanted}\n".encode(),
        f"only-{wanted}": b"x\n",
    }
    assert not (node.state / "test.journal").exists()
    assert not node.apply(*files(wanted)).changed


def test_after_a_kill_a_failing_check_keeps_the_activation_due(node: Node) -> None:
    node.apply(node.file("a", "old\n"))
    child = os.fork()
    if not child:
        node.apply(node.file("a", "new\n"), activate=[{"command": ["sh", "-c", "kill -9 $PPID; sleep 1"]}])
    os.waitpid(child, 0)
    with pytest.raises(_bundle.BundleError, match="check failed"):
        node.apply(node.file("a", "third\n"), check=["false"])
    assert pathlib.Path(node.path("a")).read_text() == "old\n"
    assert node.apply(node.file("a", "old\n"), activate=[{"command": node.mark("act")}]).changed
    assert node.marks() == ["act"]


def test_unlisted_file_is_removed_unless_changed_hands(node: Node) -> None:
    node.write("foreign", "not ours\n")
    node.apply(node.file("a", "one\n"), node.file("b", "two\n"))
    node.apply(node.file("b", "two\n"), name="other")
    outcome = node.apply(node.file("c", "three\n"))
    assert [(change.path, change.what) for change in outcome.changes] == [
        (node.path("c"), "created"),
        (node.path("a"), "removed"),
    ]
    assert sorted(node.tree()) == ["b", "c", "foreign"]


def test_absent_removes_files_links_and_empty_directories_only(node: Node) -> None:
    node.write("file", "x\n")
    (node.root / "empty").mkdir()
    (node.root / "link").symlink_to("nowhere")
    node.write("full/x", "x\n")
    with pytest.raises(_bundle.BundleError, match="not empty"):
        node.apply(absent=[node.path("file"), node.path("full")])
    assert node.apply(absent=[node.path(name) for name in ("file", "empty", "link", "missing")]).changed
    assert sorted(node.tree()) == ["full", "full/x"]


def test_check_mode_changes_no_byte_and_predicts(node: Node, scratch: pathlib.Path) -> None:
    node.apply(node.file("a", "one\n"), node.file("b", "two\n"))
    before = node.fingerprint()
    activate = [
        {"command": node.mark("act"), "disruption": "restart", "when_changed": [node.path("[a]")]},
        {"command": node.mark("act"), "disruption": "session reset", "when_changed": ["/nothing/*"]},
        {"command": node.mark("act"), "disruption": "reload"},
    ]
    predicted = node.apply(node.file("a", "new\n"), check_mode=True, activate=activate, check=[node.mark("check")])
    assert node.fingerprint() == before
    assert not list(scratch.iterdir())
    assert node.marks() == ["check"]
    assert predicted.disruption == "restart"
    done = node.apply(node.file("a", "new\n"), activate=activate)
    assert [change.to_dict() for change in done.changes] == [change.to_dict() for change in predicted.changes]
    assert not node.apply(node.file("a", "new\n"), check_mode=True).changed


def test_check_mode_on_a_bare_node_makes_nothing_and_fails_a_bad_check(node: Node) -> None:
    outcome = node.apply(node.file("no/dir", "x\n", owner="no-such-user"), check_mode=True)
    assert outcome.changed
    assert len(outcome.warnings) == 2
    assert not node.state.exists()
    with pytest.raises(_bundle.BundleError, match="not touched"):
        node.apply(node.file("a", "x\n"), check=["false"], check_mode=True)


def test_drift_of_the_mode_is_repaired_and_shown(node: Node) -> None:
    node.apply(node.file("a", "one\n"))
    inode = pathlib.Path(node.path("a")).stat().st_ino
    pathlib.Path(node.path("a")).chmod(0o666)
    outcome = node.apply(node.file("a", "one\n"), show=True)
    assert [change.what for change in outcome.changes] == ["attributes"]
    assert "0666" in outcome.diff[0]["before"]
    assert "0644" in outcome.diff[0]["after"]
    info = pathlib.Path(node.path("a")).stat()
    assert (info.st_mode & 0o777, info.st_ino) == (0o644, inode)


def test_hand_edits_are_undone_and_a_link_is_replaced_not_followed(node: Node) -> None:
    node.write("target", "precious\n")
    (node.root / "a").symlink_to("target")
    node.apply(node.file("a", "one\n"))
    assert (node.root / "target").read_text() == "precious\n"
    node.write("a", "edited\n")
    outcome = node.apply(node.file("a", "one\n"), show=True)
    assert (outcome.diff[0]["before"], outcome.diff[0]["after"]) == ("edited\n", "one\n")


def test_secret_is_in_no_result_and_no_message(node: Node) -> None:
    new = SECRET.replace("Zm9v", "AAAA")
    outcome = node.apply(node.file("a", SECRET, secret=True), show=True)
    outcome = node.apply(node.file("a", new, secret=True), show=True)
    assert "content is secret; it changed" in outcome.diff[0]["prepared"]
    shown = node.apply(node.file("a", "public now\n"), show=True, check_mode=True)
    removed = node.apply(show=True, check_mode=True)
    for result in (outcome, shown, removed):
        assert "YmFyYmF6" not in json.dumps(result.to_dict())
    for step in ("check", "probe"):
        with pytest.raises(_bundle.BundleError) as caught:
            node.apply(
                node.file("a", new.replace("AAAA", "BBBB"), secret=True),
                **{
                    step: [
                        ["sh", "-c", f"echo line 1 is bad; cat {node.path('a')}; tail -c 11 {node.path('a')}; false"]
                    ]
                },
            )
        assert "YmFy" not in str(caught.value)
        assert "cXV4" not in str(caught.value)
        assert _bundle.HIDDEN in str(caught.value)
        assert "line 1 is bad" in str(caught.value)


def test_units_are_brought_into_state_in_every_run(node: Node, systemctl: pathlib.Path) -> None:
    (systemctl / "show").write_text(
        "ActiveState=inactive\nUnitFileState=disabled\n\nActiveState=active\nUnitFileState=static\n"
    )
    ensure = [
        {"unit": "a.service", "enabled": True, "started": True},
        {"unit": "b.service", "enabled": True, "started": True},
    ]
    assert node.apply(ensure=ensure, check_mode=True).changed
    assert not (systemctl / "called").exists()
    outcome = node.apply(ensure=ensure)
    assert outcome.ensured == ("systemctl enable a.service", "systemctl start a.service")
    (systemctl / "show").write_text(
        "ActiveState=active\nUnitFileState=enabled\n\nActiveState=active\nUnitFileState=static\n"
    )
    assert not node.apply(ensure=ensure).changed
    assert (systemctl / "called").read_text() == "enable a.service\nstart a.service\n"


def test_failed_probe_undoes_what_was_done_to_units(node: Node, systemctl: pathlib.Path) -> None:
    (systemctl / "show").write_text("ActiveState=inactive\nUnitFileState=disabled\n")
    with pytest.raises(_bundle.BundleError, match="probe failed"):
        node.apply(node.file("a", "x\n"), ensure=[{"unit": "a.service", "started": True}], probe=["false"])
    assert (systemctl / "called").read_text() == "start a.service\nstop a.service\n"


def test_two_runs_at_once_are_refused(node: Node) -> None:
    node.state.mkdir()
    with (node.state / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(_bundle.BundleError, match="another run"):
            node.apply(node.file("a", "one\n"))
    assert node.tree() == {}


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("missing/a", {}, "list it in directories"),
        ("a", {"owner": "no-such-user"}, "user no-such-user does not exist"),
        ("a", {"group": "no-such-group"}, "group no-such-group does not exist"),
    ],
)
def test_impossible_files_are_refused_before_anything_changes(
    node: Node, name: str, more: dict[str, str], message: str
) -> None:
    with pytest.raises(_bundle.BundleError, match=message):
        node.apply(node.file("fine", "x\n"), node.file(name, "x\n", **more))
    assert node.tree() == {}


def test_a_directory_in_the_way_is_left_alone(node: Node) -> None:
    node.write("a/b", "x\n")
    with pytest.raises(_bundle.BundleError, match="a directory stands there"):
        node.apply(node.file("a", "x\n"))
