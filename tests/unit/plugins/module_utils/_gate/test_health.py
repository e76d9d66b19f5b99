# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fast down, slow up, held down longer each time."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Falls, Health, HoldDown, Outcome, Weight

GOOD, SOFT, HARD = (Outcome(weight, weight.value) for weight in Weight)
STEPS = {
    "g": ("udp", GOOD),
    "s": ("udp", SOFT),
    "h": ("udp", HARD),
    "G": ("tcp", GOOD),
    "S": ("tcp", SOFT),
    "H": ("tcp", HARD),
}


def health(falls: Falls = Falls()) -> Health:  # noqa: B008 - frozen
    """Three good answers over UDP and one over TCP make healthy, two soft ones over UDP and four over TCP end it."""
    hold_down = HoldDown(first=10, longest=35, forget_after=600)
    needed, timeouts = {"udp": 3, "tcp": 1}, {"udp": 2, "tcp": 4}
    return Health(needed, timeouts=timeouts, hold_down=hold_down, stale_after=5, now=100, falls=falls)


@pytest.mark.parametrize(
    ("steps", "healthy"),
    [
        ("", False),
        ("ggg", False),
        ("G", False),
        ("gggG", True),
        ("Gggg", True),
        ("ggGsg", False),
        ("ggGsggg", True),
        ("ggGhgg", False),
        ("ggGhgggG", True),
        ("gggGs", True),
        ("gggGsgs", True),
        ("gggGsGs", False),
        ("gggGsS", True),
        ("gggGSgggS", True),
        ("gggGSSgSgggS", False),
        ("gggGSSSGSSS", True),
        ("gggGSSss", False),
        ("gggGh", False),
        ("gggGH", False),
    ],
)
def test_a_row_of_evidence_makes_a_verdict(steps: str, healthy: bool) -> None:
    subject = health()
    for number, step in enumerate(steps):
        subject.observe(*STEPS[step], now=100 + number / 10)
    assert subject.healthy is healthy
    assert bool(subject.reason(101)) is not healthy


def rise(subject: Health, now: float) -> bool:
    """Whether a full proof at ``now`` makes it healthy."""
    for step in "gggG":
        subject.observe(*STEPS[step], now=now)
    return subject.healthy


def test_each_fall_doubles_the_hold_down_up_to_the_longest() -> None:
    subject, now = health(), 1000.0
    assert rise(subject, now)
    for length in (10, 20, 35, 35):
        subject.observe("udp", HARD, now)
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
    assert subject.falls == Falls(1, 1601)


def test_a_fall_before_the_start_still_holds_down() -> None:
    subject = health(Falls(2, 95))
    assert not rise(subject, 114.9)
    assert rise(subject, 115)


def test_evidence_against_the_unhealthy_is_no_new_fall() -> None:
    subject = health()
    for _ in range(5):
        subject.observe("udp", HARD, 100)
    assert subject.falls == Falls()


@pytest.mark.parametrize("source", ["udp", "tcp"])
def test_what_is_seen_of_a_planned_end_is_no_fall(source: str) -> None:
    it = health()
    for known in ("udp", "udp", "udp", "tcp"):
        it.observe(known, GOOD, 101)
    it.observe(source, HARD, 102, planned=True)
    assert (it.healthy, it.falls.count) == (False, 0)


def test_a_source_that_falls_silent_is_bad_news() -> None:
    subject = health()
    rise(subject, 100)
    subject.observe("udp", GOOD, 106)
    subject.expire(105)
    assert subject.healthy
    subject.expire(105.1)
    assert (subject.healthy, subject.reason(200)) == (False, "no evidence for 5.1 s")


def test_without_any_source_nothing_is_ever_healthy() -> None:
    subject = Health({}, timeouts={}, hold_down=HoldDown(0, 0, 0), stale_after=1, now=0)
    subject.expire(10)
    assert not subject.healthy
