# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line is opened by a process of its own, for which nobody waits."""

from __future__ import annotations

import os
import pathlib

import pytest
from ansible_collections.icann.imrs.plugins.plugin_utils import lines


class Line:
    """Takes as long to open as somebody else says."""

    def __init__(self, transport: str, said: pathlib.Path) -> None:
        self.transport, self.said = transport, said
        self.far, self.near = os.pipe()

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        os.read(self.far, 1)
        os.write(1, b"what SSH says\n")
        self.said.write_text(f"{cmd} {in_data} {sudoable}")
        raise OSError("the line broke")

    def open(self) -> None:
        """Let it come to its end, and wait for that."""
        os.write(self.near, b"!")
        _process, status = os.wait()
        assert status == 0  # and whatever went wrong, nothing of the task's was run through once more


def test_nobody_waits_for_it_nor_reads_it(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = Line("ssh", tmp_path / "said")
    assert lines.open_ahead(line)
    assert not line.said.exists()
    line.open()
    assert line.said.read_text() == "true None False"
    assert capfd.readouterr() == ("", "")


def test_a_connection_that_nobody_keeps_is_not_opened(tmp_path: pathlib.Path) -> None:
    assert not lines.open_ahead(Line("local", tmp_path / "said"))
    with pytest.raises(ChildProcessError):
        os.wait()
