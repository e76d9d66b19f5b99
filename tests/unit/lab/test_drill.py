# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drills lean on: a story that is told again for a machine that stood still only, and frozen disks."""

from __future__ import annotations

import json
import pathlib
import types
import typing as t

import pytest
from imrslab import drill, shell, topology

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


class Disks(drill.Drill):
    """An appliance of which is noted how it was brought back, and with which options."""

    def __init__(self) -> None:
        super().__init__()
        self.did: list[tuple[str, ...]] = []

    def node(self, *command: str) -> str:
        assert command[:2] == ("systemctl", "service-watchdogs")
        self.did.append(command[2:])
        return ""

    def mend(self) -> None:
        self.did.append(("mend", *self._options))

    def freeze(self) -> None:
        self.did.append(("freeze", *self._options))
        self._frozen[self._options] = pathlib.Path("disk", *self._options)

    def _thaw(self, frozen: pathlib.Path) -> None:
        self.did.append(("thaw", *frozen.parts[1:]))


def test_a_frozen_disk_is_what_restores() -> None:
    lab = Disks()
    lab.restore()
    lab.freeze()
    lab.restore()
    assert lab.did == [("mend",), ("freeze",), ("thaw",)]


def test_options_that_are_kept_have_a_frozen_disk_of_their_own() -> None:
    lab = Disks()
    lab.freeze()
    for _ in range(2):
        lab.did.clear()
        with lab.kept("-e", "a=1"):
            lab.restore()
        told = lab.did.copy()
    assert told == [("no",), ("thaw", "-e", "a=1"), ("thaw", "-e", "a=1"), ("yes",), ("thaw",)]


def test_options_are_mended_and_frozen_once_and_never_without_a_frozen_disk() -> None:
    lab = Disks()
    with lab.kept("-e", "a=1"):
        pass
    assert lab.did == [("no",), ("mend", "-e", "a=1"), ("yes",), ("mend",)]
    lab.freeze()
    lab.did.clear()
    with lab.kept("-e", "a=1"):
        pass
    assert lab.did == [("no",), ("mend", "-e", "a=1"), ("freeze", "-e", "a=1"), ("yes",), ("thaw",)]


class Plan:
    """A lab whose routers all run FRR."""

    def machine(self, name: str) -> topology.Machine:
        return topology.Machine(name, "lab", (), ("frr.service",))


def lab_of_two_sessions() -> drill.Drill:
    """A lab that is not up, and knows its appliance all the same."""
    lab = drill.Drill(t.cast("topology.Lab", types.SimpleNamespace(plan=Plan())))
    ends = (("host-router", "192.0.2.1", "192.0.2.2"), ("host-router", "2001:db8::1", "2001:db8::2"))
    ends += (("another", "192.0.2.3", "192.0.2.2"),)
    sessions = tuple(topology.Session(*each, 20144, 9, 3, None, None) for each in ends)
    lab.appliance = topology.Appliance("xlb01", "xlb", "host-router", "vantage", (), (), sessions)
    return lab


def test_what_the_router_holds_is_read_of_both_families() -> None:
    lab = lab_of_two_sessions()
    path = '[{"path": "20144", "nexthops": []}]'
    lab.inside = lambda *_: f'{{"routes": {{"a": {path}}}}}\n{{\n  "routes": {{"b": {path}}}\n}}\n'  # type: ignore[method-assign]
    assert lab.received() == {"a", "b"}


@pytest.mark.parametrize("said", ["", '{"routes": {}}\n'])
def test_a_router_that_did_not_answer_holds_nobody_knows_what(said: str) -> None:
    """A drill would take it for a withdrawal."""
    lab = lab_of_two_sessions()
    lab.inside = lambda *_: said  # type: ignore[method-assign]
    with pytest.raises(json.JSONDecodeError):
        lab.received()
