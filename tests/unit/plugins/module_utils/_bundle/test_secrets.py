# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planted secrets are looked for everywhere, and check mode is held against every byte."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import recovery

if t.TYPE_CHECKING:
    from .conftest import Node

OLD, NEW = "0ldS3cretThatNobodyMaySee", "N3wSecretThatNobodyMaySee"


def _planted(text: str) -> list[str]:
    return [secret for secret in (OLD, NEW) if secret in text or secret[4:16] in text]


def _below(*tops: pathlib.Path) -> dict[pathlib.Path, int]:
    """Files that hold a secret, and their modes together with those of the directories above them."""
    found = {}
    for top in tops:
        for path in top.rglob("*"):
            if path.is_file() and not path.is_symlink() and _planted(path.read_bytes().decode("utf-8", "replace")):
                found[path] = path.stat().st_mode & 0o777
    return found


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"mode": "check"},
        {"check": [["sh", "-c", "cat {staged}$0; exit 1", "PATH"]]},
        {"activate": [{"command": ["sh", "-c", "cat $0; exit 1", "PATH"]}]},
        {"probe": [["sh", "-c", "cat $0; exit 1", "PATH"]]},
        {"foresee": ["sh", "-c", "cat {staged}$0; exit 1", "PATH"]},
    ],
)
def test_secrets_are_in_nothing_that_is_said_and_in_no_argument(
    node: Node, scratch: pathlib.Path, capfd: pytest.CaptureFixture[str], more: dict[str, t.Any]
) -> None:
    """In a child, as audit hooks (PEP 578) stay for good: it notes the arguments of every command."""
    node.apply(node.file("keys", f"secret: {OLD}\n", secret=True))
    given = json.loads(json.dumps(more).replace("PATH", node.path("keys")))
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        commands: list[str] = []

        def hook(event: str, arguments: tuple[t.Any, ...]) -> None:
            if event == "subprocess.Popen":
                commands.append(repr(arguments))

        sys.addaudithook(hook)
        try:
            outcome = node.apply(node.file("keys", f"secret: {NEW}\n", secret=True), show=True, **given)
            said = [json.dumps(outcome.to_dict()), *outcome.warnings]
        except _bundle.BundleError as error:
            said = [str(error)]
        os.write(writing, json.dumps({"said": said, "commands": commands}).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as file:
        told = file.read()
    assert os.waitpid(child, 0)[1] == 0
    assert json.loads(told)["said"]
    assert not _planted(told)
    assert not _planted("".join(capfd.readouterr()))
    assert not list(scratch.iterdir())
    assert set(_below(node.root.parent)) == {node.root / "keys"}


@pytest.mark.parametrize("instant", ["stage.put", "swap.swap", "memory.Memory.commit", "memory.tidy", "undo.run"])
def test_a_killed_run_leaves_secrets_to_root_only_and_the_recovery_none(
    node: Node, scratch: pathlib.Path, instant: str
) -> None:
    files = [node.file("keys", f"secret: {NEW}\n", secret=True), node.file("other", "new\n")]
    node.apply(node.file("keys", f"secret: {OLD}\n", secret=True), node.file("other", "old\n"))
    activate = [{"command": ["sh", "-c", f"cat {node.path('keys')}; exit 1"]}]
    failing = {"activate": activate} if instant == "undo.run" else {}
    node.killed(*files, at=instant, check=["true"], **failing)
    for folder in (node.state, *scratch.iterdir()):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o7777 == 0o600 for path in node.state.glob("*.journal"))
    for path, mode in _below(node.root).items():
        assert mode & 0o007 == 0, path
    done = node.recover()
    assert not _planted(done.stdout + done.stderr)
    assert set(_below(node.root.parent)) == {node.root / "keys"}
    rollback = node.state / "last-rollback.json"
    assert not rollback.exists() or rollback.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("before", [OLD, None])
def test_a_new_secret_that_a_daemon_quotes_on_the_way_back_is_hidden(
    node: Node, capsys: pytest.CaptureFixture[str], before: str | None
) -> None:
    """As one does that says what it had: the new one, which the journal does not hold."""
    if before:
        node.apply(node.file("keys", f"secret: {before}\n", secret=True))
    had, deaf = node.root.parent / "had", node.root.parent / "deaf"
    had.write_text(f"it had {NEW}\n")
    activate = [{"command": ["sh", "-c", f"cat {had}; [ ! -e {deaf} ]"]}]
    node.killed(node.file("keys", f"secret: {NEW}\n", secret=True), at="memory.Memory.commit", activate=activate)
    deaf.touch()
    assert recovery.main(["--state", str(node.state)]) == 1
    said = "".join(capsys.readouterr())
    assert _bundle.HIDDEN in said
    assert not _planted(said)
    had.unlink()
    assert set(_below(node.root.parent)) == ({node.root / "keys"} if before else set())


def test_check_mode_changes_no_byte_of_anything(node: Node, scratch: pathlib.Path) -> None:
    """Content, mode, owner, inode, and times of change of everything, the state included: see ``fingerprint``."""
    node.write("gone", "by hand\n")
    (node.root / "link").symlink_to("gone")
    node.apply(node.file("a", "old\n"), node.file("b", "b\n"), node.file("keys", OLD, secret=True))
    before = node.fingerprint()
    outcome = node.apply(
        node.file("a", "new\n"),
        node.file("link", "no link\n"),
        node.file("new/a", "x\n"),
        node.file("keys", NEW, secret=True, mode="0600"),
        directories=[{"path": node.path("new"), "owner": str(os.geteuid()), "group": str(os.getegid())}],
        absent=[node.path("gone")],
        check=["true"],
        activate=[{"command": node.mark("act"), "disruption": "restart"}],
        confirm={"seconds": 60},
        foresee=node.mark("foreseen"),
        in_service=["true"],
        mode="check",
        show=True,
    )
    assert len(outcome.changes) == 7
    assert outcome.refused
    assert node.fingerprint() == before
    assert node.marks() == []
    assert node.timers.told == []
    assert not list(scratch.iterdir())
