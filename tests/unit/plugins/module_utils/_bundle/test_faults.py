# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A quick part of tests/faults (`make test-faults`): 40 kills, spread over all that a run asks of the system."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
import tempfile
import types
import typing as t

import pytest

KILLS = 40


@pytest.fixture
def harness() -> types.ModuleType:
    path = pathlib.Path(__file__).resolve().parents[4] / "faults/harness.py"
    spec = importlib.util.spec_from_file_location("imrs_faults_harness", path)
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_forty_kills(harness: t.Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "TMPDIR"):
        monkeypatch.setenv(name, os.environ.get(name, "/tmp"))  # put back afterwards
    monkeypatch.setattr(tempfile, "tempdir", None)
    machine = harness.Machine.build(tmp_path)
    seen = len(harness.events(lambda: machine.apply("new")))
    for kill in range(KILLS):
        way = harness.WAYS[kill % len(harness.WAYS)]
        assert harness.kill_and_put_right(machine, way, at=1 + kill * (seen - 1) // (KILLS - 1))
