# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back holds when it is hindered itself: killed, told to end, or confirmed too late."""

from __future__ import annotations

import errno
import os
import signal
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle
from ansible_collections.icann.imrs.plugins.module_utils._bundle import commands, journal, recovery, swap

if t.TYPE_CHECKING:
    from .conftest import Node

pytestmark = pytest.mark.usefixtures("scratch")

TOKEN = "0123456789abcdef"
CONFIRM = {"confirm": {"seconds": 60, "token": TOKEN}}


def _contents(node: Node) -> dict[str, bytes]:
    return {name: content for name, (_, content) in node.tree().items()}


def _files(node: Node, text: str) -> list[tuple[dict[str, t.Any], bytes]]:
    return [node.file(name, f"{text}\n") for name in ("a", "b")]


def _apart(do: t.Callable[[], object]) -> int:
    """How a child ends that does it: 3 when it was told to end."""
    child = os.fork()
    if not child:
        code = 1
        try:
            do()
            code = 0
        except SystemExit:
            code = 3
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _expired(node: Node) -> int:
    return recovery.main(["--state", str(node.state), "--unconfirmed", "test", TOKEN])


def _keep(node: Node) -> str:
    return _bundle.keep(str(node.state), "test", TOKEN, node.timers)


def test_what_is_being_put_back_cannot_be_confirmed_when_the_restorer_is_killed(node: Node) -> None:
    node.apply(*_files(node, "old"))
    node.apply(*_files(node, "new"), **CONFIRM)

    def half_way() -> None:
        real, restored = swap._restore, list[str]()

        def restore(path: str, *more: t.Any) -> None:
            if restored:
                os.kill(os.getpid(), signal.SIGKILL)
            restored.append(path)
            real(path, *more)

        swap._restore = restore
        _expired(node)

    assert _apart(half_way) == -signal.SIGKILL
    assert _contents(node) == {"a": b"new\n", "b": b"old\n"}
    assert "the node puts the previous files back" in _keep(node)
    assert node.recover().returncode == 0
    assert _contents(node) == {"a": b"old\n", "b": b"old\n"}
    assert not node.journals()


def test_what_could_be_put_back_only_in_part_cannot_be_confirmed(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(*_files(node, "old"))
    node.apply(*_files(node, "new"), **CONFIRM)
    real = os.replace

    def replace(source: str, target: str) -> None:
        if target == node.path("a"):
            raise OSError(errno.EIO, "Input/output error", source)
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    assert _expired(node) == 1
    monkeypatch.undo()
    assert _contents(node) == {"a": b"new\n", "b": b"old\n"}
    assert "the node puts the previous files back" in _keep(node)
    assert node.recover().returncode == 0
    assert _contents(node) == {"a": b"old\n", "b": b"old\n"}


def test_a_state_that_cannot_be_left_does_not_keep_the_node_from_going_back(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.apply(*_files(node, "old"))
    node.apply(*_files(node, "new"), **CONFIRM)

    def revoke(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(journal, "revoke", revoke)
    assert _expired(node) == 0
    assert _contents(node) == {"a": b"old\n", "b": b"old\n"}
    assert not node.journals()


@pytest.mark.parametrize("how", ["error", "told to end"])
@pytest.mark.parametrize("state", journal.STATES)
def test_no_journal_is_left_of_a_change_that_is_hindered_between_two_states(node: Node, state: str, how: str) -> None:
    """It would put the previous files back later, over whatever somebody else has made of them by then."""
    node.apply(*_files(node, "old"))
    real, met = journal.sync, list[str]()

    def sync(directory: str) -> None:
        if not met and (node.state / f"test.{state}.journal").exists():
            met.append(state)
            if how == "error":
                raise OSError(errno.EIO, "Input/output error", directory)
            os.kill(os.getpid(), signal.SIGTERM)
        real(directory)

    def do() -> None:
        with pytest.MonkeyPatch.context() as patch:
            for module in (journal, _bundle.entry):
                patch.setattr(module, "sync", sync)
            if how == "error":
                with pytest.raises(_bundle.BundleError, match="Input/output error"):
                    node.apply(*_files(node, "new"), **CONFIRM)
            else:
                node.apply(*_files(node, "new"), **CONFIRM)

    assert _apart(do) == (0 if how == "error" else 3)
    assert not node.journals()
    assert not (node.state / "kept").exists()
    assert _contents(node) == {"a": b"old\n", "b": b"old\n"}
    node.write("a", "by hand\n")
    assert node.recover().stdout == ""
    assert _contents(node)["a"] == b"by hand\n"


def _slow(node: Node, meanwhile: str, first: str = "kill -TERM $PPID") -> list[dict[str, t.Any]]:
    """A daemon that takes over the new file late, after the run was told to end; and the old one at once."""
    late, again = node.root.parent / "late", node.root.parent / "again"
    new = f"{first}; {meanwhile}; echo $v > {node.log}; touch {late}"
    old = f"echo $v > {node.log}; touch {again}"
    return [
        {"command": ["sh", "-c", f"v=$(cat {node.path('a')}); if [ $v = new ]; then {new}; else {old}; fi", "slow"]}
    ]


def _as_late_as_can_be(node: Node) -> str:
    """After the way back, if that does not wait; a second is over if it does."""
    return f"n=0; while [ ! -e {node.root.parent}/again ] && [ $n -lt 10 ]; do n=$((n+1)); sleep 0.1; done"


def _ends_old(node: Node) -> None:
    """On disk, and in the daemon once it has heard the last."""
    deadline = time.monotonic() + 20
    while not (node.root.parent / "late").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # what nobody waits for tells nobody when it is done
    assert (node.root / "a").read_text() == node.log.read_text() == "old\n"
    assert not node.journals()


def test_who_is_told_to_end_waits_for_the_activation_that_runs(node: Node) -> None:
    """Else it would tell the daemon of the new file after the way back has told it of the old one."""
    node.apply(node.file("a", "old\n"))
    activate = _slow(node, _as_late_as_can_be(node))
    assert _apart(lambda: node.apply(node.file("a", "new\n"), activate=activate)) == 3
    _ends_old(node)


def test_being_told_to_end_while_a_command_starts_waits_for_it_too(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.apply(node.file("a", "old\n"))
    real = commands.subprocess.Popen

    def popen(argv: t.Sequence[str], **more: t.Any) -> t.Any:
        process = real(argv, **more)
        if argv[-1] == "slow" and (node.root / "a").read_text() == "new\n":
            os.kill(os.getpid(), signal.SIGTERM)
        return process

    monkeypatch.setattr(commands.subprocess, "Popen", popen)
    activate = _slow(node, _as_late_as_can_be(node), first="true")
    assert _apart(lambda: node.apply(node.file("a", "new\n"), activate=activate)) == 3
    _ends_old(node)


def test_an_activation_that_does_not_end_then_is_ended(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "LAST_WORDS", 0.2)
    node.apply(node.file("a", "old\n"))
    activate = _slow(node, "sleep 600")
    assert _apart(lambda: node.apply(node.file("a", "new\n"), activate=activate)) == 3
    assert (node.root / "a").read_text() == node.log.read_text() == "old\n"
    assert not (node.root.parent / "late").exists()
