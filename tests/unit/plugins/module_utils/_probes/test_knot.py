# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Knot DNS says of the configuration that it runs."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import host, knot


@pytest.mark.parametrize(
    ("printed", "seconds"),
    [("server.tcp-idle-timeout = 5\n", 5.0), ("", None), ("server.tcp-idle-timeout-x = 5\n", None)],
)
def test_how_long_an_idle_connection_is_kept(
    monkeypatch: pytest.MonkeyPatch, printed: str, seconds: float | None
) -> None:
    asked: list[t.Sequence[str]] = []

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(command)
        return {"rc": 0, "stdout": printed, "stderr": ""}

    monkeypatch.setattr(host, "run", run)
    assert knot.idle_timeout(("knotc", "-c", "x")) == seconds
    assert asked == [["knotc", "-c", "x", "conf-read", "server.tcp-idle-timeout"]]
