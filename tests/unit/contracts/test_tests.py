# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests share has one home, and one way in: the folders that pyproject.toml gives as pytest's `pythonpath`."""

from __future__ import annotations

import collections
import pathlib
import re
import tomllib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["pythonpath"]
OWN_WAY = re.compile(r"^sys\.path\b", re.MULTILINE)


def run_by_pytest() -> list[pathlib.Path]:
    """Tests, their conftest.py, and what they share."""
    tests = [path for name in ("test_*.py", "conftest.py") for path in (ROOT / "tests").rglob(name)]
    return sorted({*tests, *(ROOT / "tests/support").glob("*.py")})


def test_no_test_has_its_own_way_to_what_it_shares() -> None:
    found = [path for path in run_by_pytest() if OWN_WAY.search(path.read_text(encoding="utf-8"))]
    assert not found, f"{found}: put what tests share into tests/support instead"


@pytest.mark.parametrize("line", ["sys.path.insert(0, 'x')", "import sys\nsys.path[:0] = ['x']"])
def test_an_own_way_is_found(line: str) -> None:
    assert OWN_WAY.search(line)
    assert not OWN_WAY.search('"import sys; sys.path.insert(0, 1)"')  # in a program that a test starts


def test_every_name_is_there_once() -> None:
    """Otherwise a test would get the one of the first folder."""
    names = [path.name for folder in FOLDERS for path in (ROOT / folder).glob("*.py") if path.name != "conftest.py"]
    assert len(names) > len(FOLDERS)
    assert not [name for name, count in collections.Counter(names).items() if count > 1]
