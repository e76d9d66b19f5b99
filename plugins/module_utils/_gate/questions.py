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
    from .config import Config, Zone

LOOK_EVERY = 1.0
"""Seconds between two looks at the kernel's counters: a missing answer is explained by what came since one of these."""
WAY_EVERY = 0.5

Observe = t.Callable[[str, str, Outcome], None]
Served = t.Callable[[str, int, tuple[int, ...]], None]
_Judge = t.Callable[[nameserver.Evidence], Outcome]


class Questions:
    """``observe`` is told family, source and outcome; ``served`` zone, serial and expirations; ``process`` gives the
    nameserver's process id.
    """

    def __init__(self, config: Config, observe: Observe, served: Served, process: t.Callable[[], int]) -> None:
        self._config = config
        self._observe = observe
        self._served = served
        self._process = process
        self._before = self._now = load.Load()

    def works(self) -> list[t.Coroutine[t.Any, t.Any, None]]:
        """All of them, to be run side by side; they begin spread over the interval."""
        probe, works = self._config.probe, [self._look()]
        for family in addressing.FAMILIES:
            if not probe.addresses[family]:
                continue
            works.append(self._private(family))
            if len(self._config.zones) > 1 or self._config.zones[0].witness:
                works.append(self._zones(family))
            if self._config.way.addresses[family]:
                works.append(self._way(family))
            for address in probe.addresses[family]:
                works.append(self._service(family, address, nameserver.UDP, probe.udp_every * probe.interval))
                works.append(self._service(family, address, nameserver.TCP, probe.tcp_every * probe.interval))
        return works

    async def _look(self) -> None:
        while True:
            self._before, self._now = self._now, load.read(self._config.probe.port, 0)
            await asyncio.sleep(LOOK_EVERY)

    async def _private(self, family: str) -> None:
        """The root's SOA, where strangers cannot ask."""
        root, address = self._config.zones[0], self._config.probe.private[family]
        prober = nameserver.Prober(address, self._config.probe.port, root.name)
        async for _tick in _every(self._config.probe.interval):
            await self._ask(family, verdict.PRIVATE, prober, nameserver.UDP, self._soa(root))

    async def _zones(self, family: str) -> None:
        """One after the other, the SOA of every other zone, and in every zone the name that it must have."""
        port, zones, address = self._config.probe.port, self._config.zones, self._config.probe.private[family]
        asked: list[tuple[Zone, nameserver.Prober, _Judge]] = [
            (zone, nameserver.Prober(address, port, zone.name), self._soa(zone)) for zone in zones[1:]
        ]
        asked += [
            (zone, nameserver.Prober(address, port, zone.witness, "A"), self._witness(zone))
            for zone in zones
            if zone.witness
        ]
        turns = itertools.cycle(asked)
        async for _tick in _every(self._config.probe.interval):
            zone, prober, judge = next(turns)
            await self._ask(family, verdict.zone_source(zone), prober, nameserver.UDP, judge)

    async def _service(self, family: str, address: str, transport: str, interval: float) -> None:
        """The root's SOA, where everybody asks."""
        root = self._config.zones[0]
        prober = nameserver.Prober(address, self._config.probe.port, root.name)
        async for _tick in _every(interval):
            await self._ask(family, f"{address} {transport}", prober, transport, self._soa(root))

    async def _way(self, family: str) -> None:
        """Does an answer leave by the uplink?"""
        config, source = self._config.way, self._config.probe.addresses[family][0]
        lost = Outcome(Weight.SOFT, f"no route leaves by {' or '.join(config.devices)}")
        async for _tick in _every(WAY_EVERY):
            try:
                devices = [way.device(source, address) for address in config.addresses[family]]
            except OSError as error:  # our own fault: it says nothing of the routes, and silence is noticed
                self._observe(family, verdict.WAY, Outcome(Weight.VOID, f"cannot ask for routes: {error}"))
                continue
            there = any(device in config.devices for device in devices)
            self._observe(family, verdict.WAY, Outcome(Weight.GOOD) if there else lost)

    async def _ask(self, family: str, source: str, prober: nameserver.Prober, transport: str, judge: _Judge) -> None:
        evidence = await prober.ask(transport, self._config.probe.timeout)
        outcome = judge(evidence)
        if outcome.weight is Weight.SOFT:
            after = load.read(self._config.probe.port, self._process())
            outcome = verdict.explain(outcome, prober.address, self._before, after)
        self._observe(family, source, outcome)

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


async def _every(seconds: float) -> t.AsyncIterator[None]:
    """A tick every so many seconds; after one that took longer, at once, without making up for what was missed."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        yield
        due = max(due + seconds, loop.time())
        await asyncio.sleep(due - loop.time())
