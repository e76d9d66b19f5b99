# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make sanity`: nothing is left out unnoticed, and every exception has a reason."""

from __future__ import annotations

import pathlib
import runpy

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
JUDGE = runpy.run_path(str(ROOT / "tests/ansible_test.py"))["judge"]
RAN = 'Running sanity test "pep8"\n' + "".join(f'Running sanity test "import" on Python 3.{n}\n' for n in (11, 12))


def test_a_success_says_how_many_tests_ran() -> None:
    assert JUDGE(0, RAN) == (0, "2 sanity tests passed")


def test_a_failure_is_shown_whole() -> None:
    assert JUDGE(1, RAN + "ERROR: x") == (1, RAN + "ERROR: x")


@pytest.mark.parametrize(
    "said",
    [
        'WARNING: Required program "shellcheck" not found.',
        'WARNING: Skipping sanity test "import" on Python 3.11 due to missing virtual environment support.',
    ],
)
def test_a_test_that_is_left_out_is_a_failure(said: str) -> None:
    status, words = JUDGE(0, f"{RAN}{said}\n")
    assert status == 1
    assert words.endswith(said)


@pytest.mark.parametrize("path", sorted((ROOT / "tests/sanity").glob("ignore-*.txt")), ids=lambda path: path.name)
def test_every_exception_has_a_reason_and_a_file(path: pathlib.Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        exception, separator, reason = line.partition(" # ")
        assert separator, line
        assert reason.strip(), line
        assert (ROOT / exception.split(" ")[0]).is_file(), line
