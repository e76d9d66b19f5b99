# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters that are newer drain a node in the end; masters that are silent, or alone, never do."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate.freshness import HEARD_FOR, Freshness, newer

LIMIT = 3900.0
OLD, NEW = 2026010100, 2026010101


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(2, 1, True), (1, 2, False), (1, 1, False), (0, 2**32 - 1, True), (2**31 + 1, 1, False), (2**31, 1, True)],
)
def test_serials_are_compared_on_a_circle(one: int, other: int, expected: bool) -> None:
    assert newer(one, other) is expected


def told(*said: int | None, minutes: int = 66, then: tuple[int | None, ...] = ()) -> Freshness:
    """After so long of masters that say these serials each minute, and ``then`` others once more."""
    subject = Freshness(LIMIT, 0)
    subject.served(".", OLD, 0)
    for minute in range(minutes + 1):
        for number, serial in enumerate(said):
            subject.heard(f"m{number}", ".", serial, "no answer", minute * 60)
    for number, serial in enumerate(then):
        subject.heard(f"m{number}", ".", serial, "no answer", minutes * 60 + 1)
    return subject


@pytest.mark.parametrize(
    ("subject", "stale"),
    [
        (told(NEW, NEW), True),
        (told(NEW), True),
        (told(NEW, NEW, None), True),
        (told(NEW, NEW, OLD), True),
        (told(NEW, NEW, minutes=64), False),
        (told(OLD, OLD), False),
        (told(NEW, OLD), False),
        (told(OLD - 1, OLD), False),
        (told(None, None, minutes=600), False),
        (told(NEW, NEW, then=(OLD, OLD)), False),
        (told(NEW, NEW, then=(None, None)), True),
    ],
)
def test_most_masters_have_to_be_newer_for_long(subject: Freshness, stale: bool) -> None:
    assert bool(subject.stale()) is stale


def test_masters_that_fell_silent_after_a_new_serial_drain_nobody() -> None:
    """The distribution broke just then: all nodes are in the same place, and have to stay."""
    subject = told(NEW, NEW, minutes=5)
    for minute in range(6, 600):
        subject.heard("m0", ".", None, "no answer", minute * 60)
        subject.heard("m1", ".", None, "no answer", minute * 60)
    assert not subject.stale()
    assert ".: no signed answer of any master for 594 minutes" in subject.alarms(599 * 60)


def test_a_node_that_caught_up_is_fresh_at_once() -> None:
    subject = told(NEW, NEW)
    subject.served(".", NEW, 66 * 60)
    assert not subject.stale()
    assert subject.alarms(66 * 60) == []


def test_one_zone_is_enough() -> None:
    subject = told(OLD, OLD)
    subject.served("arpa.", OLD, 0)
    for minute in range(67):
        subject.heard("m0", "arpa.", NEW, "", minute * 60)
    assert subject.stale().startswith("arpa.: ")


def test_every_fault_of_a_master_is_its_own() -> None:
    assert told(NEW, OLD, minutes=1).alarms(60) == [f".: master m0 alone has {NEW}"]
    assert told(OLD, OLD - 1, OLD, minutes=1).alarms(60) == [f".: master m1 is behind with {OLD - 1}"]
    assert told(None, OLD, minutes=1).alarms(60) == ["master m0: no answer"]
    assert told(NEW, NEW, minutes=2).alarms(120) == [".: the masters have been newer for 2 minutes"]


def test_an_answer_counts_for_some_minutes() -> None:
    subject = told(NEW, NEW, minutes=0)
    assert subject.as_json(10)["."] == {"serial": OLD, "masters": {"m0": NEW, "m1": NEW}, "age": 10}
    assert subject.as_json(HEARD_FOR + 1)["."]["masters"] == {}
