# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The gate's questions to the nameserver and the kernel, each endless: what is asked, how often, and for whom."""

from __future__ import annotations

import asyncio
import itertools
import time
import typing as t

from .. import _addressing as addressing
from .._probes import load, nameserver, way
from . import verdict
from .health import Outcome, Weight

if t.TYPE_CHECKING:
    from .config import Config, NodeConfig, Zone

LOOK_EVERY = 1.0
"""Seconds between two looks at the kernel's counters: a missing answer is explained by what came since one of these."""
WAY_EVERY = 0.5

Observe = t.Callable[[str, str, Outcome], None]
Served = t.Callable[[str, int, tuple[int, ...]], None]
_Judge = t.Callable[[nameserver.Evidence], Outcome]
_Name = tuple["Zone", str, str, _Judge]


class Questions:
    """``observe`` is told family, source and outcome; ``served`` zone, serial and expirations; ``process`` gives the
    nameserver's process id.
    """

    def __init__(self, config: NodeConfig, observe: Observe, served: Served, process: t.Callable[[], int]) -> None:
        self._config = config
        self._observe = observe
        self._served = served
        self._process = process
        self._before = self._now = load.Load()
        self._families = [family for family in addressing.FAMILIES if config.probe.addresses[family]]

    def works(self) -> list[t.Coroutine[t.Any, t.Any, None]]:
        """All of them, to be run side by side; they begin spread over the interval."""
        probe, works = self._config.probe, [self._look()]
        for family in self._families:
            if self._config.way.addresses[family]:
                works.append(way_out(self._config, family, probe.addresses[family][0], self._observe))
            for address in probe.addresses[family]:
                works.append(self._service(family, address, nameserver.UDP, probe.udp_every * probe.interval))
                works.append(self._service(family, address, nameserver.TCP, probe.tcp_every * probe.interval))
        if self._families:
            works.append(self._private())
            if asked := self._names():
                works.append(self._zones(asked))
        return works

    async def _look(self) -> None:
        while True:
            self._before, self._now = self._now, load.read(self._config.probe.port, 0)
            await asyncio.sleep(LOOK_EVERY)

    async def _private(self) -> None:
        """The root's SOA, where strangers cannot ask, in one family after the other: the nameserver is the same."""
        root, probe = self._config.zones[0], self._config.probe
        judge = self._soa(root)
        turns = itertools.cycle(
            (family, nameserver.Prober(probe.private[family], probe.port, root.name)) for family in self._families
        )
        async for _tick in _every(probe.interval):
            family, prober = next(turns)
            outcome, evidence = await self._ask(prober, nameserver.UDP, judge)
            for each in self._families if verdict.of_all(evidence, outcome) else [family]:
                self._observe(each, verdict.PRIVATE, outcome)

    def _names(self) -> list[_Name]:
        """The SOA of every zone but the root, and in every zone the name that it must have."""
        zones = self._config.zones
        asked = [(zone, zone.name, "SOA", self._soa(zone)) for zone in zones[1:]]
        return asked + [(zone, zone.witness, "A", self._witness(zone)) for zone in zones if zone.witness]

    async def _zones(self, asked: list[_Name]) -> None:
        """One name after the other, in one family after the other. What is answered about a zone holds for both."""
        probe = self._config.probe
        turns = itertools.cycle(
            (zone, family, nameserver.Prober(probe.private[family], probe.port, name, kind), judge)
            for (zone, name, kind, judge), family in _crossed(asked, self._families)
        )
        async for _tick in _every(probe.interval):
            zone, family, prober, judge = next(turns)
            outcome, evidence = await self._ask(prober, nameserver.UDP, judge)
            for each in [family] if evidence.failure else self._families:
                self._observe(each, verdict.zone_source(zone), outcome)

    async def _service(self, family: str, address: str, transport: str, interval: float) -> None:
        """The root's SOA, where everybody asks."""
        root = self._config.zones[0]
        prober, judge = nameserver.Prober(address, self._config.probe.port, root.name), self._soa(root)
        async for _tick in _every(interval):
            self._observe(family, f"{address} {transport}", (await self._ask(prober, transport, judge))[0])

    async def _ask(
        self, prober: nameserver.Prober, transport: str, judge: _Judge
    ) -> tuple[Outcome, nameserver.Evidence]:
        evidence = await prober.ask(transport, self._config.probe.timeout)
        outcome = judge(evidence)
        if outcome.weight is Weight.SOFT:
            after = load.read(self._config.probe.port, self._process())
            outcome = verdict.explain(outcome, prober.address, self._before, after)
        return outcome, evidence

    def _soa(self, zone: Zone) -> _Judge:
        def judge(evidence: nameserver.Evidence) -> Outcome:
            outcome = verdict.judge(evidence, zone, node=self._config.node, now=time.time())
            if outcome.weight is Weight.GOOD and evidence.serial is not None:
                self._served(zone.name, evidence.serial, evidence.expirations)
            return outcome

        return judge

    @staticmethod
    def _witness(zone: Zone) -> _Judge:
        return lambda evidence: verdict.judge_witness(evidence, zone)


async def way_out(config: Config, family: str, source: str | None, observe: Observe) -> None:
    """Does an answer leave by the uplink? Endless. ``source``: of the answer, if it is made here."""
    devices = config.way.devices
    lost = Outcome(Weight.SOFT, f"no route leaves by {' or '.join(devices)}")
    async for _tick in _every(WAY_EVERY):
        try:
            found = [way.device(source, address) for address in config.way.addresses[family]]
        except OSError as error:  # our own fault: it says nothing of the routes, and silence is noticed
            observe(family, verdict.WAY, Outcome(Weight.VOID, f"cannot ask for routes: {error}"))
            continue
        observe(family, verdict.WAY, Outcome(Weight.GOOD) if set(found) & set(devices) else lost)


def _crossed(names: list[_Name], families: list[str]) -> t.Iterator[tuple[_Name, str]]:
    """Every name in every family, the families by turns and the names too."""
    for turn in range(len(families)):
        for number, name in enumerate(names):
            yield name, families[(number + turn) % len(families)]


async def _every(seconds: float) -> t.AsyncIterator[None]:
    """A tick every so many seconds; after one that took longer, at once, without making up for what was missed."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        yield
        due = max(due + seconds, loop.time())
        await asyncio.sleep(due - loop.time())
