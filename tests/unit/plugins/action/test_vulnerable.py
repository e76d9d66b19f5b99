# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook icann.imrs.vulnerable: files on this machine are judged, and nobody is contacted."""

from __future__ import annotations

import json
import time
import typing as t

import pytest
import vulnerabilities as made

if t.TYPE_CHECKING:
    import pathlib
    import subprocess


class Run(t.NamedTuple):
    """How a run ended, and what it said, on one line."""

    status: int
    said: str


class World(t.NamedTuple):
    """A fleet, a file of the tracker, and the nodes' reports."""

    fleet: t.Any
    file: pathlib.Path

    @property
    def reports(self) -> pathlib.Path:
        return t.cast("pathlib.Path", self.fleet.inventory.parent / "reports")

    def report(self, name: str, installed: dict[str, str]) -> None:
        folder = self.reports / name
        folder.mkdir(parents=True, exist_ok=True)
        days = (made.NOW - time.time()) / 86400
        (folder / "acceptance.json").write_text(made.report(installed, days=days))

    def run(self, *options: str, file: str | None = None) -> Run:
        given = ["-e", f"vulnerabilities={file or self.file}"] if file != "" else []
        done: subprocess.CompletedProcess[str] = self.fleet.run("vulnerable", *given, *options)
        assert not self.fleet.called.exists()
        assert "Traceback" not in done.stdout + done.stderr
        return Run(done.returncode, " ".join((done.stdout + done.stderr).split()))


@pytest.fixture
def world(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> World:
    word = made.assessed("CVE-2026-12490", "transfer_tls")
    fleet.write({name: make_node(name, imrs_vulnerabilities=[word]) for name in ("xaa01", "xab01", "xac01")})
    file = fleet.base / "tracker.json"
    file.write_text(made.tracker())
    found = World(fleet, file)
    for name in ("xaa01", "xab01", "xac01"):
        found.report(name, made.NSD)
    return found


def test_nodes_that_need_an_upgrade_are_told_with_the_command(world: World) -> None:
    done = world.run("--check")
    assert done.status == 0, done.said
    command = (
        f"ansible-playbook icann.imrs.upgrade -i {world.fleet.inventory} --limit xaa01,xab01,xac01"
        " -e '{upgrade_packages: [nsd]}'"
    )
    assert command in done.said  # as it is typed, without backslashes
    assert "no transfer_tls: its advisory says so" in done.said
    found = json.loads((world.reports / "vulnerabilities/vulnerabilities.json").read_text())
    assert found["commands"] == [command]
    assert found["file"] == str(world.file)
    assert [(row["kind"], row["nodes"]) for row in found["rows"]] == [
        ("upgrade", ["xaa01", "xab01", "xac01"]),
        ("not in use", ["xaa01", "xab01", "xac01"]),
    ]
    text = (world.reports / "vulnerabilities/vulnerabilities.txt").read_text()
    assert text.endswith(f"3 nodes: 3 to upgrade\n{command}\n")


def test_a_strict_run_fails_for_what_is_found_and_for_what_is_not_known(world: World) -> None:
    strict = ("-e", "imrs_strict=true")
    done = world.run(*strict)
    assert done.status == 2, done.said
    assert "3 nodes: 3 to upgrade; reports in" in done.said
    for name in ("xaa01", "xab01"):
        world.report(name, {"nsd": "nsd 4.12.0-1+deb13u1"})
    assert world.run(*strict, "--limit", "xaa01,xab01").status == 0
    (world.reports / "xab01/acceptance.json").unlink()
    done = world.run(*strict, "--limit", "xaa01,xab01")
    assert done.status == 2, done.said
    assert "NOT KNOWN xab01: has no report" in done.said


def test_two_fleets_that_assess_differently_are_refused(
    world: World, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    other = make_node("xab01", imrs_vulnerabilities=[made.assessed("CVE-2026-12490", "ospf")])
    world.fleet.write({"xaa01": make_node("xaa01"), "xab01": other})
    done = world.run()
    assert done.status == 2, done.said
    assert "the nodes are of fleets that assess vulnerabilities differently: take one by --limit" in done.said


def test_reports_may_be_elsewhere(world: World) -> None:
    world.reports.rename(world.fleet.base / "elsewhere")
    assert "3 nodes: 3 not known" in world.run().said
    assert "3 nodes: 3 to upgrade" in world.run("-e", f"reports_directory={world.fleet.base}/elsewhere").said


def test_a_report_that_cannot_be_read_is_not_known(world: World) -> None:
    (world.reports / "xaa01/acceptance.json").write_bytes(b"\xff")
    (world.reports / "xab01/acceptance.json").unlink()
    (world.reports / "xab01/acceptance.json").mkdir()
    done = world.run()
    assert "NOT KNOWN xaa01: its report is no text" in done.said
    assert "NOT KNOWN xab01: its report cannot be read (Is a directory)" in done.said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("", None, "No file is given: download https://security-tracker.debian.org/tracker/data/json, and name the"),
        ("missing.json", None, "missing.json: No such file or directory; download it from https://"),
        (".", None, ": is no file; give the one that was downloaded from https://"),
        ("cut.json", made.tracker()[:400], "cut.json:1: is no JSON of the tracker at character"),
        ("page.json", "<html>", "page.json: is a web page; download"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(world: World, name: str, content: str | None, said: str) -> None:
    path = world.fleet.base / name
    if content is not None:
        path.write_text(content)
    done = world.run(file=str(path) if name else "")
    assert done.status == 2, done.said
    assert said in done.said, done.said
    assert not (world.reports / "vulnerabilities").exists()


def test_a_place_that_cannot_be_written_is_told(world: World) -> None:
    (world.reports / "vulnerabilities").write_text("in the way")
    done = world.run()
    assert done.status == 2, done.said
    assert "give report_directory a place that can be written" in done.said
