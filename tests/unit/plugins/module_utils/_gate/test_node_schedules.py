# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules of faults, floods, recoveries, verbs, restarts, clock jumps and lost messages; what must always hold.

The world is simulated: what is really the case is known, so what is announced can be held against it.
"""

from __future__ import annotations

import os

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import store
from ansible_collections.icann.imrs.plugins.module_utils._gate.authority import CHANGED
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import LATER, MARK
from gate_world import COMEBACK, HASTE, HELD, HEX, HURRY, World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

SCHEDULES, STEPS = int(os.environ.get("IMRS_SCHEDULES", "2500")), 12
"""Others at every run. `make test-faults` takes 20,000 (noxfile.py)."""


class Judged(World):
    """The same, and what must always hold."""

    @invariant()
    def nothing_without_a_certificate(self) -> None:
        certified = self.authority.certified
        assert all(mode <= certified for mode in self._modes().values())

    @invariant()
    def nothing_but_what_is_certified_on_disk_and_in_memory(self) -> None:
        """A daemon that reads a file is noticed when the file is: it cannot read another one before it is there."""
        if self.authority.certified is not Mode.DARK:
            assert self.authority.fingerprint.value == HEX
            assert self.running == HEX

    @invariant()
    def nothing_for_a_session_that_was_not_judged(self) -> None:
        certificate = self.authority.certificate
        due = {MARK, LATER} if certificate.trial else {MARK}
        assert set(self.authority.sessions) == (due if self.authority.certified else set())

    @invariant()
    def nothing_without_a_fresh_good_verdict(self) -> None:
        for family, mode in self._modes().items():
            assert mode is Mode.DARK or self.node.health[family].healthy

    @invariant()
    def nothing_while_dead(self) -> None:
        """Not the covering prefixes either."""
        if self.fault == "killed":
            assert set(self._modes().values()) == {Mode.DARK}

    @invariant()
    def a_reason_wherever_it_is_dark(self) -> None:
        for family, mode in self._modes().items():
            below = mode < min(self.intent, self.authority.certified)
            assert not below or self.node.reason(family, self.now)

    @invariant()
    def no_more_than_asked_for_unless_it_is_going_away(self) -> None:
        graceful = self.node.graceful(self.now)
        assert graceful or all(mode <= self.intent for mode in self._modes().values())

    @invariant()
    def nothing_that_has_an_end_outlasts_it(self) -> None:
        """However the clock was set, and whether or not the machine started anew."""
        if self.now >= self.longest:
            self._lapse()
            assert self.layers.temporary is None

    @rule()
    def whatever_is_broken_is_noticed(self) -> None:
        if self.fault:
            for _ in range(10):
                self._tick()
            assert set(self._modes().values()) == {Mode.DARK}

    @precondition(lambda self: not self.fault)
    @rule()
    def all_well_is_live(self) -> None:
        """Whatever strangers send, and though the masters are silent: what is asked for and proven is announced."""
        self.masters_newer = False
        for _ in range(round(HELD / HURRY)):
            self._tick(step=HURRY)
        assert set(self._modes().values()) == {min(self.intent, self.authority.certified)}

    @precondition(lambda self: not self.fault and self.authority.certificate.reason == CHANGED)
    @rule(mode=st.sampled_from([Mode.DRAINED, Mode.LIVE]))
    def files_that_are_certified_again_come_back_by_themselves(self, mode: Mode) -> None:
        """However often they were otherwise: root comes when it is asked, and nobody else does anything."""
        self.masters_newer = False
        self.change_a_file(HEX, read=False)
        self.ask(mode, graceful=False)
        proven = self.authority.certificate.mode
        for _ in range(round(COMEBACK / HASTE)):
            self._tick(step=HASTE)
            if self.asked:
                self.root_comes()
        assert self.authority.certified is proven
        assert set(self._modes().values()) == {min(mode, proven)}
        assert self.running == HEX


@pytest.mark.parametrize("share", range(4))
def test_schedules(share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "write", lambda *_: None)  # what is remembered is for other tests
    run_state_machine_as_test(
        Judged,
        settings=settings(
            max_examples=SCHEDULES // 4,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_a_trial_ends_after_a_reboot_with_a_wrong_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that was met once in some hundred thousand."""
    monkeypatch.setattr(store, "write", lambda *_: None)
    world = Judged()
    world.certify(mode=Mode.LIVE)
    world.put_a_session_on_trial(seconds=20.0)
    world.start_anew()
    world.set_the_clock(seconds=-1e5)
    world.wait_for_the_end_of_the_trial()
