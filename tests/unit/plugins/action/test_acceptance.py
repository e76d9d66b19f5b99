# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens on the controller: real runs, with recorded evidence and a node that nobody can reach."""

from __future__ import annotations

import datetime
import json
import pathlib
import subprocess
import typing as t

import pytest
import registrations
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


def test_what_people_attest_and_what_a_fleet_raises_goes_into_the_verdict(site: Site) -> None:
    done = {"check": "OB-01", "by": "A. Person", "date": "2026-11-02", "what": "Console tried"}
    more = {"attestations": [done], "required_attestations": ["OB-01"], "raised_checks": ["TM-03"]}
    assert judged(site, **more).returncode == 0
    report = json.loads((site.base / "reports/acceptance.json").read_text())
    found = {result["id"]: result for result in report["results"]}
    assert (found["OB-01"]["status"], found["OB-01"]["by"]) == ("pass", "A. Person")
    assert (found["TM-03"]["severity"], found["TM-03"]["raised"]) == ("F", True)
    assert "OB-01" not in report["unattested"]
    assert "A. Person" not in (site.base / "reports/acceptance.md").read_text()


def test_in_check_mode_no_report_is_written(site: Site) -> None:
    assert judged(site, "--check").returncode == 0
    assert not (site.base / "reports").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"stage": "high"}, "value of stage must be one of: dark, drained, live, got: high"),
        ({"waivers": [{"check": "BG-03"}]}, "missing required arguments: reason found in waivers"),
        ({"expected": {}}, "expected"),
        ({"attestations": [{"check": "OB-01"}]}, "missing required arguments: by, date, what found in attestations"),
    ],
    ids=["stage", "waiver", "expected", "attestation"],
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


def outcome(site: Site) -> dict[str, t.Any]:
    """What the report says of the registries."""
    report = json.loads((site.base / "reports/acceptance.json").read_text())
    return next(result for result in report["results"] if result["id"] == "BG-19")


def accepted(site: Site, given: t.Any) -> subprocess.CompletedProcess[str]:
    """The same node, with what certifies it as it stands."""
    marks = [peer["mark"] for peer in load("knot", "live")["expected"]["peers"]]
    waivers = [{"check": "TM-01", "reason": "a container"}]
    return judged(site, sessions=marks, waivers=waivers, registration=given)


def files(folder: pathlib.Path, **texts: str) -> dict[str, str]:
    """Inputs of now, all well but for these."""
    now = datetime.datetime.now(datetime.UTC)
    lasting = [registrations.roa(prefix, expires=int(now.timestamp()) + 9999) for prefix in registrations.FIVE]
    good = {"rpki": registrations.rpki(*lasting, instead=True, made=f"{now:%Y-%m-%dT%H:%M:%SZ}")}
    good |= {"irr": registrations.irr(), "peeringdb": registrations.peeringdb()}
    for name, text in {**good, **texts}.items():
        (folder / name).write_text(text)
    return {name: str(folder / name) for name in good}


def test_what_lies_on_the_controller_is_evidence(site: Site) -> None:
    assert judged(site).returncode == 0
    assert (outcome(site)["status"], outcome(site)["message"]) == (
        "skipped",
        "no evidence from the controller: acceptance_registration names no file",
    )
    given = files(site.base)
    assert accepted(site, given).returncode == 0
    assert outcome(site)["status"] == "pass", outcome(site)
    assert accepted(site, {**given, "irr": None}).returncode == 0
    assert (outcome(site)["status"], outcome(site)["message"][-3:]) == ("skipped", "IRR")
    files(site.base, peeringdb=registrations.peeringdb(info_prefixes6=2))
    done = accepted(site, given)
    assert "certifiable True" in done.stdout, "it is a warning"
    assert outcome(site)["status"] == "fail"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rpki": "gone"}, "gone: No such file or directory; fetch it, or take it out of acceptance_registration"),
        ({"rpki": "."}, ": is no file; name one that can be read"),
        ({"rpki": "half"}, "half:1: no JSON: Expecting property name"),
        ({"rpki": "half", "rpkii": "x"}, "the check broke: ValueError: rpkii: unknown key; known are rpki_hours"),
        ({"rpkii": "x"}, "the check broke: ValueError: rpkii: unknown key"),
        ("half", "acceptance_registration: is no mapping; name files by rpki, irr, peeringdb"),
        ({"rpki": "half", "days": "some"}, "the check broke: ValueError: days: 'some' is no number"),
    ],
)
def test_whatever_is_wrong_there_takes_nothing_down(site: Site, given: t.Any, said: str) -> None:
    """A task that fails has the role take the node dark, and one that refuses leaves a changed node dark."""
    (site.base / "half").write_text("{")
    if isinstance(given, dict) and "rpki" in given:
        given = {**given, "rpki": str(site.base / given["rpki"])}
    done = accepted(site, given)
    assert done.returncode == 0, done.stdout
    assert "certifiable True" in done.stdout
    assert outcome(site)["status"] == "error"
    assert said in outcome(site)["message"]


def test_a_line_is_opened_ahead_and_nobody_hears_what_became_of_it(site: Site) -> None:
    ssh, said = site.base / "ssh", site.base / "said"
    ssh.write_text(f"#!/bin/sh\necho $* >{said}.new; mv {said}.new {said}; exit 255\n")
    ssh.chmod(0o755)
    task = {"icann.imrs.acceptance": {"verb": "open"}, "vars": {**FAR, "ansible_ssh_executable": str(ssh)}}
    done = site.play([{"name": "main | Open", **task}])
    assert done.returncode == 0, done.stdout
    shell.wait_for("the end of what opens it", said.exists, 60)
    assert said.read_text().endswith(" 192.0.2.255 true\n")
