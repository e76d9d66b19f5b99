# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens on the controller: real runs, with recorded evidence and a node that nobody can reach."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import types
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.action import acceptance
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import judge
from imrs_bundle_site import Site, make_site
from imrslab import shell
from recordings import load

SHOWN = {"ansible.builtin.debug": {"msg": "certifiable {{ report.certifiable }}, {{ report.counts['pass'] }} passed"}}
REPORTS = ["acceptance.json", "acceptance.md", "acceptance.txt", "acceptance.xml"]
FAR = {"ansible_connection": "ssh", "ansible_host": "192.0.2.255"}
"""In the documentation range (RFC 5737), and a broadcast address of its usual subnets."""


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Site:
    return make_site(tmp_path)


def judged(site: Site, *options: str, **more: t.Any) -> subprocess.CompletedProcess[str]:
    """A run that judges a node which was live when its evidence was recorded."""
    recorded = load("knot", "live")
    said = {
        "verb": "judge",
        "stage": "live",
        "expected": recorded["expected"],
        "evidence": "{{ evidence }}",
        "report_directory": str(site.base / "reports"),
        **more,
    }
    task = {"name": "main | Judge", "icann.imrs.acceptance": said, "register": "report", "vars": FAR}
    return site.play([task, SHOWN], *options, variables={"evidence": recorded["evidence"]})


def test_it_judges_and_writes_reports_without_a_contact(site: Site) -> None:
    done = judged(site)
    assert done.returncode == 0, done.stdout
    assert "UNREACHABLE" not in done.stdout
    assert sorted(path.name for path in (site.base / "reports").iterdir()) == REPORTS
    report = json.loads((site.base / "reports/acceptance.json").read_text())
    passed = sum(result["status"] == "pass" for result in report["results"])
    assert passed > 0
    assert f"certifiable {report['certifiable']}, {passed} passed" in done.stdout


def test_a_bad_verdict_is_no_failure_of_the_task(site: Site) -> None:
    done = judged(site, evidence=[])
    assert done.returncode == 0, done.stdout
    assert "certifiable False, 0 passed" in done.stdout


def test_the_last_accepted_report_stays_when_a_later_one_is_not(tmp_path: pathlib.Path) -> None:
    plugin = acceptance.ActionModule.__new__(acceptance.ActionModule)
    plugin._task = types.SimpleNamespace(check_mode=False)
    good = judge.Report("xlb01.l.root-servers.org", "live", "live", 0.0, None, {}, "", (), (), (), ())
    written = [pathlib.Path(path).name for path in plugin._write(good, str(tmp_path))]
    assert sorted(written) == sorted([*REPORTS, "accepted.json"])
    plugin._write(dataclasses.replace(good, stage="drained", reasons=("DN-26 failed",)), str(tmp_path))
    read = {name: json.loads((tmp_path / name).read_text()) for name in ("acceptance.json", "accepted.json")}
    assert [(each["stage"], each["certifiable"]) for each in read.values()] == [("drained", False), ("live", True)]


def test_in_check_mode_no_report_is_written(site: Site) -> None:
    assert judged(site, "--check").returncode == 0
    assert not (site.base / "reports").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"stage": "high"}, "value of stage must be one of: dark, drained, live, got: high"),
        ({"waivers": [{"check": "BG-03"}]}, "missing required arguments: reason found in waivers"),
        ({"expected": {}}, "expected"),
    ],
    ids=["stage", "waiver", "expected"],
)
def test_a_mistake_is_told_in_a_sentence(site: Site, more: dict[str, t.Any], told: str) -> None:
    done = judged(site, **more)
    assert done.returncode != 0
    assert told in done.stdout + done.stderr, done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_place_that_cannot_be_written_is_named(site: Site) -> None:
    (site.base / "file").write_text("")
    done = judged(site, report_directory=str(site.base / "file"))
    assert done.returncode != 0
    told = f"acceptance: {site.base / 'file'}: File exists; give report_directory a place that can be written"
    assert told in " ".join((done.stdout + done.stderr).split())


def test_a_line_is_opened_ahead_and_nobody_hears_what_became_of_it(site: Site) -> None:
    ssh, said = site.base / "ssh", site.base / "said"
    ssh.write_text(f"#!/bin/sh\necho $* >{said}.new; mv {said}.new {said}; exit 255\n")
    ssh.chmod(0o755)
    task = {"icann.imrs.acceptance": {"verb": "open"}, "vars": {**FAR, "ansible_ssh_executable": str(ssh)}}
    done = site.play([{"name": "main | Open", **task}])
    assert done.returncode == 0, done.stdout
    shell.wait_for("the end of what opens it", said.exists, 60)
    assert said.read_text().endswith(" 192.0.2.255 true\n")
