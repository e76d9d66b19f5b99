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
import yaml
from imrs_bundle_site import Site, make_site
from imrslab import shell
from recordings import WAIVED, load

SHOWN = {"ansible.builtin.debug": {"msg": "certifiable {{ report.certifiable }}, {{ report.counts['pass'] }} passed"}}
ROOT = pathlib.Path(__file__).resolve().parents[4]
REPORTS = ["acceptance.html", "acceptance.json", "acceptance.md", "acceptance.txt", "acceptance.xml"]
SUSPENDED = {
    "imrs_state": "suspended",
    "imrs_operational": False,
    "imrs_mode": "dark",
    "imrs_provisioning": {"allowed": False, "reason": "Off.", "override": ""},
}
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
    assert sorted(path.name for path in (site.base / "reports").iterdir()) == [*REPORTS, "history"]
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


def test_the_last_accepted_report_stays_when_a_later_one_is_not(site: Site) -> None:
    assert accepted(site, {}).returncode == 0
    assert judged(site, raised_checks=["TM-03"]).returncode == 0
    folder = site.base / "reports"
    read = [json.loads((folder / name).read_text())["certifiable"] for name in ("acceptance.json", "accepted.json")]
    assert read == [False, True]


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


def test_a_report_that_cannot_be_written_is_told_and_changes_no_verdict(site: Site) -> None:
    """A full disk on the controller must not have the role take a good node dark."""
    (site.base / "file").write_text("")
    done = judged(site, report_directory=str(site.base / "file"))
    assert done.returncode == 0, done.stdout
    assert "certifiable" in done.stdout
    told = f"{site.base / 'file'}: the reports could not be written (FileExistsError:"
    assert told in " ".join((done.stdout + done.stderr).split())


def test_an_earlier_report_that_is_no_use_changes_no_verdict(site: Site) -> None:
    history = site.base / "reports/history"
    history.mkdir(parents=True)
    (history / "20260101T000000Z-live.json").write_text('{"format": 1, "status": "judged"}')
    done = judged(site)
    assert done.returncode == 0, done.stdout
    assert "the reports could not be written (KeyError: 'results')" in " ".join((done.stdout + done.stderr).split())


def test_before_a_run_begins_its_place_has_to_be_there(site: Site) -> None:
    (site.base / "reports").write_text("")
    done = marked(site)
    assert done.returncode != 0
    told = f"acceptance: {site.base / 'reports'}: File exists; give report_directory a place that can be written"
    assert told in " ".join((done.stdout + done.stderr).split())


def outcome(site: Site) -> dict[str, t.Any]:
    """What the report says of the registries."""
    report = json.loads((site.base / "reports/acceptance.json").read_text())
    return next(result for result in report["results"] if result["id"] == "BG-19")


def accepted(site: Site, given: t.Any) -> subprocess.CompletedProcess[str]:
    """The same node, with what certifies it as it stands."""
    marks = [peer["mark"] for peer in load("knot", "live")["expected"]["peers"]]
    return judged(site, sessions=marks, waivers=WAIVED, registration=given)


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


def report_of(site: Site) -> dict[str, t.Any]:
    return dict(json.loads((site.base / "reports/acceptance.json").read_text()))


def marked(site: Site, *options: str, **more: t.Any) -> subprocess.CompletedProcess[str]:
    """A run that says that it has no verdict."""
    said = {"verb": "mark", "status": "broken", "node": "xlb01.l.root-servers.org", **more}
    said["report_directory"] = str(site.base / "reports")
    return site.play([{"name": "main | Mark", "icann.imrs.acceptance": said, "vars": FAR}], *options)


def test_a_run_without_a_verdict_takes_the_place_of_an_earlier_report(site: Site) -> None:
    assert judged(site).returncode == 0
    earlier = report_of(site)
    result = {"unreachable": True, "msg": "ssh: connect to host 198.51.100.11 port 22: No route to host"}
    done = marked(site, "--check")
    assert done.returncode == 0, done.stdout
    assert report_of(site) == earlier
    done = marked(site, result=result)
    assert done.returncode == 0, done.stdout
    assert "UNREACHABLE" not in done.stdout
    found = report_of(site)
    assert (found["status"], found["verdict"], found["certifiable"]) == ("broken", "Not judged", False)
    assert found["reasons"] == [f"it cannot be reached ({result['msg']})"]
    assert found["changes"] == [f"The last verdict was: {earlier['verdict']}, {earlier['started']}."]
    page = (site.base / "reports/acceptance.html").read_text()
    assert "Not judged" in page
    assert "198.51.100.11" not in page
    assert "198.51.100.11" in (site.base / "reports/acceptance.md").read_text()


def test_a_system_that_an_upgrade_has_kept_is_told_as_that(site: Site) -> None:
    """Until then nobody knows whether the node still runs what its report tells of."""
    kept = {"verb": "kept", "report_directory": str(site.base / "reports")}
    play = [{"name": "main | Keep", "icann.imrs.acceptance": kept, "vars": FAR}]
    assert site.play(play).returncode == 0  # no report, nothing to say
    assert judged(site).returncode == 0
    tried = {**report_of(site), "candidate": True, "installed": {"knot": "knot 3.4.6-2"}}
    (site.base / "reports/acceptance.json").write_text(json.dumps(tried))
    assert site.play(play, "--check").returncode == 0
    assert report_of(site) == tried
    done = site.play(play)
    assert done.returncode == 0, done.stdout
    assert report_of(site) == {**tried, "candidate": False}


def test_what_has_changed_since_the_report_before_it_is_told_and_reports_are_kept(site: Site) -> None:
    recorded = load("knot", "live")
    assert judged(site).returncode == 0
    assert report_of(site)["since"] is None
    history = site.base / "reports/history"
    (first,) = history.iterdir()
    assert first.name.endswith("Z-live.json")
    earlier = json.loads(first.read_text())
    assert earlier == report_of(site)
    next(each for each in earlier["results"] if each["id"] == "DN-01")["status"] = "fail"
    for number in range(60):
        (history / f"20200101T0000{number:02}Z-live.json").write_text(json.dumps(earlier))
    (history / "20990101T000000Z-live.json").write_text("no report")
    (history / "20990101T000000Z-dark.json").write_text(json.dumps({**earlier, "verdict": "of another stage"}))
    first.unlink()
    assert judged(site, fingerprint="ab").returncode == 0
    found = report_of(site)
    assert found["since"]["mended"] == ["DN-01"]
    assert "DN-01 did not pass then and passes now." in found["changes"]
    names = sorted(path.name for path in history.iterdir())
    assert len(names) == 50
    made = [name for name in names if name.endswith("Z-live.json") and not name.startswith(("2020", "2099"))]
    assert len(made) == 1, "by the controller's clock, not by the node's"
    assert names[0] == "20200101T000013Z-live.json"
    assert recorded["evidence"]


@pytest.mark.parametrize("playbook", ["accept", "site"])
def test_a_node_that_cannot_be_reached_keeps_no_report_of_an_earlier_run(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], playbook: str
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    report = fleet.inventory.parent / "reports/xaa01/acceptance.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps({"certifiable": True}))
    done = fleet.run(playbook, "--check")
    assert done.returncode != 0
    assert json.loads(report.read_text()) == {"certifiable": True}
    done = fleet.run(playbook)
    assert "UNREACHABLE" in done.stdout, done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert (found["status"], found["certifiable"]) == ("not_reached", False)
    assert found["node"] == "xaa01.l.root-servers.org"
    assert "the node cannot be reached" in found["reasons"][0]


def test_a_node_that_is_withdrawn_keeps_no_report_of_an_earlier_run(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaf01": make_node("xaf01", **SUSPENDED)})
    done = fleet.run("accept")
    assert done.returncode != 0
    found = json.loads((fleet.inventory.parent / "reports/xaf01/acceptance.json").read_text())
    assert found["status"] == "not_reached"
    assert found["reasons"][0].startswith("IT MAY STILL ANNOUNCE: it cannot be reached.")


def test_a_failed_stage_tells_its_reports_when_the_node_is_dark_and_never_before() -> None:
    """What goes wrong in telling must keep no node announced."""
    tasks = yaml.safe_load((ROOT / "roles/acceptance/tasks/stage.yml").read_text())
    names = [task["name"] for task in tasks[0]["rescue"]]
    order = [
        names.index(f"stage | {name}")
        for name in ("Go dark, and prove it", "Say in the reports that there is no verdict", "Say why")
    ]
    assert order == sorted(order)
    (told,) = (task for task in tasks[0]["rescue"] if "icann.imrs.acceptance" in task)
    assert told["icann.imrs.acceptance"]["status"] == "broken"
    assert told["when"] == "(__acceptance_report | default({})).certifiable | default(true)"


def test_no_node_is_left_out_of_the_fleet_s_page(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
    fleet.write({name: make_node(name) for name in ("xaa01", "xab01", "xac01")})
    reports = fleet.inventory.parent / "reports"
    for name in ("xaa01", "xzz01"):
        (reports / name).mkdir(parents=True)
        (reports / name / "acceptance.json").write_text("{")
    assert fleet.run("accept", "--limit", "xab01").returncode != 0
    fleet.called.unlink()
    done = fleet.run("reports", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (reports / "index.html").exists()
    done = fleet.run("reports")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not fleet.called.exists()
    page, table = (reports / "index.html").read_text(), (reports / "index.md").read_text()
    for text in (page, table):
        assert "Its report is not JSON" in text
        assert "Not reached" in text
        assert "No report" in text
        assert "what the inventory does not have: xzz01" in text
    assert [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| x")] == [
        "| xab01", "| xaa01", "| xac01",
    ]  # fmt: skip
    done = fleet.run("reports", "--limit", "xaa01")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "does not have: xzz01." in (reports / "index.html").read_text()


def test_a_line_is_opened_ahead_and_nobody_hears_what_became_of_it(site: Site) -> None:
    ssh, said = site.base / "ssh", site.base / "said"
    ssh.write_text(f"#!/bin/sh\necho $* >{said}.new; mv {said}.new {said}; exit 255\n")
    ssh.chmod(0o755)
    task = {"icann.imrs.acceptance": {"verb": "open"}, "vars": {**FAR, "ansible_ssh_executable": str(ssh)}}
    done = site.play([{"name": "main | Open", **task}])
    assert done.returncode == 0, done.stdout
    shell.wait_for("the end of what opens it", said.exists, 60)
    assert said.read_text().endswith(" 192.0.2.255 true\n")


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({}, "pass"),
        ({"node": "xnf01.l.root-servers.org"}, "skipped"),
        ({"format": 2}, "skipped"),
        ({"daemons": ["nsd", "bird"]}, "skipped"),
        ({"results": [{"id": "FB-09", "status": "melted", "message": "hot"}]}, "skipped"),
        ({"results": None}, "skipped"),
    ],
)
def test_what_a_drill_left_beside_the_reports_is_told(site: Site, record: dict[str, t.Any], wanted: str) -> None:
    result = {"id": "FB-09", "status": "pass", "message": "the gate hung: withdrawn"}
    whole: dict[str, t.Any] = {
        "format": 1,
        "node": load("knot", "live")["expected"]["node_name"],
        "when": "2026-11-30T04:00:00Z",
    }
    folder = site.base / "reports"
    folder.mkdir()
    whole |= {
        "daemons": ["knot", "bird"],
        "serial": (load("knot", "live")["expected"].get("hardware") or {}).get("serial", ""),
    }
    (folder / "drill.json").write_text(json.dumps({**whole, "by": "me on here", "results": [result], **record}))
    done = judged(site)
    assert done.returncode == 0, done.stdout
    (found,) = (
        each for each in json.loads((folder / "acceptance.json").read_text())["results"] if each["id"] == "FB-09"
    )
    assert found["status"] == wanted
    assert ("tried on 2026-11-30: the gate hung: withdrawn" in found["message"]) is (wanted == "pass")
