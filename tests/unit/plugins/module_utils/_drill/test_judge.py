# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of a fault, by what the host's router had and when: each rule with a case in which it fails."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._drill import judge
from ansible_collections.icann.imrs.plugins.module_utils._drill.faults import Fault, Kind
from ansible_collections.icann.imrs.plugins.module_utils._drill.judge import Result, Timeline

FULL = {"ipv4": ["199.7.82.0/23"], "ipv6": ["2001:500:9e::/47"]}
NOTHING: dict[str, list[str]] = {"ipv4": [], "ipv6": []}
ONLY4, ONLY6 = {**FULL, "ipv6": []}, {**FULL, "ipv4": []}
MODES = {"ipv4": "drained", "ipv6": "drained"}


def fault(key: str = "one", **more: t.Any) -> Fault:
    given = {"kind": Kind.FALLS, "begin": (), "bound": 10.0, "ids": ("FB-02",), **more}
    return Fault(key, given.pop("ids"), "it broke", given.pop("kind"), **given)


def record(**more: t.Any) -> dict[str, t.Any]:
    """It began at 100, was over at 120, and the node was as before at 130."""
    return {"key": "one", "began": 100.0, "undone": 120.0, "back": 130.0, "note": "", "view": [], **more}


def performed(*records: dict[str, t.Any], why: str = "") -> dict[str, t.Any]:
    return {"records": records, "why": why}


def timeline(*states: tuple[float, dict[str, list[str]]], uncertainty: float = 0.0, ahead: float = 0.0) -> Timeline:
    """States, each from a time of the router's on until a fifth of a second before the next."""
    until = [at - 0.2 for at, _state in states[1:]] + [500.0]
    seen = [[at, last, state] for (at, state), last in zip(states, until, strict=True)]
    return Timeline.parse({"seen": seen}, ahead, uncertainty)


GOOD = ((50.0, FULL), (101.0, NOTHING), (125.0, FULL))


def judged(of: Fault, seen: Timeline | None, why: str = "", **more: t.Any) -> tuple[str, str]:
    (found,) = judge.by_fault([of], performed(record(**more)), seen, FULL, why)
    return found.status, found.message


def test_what_was_withdrawn_in_time_and_came_back_has_passed() -> None:
    assert judged(fault(held=True), timeline(*GOOD)) == (
        "pass",
        "it broke: withdrawn after 1.0 s, back 5.0 s after the end",
    )


@pytest.mark.parametrize(
    ("of", "seen", "more", "status", "words"),
    [
        (fault(), timeline((50.0, FULL)), {}, "fail", "IPv4 was not withdrawn"),
        (fault(), timeline((50.0, FULL), (101.0, ONLY4), (125.0, FULL)), {}, "fail", "IPv4 was not withdrawn"),
        (
            fault(),
            timeline((50.0, FULL), (112.0, NOTHING), (125.0, FULL)),
            {},
            "fail",
            "after 11.8 s or more, and 10 s are",
        ),
        (fault(), timeline((50.0, FULL), (101.0, NOTHING)), {}, "fail", "did not come back"),
        (fault(), timeline((50.0, FULL), (101.0, NOTHING), (125.0, ONLY4)), {}, "fail", "IPv6 did not come back"),
        (fault(), timeline(*GOOD), {"back": None}, "fail", "the node was not as before in time"),
        (fault(held=True), timeline((50.0, FULL), (101.0, NOTHING), (110.0, FULL)), {}, "fail", "again 10.0 s before"),
        (fault(), timeline((50.0, NOTHING), (125.0, FULL)), {}, "error", "was not announced as it should be"),
        (fault(), timeline((105.0, NOTHING), (125.0, FULL)), {}, "error", "was not announced as it should be"),
        (fault(families=("ipv6",)), timeline(*GOOD), {}, "fail", "IPv4 was withdrawn, and should have stayed"),
        (fault(kind=Kind.STAYS), timeline(*GOOD), {}, "fail", "IPv4 was withdrawn, and should have stayed"),
        (fault(), timeline(*GOOD), {"note": "no such unit"}, "error", "no such unit"),
    ],
)
def test_what_is_not_as_it_should_be_has_not(
    of: Fault, seen: Timeline, more: dict[str, t.Any], status: str, words: str
) -> None:
    found = judged(of, seen, **more)
    assert found[0] == status, found
    assert words in found[1]


@pytest.mark.parametrize(
    ("of", "seen", "words"),
    [
        (
            fault(families=("ipv6",)),
            timeline((50.0, FULL), (101.0, ONLY4), (125.0, FULL)),
            "only IPv6 withdrawn after",
        ),
        (fault(kind=Kind.STAYS), timeline((50.0, FULL)), "nothing was withdrawn"),
        # What it does itself may come back at once.
        (fault(), timeline((50.0, FULL), (101.0, NOTHING), (110.0, FULL)), "back 0.0 s after the end"),
        # IPv6 is a little later.
        (
            fault(),
            timeline((50.0, FULL), (101.0, ONLY6), (102.0, NOTHING), (125.0, FULL)),
            "it broke: withdrawn after 2.0 s, back 5.0 s after the end",
        ),
    ],
)
def test_what_is_as_it_should_be_has(of: Fault, seen: Timeline, words: str) -> None:
    found = judged(of, seen)
    assert found[0] == "pass", found
    assert words in found[1]


def test_what_the_clocks_and_looks_leave_open_is_neither_good_nor_bad() -> None:
    late = ((50.0, FULL), (112.0, NOTHING), (125.0, FULL))
    assert judged(fault(), timeline(*late))[0] == "fail"
    told = (
        "it broke: IPv4 was withdrawn after 9.3 to 14.5 s, and 10 s are allowed: the clocks and looks do not tell more"
    )
    assert judged(fault(), timeline(*late, uncertainty=2.5)) == ("error", told)
    seldom = Timeline.parse({"seen": [[50, 109, FULL], [114, 120, NOTHING], [125, 500, FULL]]}, 0, 0)
    assert judged(fault(), seldom)[0] == "error"


def test_the_clocks_are_reckoned_with() -> None:
    ahead = tuple((at + 5 if at > 60 else at, state) for at, state in GOOD)
    assert judged(fault(bound=2.0), timeline(*ahead, ahead=5.0))[0] == "pass"
    assert judged(fault(bound=2.0), timeline(*ahead))[0] == "fail"
    # Withdrawn at once, and a little before it began by clocks that are not quite the same.
    early = timeline((50.0, FULL), (99.8, NOTHING), (125.0, FULL), uncertainty=0.5)
    assert judged(fault(), early) == ("pass", "it broke: withdrawn after 0.0 s, back 5.0 s after the end")


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([[50, 60, FULL]], "error"),
        ([[50, 102, FULL], [115, 500, FULL]], "error"),
        ([[110, 500, FULL]], "error"),
        ([[50, 102, FULL], [104, 500, FULL]], "pass"),
    ],
    ids=["it ended before", "a gap", "it began later", "a short gap"],
)
def test_who_did_not_look_has_seen_nothing(states: list[t.Any], status: str) -> None:
    found = judged(fault(kind=Kind.STAYS), Timeline.parse({"seen": states}, 0, 0))
    assert found[0] == status, found


def test_a_family_that_announces_nothing_has_not_passed() -> None:
    (found,) = judge.by_fault([fault()], performed(record()), timeline(*GOOD), {**FULL, "ipv4": []})
    assert found.status == "error"


def test_what_the_next_fault_does_is_its_own() -> None:
    """It begins two seconds after the node was as before."""
    seen = timeline(*GOOD, (132.4, NOTHING), (150.0, FULL), uncertainty=0.5)
    records = [record(), record(key="two", began=132.0, undone=140.0, back=152.0)]
    assert [found.status for found in judge.by_fault([fault(), fault("two")], performed(*records), seen, FULL)] == [
        "pass",
        "pass",
    ]
    stays = [fault(kind=Kind.STAYS), fault("two")]
    calm = timeline((50.0, FULL), (132.4, NOTHING), (150.0, FULL), uncertainty=0.5)
    assert [found.status for found in judge.by_fault(stays, performed(*records), calm, FULL)] == ["pass", "pass"]


def test_without_the_router_the_node_is_taken_at_its_word_and_it_is_told() -> None:
    view = [[100.0, MODES], [100.5, None], [101.0, dict.fromkeys(MODES, "dark")], [125.0, MODES]]
    status, message = judged(fault(), None, "no route to it", view=view)
    assert status == "pass", message
    assert "by what the node says alone, as the host's router was not read: no route to it" in message
    assert judged(fault(), None, view=view[:1])[0] == "fail"
    assert judged(fault(), None, view=[])[0] == "error"


def test_without_the_router_nobody_can_tell_what_a_dead_node_announces() -> None:
    found = judged(fault(seen_by_node=False), None, "the sheet names no looking_glass")
    assert found == (
        "skipped",
        "it broke: only the host's router can tell, and it was not read: the sheet names no looking_glass",
    )


def test_what_was_not_tried_says_after_what() -> None:
    other = fault("two")
    found = judge.by_fault([fault(), other], performed(record(back=None), why="it hung"), timeline(*GOOD), FULL)
    assert found[0].status == "fail"
    assert found[1] == Result("two", "skipped", "it broke: not tried, as it hung")


def test_a_requirement_is_as_good_as_the_worst_of_its_faults() -> None:
    faults = [fault("one", ids=("FB-02", "FB-12")), fault("two", ids=("FB-02",)), fault("three", ids=("FB-01",))]
    results = [Result("one", "pass", "good"), Result("two", "fail", "bad"), Result("three", "skipped", "no")]
    assert judge.by_requirement(faults, results) == [
        Result("FB-01", "skipped", "no"),
        Result("FB-02", "fail", "good; bad"),
        Result("FB-12", "pass", "good"),
    ]
