# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What came of each fault: from the node's records and the host's router's timeline to results by requirement. Pure.

What counts is what the host's router had. Where its table may not be read, the gate's own word is taken for faults that
leave the gate alive, and the result says so; the other faults have no result then.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .faults import Kind

if t.TYPE_CHECKING:
    from .faults import Fault

Record = t.Mapping[str, t.Any]
Prefixes = t.Mapping[str, t.Collection[str]]
"""By family."""

PASS, FAIL, ERROR, SKIPPED = "pass", "fail", "error", "skipped"
WORST = (FAIL, ERROR, SKIPPED, PASS)
UNSEEN = 10.0
"""Seconds for which the host's router may go unread, and what came of a fault is known all the same."""
FAMILY = {"ipv4": "IPv4", "ipv6": "IPv6"}


class Result(t.NamedTuple):
    """Of one requirement, or of one fault."""

    name: str
    status: str
    message: str


@dataclasses.dataclass(frozen=True)
class Timeline:
    """What the host's router had, by the node's clock."""

    seen: tuple[tuple[float, float, dict[str, frozenset[str]]], ...]
    """From when, until when, and what; between two entries it is not known which of the two was true."""
    uncertainty: float
    """Seconds by which the clocks may differ beyond what is reckoned with."""

    @classmethod
    def parse(cls, watched: t.Mapping[str, t.Any], ahead: float, uncertainty: float) -> Timeline:
        """From ``watch.watch``; ``ahead``: seconds by which the router's clock is ahead of the node's."""
        return cls(
            tuple(
                (first - ahead, last - ahead, {family: frozenset(found) for family, found in state.items()})
                for first, last, state in watched["seen"]
            ),
            uncertainty,
        )

    @classmethod
    def of_view(cls, view: t.Iterable[tuple[float, t.Mapping[str, str] | None]], announced: Prefixes) -> Timeline:
        """From what the gate said, as ``perform`` writes it down; no answer changes nothing."""
        said = [(at, modes) for at, modes in view if modes]
        until = [at for at, _modes in said[1:]] + [float("inf")]
        return cls(
            tuple(
                (at, last, {f: frozenset(announced[f] if mode != "dark" else ()) for f, mode in modes.items()})
                for (at, modes), last in zip(said, until, strict=False)  # none was said, perhaps
            ),
            0.0,
        )

    def between(self, begin: float, end: float, family: str) -> list[tuple[float, float, frozenset[str]]]:
        """The entries of a family from the one that was true at ``begin`` until ``end``, both less the uncertainty:
        when it can have come about at the earliest, when it was seen first, and what it was. Entries that differ in the
        other family are one.
        """
        found: list[tuple[float, float, frozenset[str]]] = []
        earliest = float("-inf")
        for first, last, state in self.seen:
            if first <= end - self.uncertainty:
                if first <= begin - self.uncertainty:
                    found.clear()
                had = state.get(family, frozenset())
                if not found or found[-1][2] != had:
                    found.append((earliest, first, had))
            earliest = last
        return found

    def unseen(self, begin: float, end: float) -> float:
        """The longest time between these two in which nobody looked, in seconds."""
        before, longest = begin, 0.0
        for first, last, _state in self.seen:
            if last > begin and before < end:
                longest = max(longest, min(first, end) - before)
                before = max(before, last)
        return max(longest, end - before)


def by_fault(
    faults: t.Iterable[Fault],
    performed: t.Mapping[str, t.Any],
    timeline: Timeline | None,
    announced: Prefixes,
    why: str = "",
) -> list[Result]:
    """The result of each fault, by its key.

    ``performed``: of ``perform``. ``timeline``: None where the router was not read, and ``why`` says the reason.
    ``announced``: what a node announces as the drills find it.
    """
    records: t.Sequence[Record] = performed["records"]
    made = {record["key"]: record for record in records}
    nexts = [record["began"] for record in records[1:]] + [float("inf")]
    until = {record["key"]: end for record, end in zip(records, nexts, strict=False)}  # perhaps there is none
    results = []
    for fault in faults:
        record = made.get(fault.key)
        if record is None:
            results.append(Result(fault.key, SKIPPED, f"{fault.what}: not tried, as {performed['why']}"))
        elif record["note"]:
            results.append(Result(fault.key, ERROR, f"{fault.what}: {record['note']}"))
        elif timeline is not None:
            results.append(Result(fault.key, *_judged(fault, record, timeline, announced, until[fault.key])))
        elif fault.seen_by_node:
            said = Timeline.of_view(record["view"], announced)
            status, message = _judged(fault, record, said, announced, until[fault.key])
            alone = f"by what the node says alone, as the host's router was not read{_because(why)}"
            results.append(Result(fault.key, status, f"{message} ({alone})"))
        else:
            told = f"only the host's router can tell, and it was not read{_because(why)}"
            results.append(Result(fault.key, SKIPPED, f"{fault.what}: {told}"))
    return results


def by_requirement(faults: t.Iterable[Fault], results: t.Iterable[Result]) -> list[Result]:
    """The results of the requirements, sorted: as good as the worst of their faults, which are told one by one."""
    of = {result.name: result for result in results}
    found: dict[str, list[Result]] = {}
    for fault in faults:
        for ident in fault.ids:
            found.setdefault(ident, []).append(of[fault.key])
    return [
        Result(ident, min((one.status for one in each), key=WORST.index), "; ".join(one.message for one in each))
        for ident, each in sorted(found.items())
    ]


def _because(why: str) -> str:
    return f": {why}" if why else ""


def _judged(fault: Fault, record: Record, timeline: Timeline, announced: Prefixes, until: float) -> tuple[str, str]:
    """Status and message. ``until``: when the next fault began, whose own the changes after that are."""
    began, back = record["began"], record["back"]
    if back is None:
        return FAIL, f"{fault.what}: the node was not as before in time"
    if (blind := timeline.unseen(began - timeline.uncertainty, back)) > UNSEEN:
        return ERROR, f"{fault.what}: the host's router was not read for {blind:.0f} s meanwhile"
    took: list[tuple[float, float]] = []
    for family in sorted(announced):
        states = timeline.between(began, until, family)
        goes = fault.kind is Kind.FALLS and family in fault.families
        status, problem = _family(fault, record, states, frozenset(announced[family]), timeline.uncertainty, goes=goes)
        if problem:
            return status, f"{fault.what}: {FAMILY[family]} {problem}"
        if goes:
            gone = next(first for _early, first, had in states if not had)
            took.append((max(gone - began, 0.0), max(states[-1][1] - record["undone"], 0.0)))
    if not took:
        return PASS, f"{fault.what}: nothing was withdrawn"
    which = "" if len(took) == len(announced) else f"only {' and '.join(FAMILY[family] for family in fault.families)} "
    gone, mended = (max(each) for each in zip(*took, strict=True))
    return PASS, f"{fault.what}: {which}withdrawn after {gone:.1f} s, back {mended:.1f} s after the end"


def _family(
    fault: Fault,
    record: Record,
    states: t.Sequence[tuple[float, float, frozenset[str]]],
    full: frozenset[str],
    uncertainty: float,
    *,
    goes: bool,
) -> tuple[str, str]:
    """Status, and what is wrong with one family, or nothing; ``goes``: whether it has to be withdrawn."""
    if not full or not states or states[0][1] > record["began"] - uncertainty or states[0][2] != full:
        return ERROR, "was not announced as it should be when that began"
    if goes:
        return _fell(fault, record, states, full, uncertainty)
    return FAIL, "was withdrawn, and should have stayed" if len(states) > 1 else ""


def _fell(
    fault: Fault,
    record: Record,
    states: t.Sequence[tuple[float, float, frozenset[str]]],
    full: frozenset[str],
    uncertainty: float,
) -> tuple[str, str]:
    """Status, and what is wrong with the withdrawal of a family, and with how it came back; or nothing."""
    began, undone = record["began"], record["undone"]
    gone = next((number for number, (_early, _first, had) in enumerate(states) if not had), None)
    if gone is None:
        return FAIL, "was not withdrawn"
    soonest = max(states[gone][0] - uncertainty - began, 0.0)
    latest = states[gone][1] + uncertainty - began
    if soonest > fault.bound:
        return FAIL, f"was withdrawn after {soonest:.1f} s or more, and {fault.bound:g} s are allowed"
    again = next((seen for _early, seen, had in states[gone + 1 :] if had), None)
    if fault.held and again is not None and again + uncertainty < undone:
        return FAIL, f"was announced again {undone - again:.1f} s before the fault was over"
    if states[-1][2] != full:
        return FAIL, "did not come back"
    if latest > fault.bound:
        told = f"was withdrawn after {soonest:.1f} to {latest:.1f} s, and {fault.bound:g} s are allowed"
        return ERROR, f"{told}: the clocks and looks do not tell more"
    return PASS, ""
