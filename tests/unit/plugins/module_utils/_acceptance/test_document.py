# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``acceptance.json`` is as its schema says, of every kind of report; what has changed since an earlier one is told."""

from __future__ import annotations

import copy
import dataclasses
import json
import pathlib
import typing as t
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    document_schema,
    report_json,
    report_junit,
    report_markdown,
    since,
    table,
    unjudged,
    words,
)
from recordings import Scene, sessions, silence

ROOT = pathlib.Path(__file__).resolve().parents[5]
FILE = ROOT / "docs/schema" / document_schema.NAME
VALIDATOR = jsonschema.Draft202012Validator(json.loads(document_schema.files()[document_schema.NAME]))
RECORDED = [(provider, stage) for provider in ("knot", "nsd") for stage in ("dark", "drained", "live")]


def document(scene: Scene, **options: t.Any) -> dict[str, t.Any]:
    return dict(json.loads(report_json.render(scene.report(**options))))


def problems(made: t.Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(made)]


def no_verdict(status: str = "broken", **more: t.Any) -> t.Any:
    options = {"stage": "", "why": "", "since": None, **more}
    return unjudged.report("xlb01.l.root-servers.org", status, 1767225600.0, **options)


def test_the_file_is_current_and_a_schema() -> None:
    text = document_schema.files()[document_schema.NAME]
    assert FILE.read_text(encoding="utf-8") == text, f"renew it with: {document_schema.RENEW}"
    jsonschema.Draft202012Validator.check_schema(json.loads(text))


@pytest.mark.parametrize(("provider", "stage"), RECORDED)
def test_every_recorded_report_is_valid(provider: str, stage: str) -> None:
    assert problems(document(Scene(provider, stage))) == []


@pytest.mark.parametrize("case", ["options", "table", "bfd"])
def test_reports_of_other_sessions_are_valid(case: str) -> None:
    assert problems(document(sessions(case))) == []


@pytest.mark.parametrize("scope", ["node", "vantage", "router"])
def test_reports_of_failures_are_valid(scope: str) -> None:
    scene = Scene()
    silence("soa")(scene)
    scene.session["bgp_state"] = "Idle"
    scene.drop(scope)
    before = document(Scene("nsd"))
    report = scene.report(fingerprint="ab" * 32)
    changed = dataclasses.replace(report, since=since.compare(before, report_json.document(report)))
    assert problems(json.loads(report_json.render(changed))) == []


@pytest.mark.parametrize("status", list(unjudged.WHY))
def test_reports_without_a_verdict_are_valid(status: str) -> None:
    for earlier in (None, since.last(document(Scene()))):
        assert problems(json.loads(report_json.render(no_verdict(status, since=earlier)))) == []


def keys(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    """The path of every key whose names are fixed; of a list the first entry."""
    if isinstance(value, list):
        yield from keys(value[0], (*path, 0)) if value else ()
    elif isinstance(value, dict) and path[-1:] != ("versions",):
        for key, inner in value.items():
            yield (*path, key)
            yield from keys(inner, (*path, key))


def test_a_key_that_is_missing_or_unknown_is_seen_wherever_it_is() -> None:
    good = document(Scene())
    good["since"] = since.last(good)
    assert problems(good) == []
    # By zone, and by package: their keys are data.
    paths = [path for path in keys(good) if path[0] not in ("serials", "versions") or len(path) == 1]
    assert {("format",), ("results", 0, "id"), ("sessions", 0, "mark"), ("since", "stage")} <= set(paths)
    for path in paths:
        for change in ("missing", "unknown"):
            spoilt = copy.deepcopy(good)
            inner = spoilt
            for step in path[:-1]:
                inner = inner[step]
            if change == "missing":
                del inner[path[-1]]
            else:
                inner[f"{path[-1]}_x"] = inner[path[-1]]
            assert problems(spoilt), (change, path)


@pytest.mark.parametrize("nameserver", ["knot", "nsd"])
def test_the_serial_of_each_zone_is_told(nameserver: str) -> None:
    scene = Scene(nameserver, "live")
    report = scene.report()
    assert set(report.serials) == {zone["name"] for zone in scene.expected["zones"]}
    assert report.serials["."] == report.serial
    assert min(report.serials.values()) > 0


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"stage": "high"}, {"serial": -1}, {"started": "never"}, {"harmful": ["x"]}]
)
def test_a_wrong_value_is_seen(change: dict[str, t.Any]) -> None:
    assert problems({**document(Scene()), **change})


def test_a_run_without_a_verdict_is_never_green() -> None:
    for status, verdict in (("broken", "Not judged"), ("not_reached", "Not reached")):
        report = no_verdict(status, stage="live", why="ssh: no route to host")
        assert not report.certifiable
        assert words.verdict(report) == verdict
        for text in (report_markdown.render(report), table.render(report)):
            assert verdict in text
            assert "no route to host" in text
            assert "No check" not in text
        suite = ET.fromstring(report_junit.render(report))  # noqa: S314 - our own output
        assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("1", "1", "0")
        assert len(suite.findall("testcase/error")) == 1


def test_a_verdict_is_no_status_of_a_run_without_one() -> None:
    with pytest.raises(ValueError, match="'judged' is none of not_reached, broken"):
        no_verdict("judged")


def test_what_fails_now_and_what_passes_again_is_told() -> None:
    then, now = document(Scene(), fingerprint="aa"), document(Scene(), fingerprint="bb")
    next(each for each in then["results"] if each["id"] == "BG-01")["status"] = "error"
    for ident in ("DN-01", "ZI-16"):
        next(each for each in now["results"] if each["id"] == ident)["status"] = "fail"
    now["versions"] = {**now["versions"], "knot": "3.5.0"}
    now["serial"] = then["serial"] + 1
    found = since.compare(then, now)
    assert (found["failed"], found["mended"], found["configuration"]) == (["DN-01", "ZI-16"], ["BG-01"], True)
    assert found["versions"] == {"knot": [then["versions"]["knot"], "3.5.0"]}
    assert found["serial"] == [then["serial"], now["serial"]]
    assert since.sentences(found, judged=True) == [
        f"Compared with the report before it at this stage (Accepted for stage live, {then['started']}):",
        "DN-01, ZI-16 passed then and do not pass now.",
        "BG-01 did not pass then and passes now.",
        f"knot {then['versions']['knot']} is now 3.5.0.",
        f"The serial of the root zone was {then['serial']} and is {now['serial']}.",
        "The configuration is another one.",
    ]


def test_the_same_has_not_changed() -> None:
    same = document(Scene(), fingerprint="aa")
    found = since.compare(same, {**same, "fingerprint": ""})
    assert since.sentences(found, judged=True)[1:] == ["Nothing has changed."]
    assert since.sentences(None, judged=True) == []


def test_a_check_that_was_not_due_is_no_change() -> None:
    found = since.compare(document(Scene("knot", "dark")), document(Scene()))
    assert (found["failed"], found["mended"]) == ([], [])


def test_without_a_verdict_the_last_one_is_told() -> None:
    earlier = document(Scene())
    report = no_verdict(since=since.last(earlier))
    said = f"The last verdict was: Accepted for stage live, {earlier['started']}."
    assert report_json.document(report)["changes"] == [said]
    assert said in report_markdown.render(report)
