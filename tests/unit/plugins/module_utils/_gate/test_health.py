# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fast down, slow up, held down longer each time; and what a missing answer means."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate.damping import Damping, Falls, HoldDown, remembered
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Cause, Health, Outcome, Source, Weight

GOOD, HARD, VOID = (Outcome(weight, weight.value) for weight in (Weight.GOOD, Weight.HARD, Weight.VOID))
SILENT, BUSY, FLOOD = (Outcome(Weight.SOFT, "no answer", cause) for cause in Cause)
STEPS = {
    "g": ("private", GOOD),
    "s": ("private", SILENT),
    "b": ("private", BUSY),
    "f": ("private", FLOOD),
    "h": ("private", HARD),
    "v": ("private", VOID),
    "G": ("tcp", GOOD),
    "S": ("tcp", SILENT),
    "H": ("tcp", HARD),
}
"""One letter is one result, and a tenth of a second."""
LIVE = "gggG"


NONE = Falls()


def health(falls: Falls = NONE) -> Health:
    """Believed after three good answers; 0.5 s of silence end it, or 1 s of a busy nameserver. TCP may be silent."""
    sources = {
        "private": Source(3, {Cause.SILENT: 0.45, Cause.BUSY: 0.95}),
        "tcp": Source(1, must=False),
    }
    hold_down = HoldDown(Damping(first=10, longest=35, forget_after=600), falls)
    return Health(sources, hold_down=hold_down, stale_after=5, now=100)


def after(steps: str) -> Health:
    """What comes of a row of results."""
    subject = health()
    for number, step in enumerate(steps):
        subject.observe(*STEPS[step], now=100 + number / 10)
    return subject


@pytest.mark.parametrize(
    ("steps", "healthy"),
    [
        ("", False),
        ("ggg", False),
        ("G", False),
        (LIVE, True),
        ("Gggg", True),
        ("ggGsg", False),
        ("ggGsggg", True),
        ("ggGhgg", False),
        ("ggGhgggG", True),
        (LIVE + "h", False),
        (LIVE + "H", False),
        (LIVE + "sssss", True),
        (LIVE + "ssssss", False),
        (LIVE + "ssgssssgsss", True),
        (LIVE + "ssbssssbsss", False),
        (LIVE + "ssbssb", True),
        (LIVE + "bbbbbbbbbb", True),
        (LIVE + "bbbbbbbbbbb", False),
        (LIVE + "f" * 600, True),
        (LIVE + "ssssfssss", True),
        (LIVE + "bbbbbfbbbbb", True),
        (LIVE + "f" * 600 + "ssssss", False),
        (LIVE + "ssssvssss", True),
        (LIVE + "v" * 9, True),
        (LIVE + "S" * 600, True),
        (LIVE + "S" * 600 + "h", False),
        ("SSggg", True),
        ("gggS", True),
        ("ffffG", False),
        ("gfgfgG", True),
        ("gvgvgG", True),
    ],
)
def test_a_row_of_evidence_makes_a_verdict(steps: str, healthy: bool) -> None:
    subject = after(steps)
    assert subject.healthy is healthy
    assert bool(subject.reason(200)) is not healthy


def test_what_is_missing_and_brings_nothing_down_is_shown() -> None:
    assert after(LIVE).degraded(101) == []
    assert after(LIVE + "S" * 20).degraded(102.5) == ["tcp: no answer for 2 s"]
    assert after(LIVE + "S" * 20 + "G").degraded(103) != [], "half of the answers are missing all the same"
    assert after(LIVE + "S" * 20 + "G" * 100).degraded(120) == []
    lossy = after(LIVE + "gS" * 60)
    lossy.observe("tcp", GOOD, 113)
    assert lossy.degraded(113) == ["tcp: 91% of the answers are missing"]


def test_overload_is_a_missing_answer_with_an_excuse() -> None:
    subject = after(LIVE + "f" * 20)
    assert (subject.overloaded(102.3, 1.8), subject.overloaded(102.3, 2)) == (True, False)
    subject.observe("private", GOOD, 102.4)
    assert not subject.overloaded(110, 1)


def rise(subject: Health, now: float) -> bool:
    """Whether a full proof at ``now`` makes it healthy."""
    for step in LIVE:
        subject.observe(*STEPS[step], now=now)
    return subject.healthy


def test_each_fall_doubles_the_hold_down_up_to_the_longest() -> None:
    subject, now = health(), 1000.0
    assert rise(subject, now)
    for length in (10, 20, 35, 35):
        subject.observe("private", HARD, now)
        assert not rise(subject, now + length - 0.1)
        assert "held down for" in subject.reason(now)
        now += length
        assert rise(subject, now)


def test_falls_are_forgotten_after_a_quiet_time() -> None:
    subject = health()
    rise(subject, 1000)
    subject.down("first", 1000)
    rise(subject, 1010)
    subject.down("long after", 1000 + 601)
    assert (subject.falls, subject.held_until) == (1, 1611)


def test_a_fall_before_the_start_still_holds_down() -> None:
    subject = health(Falls(2, 95))
    assert not rise(subject, 114.9)
    assert rise(subject, 115)


@pytest.mark.parametrize(
    ("data", "falls"),
    [
        ({"count": 2, "last": 5.0}, Falls(2, 5)),
        ({"count": 2, "last": 101.0}, Falls()),  # of before a reboot, whose clock began anew
        ({"count": -1, "last": 5.0}, Falls()),
        ({"count": 2, "last": float("nan")}, Falls()),
        ({"count": float("inf"), "last": 5.0}, Falls()),
        ({}, Falls()),
        (None, Falls()),
        ("falls", Falls()),
    ],
)
def test_what_is_remembered_may_be_damaged(data: object, falls: Falls) -> None:
    assert remembered(data, 100) == falls


def test_evidence_against_the_unhealthy_is_no_new_fall() -> None:
    subject = health()
    for _ in range(5):
        subject.observe("private", HARD, 100)
    assert subject.falls == 0


@pytest.mark.parametrize("source", ["private", "tcp"])
def test_what_is_seen_of_a_planned_end_is_no_fall(source: str) -> None:
    subject = after(LIVE)
    subject.observe(source, HARD, 102, planned=True)
    assert (subject.healthy, subject.falls) == (False, 0)


def test_a_source_that_must_speak_and_falls_silent_is_bad_news() -> None:
    subject = health()
    rise(subject, 100)
    subject.expire(105)
    assert subject.healthy
    subject.expire(105.1)
    assert (subject.healthy, subject.reason(200)) == (False, "no evidence for 5.1 s")


def test_results_that_prove_nothing_are_silence() -> None:
    subject = health()
    rise(subject, 100)
    for tenth in range(52):
        subject.observe("private", VOID, 100 + tenth / 10)
        subject.expire(100 + tenth / 10)
    assert not subject.healthy


def test_without_any_source_nothing_is_ever_healthy() -> None:
    subject = Health({}, hold_down=HoldDown(Damping(0, 0, 0)), stale_after=1, now=0)
    subject.expire(10)
    assert not subject.healthy
