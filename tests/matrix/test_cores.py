# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the tarball, in an empty folder, every supported ansible-core renders the same bytes."""

from __future__ import annotations

import pathlib
import shutil

import pytest
import yaml
from imrs_cores import CORES, ROOT, Core, different, ends, files, install, python_for

STRANGER = pathlib.Path(__file__).with_name("stranger.py")


def test_the_same_bytes_come_out(
    core: Core, room: pathlib.Path, tarball: pathlib.Path, fleet: pathlib.Path, rendered_here: dict[str, bytes]
) -> None:
    result = room / f"rendered-{core.release}"
    done = core.run(STRANGER, tarball, fleet, result)
    assert done.returncode == 0, done.stdout
    assert different(rendered_here, files(result)) == []
    assert "mrs01/etc/knot/knot.conf" in rendered_here
    _, _, rendering = done.stdout.partition("PLAY [")
    assert rendering
    assert "WARN" not in rendering


def test_a_difference_is_noticed() -> None:
    assert different({"a": b"1", "b": b"1", "c": b""}, {"a": b"1", "b": b"2", "d": b""}) == ["b", "c", "d"]


def test_a_fleet_that_is_not_rendered_is_noticed(
    room: pathlib.Path, tarball: pathlib.Path, fleet: pathlib.Path
) -> None:
    wrong = room / "wrong"
    shutil.copytree(fleet, wrong)
    for name in ("fleet.yml", "sites/ywg.yml"):
        text = (wrong / name).read_text(encoding="utf-8")
        (wrong / name).write_text(f"{text}nonsense: true\n", encoding="utf-8")
    done = install(ends()[0]).run(STRANGER, tarball, wrong, room / "never")
    assert done.returncode == 1
    assert "imrs.yml: 2 problems in the site data" in " ".join(done.stdout.partition("PLAY [")[2].split())
    named = [line.partition(":")[0] for line in done.stdout.splitlines() if ": nonsense: unknown key;" in line]
    assert {"fleet.yml", "sites/ywg.yml"} <= set(named)  # each on a line of its own


@pytest.mark.parametrize(
    ("here", "oldest_and_newest", "chosen"),
    [
        ((3, 11), ["2.16", "2.21"], {"2.16": (3, 11), "2.19": (3, 11), "2.20": (3, 13)}),
        ((3, 13), ["2.18", "2.21"], {"2.17": None, "2.18": (3, 13), "2.21": (3, 13)}),
        ((3, 14), ["2.18", "2.21"], {"2.16": None, "2.19": (3, 13), "2.20": (3, 14)}),
    ],
)
def test_each_core_gets_a_python_that_it_supports(
    here: tuple[int, int], oldest_and_newest: list[str], chosen: dict[str, tuple[int, int] | None]
) -> None:
    assert ends(here) == oldest_and_newest
    assert {core: python_for(core, here) for core in chosen} == chosen


def test_what_is_promised_is_what_is_tried() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["requires_ansible"] == f">={next(iter(CORES))}.0"
