# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A load from its beginning to its results: what ``plan`` says is asked by ``_probes``, and judged by ``judge``.

The clock, chance and the gate's word are given, and all that is asked is asked by ``_probes``.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _products as products
from .._correctness.zone import Zone
from .._probes import readers, under_load
from . import judge, plan, standing

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TRIES = 3
"""How often the zones are read while new ones come."""
READ_SECONDS = 60.0
"""In which a zone has to be read."""


class StopError(Exception):
    """Why a load cannot be begun, or not go on, as a sentence. ``asked``: whether something was asked of the node."""

    def __init__(self, why: str, *, asked: bool = False) -> None:
        super().__init__(why)
        self.asked = asked


class Node:
    """The nameserver of this machine, with what it has and answers before any load."""

    def __init__(self, expected: Mapping[str, t.Any], chance: plan.Chance, clock: Callable[[], float]) -> None:
        """Read its zones, and ask it slowly what is asked fast later. StopError where that cannot be.

        ``expected``: as ``_acceptance.projection`` makes it; ``clock``: seconds since 1970.
        """
        product = products.named(products.NAMESERVER, expected["nameserver_provider"])
        self._reader, self._control = readers.nameserver(product.name), product.control
        self._names = [zone["name"] for zone in expected["zones"]]
        self._own = expected.get("notify_addresses") or []
        self._addresses = [
            each for family in ("ipv4", "ipv6") for each in expected["service_addresses"].get(family, ())
        ]
        told = self._reader.rate_limit(self._control)
        if told is None:
            raise StopError("its nameserver does not tell its rate limit; see that it runs")
        self.limit = plan.Limit(told["rate"], told["slip"], tuple(told["exempt"]))
        for _try in range(TRIES):
            zones = self._zones()
            self._answers = judge.Answers([list(zones.values())], clock())
            asked = plan.questions(zones, chance)
            self._exchanges = {way: self._first(asked, way) for way in ("udp", "tcp")}
            self._wrong = judge.before([each for some in self._exchanges.values() for each in some], self._answers)
            if not self._wrong or self._zones()["."].serial == zones["."].serial:
                break
        both = zip(*self._exchanges.values(), strict=True)
        heard = [pair for pair in both if all(each["answer"] for each in pair)]
        self._known = {way: [under_load.octets(pair[at]) for pair in heard] for at, way in enumerate(("udp", "tcp"))}

    def _first(self, asked: Sequence[plan.Asked], transport: str) -> list[dict[str, t.Any]]:
        names = [(each.name.to_text(), each.kind) for each in asked]
        return under_load.references(names, self._addresses, transport, plan.pace(self.limit))

    def _zones(self) -> dict[str, Zone]:
        """As the nameserver has them now."""
        found = {}
        for name in self._names:
            text, error = self._reader.zone_text(name, self._control, READ_SECONDS)
            if error or not text.strip():
                raise StopError(f"its nameserver gives no zone {name}: {error or 'it is empty'}")
            found[name] = Zone.read(text, name)
        return found

    def limited(self) -> judge.Result:
        """DN-52."""
        trials, why = plan.trials(self._addresses, self._own, self.limit)
        if why:
            return judge.result("DN-52", judge.SKIPPED, why)
        found = [
            (each, under_load.limited(each.server, each.source, each.rate, each.seconds, plan.OVER_TCP))
            for each in trials
        ]
        return judge.limited(found, self.limit, self._answers)

    def latency(self) -> judge.Result:
        """DN-55."""
        found, known = [], {}
        for transport, pace in (("udp", plan.pace(self.limit)), ("tcp", 0.0)):
            (soa,) = self._first([plan.Asked(self._answers.zones[0][0].origin, "SOA")], transport)
            if not soa["answer"]:
                return judge.result("DN-55", judge.FAIL, f"{soa['server']} {transport}: {soa['error']}")
            known[transport] = under_load.octets(soa)
            found += under_load.latencies(self._addresses, transport, plan.LATENCIES, pace, known[transport])
        return judge.latency(found, plan.LATENCIES, known, self._answers)

    def load(
        self, steps: Sequence[plan.Step], peak: int, before: Mapping[str, t.Any], ask: Callable[[], Mapping[str, t.Any]]
    ) -> judge.Result:
        """DN-56."""
        if self._wrong:
            return judge.result("DN-56", judge.FAIL, f"before any load: {self._wrong}")
        judged: list[judge.Step] = []

        def stop(offered: under_load.Offered) -> str:
            judged.append(self._judged(offered))
            changed = standing.changed(before, ask())
            return changed or ("" if judged[-1].right and judged[-1].reached else judge.ENOUGH)

        lanes = [plan.lanes(self._addresses, each.rate - each.tcp_rate, self.limit) for each in steps]
        bounded = [plan.within(each, some, self.limit) for each, some in zip(steps, lanes, strict=True)]
        _found, why = under_load.steps(
            [(each.rate, each.tcp_rate, each.seconds) for each in bounded],
            [[(lane.server, lane.source) for lane in some] for some in lanes],
            self._known["udp"],
            self._known["tcp"],
            stop,
        )
        fell = standing.fallen(before, ask())
        return judge.load(judged, peak, "" if why == judge.ENOUGH else why, fell)

    def _judged(self, offered: under_load.Offered) -> judge.Step:
        """By the zones of before, and if something is not right, by those that there are now, too."""
        questions = [each.question for each in self._known["udp"]]
        found = judge.step(offered.wanted, offered.counts, questions, self._answers)
        if found.wrong:
            versions = [*self._answers.zones, list(self._zones().values())]
            self._answers = dataclasses.replace(self._answers, zones=versions)
            found = judge.step(offered.wanted, offered.counts, questions, self._answers)
        return found
