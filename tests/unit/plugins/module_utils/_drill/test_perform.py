# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's half, on a node that is a few lines: in which order things are done, and that nothing stays broken."""

from __future__ import annotations

import shlex
import time
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._drill.faults import Fault, Kind
from ansible_collections.icann.imrs.plugins.module_utils._drill.perform import BACK, DEADLINE, UNIT, Performer, System

DRAINED = {"ipv4": "drained", "ipv6": "drained"}
DARK = {"ipv4": "dark", "ipv6": "dark"}


class Node:
    """A node and its clock: what is broken is withdrawn after a second, and what is mended is back after five."""

    def __init__(self) -> None:
        self.time, self.broken, self.mended = 1000.0, float("inf"), 0.0
        self.commands: list[str] = []
        self.wrong: dict[str, str] = {}
        self.comes_back, self.withdraws, self.dies_at = True, True, float("inf")
        self.modes, self.lost, self.up = DRAINED, "", True

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
        return {"mode": DARK if fell and not back else self.modes, "session": {"state": "Established"}}

    def perform(self, *faults: Fault) -> list[dict[str, t.Any]]:
        return t.cast("list[dict[str, t.Any]]", self.performed(*faults)["records"])

    def performed(self, *faults: Fault) -> dict[str, t.Any]:
        return Performer(self.ask, lambda: self.up, self.run, lambda: self.lost, self).perform(faults)


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
    assert record["note"] == ""


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


def test_who_said_live_meanwhile_or_took_the_node_ends_the_drill() -> None:
    class Taken(Node):
        def run(self, command: t.Sequence[str]) -> dict[str, t.Any]:
            if command[0] == "mend":
                self.change()
            return super().run(command)

        def change(self) -> None:
            self.lost = "another run holds the node"

    class Raised(Taken):
        def change(self) -> None:
            self.modes = dict.fromkeys(DRAINED, "live")

    for kind, why in ((Taken, "another run holds the node"), (Raised, "the node was not as before")):
        node = kind()
        found = node.performed(fault(), fault("two"))
        assert node.commands.count("break") == 1
        assert found["why"].startswith(why)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"modes": {"ipv4": "live", "ipv6": "live"}}, "the node is not drained (ipv4 live, ipv6 live)"),
        ({"modes": {"ipv4": "drained", "ipv6": "dark"}}, "the node is not drained (ipv4 drained, ipv6 dark)"),
        ({"modes": {}}, "the node is not drained (the gate gives no answer)"),
        ({"up": False}, "not every session that is certified is up"),
        ({"lost": "the node was rebooted meanwhile"}, "the node was rebooted meanwhile"),
    ],
)
def test_a_node_that_is_not_drained_and_ours_is_not_broken(given: dict[str, t.Any], why: str) -> None:
    node = Node()
    vars(node).update(given)
    assert node.performed(fault()) == {"records": [], "why": why}
    assert node.commands == []


def test_no_fault_is_begun_that_might_not_end_in_time() -> None:
    node = Node()
    found = node.performed(*[fault(str(number), lasts=200.0) for number in range(20)])
    assert 3 < len(found["records"]) < 12
    assert found["why"] == "all faults together may take 40 minutes"
    assert node.time < 1000 + DEADLINE


def test_the_clock_is_that_of_the_machine() -> None:
    clock = System()
    before = clock.now()
    clock.wait(0.01)
    assert 0.01 <= clock.now() - before < 60
    assert abs(clock.now() - time.time()) < 60
