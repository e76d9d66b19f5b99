# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a cluster's own router may announce now: the state machine ``appliance``, with its nodes as evidence. Pure.

| the nodes, in a family | then | who, far away, can cause it | who can keep it up |
|---|---|---|---|
| ``minimum`` of them announce all prefixes | live | | a node that hangs, until its session ends (hold time, BFD) |
| fewer, and one announces the covering ones | drained, or dark where ``below`` says so | who takes down nodes | |
| none announces anything | dark | the same | |
| no route leaves by the uplink | dark | the host | the host |

Down at once; up after ``rise`` looks in a row, and after a fall not before its hold-down is over.
"""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .._routing.policy import Mode
from .appliance import Appliance
from .health import Health, Outcome, Source, Weight
from .members import Members
from .verdict import WAY, WAY_SOURCE

if t.TYPE_CHECKING:
    from .config import RouterConfig
    from .session import Route
    from .update import Update

NODES, MINIMUM = "nodes", "minimum"
LOOK_EVERY = 1.0
"""Seconds in which each source speaks: the way out twice, the nodes with each beat."""
_GOOD = Outcome(Weight.GOOD)


class Router(Appliance):
    """One router. ``remembered``: the falls before this start of the gate, as ``memory()`` gave them."""

    def __init__(self, config: RouterConfig, remembered: t.Mapping[str, t.Any], now: float) -> None:
        sources = {NODES: Source(config.rise)}
        by_family = {
            family: sources | ({WAY: WAY_SOURCE} if config.way.addresses[family] else {})
            for family in addressing.FAMILIES
        }
        super().__init__(
            config, remembered, now, sources=by_family, due=LOOK_EVERY, more=map(_minimum, addressing.FAMILIES)
        )
        self._config = config
        self.members = Members(config.members)
        self._enough = {
            family: Health(
                {MINIMUM: Source(config.rise)},
                hold_down=self._holds[_minimum(family)],
                stale_after=float("inf"),
                now=now,
            )
            for family in addressing.FAMILIES
        }

    def _true_now(self, family: str, now: float) -> Mode:
        if not self.health[family].healthy or self.stopping or self.held(now):
            return Mode.DARK
        return Mode.LIVE if self._enough[family].healthy else self._config.below

    def reason(self, family: str, now: float) -> str:
        """Why a family is not all that was asked for and proven, for people; empty when it is."""
        return super().reason(family, now) or self._enough[family].reason(now)

    def falls(self, name: str) -> int:
        """As of every appliance; that there were too few live nodes is a fall of the family, too."""
        apart = name in self._enough and self._config.below is not Mode.DARK
        return super().falls(name) + (super().falls(_minimum(name)) if apart else 0)

    def routes(self, prefixes: t.Iterable[str]) -> frozenset[Route]:
        """The ways to these prefixes. That of a node that is about to withdraw its own (RFC 8326) is about to go; where
        too few nodes would be left then, so is every way to what they are too few for.
        """
        going: set[str] = set()
        for family, of in self._config.prefixes.items():
            staying = self.members.announcing((*of.specific, *of.covering), staying=True)
            if self._enough[family].healthy and len(staying) < self._config.minimum:
                going.update(of.specific, of.covering if self._config.below is Mode.DARK else ())
        return frozenset(
            route._replace(leaving=route.leaving or route.prefix in going) for route in self.members.routes(prefixes)
        )

    # Evidence

    def heard(self, update: Update, now: float) -> None:
        """What the routing daemon says of the nodes. Bad news count at once, good news with the next ``look``."""
        self.members.heard(update)
        self._judge(now, up=False)

    def forget(self, now: float) -> None:
        """The session with the routing daemon is gone."""
        self.members.forget()
        self.doubt("nothing is heard from the routing daemon", now)

    def look(self, now: float) -> None:
        """Call with each beat."""
        self._judge(now, up=True)

    def _judge(self, now: float, *, up: bool) -> None:
        for family, prefixes in self._config.prefixes.items():
            live = self.members.announcing((*prefixes.specific, *prefixes.covering))
            some = self.members.announcing(prefixes.covering or prefixes.specific)
            enough = _outcome(len(live) >= self._config.minimum, self._words(live))
            there = enough if self._config.below is Mode.DARK else _outcome(bool(some), "no node announces anything")
            for health, source, outcome in (
                (self._enough[family], MINIMUM, enough),
                (self.health[family], NODES, there),
            ):
                if up or outcome.weight is not Weight.GOOD:
                    health.observe(source, outcome, now)

    def _words(self, live: t.Sequence[str]) -> str:
        missing = [member.node for member in self._config.members if member.node not in live]
        return (
            f"{len(live)} of {len(self._config.members)} nodes are live, and {self._config.minimum} have to be; "
            f"not {', '.join(missing)}"
        )

    def _all_down(self, reason: str, now: float, *, planned: bool) -> None:
        super()._all_down(reason, now, planned=planned)
        for health in self._enough.values():
            health.down(reason, now, planned=planned)


def _minimum(family: str) -> str:
    """The name of what is held down after a lack of live nodes."""
    return f"{MINIMUM} {family}"


def _outcome(good: bool, reason: str) -> Outcome:
    return _GOOD if good else Outcome(Weight.HARD, reason)
