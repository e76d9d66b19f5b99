# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would make a lab hang in its boot is said before it."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest
from imrslab import host, shell

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_watchers_that_are_used_up_are_said_with_their_number() -> None:
    """In a user namespace that may have three: such a one has a limit of its own, beside the machine's."""
    script = 'echo 3 > /proc/sys/user/max_inotify_instances; exec "$0" -c "$1"'
    question = "from imrslab import host; host.has_watchers(9)"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-ec", script, sys.executable, question],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests/lab")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode
    said = rf"{host.LIMIT} is \d+, and [0-3] are left, where the lab takes up to 9: .* sysctl --write {host.LIMIT}=\d+"
    assert re.search(said, done.stderr), done.stderr


class Kernel:
    """One that gives as many as are asked for."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def inotify_init1(self, flags: int) -> int:
        self.given.append(os.open("/dev/null", flags))
        return self.given[-1]


def test_enough_watchers_are_taken_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel()
    monkeypatch.setattr(host.ctypes, "CDLL", lambda *_, **__: kernel)
    host.has_watchers()
    assert len(kernel.given) == host.WATCHERS
    assert not any(pathlib.Path(f"/proc/self/fd/{each}").exists() for each in kernel.given)


@pytest.fixture
def small(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A machine's setting, and a machine that has room only for what the setting says."""
    setting = tmp_path / host.LIMIT.replace(".", "/")
    shell.write(setting, "128\n")

    def has_watchers(wanted: int) -> None:
        if wanted > int(setting.read_text()) - 100:
            raise shell.LabError("too few")

    monkeypatch.setattr(host, "SETTINGS", tmp_path)
    monkeypatch.setattr(host, "has_watchers", has_watchers)
    return setting


def test_room_is_made_where_there_is_none(small: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    host.make_room(28)
    assert (small.read_text(), capsys.readouterr().err) == ("128\n", "")
    host.make_room(124)
    assert small.read_text() == "252"
    assert f"{host.LIMIT} is 252 until the machine starts again, and was 128" in "".join(capsys.readouterr())


def test_room_that_cannot_be_made_is_an_error(small: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_text(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(type(small), "write_text", write_text)
    with pytest.raises(shell.LabError, match="too few"):
        host.make_room(124)
