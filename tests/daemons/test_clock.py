# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""chronyd, with what role `time` writes, believes no minority and no pair; and serves nobody (docs/time.md).

Needs root and the lab image. Nobody's clock is set.
"""

from __future__ import annotations

import pathlib
import subprocess

import pytest
from imrs_clock_bench import NAMES, RENDERED, clock

LIE = 10.0


def parsed(conf: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """chronyd's own word on a file: the check of the role's bundle."""
    return subprocess.run(["chronyd", "-p", "-f", conf], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("case", ["clock", "clock_nts"])
def test_the_parser_takes_the_file_and_no_other(case: str, tmp_path: pathlib.Path) -> None:
    conf = RENDERED / case / "etc/chrony/chrony.conf"
    said = parsed(conf)
    assert (said.returncode, said.stderr) == (0, "")
    wrong = tmp_path / "chrony.conf"
    wrong.write_text(conf.read_text(encoding="ascii").replace("minsources 3", "minsources three"), encoding="ascii")
    said = parsed(wrong)
    assert said.returncode == 1
    assert "minsources" in said.stderr


def test_four_that_agree_keep_the_clock_and_nobody_is_served(tmp_path: pathlib.Path) -> None:
    with clock(tmp_path, 0.0, 0.0, 0.0, 0.0) as machine:
        assert [(each["name"], each["reached"], each["wrong"]) for each in machine["sources"]] == [
            (name, True, False) for name in NAMES
        ]
        tracking = machine["tracking"]
        assert (tracking["stratum"], tracking["leap"]) == (2, "Normal")
        assert abs(tracking["offset"]) + tracking["error"] < 0.05
        assert [each for each in machine["sockets"] if each["process"] == "chronyd"] == []


def test_one_that_lies_is_outvoted(tmp_path: pathlib.Path) -> None:
    with clock(tmp_path, 0.0, 0.0, LIE, 0.0) as machine:
        assert [each["name"] for each in machine["sources"] if each["wrong"]] == [NAMES[2]]
        assert machine["tracking"]["leap"] == "Normal"
        assert abs(machine["tracking"]["offset"]) < 1.0


def test_one_that_lies_is_outvoted_while_another_is_silent(tmp_path: pathlib.Path) -> None:
    with clock(tmp_path, 0.0, 0.0, LIE, None) as machine:
        assert [each["name"] for each in machine["sources"] if each["wrong"]] == [NAMES[2]]
        assert machine["tracking"]["leap"] == "Normal"
        assert abs(machine["tracking"]["offset"]) < 1.0


@pytest.mark.parametrize("ahead", [(LIE, LIE, 0.0, 0.0), (LIE, LIE, None, None)], ids=["two of four", "two alone"])
def test_a_pair_is_not_believed(ahead: tuple[float | None, ...], tmp_path: pathlib.Path) -> None:
    with clock(tmp_path, *ahead) as machine:
        assert machine["tracking"]["leap"] == "Not synchronised"
        assert machine["tracking"]["offset"] == 0.0
