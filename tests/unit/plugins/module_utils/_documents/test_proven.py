# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sheet and the fleet page say what is planned and what is proven, and never one for the other."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import host_sheet, overview, pages, proven
from site_records import LOADER, Record, cluster, fleet, judged, onboarding, record, report, sheet

DRAINED = report(stage="drained", started="2026-11-02T08:00:00Z")
FAILED = report(certifiable=False, started="2026-11-20T06:00:00Z", reasons=["DN-26"])
COVERING = "announces the covering prefixes, tested 2026-11-02"
FIVE = "announces all five prefixes, tested 2026-04-05"
SOON = "2026-04-06"
GONE = {"date": "2026-05-01", "by": "DNS Engineering", "reason": "Host moved out"}


@pytest.mark.parametrize(
    ("tests", "day", "mode", "said", "tone"),
    [
        (judged(), SOON, "", "not tested yet", "none"),
        (judged(report("lim01")), SOON, "", "not tested yet", "none"),
        (judged(report()), SOON, "live", FIVE, "good"),
        (judged(DRAINED), "2026-11-03", "drained", COVERING, "good"),
        (judged(report(stage="dark")), SOON, "dark", "announces nothing, tested 2026-04-05", "good"),
        (
            judged(FAILED, accepted=[DRAINED]), "2026-11-20", "drained",
            f"{COVERING} (18 days old on 2026-11-20); not accepted at the last test, 2026-11-20", "bad",
        ),
        (judged(FAILED), "2026-11-21", "", "nothing; not accepted at the last test, 2026-11-20", "bad"),
        (
            judged(FAILED, accepted=[FAILED]), "2026-11-21", "",
            "nothing; not accepted at the last test, 2026-11-20", "bad",
        ),
        (judged(DRAINED, accepted=[report()]), "2026-11-02", "drained", COVERING, "good"),
        (judged(accepted=[DRAINED]), "2026-11-02", "drained", COVERING, "good"),
        (judged(report(stage="paused")), SOON, "", "nothing", "none"),
        (judged(report(started=None)), SOON, "live", "announces all five prefixes, tested on an unknown day", "good"),
        (judged(report(certifiable="yes")), SOON, "", "nothing; not accepted at the last test, 2026-04-05", "bad"),
    ],
)  # fmt: skip
def test_what_is_proven_of_a_node(tests: proven.Tests, day: str, mode: str, said: str, tone: str) -> None:
    assert proven.of_node("nbo01.l.root-servers.org", tests, day) == proven.Proof(mode, said, tone)


@pytest.mark.parametrize(
    ("day", "age"),
    [
        ("2026-04-12", ""),
        ("2026-04-13", " (8 days old on 2026-04-13)"),
        ("2027-04-05", " (365 days old on 2027-04-05)"),
        ("2026-04-01", ""),
    ],
)
def test_an_old_report_has_its_age_as_of_the_given_day(day: str, age: str) -> None:
    said = proven.of_node("nbo01.l.root-servers.org", judged(report()), day).said
    assert said == f"{FIVE}{age}"


def test_the_nodes_of_a_cluster_are_told_together_where_the_same_is_proven() -> None:
    made = cluster()
    assert proven.of_site(made, judged(report(), report("nbo02"))) == proven.Proof("live", FIVE, "good")
    one = proven.of_site(made, judged(report()))
    assert one.said == f"1 of 2 nodes: {FIVE}; 1 of 2 nodes: not tested yet"
    assert (one.mode, one.tone) == ("", "none")
    failed = report("nbo02", certifiable=False)
    assert proven.of_site(made, judged(report(), failed)).tone == "bad"


@pytest.mark.parametrize("state", ["live", "drained", "dark", "onboarding", "suspended", "decommissioned"])
def test_no_state_is_told_as_a_fact_without_a_report(state: str) -> None:
    """A sheet that says ``mode: live`` is a plan; only a report says what the instance announces."""
    mode = state if state in {"live", "drained"} else "dark"
    changes: dict[str, t.Any] = {
        "state": state, "mode": mode, "onboarding": onboarding(5 if state == "onboarding" else 8),
        "decommissioned": GONE if state == "decommissioned" else None,
    }  # fmt: skip
    for text in sheet(record(**changes)):
        assert "not tested yet" in text
        assert not [
            words for words in ("announces all five", "announces the covering", "announces nothing") if words in text
        ]
        assert "(now)" not in text
        assert ">now<" not in text


def test_both_words_stand_at_the_top_and_in_the_table_of_modes() -> None:
    html, markdown = sheet(record(), report(stage="drained"))
    assert html.index("Planned: ") < html.index("Proven by tests: announces the covering") < html.index("<main")
    assert "Planned: Live. Proven by tests: announces the covering prefixes, tested 2026-04-05." in markdown
    assert "| Prefix | Dark | Drained (proven) | Live (planned) |" in markdown
    assert 'Live <span class="tag">planned</span></th>' in html
    assert 'Drained <span class="tag good">proven</span></th>' in html


def test_a_mode_that_is_proven_of_one_node_only_is_not_marked() -> None:
    modes = host_sheet.page(cluster(), judged(report()))["modes"]
    assert [mode["mode"] for mode in modes if mode["proven"]] == []


def rows(*records: Record, tests: proven.Tests | None = None) -> list[Record]:
    return overview.page(fleet(*records), tests)["rows"]


def test_the_fleet_page_has_a_column_for_each_of_the_two() -> None:
    assert rows(record())[0]["proven"]["said"] == "not tested yet"
    assert rows(record(), tests=judged(FAILED))[0]["proven"]["tone"] == "bad"
    text = dict(pages.documents(fleet(record()), LOADER, judged(report())))["index.html"]
    assert '<th scope="col" data-sort="state">Planned</th>' in text
    assert '<th scope="col" data-sort="proven">Proven</th>' in text
    assert '<td class="proven good">announces all five prefixes, tested 2026-04-05</td>' in text
    assert ": planned live, single" in text
