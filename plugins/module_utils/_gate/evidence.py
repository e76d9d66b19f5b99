# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Where the gate's evidence comes from: on a node from its nameserver, on a cluster's router from its nodes' routes.

Both have one interface (``Evidence``), so the gate itself does not know which of them it is.
"""

from __future__ import annotations

import functools
import logging
import time
import typing as t

from .. import _addressing as addressing
from .certificate import Moment
from .config import NodeConfig, RouterConfig
from .node import Node
from .questions import Questions, way_out
from .router import Router
from .upstream import Masters, Trust
from .watch import Watch

if t.TYPE_CHECKING:
    from .appliance import Appliance
    from .health import Outcome
    from .questions import Served
    from .session import Route
    from .update import Update
    from .watch import Find

LOG = logging.getLogger("imrs.gate")

Changed = t.Callable[[bool], None]
"""Called after each piece of evidence; with True when a family is healthy now and was not, or the other way round."""
Work = t.Coroutine[t.Any, t.Any, None]


class Evidence(t.Protocol):
    """What there is to go by, and the appliance that it is about."""

    @property
    def appliance(self) -> Appliance:
        """The state machine that takes it in."""

    def works(self) -> list[Work]:
        """What is asked for, each for ever."""

    def routes(self, prefixes: t.Iterable[str]) -> frozenset[Route | str]:
        """The ways to these prefixes at the moment."""

    def heard(self, update: Update) -> None:
        """The routing daemon says something of its own routes."""

    def lost(self) -> None:
        """The session with it is gone."""

    def beat(self) -> None:
        """Another tenth of a second."""

    def step_aside(self) -> None:
        """The nameserver was told to end; ValueError where there is none."""

    def status(self) -> dict[str, t.Any]:
        """For ``imrs status --json``."""


Source = t.Callable[[t.Mapping[str, t.Any], Changed], Evidence]
"""Makes it of what the gate before remembered, and of whom to tell."""


def source(config: NodeConfig | RouterConfig, find: Find) -> Source:
    """Of which kind this appliance is. ``find`` gives the process id of a node's nameserver."""
    if isinstance(config, RouterConfig):
        return functools.partial(OfRouter, config)
    return functools.partial(OfNode, config, find)


class OfNode:
    """Answers of the nameserver, what the masters have, the way out, and the life of a process."""

    def __init__(self, config: NodeConfig, find: Find, remembered: t.Mapping[str, t.Any], changed: Changed) -> None:
        self._config, self._changed = config, changed
        self.appliance = Node(config, remembered, now())
        self._watch = Watch("nameserver", find, self._ended)

    def works(self) -> list[Work]:
        """Questions to the nameserver, its masters, the kernel and systemd."""
        trust = Trust(self._config, self._observe)
        questions = Questions(self._config, self._observe, self._served(trust), lambda: self._watch.pid)
        return [self._watch.run(), *questions.works(), trust.run(), Masters(self._config, self._heard).run()]

    def routes(self, prefixes: t.Iterable[str]) -> frozenset[Route | str]:
        """The routing daemon needs no way to what ends here."""
        return frozenset(prefixes)

    def heard(self, update: Update) -> None:
        """A node's routing daemon says nothing."""

    def lost(self) -> None:
        """Nothing was known from it."""

    def beat(self) -> None:
        """Everything has its own time."""

    def step_aside(self) -> None:
        """The nameserver was told to end."""
        self.appliance.step_aside(now())

    def status(self) -> dict[str, t.Any]:
        """The nameserver's process, and the zones."""
        watch = self._watch
        return {
            "service": {"unit": self._config.service, "pid": watch.pid, "reason": watch.reason},
            "zones": self.appliance.freshness.as_json(now()),
        }

    def _observe(self, family: str, source: str, outcome: Outcome) -> None:
        before = self.appliance.health[family].healthy
        self.appliance.observe(family, source, outcome, now())
        self._changed(self.appliance.health[family].healthy != before)

    def _served(self, trust: Trust) -> Served:
        def served(zone: str, serial: int, expirations: tuple[int, ...]) -> None:
            trust.served(zone, (serial, *expirations))
            self.appliance.freshness.served(zone, serial, now())

        return served

    def _heard(self, master: str, zone: str, serial: int | None, failure: str) -> None:
        self.appliance.freshness.heard(master, zone, serial, failure, now())

    def _ended(self, pid: int) -> None:
        LOG.warning("the nameserver's main process %d ended", pid)
        self.appliance.service_ended(f"the main process {pid} of {self._config.service} ended", now())
        self._changed(True)


class OfRouter:
    """What the nodes of the cluster announce, as the routing daemon passes it on, and the way out."""

    def __init__(self, config: RouterConfig, remembered: t.Mapping[str, t.Any], changed: Changed) -> None:
        self._config, self._changed = config, changed
        self.appliance = Router(config, remembered, now())

    def works(self) -> list[Work]:
        """Questions to the kernel."""
        ways = self._config.way.addresses
        return [way_out(self._config, family, None, self._observe) for family in addressing.FAMILIES if ways[family]]

    def routes(self, prefixes: t.Iterable[str]) -> frozenset[Route | str]:
        """By each node that announces them."""
        return frozenset(self.appliance.routes(prefixes))

    def heard(self, update: Update) -> None:
        """Of a node's route."""
        self.appliance.heard(update, now())
        self._changed(True)

    def lost(self) -> None:
        """Nothing is known of the nodes any more."""
        self.appliance.forget(now())
        self._changed(True)

    def beat(self) -> None:
        """Look at the nodes."""
        self.appliance.look(now())

    def step_aside(self) -> None:
        """Nobody does."""
        raise ValueError("a router has no nameserver that could step aside")

    def status(self) -> dict[str, t.Any]:
        """The nodes."""
        counts = self.appliance.members.counts(self._config.prefixes)
        return {
            "service": None,
            "zones": {},
            "members": {"minimum": self._config.minimum, "below": str(self._config.below), **counts},
        }

    def _observe(self, family: str, source: str, outcome: Outcome) -> None:
        before = self.appliance.health[family].healthy
        self.appliance.observe(family, source, outcome, now())
        self._changed(self.appliance.health[family].healthy != before)


def moment() -> Moment:
    """This moment on both clocks."""
    return Moment(time.time(), now())


def now() -> float:
    """Seconds since boot, sleep included: a frozen machine has to notice that time went by."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
