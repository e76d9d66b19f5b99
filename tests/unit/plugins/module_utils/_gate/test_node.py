# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine between evidence and announcement: single rules here, schedules in test_node_schedules.py."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config, verdict
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Cause, Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._gate.node import ASIDE_AT_MOST, TOO_LATE, Node
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import DATA, changed

GOOD = Outcome(Weight.GOOD)
DARK, DRAINED, LIVE = Mode.DARK, Mode.DRAINED, Mode.LIVE
START = 1000.0


class Story:
    """A node and its time."""

    def __init__(self, data: dict[str, object] = DATA) -> None:
        self.config = config.parse(data)
        self.node = Node(self.config, {}, START)
        self.now = START

    def good(self, seconds: float = 2) -> Story:
        """All is well for so long."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            for family in ("ipv4", "ipv6"):
                for source in verdict.sources(self.config, family):
                    self.node.observe(family, source, GOOD, self.now)
            self.node.beat(0, self.now)
        return self

    def bad(self, source: str, outcome: Outcome, seconds: float = 0.1) -> Story:
        """One source of IPv4 says something else, the others are well."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            for family in ("ipv4", "ipv6"):
                for each in verdict.sources(self.config, family):
                    told = outcome if (family, each) == ("ipv4", source) else GOOD
                    self.node.observe(family, each, told, self.now)
        return self

    def mode(self, intent: Mode = LIVE, certified: Mode = LIVE, family: str = "ipv4") -> Mode:
        """Of a family, now."""
        return self.node.modes(intent, certified, self.now)[family]


def test_the_lowest_of_what_is_asked_for_proven_and_true() -> None:
    story = Story()
    assert story.mode() is DARK, "not proven yet"
    story.good()
    for intent in Mode:
        for certified in Mode:
            assert story.mode(intent, certified) is min(intent, certified)


def test_a_family_falls_alone() -> None:
    story = Story().good().bad("private", Outcome(Weight.HARD, "SERVFAIL"))
    assert (story.mode(), story.mode(family="ipv6")) == (DARK, LIVE)
    assert story.node.reason("ipv4", story.now).startswith("private: SERVFAIL; held down for 5 s")
    assert story.node.falls("ipv4") == 1


@pytest.mark.parametrize("cause", Cause)
def test_strangers_who_fill_the_table_of_tcp_clients_withdraw_nothing(cause: Cause) -> None:
    story = Story().good().bad("199.7.83.42 tcp", Outcome(Weight.SOFT, "no answer", cause), 600)
    assert story.mode() is LIVE
    assert story.node.degraded(story.now) == ["199.7.83.42 tcp: no answer for 600 s"]


@pytest.mark.parametrize(("overload", "mode"), [("absorb", LIVE), ("shed", DRAINED)])
def test_overload_is_absorbed_unless_the_operator_chose_to_shed(overload: str, mode: Mode) -> None:
    flood = Outcome(Weight.SOFT, "no answer", Cause.FLOOD)
    story = Story(changed("overload", overload)).good().bad("199.7.83.42 udp", flood, 9)
    assert story.mode() is LIVE
    assert story.bad("199.7.83.42 udp", flood, 3).mode() is mode
    assert bool(story.node.reason("ipv4", story.now)) is (mode is DRAINED)
    assert story.good(61).mode() is LIVE


def test_the_end_of_the_nameserver_is_a_fall_unless_it_was_planned() -> None:
    story = Story().good()
    story.node.step_aside(story.now)
    assert story.mode() is DARK
    assert "stepped aside" in story.node.reason("ipv4", story.now)
    story.node.service_ended("ended", story.now)
    assert (story.mode(), story.node.falls("ipv4")) == (DARK, 0)
    assert story.good(1).mode() is LIVE
    story.node.service_ended("ended", story.now)
    assert (story.mode(), story.node.falls("ipv4"), story.node.falls("ipv6")) == (DARK, 1, 1)
    assert story.good(4.9).mode() is DARK
    assert story.good(2).mode() is LIVE


def test_a_planned_end_that_does_not_come_is_forgotten() -> None:
    story = Story().good()
    story.node.step_aside(story.now)
    assert story.good(ASIDE_AT_MOST - 1).mode() is DARK
    assert story.good(2).mode() is LIVE


@pytest.mark.parametrize("late", [0.05, 0.5, TOO_LATE])
def test_a_gate_that_is_a_little_late_proves_nothing(late: float) -> None:
    story = Story().good()
    story.node.beat(late, story.now + late)
    assert story.mode() is LIVE


def test_a_gate_that_stood_still_proves_everything_again_and_blames_nobody() -> None:
    story = Story().good()
    story.now += 3
    story.node.beat(3, story.now)
    assert story.mode() is DARK
    assert [story.node.falls(name) for name in ("gate", "ipv4", "routing")] == [1, 0, 0]
    assert story.good(4.8).mode() is DARK
    assert story.good(0.4).mode() is LIVE


def test_the_next_gate_knows_what_this_one_knew() -> None:
    story = Story().good()
    story.node.routing_fell(story.now)
    story.node.service_ended("ended", story.now)
    after = Node(story.config, story.node.memory(), story.now)
    assert after.memory() == story.node.memory()
    assert after.held(story.now) == "the routing daemon fell 1 times; held down for 5 s more"


def test_a_routing_daemon_that_falls_again_and_again_is_held_down_longer() -> None:
    story = Story().good()
    for length in (5, 10, 20):
        story.node.routing_fell(story.now)
        assert story.good(length - 0.2).mode() is DARK
        assert story.good(0.4).mode() is LIVE


def test_a_graceful_end_is_announced_as_going_away_first() -> None:
    story = Story(changed("graceful", 5)).good()
    story.node.intent_changed(LIVE, DARK, story.now, planned=True)
    assert (story.mode(DARK), story.node.graceful(story.now)) == (LIVE, True)
    assert story.mode(DARK, DARK) is DARK, "what is not proven goes at once"
    story.good(5)
    assert (story.mode(DARK), story.node.graceful(story.now)) == (DARK, False)


def test_who_leaves_and_dies_on_the_way_is_gone_at_once() -> None:
    story = Story(changed("graceful", 5)).good()
    story.node.intent_changed(LIVE, DRAINED, story.now, planned=False)
    assert story.node.graceful(story.now)
    story.node.service_ended("ended", story.now)
    assert story.mode(DRAINED) is DARK


@pytest.mark.parametrize(
    ("before", "after", "planned", "graceful"),
    [
        (DARK, DARK, False, False),  # dark said again, in a hurry now
        (DARK, DARK, True, True),
        (DRAINED, DRAINED, False, True),
        (DRAINED, DARK, False, False),
        (DARK, LIVE, False, False),
    ],
)
def test_dark_that_is_not_planned_counts_at_once(before: Mode, after: Mode, planned: bool, graceful: bool) -> None:
    story = Story(changed("graceful", 5)).good()
    story.node.intent_changed(LIVE, before, story.now, planned=True)
    story.node.intent_changed(before, after, story.now, planned=planned)
    assert story.node.graceful(story.now) is graceful
    assert story.mode(after) is (LIVE if graceful else after)


def test_a_stale_node_leaves_the_specific_prefixes_to_others() -> None:
    story = Story().good()
    story.node.freshness.served(".", 1, story.now)
    for _minute in range(67):
        for master in ("one", "two"):
            story.node.freshness.heard(master, ".", 2, "", story.now)
        story.now += 60
    story.good()
    assert story.mode() is DRAINED
    assert "newer" in story.node.reason("ipv4", story.now)
    story.node.freshness.served(".", 2, story.now)
    assert story.mode() is LIVE
