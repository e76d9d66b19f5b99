# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What may be announced now: the state machine between evidence and announcement. Pure: time is passed in.

Level-triggered and total: every answer follows from what is known at that moment, and nothing that is announced depends
on the order in which it came to be known. docs/gate.md has the table. Here is what nodes and a cluster's routers have
in common; what their evidence is, and what it comes to, is said by ``node`` and ``router``.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _addressing as addressing
from .._routing import policy
from .._routing.policy import Mode
from . import damping
from .health import Health

if t.TYPE_CHECKING:
    from .config import Config
    from .health import Outcome, Source

TOO_LATE = 2.0
"""Seconds that the gate may stand still before everything has to be proven again: as long as systemd's watchdog waits,
so that a machine that was frozen comes to the same end whoever notices it first.
"""
FORGIVEN = 5
"""How often every source may be due without a word before that is bad news."""
GATE, ROUTING = "gate", "routing"


class Appliance:
    """One node or router. ``remembered``: the falls before this start of the gate, as ``memory()`` gave them.
    ``sources`` by family; ``due``: seconds in which each of them speaks; ``more``: what else is held down by itself.
    """

    def __init__(
        self,
        config: Config,
        remembered: t.Mapping[str, t.Any],
        now: float,
        *,
        sources: t.Mapping[str, t.Mapping[str, Source]],
        due: float,
        more: t.Iterable[str] = (),
    ) -> None:
        self._common = config
        names = (*addressing.FAMILIES, GATE, ROUTING, *more)
        self._holds = {
            name: damping.HoldDown(config.hold_down, damping.remembered(remembered.get(name), now)) for name in names
        }
        self.health = {
            family: Health(of, hold_down=self._holds[family], stale_after=FORGIVEN * due, now=now)
            for family, of in sources.items()
        }
        self.families = [family for family, prefixes in config.prefixes.items() if any(prefixes)]
        self.stopping = False
        self._leaving: tuple[Mode, float] = (Mode.DARK, 0.0)

    # What is announced

    def modes(self, intent: Mode, certified: Mode, now: float) -> dict[str, Mode]:
        """The mode of each family: the lowest of what is asked for, proven and true now."""
        wanted = max(intent, self._leaving[0]) if now < self._leaving[1] else intent
        return {
            family: policy.effective(wanted, certified, self._true_now(family, now)) for family in addressing.FAMILIES
        }

    def _true_now(self, family: str, now: float) -> Mode:
        raise NotImplementedError

    def graceful(self, now: float) -> bool:
        """Whether what is announced is to be gone soon (RFC 8326)."""
        return now < self._leaving[1]

    def intent_changed(self, before: Mode, after: Mode, now: float, *, planned: bool) -> None:
        """Something else is asked for. To drain is always planned; dark counts at once unless it is said to be planned.

        What is withdrawn as planned is announced for a while still, as going away.
        """
        graceful = planned or after is Mode.DRAINED
        if graceful and after < before:
            self._leaving = (before, now + self._common.graceful)
        elif after > before or not graceful:
            self._leaving = (Mode.DARK, 0.0)

    def held(self, now: float) -> str:
        """Why the whole appliance is held down, whatever its families say; empty when it is not."""
        for name, what in ((GATE, "the gate"), (ROUTING, "the routing daemon")):
            hold = self._holds[name]
            if now < hold.until:
                return f"{what} fell {hold.falls.count} times; held down for {hold.until - now:.0f} s more"
        return ""

    def reason(self, family: str, now: float) -> str:
        """Why a family is not all that was asked for and proven, for people; empty when it is."""
        return self.health[family].reason(now) or self.held(now)

    def degraded(self, now: float) -> list[str]:
        """What needs an engineer though the appliance stays, for people."""
        said: list[str] = []
        for family in self.families:
            said += [text for text in self.health[family].degraded(now) if text not in said]
        return said

    def memory(self) -> dict[str, t.Any]:
        """What the next gate is to know."""
        return {name: dataclasses.asdict(hold.falls) for name, hold in self._holds.items()}

    def falls(self, name: str) -> int:
        """How often a family, the gate or the routing daemon fell lately."""
        return self._holds[name].falls.count

    # Evidence

    def observe(self, family: str, source: str, outcome: Outcome, now: float) -> None:
        """Take in evidence of one source of a family's verdict."""
        self.health[family].observe(source, outcome, now, planned=self._planned(now))

    def gate_fell(self, reason: str, now: float) -> None:
        """The gate itself was killed or stood still: nothing is known, and the daemons are not to blame."""
        self._holds[GATE].fell(now)
        self._all_down(reason, now, planned=True)

    def doubt(self, reason: str, now: float) -> None:
        """What was known before does not count any more, and nothing is to blame: all is to be proven anew."""
        self._all_down(reason, now, planned=True)

    def routing_fell(self, now: float) -> None:
        """The routing daemon ended or hung without a word, and took everything with it."""
        self._holds[ROUTING].fell(now)

    def beat(self, late: float, now: float) -> None:
        """Call often: ``late`` is how much later than planned this is."""
        if late > TOO_LATE:
            self.gate_fell(f"the gate itself stood still for {late:.1f} s", now)
        for health in self.health.values():
            health.expire(now, planned=self._planned(now))

    def _planned(self, _now: float) -> bool:
        """Whether bad news now is what somebody planned."""
        return False

    def _all_down(self, reason: str, now: float, *, planned: bool) -> None:
        for health in self.health.values():
            health.down(reason, now, planned=planned)
