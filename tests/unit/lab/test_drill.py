# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drills lean on: a story is told again for a machine that stood still, and for no other reason."""

from __future__ import annotations

import pytest
from imrslab import drill, shell

STOOD_STILL = "WARNING ipv4 dark (the gate itself stood still for 1.2 s); asked for live"
WATCHDOG = "imrs-gate.service: Watchdog timeout (limit 2s)!"
NO_ANSWER = "WARNING ipv4 dark (199.7.83.42 udp: no answer); asked for live"


class Lab(drill.Drill):
    """A gate that says this whenever it is asked, and a count of restorations."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said, self.restored = said, 0

    def cursor(self) -> str:
        return "here"

    def said_since(self, cursor: str) -> str:
        assert cursor == "here"
        return self.said

    def restore(self) -> None:
        self.restored += 1


class Story:
    """Fails so many times."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error, self.told = failures, error, 0

    def __call__(self) -> None:
        self.told += 1
        if self.told <= self.failures:
            raise self.error


@pytest.mark.parametrize("said", [STOOD_STILL, WATCHDOG])
@pytest.mark.parametrize("error", [AssertionError("dark"), shell.LabError("not within 120 s")])
def test_a_story_that_a_stalled_machine_spoilt_is_told_again(said: str, error: Exception) -> None:
    lab, story = Lab(said), Story(2, error)
    lab.undisturbed(story)
    assert (story.told, lab.restored) == (3, 2)


def test_it_is_told_three_times_at_most() -> None:
    lab, story = Lab(STOOD_STILL), Story(3, AssertionError("dark"))
    with pytest.raises(AssertionError, match="dark"):
        lab.undisturbed(story)
    assert (story.told, lab.restored) == (3, 2)


@pytest.mark.parametrize("said", ["", NO_ANSWER])
def test_any_other_failure_is_one_at_once(said: str) -> None:
    lab, story = Lab(said), Story(1, AssertionError("dark"))
    with pytest.raises(AssertionError, match="dark"):
        lab.undisturbed(story)
    assert (story.told, lab.restored) == (1, 0)


def test_a_story_that_holds_is_told_once() -> None:
    lab, story = Lab(STOOD_STILL), Story(0, AssertionError())
    lab.undisturbed(story)
    assert (story.told, lab.restored) == (1, 0)
