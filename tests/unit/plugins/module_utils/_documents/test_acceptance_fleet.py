# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet's acceptance: no node is left out, what is not well comes first, and nothing is markup."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import report_json, since, unjudged
from ansible_collections.icann.imrs.plugins.module_utils._documents import acceptance_fleet, pages
from ansible_collections.icann.imrs.plugins.module_utils._documents.acceptance_fleet import Node
from recordings import Scene, silence
from site_records import LOADER

NOW = 1796000000.0
GOOD = json.loads(report_json.render(Scene().report()))


def page(*nodes: Node, strangers: tuple[str, ...] = (), **reports: t.Any) -> dict[str, t.Any]:
    return acceptance_fleet.page("test", nodes, reports, strangers, NOW)


def row(report: t.Any, state: str = "live", mode: str = "live") -> dict[str, t.Any]:
    (found,) = page(Node("xaa01", state, mode), **({} if report is None else {"xaa01": report}))["rows"]
    return dict(found)


def warning(status: str) -> dict[str, t.Any]:
    return {"severity": "W", "status": status}


def no_verdict() -> dict[str, t.Any]:
    made = unjudged.report("xaa01.example", "not_reached", NOW - 7200, stage="", why="", since=since.last(GOOD))
    return dict(json.loads(report_json.render(made)))


@pytest.mark.parametrize(
    ("report", "state", "mode", "kind"),
    [
        (GOOD, "live", "live", "good"),
        ({**GOOD, "results": [*GOOD["results"], warning("fail")]}, "live", "live", "warn"),
        ({**GOOD, "stage": "dark"}, "live", "live", "warn"),
        ({**GOOD, "certifiable": False}, "live", "live", "bad"),
        (no_verdict(), "live", "live", "bad"),
        (GOOD, "suspended", "dark", "none"),
        (None, "live", "live", "missing"),
        (None, "onboarding", "dark", "none"),
        ("is not JSON", "onboarding", "dark", "missing"),
    ],
)
def test_how_well_a_node_is(report: t.Any, state: str, mode: str, kind: str) -> None:
    assert row(report, state, mode)["kind"] == kind


def test_what_is_not_well_comes_first_and_none_is_left_out() -> None:
    nodes = [Node(name, "live", "live") for name in ("xad01", "xac01", "xab01", "xaa01")]
    made = page(*nodes, xad01=GOOD, xac01={**GOOD, "certifiable": False}, xaa01="is no report")
    assert [each["node"] for each in made["rows"]] == ["xac01", "xaa01", "xab01", "xad01"]
    assert {each["kind"]: each["number"] for each in made["counts"]} == {
        "bad": 1, "missing": 2, "warn": 0, "good": 1, "none": 0,
    }  # fmt: skip
    for text in pages.fleet_acceptance(made, LOADER).values():
        for name in ("xaa01", "xab01", "xac01", "xad01"):
            assert name in text
        assert "Its report is no report" in text


def test_failures_and_warnings_are_counted_apart_and_users_are_told() -> None:
    scene = Scene()
    silence("soa")(scene)
    report = json.loads(report_json.render(scene.report()))
    failed = report["counts"]["fail"] + report["counts"]["error"]
    found = row({**report, "results": [*report["results"], warning("error")]})
    assert (found["failed"], found["warned"]) == (str(failed), "1")
    assert "Resolvers get no answer for the root zone" in found["users"]
    assert row(GOOD)["users"] == ""


def test_a_run_without_a_verdict_counts_nothing_and_names_the_last_verdict() -> None:
    found = row(no_verdict())
    assert (found["failed"], found["warned"], found["verdict"], found["age"]) == ("", "", "Not reached", "2 hours")
    assert found["change"] == f"The last verdict was: Accepted for stage live, {GOOD['started']}."


@pytest.mark.parametrize(
    ("ago", "age"),
    [(-5, "less than a minute"), (59, "less than a minute"), (60, "1 minute"), (7199, "1 hour"), (3 * 86400, "3 days")],
)
def test_ages(ago: float, age: str) -> None:
    assert row({**GOOD, "started": report_json.moment(NOW - ago)})["age"] == age


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "has format None, not 1"),
        (json.dumps({**GOOD, "format": 0}), "has format 0, not 1: judge the node again"),
        (json.dumps({**GOOD, "results": 1}), "is no report: results missing or wrong"),
        (json.dumps({**GOOD, "results": [1]}), "is no report: results missing or wrong"),
        (json.dumps({**GOOD, "started": "never"}), "started is no time"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        acceptance_fleet.read(text)


def test_a_report_is_read() -> None:
    assert acceptance_fleet.read(json.dumps(GOOD)) == GOOD


def test_nothing_is_markup() -> None:
    evil = '<script>alert("1")</script>|`[x](http://example.net)'
    made = page(Node("xaa01", "live", "live"), strangers=(evil,), xaa01={**GOOD, "changes": ["", evil]})
    texts = pages.fleet_acceptance(made, LOADER)
    assert "<script" not in texts["index.html"]
    assert "<script" not in texts["index.md"].replace("\\<", "")
    assert "[x]" not in texts["index.md"].replace("\\[", "")
