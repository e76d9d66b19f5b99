# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reports say of users is what is proven, in every form, and never better than that."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    catalog,
    report_markdown,
    table,
    words,
)
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.check import Check, Verdict, check, failed
from recordings import Scene, flags, message, silence, without

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._acceptance.judge import Report


def _warns(evidence: t.Any, expected: t.Any) -> Verdict:
    """Never passes."""
    return failed("on purpose")


WARNING = check("DN-98", "Warns", source="here", severity="W")(_warns)
GOOD = "takes its share of the traffic"
HURTS_NOBODY = "No wrong answer was seen."


def texts(report: Report) -> tuple[str, str]:
    return report_markdown.render(report).replace("\\", ""), table.render(report)


def told(*spoils: t.Any, stage: str = "live", **options: t.Any) -> tuple[str, ...]:
    scene = Scene("knot", stage)
    for spoil in spoils:
        spoil(scene)
    return words.users(scene.report(**options))


def test_every_check_with_harm_says_what_users_get_and_no_other() -> None:
    assert set(words.EFFECTS) == {entry.id for entry in catalog.CATALOG if entry.harm}


def test_each_sentence_is_one() -> None:
    sentences = list(words.EFFECTS.values())
    assert len(set(sentences)) == len(sentences)
    assert [one for one in sentences if not one[0].isupper() or not one.endswith(".")] == []


def test_a_zone_that_answers_servfail_is_named() -> None:
    sentence = "Resolvers get no answer for the zone arpa (SERVFAIL instead of NOERROR)."
    scene = Scene()
    scene.expected["zones"] = [{"name": name} for name in (".", "root-servers.net.")]
    for exchange in [e for e in scene.scope("node")["exchanges"] if e["probe"] == "zone_soa"]:
        flags("zone_soa", on=2, server=exchange["server"])(scene)
    report = scene.report()
    assert "ZI-16" in report.harmful
    assert sentence.replace("arpa", "root-servers.net") in words.users(report)
    for text in texts(report):
        flat = " ".join(text.split())
        assert sentence.replace("arpa", "root-servers.net") in flat
        assert HURTS_NOBODY not in flat
        assert GOOD not in flat


def test_an_address_that_is_silent_is_named() -> None:
    (first, second) = (one for one in told(silence("soa", server="199.7.83.42")) if "root zone" in one)
    assert "SOA" in first
    assert second == "Resolvers get no answer for the root zone at 199.7.83.42 over UDP (timeout)."


def test_an_answer_without_its_soa_is_none() -> None:
    assert any("(no SOA)" in one for one in told(message("soa", without("answer", "SOA"))))


@pytest.mark.parametrize("spoil", [silence("soa", scope="vantage"), silence("ns"), silence("deep")])
def test_what_could_be_harm_is_no_good_news(spoil: t.Any) -> None:
    (sentence,) = told(spoil)
    assert sentence.startswith("That nobody is hurt is not proven (DN-")


def test_nothing_is_proven_of_a_node_that_gave_no_evidence() -> None:
    scene = Scene()
    scene.drop("node")
    report = scene.report()
    assert {"DN-01", "ZI-16", "BG-05"} <= set(report.doubtful)
    assert HURTS_NOBODY not in words.users(report)
    assert "No check was judged" not in words.checks(report)


def test_what_does_not_apply_is_no_doubt() -> None:
    assert Scene().report().doubtful == ()
    assert Scene("knot", "dark").report().doubtful == ()


def test_without_evidence_no_check_was_judged() -> None:
    scene = Scene()
    scene.documents.clear()
    report = scene.report()
    assert words.checks(report).startswith("No check was judged, ")
    assert all("0 of 0" not in text for text in texts(report))
    assert all(GOOD not in text for text in texts(report))


def test_what_hurts_nobody_is_told_so() -> None:
    assert told(silence("master_soa")) == (HURTS_NOBODY,)


@pytest.mark.parametrize("stage", ["dark", "drained", "live"])
def test_what_is_announced_is_said_of_an_accepted_node_only(stage: str) -> None:
    scene = Scene("knot", stage)
    report = scene.report()
    assert words.users(report) == (words.STAGES[stage],)
    assert words.follows(report) == ""
    silence("master_soa")(scene)
    report = scene.report()
    assert all(words.STAGES[stage] not in " ".join(text.split()) for text in texts(report))
    assert "If not, it announces nothing" in words.follows(report)
    silence("soa")(scene)
    assert "out of service until it is mended" in words.follows(scene.report())


def test_sessions_that_get_nothing_are_not_counted_as_served() -> None:
    scene = Scene()
    peer = scene.expected["peers"][0]
    scene.uncertified.add(peer["name"])
    del scene.routing["exports"][scene.session["name"]][:]
    sessions = len(scene.expected["peers"])
    assert f"over {sessions - 1} of {sessions} sessions." in words.announced(scene.report())


def test_warnings_are_in_the_verdict() -> None:
    def verdict(*more: Check) -> str:
        return words.verdict(Scene().report(catalog=(*more, *catalog.CATALOG)))

    assert verdict() == "Accepted for stage live"
    assert verdict(WARNING) == "Accepted for stage live, with 1 warning"
    assert verdict(WARNING, WARNING) == "Accepted for stage live, with 2 warnings"


def test_the_verdict_of_the_table_is_that_of_the_markdown() -> None:
    for spoils in ([], [silence("soa")], [silence("master_soa")]):
        scene = Scene()
        for spoil in spoils:
            spoil(scene)
        report = scene.report()
        for text in texts(report):
            assert words.verdict(report) in text
