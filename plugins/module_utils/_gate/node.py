# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node may announce now: the state machine ``appliance``, with the evidence of its nameserver. Pure."""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .._routing.policy import Mode
from . import verdict
from .appliance import GATE, ROUTING, TOO_LATE, Appliance
from .config import SHED
from .freshness import Freshness

if t.TYPE_CHECKING:
    from .config import NodeConfig
    from .health import Outcome

__all__ = ["GATE", "ROUTING", "TOO_LATE", "Node"]

ASIDE_AT_MOST = 120.0
"""Seconds after which a planned end of the nameserver that did not come is forgotten."""
OVERLOADED, RELIEVED = 10.0, 60.0
"""Seconds of missing answers after which a node counts as overloaded, and without them until it does not."""


class Node(Appliance):
    """One node. ``remembered``: the falls before this start of the gate, as ``memory()`` gave them."""

    def __init__(self, config: NodeConfig, remembered: t.Mapping[str, t.Any], now: float) -> None:
        probe = config.probe
        due = max(1.0, probe.interval * len(config.zones) * 2) + probe.timeout
        sources = {family: verdict.sources(config, family) for family in addressing.FAMILIES}
        super().__init__(config, remembered, now, sources=sources, due=due)
        self._config = config
        self.freshness = Freshness(config.masters.limit, now)
        self._aside_until = 0.0
        self._shed_until = 0.0

    def _true_now(self, family: str, now: float) -> Mode:
        if not self.health[family].healthy or self.stopping or self.aside(now) or self.held(now):
            return Mode.DARK
        return Mode.DRAINED if self.freshness.stale() or now < self._shed_until else Mode.LIVE

    def aside(self, now: float) -> bool:
        """Whether the nameserver is about to end, as planned."""
        return now < self._aside_until

    def step_aside(self, now: float) -> None:
        """The nameserver was told to end."""
        self._aside_until = now + ASIDE_AT_MOST

    def reason(self, family: str, now: float) -> str:
        """Why a family is not all that was asked for and proven, for people; empty when it is."""
        if self.aside(now):
            return "stepped aside for a planned end of the nameserver"
        shed = "overloaded: the specific prefixes are left to others" if now < self._shed_until else ""
        return super().reason(family, now) or self.freshness.stale() or shed

    def degraded(self, now: float) -> list[str]:
        """What needs an engineer though the node stays, for people."""
        return [*super().degraded(now), *self.freshness.alarms(now)]

    # Evidence

    def observe(self, family: str, source: str, outcome: Outcome, now: float) -> None:
        """Take in evidence of one source of a family's verdict."""
        super().observe(family, source, outcome, now)
        if self._config.overload == SHED and self.health[family].overloaded(now, OVERLOADED):
            self._shed_until = now + RELIEVED

    def service_ended(self, reason: str, now: float) -> None:
        """The nameserver's process is gone."""
        planned, self._aside_until = self.aside(now), 0.0
        self._all_down(reason, now, planned=planned)

    def _planned(self, now: float) -> bool:
        return self.aside(now)
