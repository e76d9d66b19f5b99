# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""On the node: make each fault, end it, wait until the node is as before, and write down when. Judges nothing.

Who dies in the middle leaves no fault behind: before each one a timer of systemd's is armed that ends it, and no fault
outlives a reboot.
"""

from __future__ import annotations

import shlex
import time
import typing as t

if t.TYPE_CHECKING:
    from .faults import Fault

UNIT = "imrs-drill-undo"
"""Of the timer that ends a fault when nobody else does."""
BACK = 400.0
"""Seconds in which a node has to be as before: the longest that the gate holds down what has fallen
(``gate_hold_down``), and more.
"""
DEADLINE = 2400.0
"""Seconds after which no fault is begun that could take longer."""
LOOK_EVERY = 0.2
SETTLE = 3.0
"""Seconds that the last route may be on its way to the host's router when the node is as before."""

Status = t.Mapping[str, t.Any]
Ask = t.Callable[[], t.Optional[Status]]
"""What the gate says (``imrs status``); None where it gives no answer."""
Up = t.Callable[[], bool]
"""Whether every session with the host is up."""
Run = t.Callable[[t.Sequence[str]], t.Mapping[str, t.Any]]
"""Runs a command: ``rc``, ``stdout``, ``stderr``."""


Hold = t.Callable[[], str]
"""Renews the run's hold of the node; why it has it no more, or nothing."""


class Clock(t.Protocol):
    """Times in seconds since 1970, and a way to let some pass."""

    def now(self) -> float:
        """The time."""

    def wait(self, seconds: float) -> None:
        """Let that pass."""


class System:
    """The clock of the machine as it was at the beginning: nobody who sets it later makes a fault last longer."""

    def __init__(self) -> None:
        self._ahead = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._ahead + time.clock_gettime(time.CLOCK_BOOTTIME)

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class Performer:
    """One node, and the faults one after the other."""

    def __init__(self, ask: Ask, up: Up, run: Run, hold: Hold, clock: Clock) -> None:
        self._ask, self._up, self._run, self._hold, self._clock = ask, up, run, hold, clock
        self._modes: dict[str, str] = {}

    def perform(self, faults: t.Sequence[Fault]) -> dict[str, t.Any]:
        """``records``, one of each fault that was made, and ``why`` others were not, or nothing.

        A record has ``key``; ``began``, ``undone`` and ``back`` (None: it was not as before in time), in seconds since
        1970; ``view``: each change of what the gate said, as ``[time, modes by family or None]``; and ``note``: what
        went wrong, or empty.
        """
        self._modes = _modes(self._ask()) or {}
        records: list[dict[str, t.Any]] = []
        deadline = self._clock.now() + DEADLINE
        for fault in faults:
            if why := self._not_now(fault, deadline):
                return {"records": records, "why": why}
            records.append(self._one(fault))
            if records[-1]["back"] is None:
                return {"records": records, "why": f"the node was not as before {BACK:.0f} s after {fault.key}"}
        return {"records": records, "why": ""}

    def _not_now(self, fault: Fault, deadline: float) -> str:
        """Why it is not begun; asked right before, as somebody may have said live meanwhile, or taken the node."""
        if why := self._hold():
            return why
        status = self._ask()
        modes = _modes(status) or {}
        if not status or set(modes.values()) != {"drained"}:
            said = ", ".join(f"{family} {mode}" for family, mode in modes.items()) or "the gate gives no answer"
            return f"the node is not drained ({said})"
        if not self._as_before():
            return "not every session that is certified is up"
        if self._clock.now() + fault.longest + BACK > deadline:
            return f"all faults together may take {DEADLINE / 60:.0f} minutes"
        return ""

    def _one(self, fault: Fault) -> dict[str, t.Any]:
        record: dict[str, t.Any] = {"key": fault.key, "note": "", "back": None}
        problem = self._arm(fault)
        record["began"] = record["undone"] = self._clock.now()
        record["view"] = [[record["began"], self._modes]]
        if problem:
            return {**record, "note": problem}
        try:
            self._begin(fault, record)
            if not record["note"]:
                self._watch(record, record["began"] + fault.longest, lambda: self._seen(fault, record))
        finally:
            problem = self._undo(fault)
            record["undone"] = self._clock.now()
        record["note"] = record["note"] or problem
        limit = self._clock.now() + BACK
        self._watch(record, limit, self._as_before)
        if self._as_before():
            record["back"] = self._clock.now()
            self._clock.wait(SETTLE)
        return record

    def _begin(self, fault: Fault, record: dict[str, t.Any]) -> None:
        for command in fault.begin:
            done = self._run(command)
            if done["rc"]:
                record["note"] = f"{shlex.join(command)}: {_said(done)}"
                return

    def _seen(self, fault: Fault, record: Status) -> bool:
        """Whether the fault may be ended: it has lasted, and the node says that it has withdrawn, where it can."""
        lasted = self._clock.now() - float(record["began"])
        if lasted < fault.lasts or fault.kind == "stays":
            return lasted >= fault.lasts
        if not fault.seen_by_node:
            return lasted >= fault.bound or (not fault.held and self._fell(record, self._modes))
        return self._fell(record, fault.families)

    def _fell(self, record: Status, families: t.Iterable[str]) -> bool:
        said = [modes for _at, modes in record["view"] if modes]
        return all(any(modes.get(family) == "dark" for modes in said) for family in families)

    def _as_before(self) -> bool:
        status = self._ask()
        if not self._modes or not status or status["session"]["state"] != "Established":
            return False
        return bool(_modes(status) == self._modes) and self._up()

    def _watch(self, record: dict[str, t.Any], limit: float, over: t.Callable[[], bool]) -> None:
        """Write down what the gate says whenever that changes, until ``over``, or the time ``limit``."""
        while True:
            at, modes = self._clock.now(), _modes(self._ask())
            if record["view"][-1][1] != modes:
                record["view"].append([at, modes])
            if over() or self._clock.now() >= limit:
                return
            self._clock.wait(LOOK_EVERY)

    def _arm(self, fault: Fault) -> str:
        """Have systemd end it, should we not; what is wrong when it cannot."""
        self._disarm()
        script = "; ".join(shlex.join(command) for command in fault.undo)
        after = f"--on-active={fault.longest + 30:.0f}s"
        timer = (f"--unit={UNIT}", after, "--timer-property=AccuracySec=1s")
        done = self._run(("systemd-run", "--quiet", "--collect", *timer, "/bin/sh", "-c", script))
        return f"the timer that would end it cannot be armed: {_said(done)}" if done["rc"] else ""

    def _disarm(self) -> None:
        self._run(("systemctl", "stop", f"{UNIT}.timer"))

    def _undo(self, fault: Fault) -> str:
        """End it; what is wrong when that fails, and then the timer still tries."""
        failed = [f"{shlex.join(each)}: {_said(done)}" for each in fault.undo if (done := self._run(each))["rc"]]
        if not failed:
            self._disarm()
        return "; ".join(failed)


def _modes(status: Status | None) -> dict[str, str] | None:
    """Mode by family."""
    return {family: str(mode) for family, mode in status["mode"].items()} if status and status.get("mode") else None


def _said(done: t.Mapping[str, t.Any]) -> str:
    """What a command that failed said, in a line."""
    lines = (done["stderr"] or done["stdout"]).strip().splitlines()
    return lines[-1][:300] if lines else f"it ended with {done['rc']}"


__all__ = ["BACK", "Performer", "System"]
