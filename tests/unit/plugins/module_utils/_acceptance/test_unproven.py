# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the host's router could not be read, the report says which checks that was missing for, and why."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    catalog,
    judge,
    report_json,
    report_junit,
    report_markdown,
    table,
)
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.check import Verdict, check, passed
from recordings import WAIVED, Scene

NOBODY = judge.why_absent({"skipped": True, "skip_reason": "Conditional result was False"}, "router")
BY_THE_NODE = "judged by what the node says alone: BG-03, BG-04, BG-05"
UNREADABLE = "vtysh: none; birdc: none; bgpctl: none; gobgp: none"
WAIVERS = [*WAIVED, {"check": "PR-02", "reason": "confirmed by mail"}]


def unreadable(scene: Scene) -> None:
    """A looking glass with a daemon that nobody knows."""
    scene.scope("router")["host_router"] = {"error": UNREADABLE}


@pytest.mark.parametrize(
    ("stage", "missing"),
    [
        ("dark", f"; {BY_THE_NODE}"),
        ("drained", f"; not judged: PR-02; {BY_THE_NODE}"),
        ("live", f"; not judged: PR-02; {BY_THE_NODE}"),
    ],
)
def test_a_sheet_without_a_looking_glass(stage: str, missing: str) -> None:
    scene = Scene("knot", stage)
    scene.drop("router")
    report = scene.report(absent={"router": NOBODY}, waivers=WAIVERS)
    assert report.unproven == (f"the host's router was not read (the sheet names no looking_glass){missing}",)
    assert report.certifiable, "that PR-02 may be left out is for the fleet to say"


def test_why_pr_02_was_skipped_is_told_with_it() -> None:
    scene = Scene()
    scene.drop("router")
    why = "PR-02 was skipped without a waiver: no evidence from the router: the sheet names no looking_glass"
    assert scene.report(absent={"router": NOBODY}, waivers=WAIVED).reasons == (why,)


def test_a_router_that_cannot_be_reached() -> None:
    scene = Scene()
    scene.drop("router")
    why = judge.why_absent({"unreachable": True, "msg": "no route to host"}, "router")
    report = scene.report(absent={"router": why}, waivers=WAIVED)
    said = f"the host's router was not read (it cannot be reached (no route to host)); not judged: PR-02; {BY_THE_NODE}"
    assert report.unproven == (said,)
    assert not report.certifiable


@pytest.mark.parametrize(("stage", "idents"), [("dark", "BG-03, BG-04, BG-05"), ("live", "BG-03, BG-04, BG-05, PR-02")])
def test_a_looking_glass_whose_daemon_nobody_knows(stage: str, idents: str) -> None:
    """The sheet says that it can be read: a waiver for those that have none does not count."""
    scene = Scene("knot", stage)
    unreadable(scene)
    report = scene.report(waivers=WAIVERS)
    because = f"host_router of the router could not be read: {UNREADABLE}"
    assert report.reasons == (f"{idents} could not be judged: {because}",)
    assert report.unproven == (f"the host's router was not read ({because}); not judged: {idents}",)
    assert report.harmful == ()


def test_a_router_that_cannot_be_read_hides_no_leak() -> None:
    """What the node itself says of a leak takes it down, whatever the looking glass has."""
    scene = Scene()
    scene.exports.append({**scene.exports[0], "to": "198.51.100.0/24"})
    assert scene.report().harmful == ("BG-05",)
    unreadable(scene)
    report = scene.report()
    assert report.harmful == ("BG-05",)
    assert any(reason.startswith("BG-05 failed") for reason in report.reasons), report.reasons


def test_nothing_is_unproven_where_all_was_read() -> None:
    for stage in ("dark", "drained", "live"):
        assert Scene("knot", stage).report().unproven == ()


def test_a_vantage_that_was_not_reached() -> None:
    scene = Scene()
    scene.drop("vantage")
    said = "the vantage was not read (down); not judged: PR-01, PR-04; judged by what the node says alone: DN-49"
    assert scene.report(absent={"vantage": "down"}).unproven == (said,)
    assert judge.why_absent({"skipped": True}, "vantage") == "", "it is asked at stage live only"


def test_every_rendering_says_it() -> None:
    scene = Scene()
    scene.drop("router")
    report = scene.report(absent={"router": NOBODY}, waivers=WAIVERS)
    (said,) = report.unproven
    assert json.loads(report_json.render(report))["unproven"] == [said]
    words = "the sheet names no looking_glass"
    assert words in report_junit.render(report)
    text = report_markdown.render(report)
    assert "## Not proven" in text
    assert words.replace("_", "\\_") in text.partition("## Not proven")[2]
    assert said in " ".join(table.render(report).split())


def test_what_a_router_says_cannot_break_out_of_a_report() -> None:
    scene = Scene()
    scene.scope("router")["host_router"] = {"error": "\x1b[2J| <img src=x>\n# x " + "x" * 5000}
    report = scene.report()
    for line in table.render(report).splitlines():
        assert len(line) <= table.WIDTH
        assert line.isprintable()
    text = report_markdown.render(report)
    assert "<img" not in text.replace("\\<img", "")
    assert "\n# x" not in text


def _fine(evidence: t.Any, expected: t.Any) -> Verdict:
    """Always passes."""
    return passed("fine")


@pytest.mark.parametrize("also", [("node",), ("somebody",)])
def test_who_is_heard_as_well_is_another_one(also: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match="also hears others of node, vantage, router"):
        check("XX-01", "t", source="s", also=also)(_fine)


def test_the_checks_that_hear_others_as_well() -> None:
    heard = {scope: [each.id for each in catalog.CATALOG if scope in each.also] for scope in ("router", "vantage")}
    assert heard == {"router": ["BG-03", "BG-04", "BG-05"], "vantage": ["DN-49"]}
