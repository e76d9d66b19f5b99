# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""chronyd, with what role `time` writes, believes no minority and no pair; and serves nobody (docs/time.md).

Needs root and the lab image. Nobody's clock is set.
"""

from __future__ import annotations

import pathlib
import subprocess

import pytest
from imrs_clock_bench import ENOUGH, NAMES, RENDERED, ask, chronyd, clock, placed, read, samples, signing
from imrs_gate_bench import until

LIE = 10.0


def parsed(conf: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """chronyd's own word on a file, as the role's bundle asks for it."""
    command = ["xargs", "-d", "\\n", "-a", str(conf), "chronyd", "-p"]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("case", ["clock", "clock_nts"])
def test_the_parser_takes_the_file_and_no_other(case: str, tmp_path: pathlib.Path) -> None:
    conf = RENDERED / case / "etc/chrony/chrony.conf"
    said = parsed(conf)
    assert (said.returncode, said.stderr) == (0, "")
    wrong = tmp_path / "chrony.conf"
    wrong.write_text(conf.read_text(encoding="ascii").replace("minsources 3", "minsources three"), encoding="ascii")
    said = parsed(wrong)
    assert said.returncode == 123  # xargs(1): the command failed
    assert "minsources" in said.stderr


def _certain() -> bool:
    tracking = read()["tracking"]
    return bool(abs(tracking["offset"]) + tracking["error"] < 0.05)


def test_four_that_agree_keep_the_clock_and_nobody_is_served(tmp_path: pathlib.Path) -> None:
    with clock(tmp_path, 0.0, 0.0, 0.0, 0.0) as machine:
        assert [(each["name"], each["reached"], each["wrong"]) for each in machine["sources"]] == [
            (name, True, False) for name in NAMES
        ]
        tracking = machine["tracking"]
        assert (tracking["stratum"], tracking["leap"]) == (2, "Normal")
        # With the first answers it may have no estimate of its rate yet, and says that the clock may be off by seconds.
        until(_certain, 120, "chronyd to know how far the clock is off")
        assert [each for each in machine["sockets"] if each["process"] == "chronyd"] == []


def test_one_that_lies_is_outvoted(tmp_path: pathlib.Path) -> None:
    with clock(tmp_path, 0.0, 0.0, LIE, 0.0) as machine:
        assert [each["name"] for each in machine["sources"] if each["wrong"]] == [NAMES[2]]
        assert machine["tracking"]["leap"] == "Normal"
        assert abs(machine["tracking"]["offset"]) < 1.0


@pytest.mark.parametrize(
    "ahead",
    [(0.0, 0.0, LIE, LIE), (None, None, LIE, LIE), (0.0, None, LIE, 0.0)],
    ids=["two of four", "two alone", "two, and one that lies"],
)
def test_a_pair_is_not_believed(ahead: tuple[float | None, ...], tmp_path: pathlib.Path) -> None:
    with clock(tmp_path, *ahead) as machine:
        assert machine["tracking"]["leap"] == "Not synchronised"
        assert abs(machine["tracking"]["offset"]) < 1.0


def test_signed_answers_count_from_who_has_the_name_in_its_certificate_alone(tmp_path: pathlib.Path) -> None:
    """NTS (RFC 8915), names from the role's own file: three servers are who they say, the last is somebody else."""
    certified = {**{name: name for name in NAMES}, NAMES[3]: "somebody.else.example"}
    with (
        placed("clock_nts", tmp_path) as conf,
        signing(tmp_path, certified),
        chronyd(conf, tmp_path / "authorities.pem"),
    ):
        until(lambda: all(samples()[name] >= ENOUGH for name in NAMES[:3]), 60, "signed answers")
        until(lambda: int(signatures()[NAMES[3]][5]) >= 1, 20, "a try at the last one")
        found = signatures()
        assert {found[name][0] for name in NAMES} == {"NTS"}
        assert [int(found[name][7]) > 0 for name in NAMES] == [True, True, True, False], "cookies"
        machine = read()
    assert {each["name"] for each in machine["sources"] if each["reached"]} == set(NAMES[:3])
    assert machine["tracking"]["leap"] == "Normal"


def signatures() -> dict[str, list[str]]:
    """By source, what chronyd says of its authentication: mode, key, type, length, last, attempts, NAKs, cookies."""
    return {row[0]: row[1:] for row in (line.split(",") for line in ask("authdata", "-a").splitlines())}
