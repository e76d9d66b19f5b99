# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people attest, and what a fleet makes of it: told, required before a node goes live, and never a node's end."""

from __future__ import annotations

import json
import typing as t
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    catalog_markdown,
    judge,
    report_json,
    report_junit,
    report_markdown,
    table,
)
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.attested import Tried
from ansible_collections.icann.imrs.plugins.module_utils._site.checks import ATTESTATIONS, ATTESTED
from recordings import CHECKS, Scene

DONE: t.Any = {"check": "OB-01", "by": "A. Person", "date": "2026-11-02", "what": "Console and power cycle tried"}
REQUIRED = "OB-01 failed: not attested, and the fleet requires it before a node goes live"


def of(report: judge.Report, ident: str) -> judge.Result:
    return next(result for result in report.results if result.id == ident)


def test_what_is_attested_has_passed() -> None:
    report = Scene().report(attestations=[DONE], required=["OB-01"])
    found = of(report, "OB-01")
    assert (found.status, found.severity, found.by) == ("pass", "F", "A. Person")
    assert found.message == "attested on 2026-11-02: Console and power cycle tried"
    assert report.certifiable
    assert set(report.unattested) == ATTESTED - {"OB-01"}


@pytest.mark.parametrize("stage", ["dark", "drained", "live"])
def test_nothing_is_required_of_a_fleet_that_requires_nothing(stage: str) -> None:
    report = Scene("knot", stage).report()
    assert report.certifiable
    assert set(report.unattested) == ATTESTED
    found = of(report, "OB-01")
    assert (found.status, found.severity, found.message) == ("skipped", "W", "not attested")


@pytest.mark.parametrize("stage", ["dark", "drained"])
def test_what_is_required_keeps_a_node_from_going_live(stage: str) -> None:
    report = Scene("knot", stage).report(required=["OB-01"])
    assert [reason for reason in report.reasons if reason.startswith(REQUIRED)] == list(report.reasons)
    assert not report.certifiable
    assert report.harmful == ()


def tried(status: str, day: str = "2026-11-20") -> dict[str, Tried]:
    """A record of a drill."""
    return {"FB-02": Tried(status, "the nameserver hung: withdrawn after 0.6 s", f"{day}T04:00:00Z", "me on here")}


def test_what_a_drill_found_needs_nobody_s_word() -> None:
    report = Scene().report(tried=tried("pass"), required=["FB-02"])
    found = of(report, "FB-02")
    assert (found.status, found.severity, found.by) == ("pass", "F", "me on here")
    assert found.message == "tried on 2026-11-20: the nameserver hung: withdrawn after 0.6 s"
    assert report.certifiable


@pytest.mark.parametrize("status", ["fail", "error"])
def test_a_drill_that_failed_counts_until_it_is_tried_again_or_attested_later(status: str) -> None:
    found = of(Scene("knot", "drained").report(tried=tried(status)), "FB-02")
    assert (found.status, found.severity) == (status, "W")
    for day, wanted in (("2026-11-20", status), ("2026-11-21", "pass")):
        word: t.Any = {"check": "FB-02", "by": "A. Person", "date": day, "what": "Seen"}
        assert of(Scene().report(tried=tried(status), attestations=[word]), "FB-02").status == wanted


@pytest.mark.parametrize(("stage", "severity"), [("dark", "F"), ("drained", "F"), ("live", "W")])
def test_a_drill_that_is_required_and_failed_is_as_good_as_none(stage: str, severity: str) -> None:
    report = Scene("knot", stage).report(tried=tried("fail"), required=["FB-02"])
    assert of(report, "FB-02").severity == severity
    assert report.certifiable is (severity == "W")
    assert report.harmful == ()


def test_what_was_left_out_of_a_drill_is_as_if_it_had_not_been() -> None:
    found = of(Scene().report(tried=tried("skipped")), "FB-02")
    assert (found.status, found.message) == ("skipped", "not attested")


def test_a_waiver_is_no_attestation() -> None:
    waivers = [{"check": each, "reason": "please"} for each in ("OB-01", "OS-02", "TM-01", "TM-02")]
    assert not Scene("knot", "dark").report(required=["OB-01"], waivers=waivers).certifiable


@pytest.mark.parametrize("mode", ["dark", "drained"])
def test_a_node_that_is_not_to_be_live_needs_no_attestation(mode: str) -> None:
    scene = Scene("knot", "dark")
    scene.expected["mode"] = mode
    assert scene.report(required=["OB-01"]).certifiable


def test_a_node_that_is_live_stays_so() -> None:
    """The certificate of a foreseen change needs every F check at stage live: this one must not take it dark."""
    report = Scene("knot", "live").report(required=sorted(ATTESTED))
    assert report.certifiable
    assert report.harmful == ()
    found = of(report, "OB-01")
    assert (found.severity, found.status) == ("W", "skipped")
    assert "before the node goes live" in found.message


def test_a_fleet_may_take_a_warning_seriously() -> None:
    scene = Scene()
    scene.system["failed"] = ["cron.service"]
    assert scene.report().certifiable
    report = scene.report(raised=["OS-06"])
    assert report.reasons == ("OS-06 failed: cron.service has failed",)
    assert report.harmful == (), "to take it seriously makes no harm of it"
    found = of(report, "OS-06")
    assert (found.severity, found.raised) == ("F", True)
    assert "this fleet takes it for severity F" in report_markdown.render(report)
    assert "OS-06 F " in table.render(report)
    failure = ET.fromstring(report_junit.render(report)).find("testcase/failure")  # noqa: S314 - our own output
    assert failure is not None
    assert failure.get("type") == "F"


def test_nothing_lowers_a_check() -> None:
    report = Scene().report(raised=["DN-01"])
    assert (of(report, "DN-01").severity, of(report, "DN-01").raised) == ("F", False)
    assert CHECKS["DN-01"].severity == "F"


def test_who_attests_is_for_engineers() -> None:
    report = Scene().report(attestations=[DONE])
    assert "A. Person" in report_json.render(report)
    assert "A. Person, attested on 2026-11-02" in table.render(report)
    for read_by_hosts in (report_markdown.render(report), report_junit.render(report)):
        assert "A. Person" not in read_by_hosts
        assert "Person" not in read_by_hosts
    assert "attested on 2026-11-02" in report_markdown.render(report)


def test_reports_name_what_nobody_has_attested() -> None:
    report = Scene().report(attestations=[DONE])
    assert json.loads(report_json.render(report))["unattested"] == list(report.unattested)
    for text in (report_markdown.render(report), table.render(report)):
        (told,) = [line for line in text.splitlines() if "said yet" in line or "not attested by" in line]
        assert "HW-08" in told
        assert "OB-01" not in told
    assert max(map(len, table.render(report).splitlines())) <= table.WIDTH
    assert "said yet" not in report_markdown.render(Scene().report(attestable=()))


def test_the_page_of_checks_has_a_table_of_them() -> None:
    text = catalog_markdown.render([]).partition("## What people attest")[2]
    for each in ATTESTATIONS:
        assert f"| {each.id} " in text
