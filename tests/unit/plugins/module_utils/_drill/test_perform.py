# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's half, on a node that is a few lines: in which order things are done, and that nothing stays broken."""

from __future__ import annotations

import shlex
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._drill.faults import Fault, Kind
from ansible_collections.icann.imrs.plugins.module_utils._drill.perform import BACK, UNIT, Performer

DRAINED = {"ipv4": "drained", "ipv6": "drained"}
DARK = {"ipv4": "dark", "ipv6": "dark"}


class Node:
    """A node and its clock: what is broken is withdrawn after a second, and what is mended is back after five."""

    def __init__(self) -> None:
        self.time, self.broken, self.mended = 1000.0, float("inf"), 0.0
        self.commands: list[str] = []
        self.wrong: dict[str, str] = {}
        self.comes_back, self.withdraws, self.dies_at = True, True, float("inf")

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds

    def run(self, command: t.Sequence[str]) -> dict[str, t.Any]:
        text = shlex.join(command)
        self.commands.append(text)
        if text in ("break", "break again"):
            self.broken, self.mended = self.time, float("inf")
        if text == "mend":
            self.mended = self.time
        said = next((said for word, said in self.wrong.items() if text.startswith(word)), "")
        return {"rc": 1 if said else 0, "stdout": "", "stderr": f"first\n{said}\n" if said else ""}

    def ask(self) -> dict[str, t.Any] | None:
        if self.time >= self.dies_at:
            raise KeyboardInterrupt
        fell = self.withdraws and self.time >= self.broken + 1
        back = self.comes_back and self.time >= self.mended + 5
        return {"mode": DARK if fell and not back else DRAINED, "session": {"state": "Established"}}

    def perform(self, *faults: Fault) -> list[dict[str, t.Any]]:
        return Performer(self.ask, lambda: True, self.run, self).perform(faults)


def fault(key: str = "one", **more: t.Any) -> Fault:
    given = {"begin": (("break",),), "undo": (("mend",),), "bound": 10.0, "held": True, **more}
    return Fault(key, ("FB-01",), "it broke", given.pop("kind", Kind.FALLS), **given)


def test_a_fault_is_armed_made_seen_ended_and_waited_for() -> None:
    node = Node()
    (record,) = node.perform(fault())
    armed = next(number for number, text in enumerate(node.commands) if text.startswith("systemd-run"))
    rest = node.commands[armed + 1 :]
    assert "/bin/sh -c mend" in node.commands[armed]
    assert rest == ["break", "mend", f"systemctl stop {UNIT}.timer"]
    assert record["began"] == 1000.0
    assert record["undone"] == pytest.approx(1001, abs=0.5)
    assert record["back"] == pytest.approx(record["undone"] + 5, abs=0.5)
    assert [modes for _at, modes in record["view"]] == [DRAINED, DARK, DRAINED]
    assert (record["note"], record["rc"]) == ("", 0)


def test_a_fault_lasts_as_long_as_it_has_to() -> None:
    (record,) = Node().perform(fault(lasts=20.0))
    assert record["undone"] - record["began"] == pytest.approx(20, abs=0.5)


def test_a_node_that_does_not_withdraw_is_mended_all_the_same() -> None:
    node = Node()
    node.withdraws = False
    (record,) = node.perform(fault())
    assert record["undone"] - record["began"] == pytest.approx(fault().longest, abs=0.5)
    assert "mend" in node.commands


def test_what_only_the_peer_sees_lasts_until_the_bound() -> None:
    node = Node()
    node.withdraws = False
    (record,) = node.perform(fault(seen_by_node=False))
    assert record["undone"] - record["began"] == pytest.approx(10, abs=0.5)


def test_after_a_node_that_does_not_come_back_nothing_more_is_broken() -> None:
    node = Node()
    node.comes_back = False
    (record,) = node.perform(fault(), fault("two"))
    assert record["back"] is None
    assert node.time - record["undone"] == pytest.approx(BACK, abs=1)
    assert node.commands.count("break") == 1


def test_without_the_timer_nothing_is_broken() -> None:
    node = Node()
    node.wrong["systemd-run"] = "no bus"
    (record,) = node.perform(fault())
    assert record["note"] == "the timer that would end it cannot be armed: no bus"
    assert "break" not in node.commands


def test_a_command_that_fails_is_told_and_what_was_done_is_ended() -> None:
    node = Node()
    node.wrong["break again"] = "not there"
    (record,) = node.perform(fault(begin=(("break",), ("break", "again"))))
    assert record["note"] == "break again: not there"
    assert node.commands[-2:] == ["mend", f"systemctl stop {UNIT}.timer"]


def test_the_timer_stays_where_the_end_fails() -> None:
    node = Node()
    node.wrong["mend"] = "busy"
    (record,) = node.perform(fault())
    assert record["note"].startswith("mend: ")
    assert node.commands[-1] == "mend"


def test_who_is_killed_in_the_middle_leaves_nothing_broken() -> None:
    node = Node()
    node.dies_at = 1000.5
    with pytest.raises(KeyboardInterrupt):
        node.perform(fault())
    assert node.commands[-2:] == ["mend", f"systemctl stop {UNIT}.timer"]


def test_what_has_to_be_refused_says_how_it_ended_and_arms_nothing() -> None:
    node = Node()
    node.wrong["certify"] = "refused"
    (record,) = node.perform(fault(kind=Kind.REFUSED, begin=(("certify",),), undo=()))
    assert (record["rc"], record["note"], node.commands) == (1, "", ["certify"])


def test_flaps_are_as_many_as_are_wanted_with_time_between() -> None:
    node = Node()
    (record,) = node.perform(fault(kind=Kind.FLAPS, times=4, every=5.0))
    assert node.commands.count("break") == 4
    assert record["undone"] - record["began"] >= 15


def test_a_node_whose_session_is_down_is_not_drilled() -> None:
    node = Node()
    assert Performer(node.ask, lambda: False, node.run, node).perform([fault()]) == []
    assert Performer(lambda: None, lambda: True, node.run, node).perform([fault()]) == []
    assert node.commands == []
