# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the log has gone to the log server, by a state file and a journal that stand for the node's."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import forwarded

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Sequence

CURSOR = "s=b585;i=3e8;b=1111;m=f4240;t=65bfeda352240;x=f8f1"
STATE = f"# This is private data. Do not parse.\nLAST_CURSOR={CURSOR}\n"
NOW = 1_800_000_100.25


class Node:
    """Answers as systemctl and journalctl do."""

    def __init__(self, said: str = "", rc: int = 0) -> None:
        self._said, self._rc = said, rc
        self.asked: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> dict[str, t.Any]:
        self.asked.append(list(command))
        if command[0] == "systemctl":
            return {"rc": 3, "stdout": "activating\n", "stderr": ""}
        return {"rc": self._rc, "stdout": self._said, "stderr": ""}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarded.time, "time", lambda: NOW)


@pytest.fixture
def state(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "state"
    path.write_text(STATE)
    return str(path)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ('{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1800000000000000","_BOOT_ID":"1"}\n', 100.25),
        ('{"__REALTIME_TIMESTAMP":"1800000101000000"}\n', 0.0),  # the clock was set back
        ("", 0.0),
    ],
    ids=["one waits", "of the future", "all is there"],
)
def test_the_oldest_line_that_is_not_there_has_waited_for_so_long(said: str, waits: float, state: str) -> None:
    node = Node(said)
    assert forwarded.read(node, state) == {"active": "activating", "waits": waits}
    assert f"--after-cursor={CURSOR}" in node.asked[-1]
    assert "--output-fields=_BOOT_ID" in node.asked[-1], "no line of the log becomes evidence"


def test_a_server_that_has_taken_nothing_is_told_of(tmp_path: pathlib.Path) -> None:
    node = Node()
    assert forwarded.read(node, str(tmp_path / "state")) == {"active": "activating", "waits": None}
    (tmp_path / "state").write_text("# damaged\n")
    assert forwarded.read(node, str(tmp_path / "state"))["waits"] is None
    assert [command[0] for command in node.asked] == ["systemctl", "systemctl"]


def test_a_log_that_cannot_be_read_is_not_taken_for_sent(state: str) -> None:
    assert forwarded.read(Node(rc=1), state)["waits"] is None
