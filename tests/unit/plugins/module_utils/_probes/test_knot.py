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


@pytest.mark.parametrize(
    ("status", "printed", "limit"),
    [
        (
            0,
            "mod-rrl[imrs].rate-limit = 400\nmod-rrl[imrs].slip = 2\nmod-rrl[imrs].whitelist = 192.0.2.1 ::1\n",
            {"rate": 400, "slip": 2, "exempt": ["192.0.2.1", "::1"]},
        ),
        (0, "mod-rrl[imrs].rate-limit = 400\n", {"rate": 400, "slip": 1, "exempt": []}),
        (0, "", {"rate": 0, "slip": 1, "exempt": []}),
        (1, "", None),
    ],
)
def test_the_limit_of_what_one_source_gets(
    monkeypatch: pytest.MonkeyPatch, status: int, printed: str, limit: dict[str, t.Any] | None
) -> None:
    asked: list[t.Sequence[str]] = []

    def run(command: t.Sequence[str]) -> dict[str, t.Any]:
        asked.append(command)
        return {"rc": status, "stdout": printed, "stderr": ""}

    monkeypatch.setattr(host, "run", run)
    assert knot.rate_limit(("knotc",)) == limit
    assert asked == [["knotc", "conf-read", "mod-rrl"]]
