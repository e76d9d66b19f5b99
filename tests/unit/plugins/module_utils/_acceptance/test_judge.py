# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a report certifiable, and what its renderings say."""

from __future__ import annotations

import json
import typing as t
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    catalog,
    judge,
    plan,
    report_json,
    report_junit,
    report_markdown,
    table,
)
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.attested import ATTESTATIONS
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.check import Verdict, check, passed
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected, Master
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from recordings import DIRECTORY, WAIVED, Scene, flags, load, silence

REQUIRED = [
    f"{group}-{number}"
    for group, numbers in {
        "DN": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34"
        " 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 53 54",
        "ZI": "01 02 04 05 06 07 08 12 16",
        "BG": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 19 20",
        "CL": "01 02 03 04 05",
        "AR": "01 02 03 04",
        "PR": "01 02 04",
        "HD": "01 02 03 04 05 06 09 10 11 12 13 14 15 17 18",
        "HW": "01 02 03 04 05 07 09",
        "OS": "01 02 03 05 06",
        "TM": "01 02 03 04 05",
    }.items()
    for number in numbers.split()
]
OF_NODES = [ident for ident in REQUIRED if not ident.startswith("CL-")]
"""CL is of a cluster's own routers."""


def _broken(evidence: t.Any, expected: t.Any) -> Verdict:
    """Always breaks."""
    raise ZeroDivisionError("on purpose")


def _fine(evidence: t.Any, expected: t.Any) -> Verdict:
    """Always passes."""
    return passed("fine")


def _undescribed(evidence: t.Any, expected: t.Any) -> Verdict:
    return passed("fine")


def test_the_catalogue_is_complete() -> None:
    assert {entry.id for entry in catalog.CATALOG} == set(REQUIRED)


@pytest.mark.parametrize(("provider", "stage"), [(p, s) for p in ("knot", "nsd") for s in ("dark", "drained", "live")])
def test_a_good_node_is_certifiable(provider: str, stage: str) -> None:
    report = Scene(provider, stage).report()
    assert report.reasons == ()
    assert report.certifiable
    assert report.serial == 2026073102
    assert set(report.counts) == {"pass", "fail", "error", "skipped", "not_run"}


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (
            {"unreachable": True, "msg": "Failed to connect: no route to host"},
            "it cannot be reached (Failed to connect: no route to host)",
        ),
        (
            {
                "rc": 1,
                "msg": "MODULE FAILURE: No start of json char found\nSee stdout/stderr for the exact error",
                "module_stderr": "Traceback (most recent call last):\nModuleNotFoundError: No module named 'dns'\n",
            },
            "ModuleNotFoundError: No module named 'dns'",
        ),
        (
            {"rc": 127, "msg": "x", "module_stderr": "", "module_stdout": "/bin/sh: 1: python3: not found\n"},
            "/bin/sh: 1: python3: not found",
        ),
        (
            {"failed": True, "msg": "Failed to import the required Python library (dnspython)"},
            "Failed to import the required Python library (dnspython)",
        ),
        ({"skipped": True}, ""),
        ({}, ""),
    ],
)
def test_why_there_is_no_evidence_is_what_failed_on_the_way(result: dict[str, t.Any], why: str) -> None:
    assert judge.why_absent(result) == why
    scene = Scene()
    scene.drop("vantage")
    reasons = scene.report(absent={"vantage": why}).reasons
    assert f"no evidence from the vantage, which stage live requires{': ' if why else ''}{why}" in reasons


def test_zero_checks_are_not_certifiable() -> None:
    report = Scene().report(catalog=())
    assert report.reasons == ("no check ran",)


def test_no_evidence_is_not_certifiable() -> None:
    scene = Scene()
    scene.documents.clear()
    report = scene.report()
    assert "no evidence from the node, which stage live requires" in report.reasons
    assert "no evidence from the vantage, which stage live requires" in report.reasons
    assert "no check ran" in report.reasons
    assert report.counts["pass"] == 0


def test_without_vantage_live_cannot_be_certified() -> None:
    scene = Scene("knot", "live")
    scene.drop("vantage")
    report = scene.report(waivers=[*WAIVED, *({"check": ident, "reason": "y"} for ident in ("PR-01", "PR-04"))])
    assert not report.certifiable
    assert report.reasons == ("no evidence from the vantage, which stage live requires",)
    assert report.harmful == ()


def test_without_the_router_pr_02_needs_a_waiver() -> None:
    scene = Scene()
    scene.drop("router")
    assert scene.report(waivers=WAIVED).reasons == ("PR-02 was skipped without a waiver: no evidence from the router",)
    report = scene.report(waivers=[*WAIVED, {"check": "PR-02", "reason": "confirmed by mail"}])
    assert report.certifiable
    assert "waived: confirmed by mail" in report_markdown.render(report)


def test_a_failure_cannot_be_waived() -> None:
    scene = Scene()
    silence("soa")(scene)
    report = scene.report(waivers=[{"check": i, "reason": "please"} for i in REQUIRED])
    assert not report.certifiable
    assert any(reason.startswith("DN-01 failed: 199.7.83.42 udp: timeout") for reason in report.reasons)


def test_wrong_answers_and_leaks_harm_and_silent_masters_do_not() -> None:
    scene = Scene()
    silence("master_soa")(scene)
    scene.session["bgp_state"] = "Active"
    report = scene.report()
    assert any(reason.startswith("ZI-01 failed") for reason in report.reasons)
    assert any(reason.startswith("BG-01 failed") for reason in report.reasons)
    assert report.harmful == ()
    silence("soa")(scene)
    scene.exports.append({**scene.exports[0], "to": "198.51.100.0/24"})
    assert {"DN-01", "BG-05"} <= set(scene.report().harmful)


@pytest.mark.parametrize("result", ["BADKEY", "unsigned", "timeout"])
def test_a_refused_key_keeps_a_node_from_going_up_and_takes_none_down(result: str) -> None:
    scene = Scene()
    for found in scene.scope("node")["transfers"]:
        found.update(result=result, rcode="")
    report = scene.report()
    assert any(reason.startswith("ZI-12 failed") for reason in report.reasons)
    assert report.harmful == ()


def test_a_zone_that_is_not_answered_or_does_not_verify_is_harm() -> None:
    scene = Scene()
    flags("zone_soa", on=2)(scene)
    scene.scope("node")["zones"]["verified"]["arpa."] = {"rc": 112, "output": ["Zone digest does not match"]}
    assert {"ZI-04", "ZI-16"} <= set(scene.report().harmful)


@pytest.mark.parametrize("probe", ["bits", "dnskey_udp", "deep", "recursive", "ns", "unknown_type"])
def test_a_question_that_is_lost_keeps_a_node_from_going_up_but_takes_none_down(probe: str) -> None:
    scene = Scene()
    silence(probe)(scene)
    report = scene.report()
    assert not report.certifiable
    assert report.harmful == ()


@pytest.mark.parametrize("section", ["streams", "datagrams"])
def test_a_connection_that_is_late_keeps_a_node_from_going_up_but_takes_none_down(section: str) -> None:
    """Whoever floods it from afar can bring that about."""
    scene = Scene()
    for row in scene.scope("node")[section]:
        row.update({"error": "timeout", "then": "timeout", "answers": [], "from": []})
    report = scene.report()
    assert not report.certifiable
    assert report.harmful == ()


def test_an_answer_from_another_address_is_harm() -> None:
    scene = Scene()
    next(row for row in scene.scope("node")["datagrams"] if row["kind"] == "source")["from"] = ["192.0.2.2"]
    assert scene.report().harmful == ("DN-51",)


def test_what_only_the_vantage_sees_keeps_a_node_from_going_up_but_takes_none_down() -> None:
    scene = Scene()
    silence("soa", scope="vantage")(scene)
    report = scene.report()
    assert any(reason.startswith("DN-01 failed") for reason in report.reasons)
    assert report.harmful == ()


def test_a_check_that_breaks_is_an_error_and_stops_nothing() -> None:
    checks = (
        check("DN-98", "Breaks", source="here")(_broken),
        check("DN-99", "Passes", source="here")(_fine),
    )
    report = Scene().report(catalog=checks, attestable=())
    assert [result.status for result in report.results] == ["error", "pass"]
    assert report.results[0].message == "the check broke: ZeroDivisionError: on purpose"
    assert not report.certifiable


def test_a_warning_does_not_block() -> None:
    report = Scene().report(catalog=(check("DN-98", "Breaks", source="here", severity="W")(_broken), *catalog.CATALOG))
    assert report.certifiable
    assert report.counts["error"] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"node": "akl41.l.root-servers.org"}, "is of akl41.l.root-servers.org, not of xlb01"),
        ({"stage": "dark"}, "is of stage dark, not live"),
        ({"format": 1}, "has format 1, not 3"),
    ],
)
def test_foreign_evidence_is_not_taken(change: dict[str, t.Any], said: str) -> None:
    scene = Scene()
    scene.scope("node").update(change)
    report = scene.report()
    assert said in report.reasons[0]
    assert not report.certifiable


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ident": "DN-1"}, "not like DN-01"),
        ({"title": ""}, "a title"),
        ({"title": "x" * 61}, "a title"),
        ({"source": " "}, "a source"),
        ({"stages": ()}, "due at no stage"),
        ({"scopes": ("moon",)}, "scopes are some of"),
    ],
)
def test_metadata_is_enforced_at_definition(arguments: dict[str, t.Any], said: str) -> None:
    good = {"ident": "DN-99", "title": "Good", "source": "RFC 1035", **arguments}
    with pytest.raises(TypeError, match=said):
        check(good.pop("ident"), good.pop("title"), **good)(_fine)


def test_a_judge_says_its_pass_condition() -> None:
    with pytest.raises(TypeError, match="pass condition is missing"):
        check("DN-99", "Good", source="RFC 1035")(_undescribed)


def test_severity_is_f_or_w() -> None:
    with pytest.raises(ValueError, match="X"):
        check("DN-99", "Good", source="RFC 1035", severity="X")(_fine)


def test_an_id_is_defined_once() -> None:
    one = check("DN-99", "Good", source="RFC 1035")(_fine)
    with pytest.raises(TypeError, match="defined twice"):
        catalog.assemble((one, one))


@pytest.mark.parametrize("key", ["node_name", "prefixes", "trust_anchors"])
def test_expected_names_what_is_missing(key: str) -> None:
    data = load("knot", "live")["expected"]
    del data[key]
    with pytest.raises(ValueError, match=f"expected: {key} missing"):
        Expected.parse(data)


def test_expected_takes_masters_as_the_sheet_has_them() -> None:
    data = load("knot", "live")["expected"]
    data["masters"] = [{"name": "dist1", "addresses": ["203.0.113.1", "2001:db8:0:3::1"], "port": 53}]
    assert Expected.parse(data).masters == (Master(("203.0.113.1", "2001:db8:0:3::1")),)


def test_every_zone_is_asked_of_every_address_of_every_master_with_its_own_key() -> None:
    data = load("knot", "live")["expected"]
    data["masters"] = [
        {"name": name, "addresses": addresses, "port": 5353, "tsig": {"name": f"{name}.example"}}
        for name, addresses in (("one", ["203.0.113.1", "2001:db8:0:3::1"]), ("two", ["203.0.113.2"]))
    ]
    asked = {(q["name"], q["type"], q["server"], q["port"], q["key"]) for q in plan.signed(Expected.parse(data))}
    where = [("203.0.113.1", "one"), ("2001:db8:0:3::1", "one"), ("203.0.113.2", "two")]
    assert asked == {
        (zone, kind, address, 5353, f"{name}.example.")
        for zone in (".", "root-servers.net.")
        for kind in ("SOA", "IXFR")
        for address, name in where
    }


@pytest.mark.parametrize(
    ("stage", "addresses"),
    [("dark", ()), ("drained", ()), ("live", None)],
)
def test_from_outside_only_a_live_node_is_asked(stage: str, addresses: tuple[str, ...] | None) -> None:
    expected = Expected.parse(load("knot", "live")["expected"])
    found = plan.reachable(expected, Mode.parse(stage), "vantage")
    assert found == (expected.addresses if addresses is None else addresses)


def test_a_run_stays_below_rate_limits() -> None:
    expected = Expected.parse(load("knot", "live")["expected"])
    assert len(plan.questions(expected, Mode.LIVE, "vantage")) < 180


def test_json_says_everything() -> None:
    report = Scene().report(fingerprint="ab" * 32)
    data = json.loads(report_json.render(report))
    assert data["node"] == "xlb01.l.root-servers.org"
    assert (data["stage"], data["mode"], data["certifiable"]) == ("live", "live", True)
    assert data["fingerprint"] == "ab" * 32
    assert data["versions"]["knot"].startswith("3.4")
    assert data["started"].endswith("Z")
    wanted = {"id", "title", "severity", "status", "message", "seconds", "source", "condition", "waiver", "harm"}
    wanted |= {"raised", "attestation", "by"}
    assert all(set(result) == wanted for result in data["results"])


def test_junit_parses_and_counts() -> None:
    scene = Scene("knot", "dark")
    silence("soa")(scene)
    scene.routing["sessions"][1]["bgp_state"] = "\x00<Idle>"
    report = scene.report(attestable=())
    suite = ET.fromstring(report_junit.render(report))  # noqa: S314 - our own output
    assert int(suite.get("tests", "0")) == len(suite) == len(OF_NODES)
    assert int(suite.get("failures", "0")) == len(suite.findall("testcase/failure")) == report.counts["fail"] > 1
    skipped = report.counts["skipped"] + report.counts["not_run"]
    assert int(suite.get("skipped", "0")) == len(suite.findall("testcase/skipped")) == skipped


def test_markdown_begins_with_the_verdict() -> None:
    scene = Scene()
    assert report_markdown.render(scene.report()).splitlines()[2].startswith("**Accepted for stage live.**")
    silence("soa")(scene)
    lines = report_markdown.render(scene.report()).splitlines()
    assert lines[2].startswith("**Not accepted for stage live.**")
    assert lines[4].startswith("What users get:")
    assert any(line.startswith("- DN-01 failed: 199.7.83.42 udp: timeout") for line in lines)


def test_markdown_cannot_be_broken_by_what_a_daemon_says() -> None:
    scene = Scene()
    scene.session.update(bgp_state="Idle", last_error="| <img src=x> [a](b)\n# x")
    text = report_markdown.render(scene.report())
    assert "<img" not in text.replace("\\<img", "")
    assert "\n# x" not in text


def test_no_secret_in_any_report_or_recording() -> None:
    renderings = [
        render(Scene().report()) for render in (report_json.render, report_junit.render, report_markdown.render)
    ]
    recordings = [path.read_text(encoding="utf-8") for path in DIRECTORY.glob("*.json")]
    for text in [*renderings, *recordings]:
        assert "not-a-real-password" not in text
    for text in renderings:
        assert "vault_xlb_bgp" not in text


def test_the_table_fits_a_terminal() -> None:
    scene = Scene()
    scene.drop("vantage")
    rest = len(scene.expected["peers"]) + len(scene.report().unproven) + 3
    lines = table.render(scene.report(attestable=())).splitlines()
    assert len(lines) == len(OF_NODES) + rest
    lines = table.render(scene.report()).splitlines()
    said = " ".join(lines).partition("not attested by anybody: ")[2]
    assert all(each.id in said and f"\n{each.id}" not in "\n".join(lines) for each in ATTESTATIONS)
    assert max(len(line) for line in lines) <= table.WIDTH
    assert "Not accepted for stage live (" in lines[-2]
    assert lines[-1] == "No wrong answer was seen."


def test_judging_is_quick_and_pure() -> None:
    scene = Scene()
    before = json.dumps(scene.documents, sort_keys=True)
    assert scene.report() == scene.report()
    assert json.dumps(scene.documents, sort_keys=True) == before
