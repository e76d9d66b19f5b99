# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the evidence proves: one result for each of DN-52, DN-55 and DN-56, with its numbers and bounds.

A result is ``skipped`` where nothing is proven, and says why; it is never a pass for less than was asked.
"""

from __future__ import annotations

import base64
import dataclasses
import math
import typing as t

from .._correctness import compare
from . import plan

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .._correctness.zone import Zone
    from .._probes import burst, under_load

PASS, FAIL, SKIPPED = "pass", "fail", "skipped"
IDS = ("DN-52", "DN-55", "DN-56")
P99_MS = {"udp": 1.0, "tcp": 3.0}
"""Milliseconds within which 99 % of the answers have to come (DN-55, a proposal)."""
MOST_LOST = 0.001
"""Share of the questions that may be without a whole answer, at most, and not quite (DN-56, a proposal)."""
REACHED = 0.98
"""Of a rate: what is more than that is that rate. The grain of the asking costs the rest."""
SLIP_SLACK = 0.2
"""By which share 1/slip may be missed: a nameserver counts by chance, or in each of its processes."""
SLIP_LOST = 0.01
"""Of limited answers that slip 1 has truncated, all of them, so many may be lost in a queue."""
EXTRA_SECONDS, EXTRA_SHARE = 2, 1.1
"""The limit holds for each second of the nameserver's clock, of which there are more than of ours; and it may forget a
little of what came at once.
"""
SHOWN = 3
"""Wrong answers that a message tells."""
MOST_SILENT = 0.1
"""Share of the questions that may have no answer before any load: they are left out, and a flood is no failure."""
ENOUGH = "enough"
"""Why no further step is begun where that is no news: what was found says it."""


class Result(t.TypedDict):
    """Of one requirement, for people and for records."""

    id: str
    status: str
    message: str


def result(ident: str, status: str, message: str) -> Result:
    """One result."""
    return {"id": ident, "status": status, "message": message}


def skipped(why: str, idents: Iterable[str] = IDS) -> list[Result]:
    """Nothing was tried, and why."""
    return [result(ident, SKIPPED, why) for ident in idents]


def table(results: Iterable[Result]) -> str:
    """A line for each, for a terminal."""
    return "\n".join(f"{each['id']} {each['status']}: {each['message']}" for each in results)


@dataclasses.dataclass(frozen=True)
class Answers:
    """Says of an answer what is wrong with it, by the zones of before, or those that came amid the load.

    ``zones``: the nameserver's zones, one set for each version that was seen. ``now``: seconds since 1970, at which
    signatures have to be good.
    """

    zones: Sequence[Sequence[Zone]]
    now: float

    def wrong(self, query: bytes, answer: bytes, *, tcp: bool) -> str:
        """What is wrong by every version, in a few words; empty when the answer is right. Both with identifiers."""
        told = ""
        for version in self.zones:
            found = compare.differences(version, query, answer, tcp=tcp, now=self.now)
            if not found:
                return ""
            told = told or str(found[0])
        return told

    def without_identifiers(self, query: bytes, answer: bytes, *, tcp: bool) -> str:
        """The same of octets that have none."""
        return self.wrong(b"\0\0" + query, b"\0\0" + answer, tcp=tcp)


def before(exchanges: Sequence[Mapping[str, t.Any]], answers: Answers) -> str:
    """What is wrong with the answers before any load (``_probes.query``), in a sentence; empty when they are right.

    Others are compared with these, octet by octet, so one that is wrong must not be taken for the measure.
    """
    silent = sum(each["answer"] is None for each in exchanges)
    if silent > MOST_SILENT * len(exchanges):
        return f"{silent} of {len(exchanges)} questions had no answer"
    for each in exchanges:
        if each["answer"] is not None:
            wire, answer = base64.b64decode(each["wire"]), base64.b64decode(each["answer"])
            if told := answers.wrong(wire, answer, tcp=each["transport"] == "tcp"):
                return f"{each['query']['name']} {each['query']['type']} over {each['transport']}: {told}"
    return ""


def latency(
    found: Sequence[under_load.Latencies], number: int, known: Mapping[str, burst.Known], answers: Answers
) -> Result:
    """DN-55: 99 % of the answers of each address over each transport come in time, none is missing, none wrong.

    ``number``: questions to each; ``known``: question and answer by transport.
    """
    said, bad = [], []
    for each in found:
        bound, where = P99_MS[each.transport], f"{each.address} {each.transport}"
        most = 1000 * quantile(each.seconds, 0.99)
        half = 1000 * quantile(each.seconds, 0.5)
        said.append(f"{where} {most:.2f} ms (half {half:.2f})")
        if each.lost or len(each.seconds) < number:
            bad.append(f"{where}: {number - len(each.seconds)} of {number} questions had no answer")
        elif most >= bound:
            bad.append(f"{where}: 99 % within {most:.2f} ms, and it has to be less than {bound:g} ms")
        question = known[each.transport].question
        wrong = [
            told
            for other in each.others
            if (told := answers.without_identifiers(question, other, tcp=each.transport == "tcp"))
        ]
        if wrong:
            bad.append(f"{where}: wrong: {wrong[0]}")
    if not found:
        return result("DN-55", SKIPPED, "no service address was asked")
    bounds = f"bounds {P99_MS['udp']:g} ms UDP, {P99_MS['tcp']:g} ms TCP"
    all_of_it = f"99 % of {number} SOA each: {', '.join(said)}; {bounds}"
    return result("DN-55", FAIL, f"{'; '.join(bad)}; {all_of_it}") if bad else result("DN-55", PASS, all_of_it)


def quantile(values: Iterable[float], share: float) -> float:
    """The least value that so great a share of them do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def limited(found: Sequence[tuple[plan.Trial, under_load.Limited]], limit: plan.Limit, answers: Answers) -> Result:
    """DN-52: above the limit a source gets no more than it, every slip-th answer above it is truncated, the others are
    dropped (slip 1 drops none, slip 0 all), and over TCP it is answered.
    """
    said, bad = [], []
    for trial, got in found:
        where = f"{got.source} to {got.server}"
        dropped = max(0, got.sent - got.full - got.truncated)
        over = got.truncated + dropped
        share = got.truncated / over if over else 0.0
        heard = [(query, answer) for query, answer in got.over_tcp if answer is not None]
        wrong = [told for query, answer in heard if (told := answers.wrong(query, answer, tcp=True))]
        said.append(
            f"{where}: {got.sent} asked in {trial.seconds:g} s: {got.full} in full, {got.truncated} truncated, "
            f"{dropped} without an answer, {share:.2f} of what was limited truncated; over TCP {len(heard)} of "
            f"{len(got.over_tcp)} answered"
        )
        most = EXTRA_SHARE * limit.rate * (trial.seconds + EXTRA_SECONDS)
        if not over:
            bad.append("nothing was limited")
        elif got.full > most:
            bad.append(f"more was answered in full than the limit lets pass ({most:.0f})")
        elif limit.slip == 1 and share < 1 - SLIP_LOST:
            bad.append("with slip 1 all that is limited has to be truncated")
        elif limit.slip != 1 and not dropped:
            bad.append(f"with slip {limit.slip} something has to be dropped")
        elif limit.slip == 0 and got.truncated:
            bad.append("with slip 0 nothing is to be truncated")
        elif limit.slip > 1 and abs(share * limit.slip - 1) > SLIP_SLACK:
            bad.append(f"with slip {limit.slip} the share has to be about {1 / limit.slip:.2f}")
        if len(heard) < len(got.over_tcp) or wrong:
            bad.append(f"over TCP it has to be answered{': ' + wrong[0] if wrong else ''}")
    bound = f"limit {limit.rate} a second, slip {limit.slip}"
    told = f"{'; '.join(said)} ({bound})"
    return result("DN-52", FAIL, f"{'; '.join(dict.fromkeys(bad))}: {told}") if bad else result("DN-52", PASS, told)


@dataclasses.dataclass(frozen=True)
class Step:
    """A step, judged: questions a second wanted and offered; how many asked, wrong, lost; what is wrong with them."""

    wanted: int
    offered: float
    sent: int
    wrong: int
    lost: int
    told: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Of the questions: those that were not wholly answered."""
        return self.lost / self.sent if self.sent else 1.0

    @property
    def right(self) -> bool:
        """Nothing wrong, and next to nothing lost."""
        return not self.wrong and self.share < MOST_LOST

    @property
    def reached(self) -> bool:
        """Whether as many were offered as were wanted."""
        return self.offered >= REACHED * self.wanted

    def __str__(self) -> str:
        """For people."""
        return (
            f"{self.offered:.0f} a second: {self.sent} asked, {self.wrong} wrong, {self.lost} without a whole answer "
            f"({100 * self.share:.3f} %)"
        )


def step(wanted: int, counts: burst.Counts, known: Sequence[bytes], answers: Answers) -> Step:
    """Judge a step's answers: those that are not as known, one by one. What is not kept of them is wrong, as nobody
    can say that it is right; and so is an answer that nobody has asked for.

    ``known``: questions without identifiers; the places of ``counts.others`` are theirs. A truncated answer where the
    known one is whole is not wrong, and not whole.
    """
    wrong, told = counts.more + counts.strays, dict[str, None]()
    if counts.more:
        told[f"{counts.more} more answers that are not as before"] = None
    if counts.strays:
        told[f"{counts.strays} answers that nobody waited for"] = None
    for (place, octets), number in counts.others.items():
        # One that is right in the longer form of TCP would be truncated over UDP, so the looser rules of UDP will do.
        if said := answers.without_identifiers(known[place], octets, tcp=False):
            wrong += number
            told[said] = None
    offered = counts.sent / counts.seconds if counts.seconds else 0.0
    return Step(wanted, offered, counts.sent, wrong, counts.lost + counts.cut, tuple(told)[:SHOWN])


def load(found: Sequence[Step], peak: int, stopped: str = "", ill: Sequence[str] = ()) -> Result:
    """DN-56: ten times the expected peak, nothing wrong, less than ``MOST_LOST`` lost, and the gate undisturbed.

    ``peak``: questions a second; ``stopped``: why the load was not gone on with; ``ill``: what the gate tells of falls.
    Less than ten times, all right, is no failure and no proof: skipped, with what the machine could offer.
    """
    bound = f"bounds: {plan.TIMES} times the expected peak of {peak}, none wrong, less than {100 * MOST_LOST:g} % lost"
    told = "; ".join(map(str, found)) or "nothing was asked"
    bad = [f"wrong: {', '.join(each.told)}" for each in found if each.wrong]
    bad += [
        f"{100 * each.share:.3f} % lost at {each.offered:.0f} a second" for each in found if each.share >= MOST_LOST
    ]
    bad += [f"the gate fell under it: {', '.join(ill)}"] if ill else []
    if bad:
        return result("DN-56", FAIL, f"{'; '.join(bad)}: {told} ({bound})")
    best = max(found, key=lambda each: each.offered, default=None)
    if stopped:
        return result("DN-56", SKIPPED, f"not proven, as it was broken off: {stopped}; {told} ({bound})")
    if best is None:
        return result("DN-56", SKIPPED, f"not proven: nothing was asked ({bound})")
    if best.offered < REACHED * plan.TIMES * peak:
        why = "no more was to be asked" if best.reached else "the machine could offer no more"
        most = f"{best.offered:.0f} answers a second, {best.offered / peak:.1f} times the expected peak"
        return result("DN-56", SKIPPED, f"not proven beyond {most}, as {why}; {told} ({bound})")
    return result("DN-56", PASS, f"{best.offered / peak:.1f} times the expected peak: {told} ({bound})")
