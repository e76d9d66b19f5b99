# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All sources together: what is old, what is missing, what cannot be read, and how it is told."""

from __future__ import annotations

import json

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._registration import report
from ansible_collections.icann.imrs.plugins.module_utils._registration.finding import DAY, HOUR, Bounds, Wanted, age
from registrations import ASN, EVERY, FIVE, NOW, WANTED, inputs, irr, judged, peeringdb, roa, rpki


def test_all_is_well() -> None:
    found = judged()
    assert found.sound
    assert found.summary == "5 prefixes are registered as they are announced"
    assert [each.note for each in found.sections] == [
        "made 45 minutes ago, by its own word",
        "made 60 minutes ago, by the date of its file",
        "made 60 minutes ago, by the date of its file",
    ]


@pytest.mark.parametrize("key", report.KEYS)
def test_what_is_not_given_is_not_checked_and_never_fine(key: str) -> None:
    given = {name: each for name, each in inputs().items() if name != key}
    found = report.judge(given, WANTED, NOW)
    assert not found.sound
    assert (found.problems, found.unreadable) == ([], [])
    assert found.summary == f"not checked: {found.unchecked[0]}"
    assert report.table(found).splitlines()[1].count("not checked") == 1


def test_what_cannot_be_read_is_told_beside_what_can() -> None:
    given = inputs(rpki="{", peeringdb=peeringdb(info_prefixes4=1))
    given["irr"] = {"name": "/in/irr", "error": "No such file or directory; fetch it"}
    found = report.judge(given, WANTED, NOW)
    assert found.summary == "1 finding; RPKI could not be read; IRR could not be read"
    assert [text.partition(": ")[0] for text in found.unreadable] == ["/in/rpki:1", "/in/irr"]
    assert not found.sound


@pytest.mark.parametrize(
    ("key", "modified", "now", "said"),
    [
        ("rpki", NOW, NOW + 23 * HOUR, []),
        (
            "rpki",
            NOW + 25 * HOUR,
            NOW + 25 * HOUR,
            ["RPKI: 25 hours old, and what is here may have changed since: run the"],
        ),
        ("irr", NOW - 29 * DAY, NOW, []),
        (
            "irr",
            NOW - 31 * DAY,
            NOW,
            ["IRR: 31 days old, and what is here may have changed since: ask the registry again"],
        ),
        ("peeringdb", NOW - 400 * DAY, NOW, ["PeeringDB: 400 days old, and what is here may have changed since: ask"]),
        ("irr", NOW + 2 * HOUR, NOW, ["IRR: made 2 hours from now: one of two clocks is wrong"]),
    ],
)
def test_old_data_are_told_with_their_age(key: str, modified: float, now: float, said: list[str]) -> None:
    lasting = rpki(*(roa(prefix, expires=int(NOW) + 99 * DAY) for prefix in FIVE), instead=True)
    given = inputs(rpki=lasting)
    given[key]["modified"] = modified
    problems = report.judge(given, WANTED, now).problems
    assert len(problems) == len(said)
    assert all(problem.startswith(start) for problem, start in zip(problems, said, strict=True))


def test_the_word_of_the_data_counts_before_the_date_of_the_file() -> None:
    found = judged(peeringdb=peeringdb({"generated": NOW - 40 * DAY}))
    assert found.problems == ["PeeringDB: 40 days old, and what is here may have changed since: ask PeeringDB again"]


def test_bounds_are_what_is_asked_for() -> None:
    assert judged(bounds=Bounds(rpki_hours=0)).problems[0].startswith("RPKI: 45 minutes old")
    assert len(judged(bounds=Bounds(roa_hours=7)).problems) == 5
    assert Bounds.parse({"days": 7}) == Bounds(days=7)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rpkii": "/x"}, "rpkii: unknown key; known are rpki_hours, days, roa_hours"),
        ({"days": "7"}, "days: '7' is no number from 0 to 100000"),
        ({"days": -1}, "days: -1 is no number"),
        ({"roa_hours": True}, "roa_hours: True is no number"),
    ],
)
def test_bounds_that_are_none_are_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match="^" + said.replace("(", r"\(")):
        Bounds.parse(given)


def test_the_table_has_a_row_for_each_prefix() -> None:
    text = report.table(judged(irr=irr("route: 199.7.83.0/25\norigin: AS64500\nsource: RADB\n")))
    lines = text.splitlines()
    assert lines[0].split() == ["prefix", "RPKI", "IRR", "PeeringDB"]
    assert lines[1] == f"{'199.7.82.0/23':<24}{'valid':<28}{'RIPE':<28}limit 10"
    assert [line.split()[0] for line in lines[1:6]] == list(FIVE)
    assert "IRR        199.7.83.0/25: an object in RADB (line 55) has origin AS64500: have it deleted" in text
    assert lines[-1] == "AS20144: 1 finding"
    assert max(map(len, lines)) <= report.WIDTH


def test_nothing_of_an_input_moves_the_cursor() -> None:
    text = report.table(judged(irr=irr("route: 199.7.83.0/25\norigin: AS64500\nsource: \x1b[2JX\n")))
    assert all(letter.isprintable() or letter == "\n" for letter in text)


def test_a_set_that_is_not_in_the_input_is_told() -> None:
    wanted = Wanted.of(ASN, EVERY, {"source": "RIPE", "object": "AS-IMRS"})
    found = judged(wanted, peeringdb=peeringdb(irr_as_set="AS-IMRS"))
    assert found.sections[1].note.endswith("AS-IMRS is not in it, so its members are not checked")


def test_the_report_for_programs() -> None:
    data = json.loads(report.to_json(judged(rpki=rpki(roa("199.7.83.0/25")))))
    assert (data["format"], data["asn"], data["sound"], data["prefixes"]) == (1, 20144, False, list(FIVE))
    assert [each["status"] for each in data["sources"]] == ["read"] * 3
    assert data["sources"][0]["findings"][0]["kind"] == "loose"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 minutes"),
        (60, "1 minute"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (2 * DAY, "2 days"),
        (-5, "0 minutes"),
    ],
)
def test_spans_in_words(seconds: float, said: str) -> None:
    assert age(seconds) == said
