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
MOST_CHANGES = 2
"""Of what is announced, while the nameserver flaps (requirements FB-10)."""
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
        """The entries of a family from the one that was true at ``begin`` until ``end``: when it can have come about
        at the earliest, when it was seen first, and what it was. Entries that differ in the other family are one.
        """
        found: list[tuple[float, float, frozenset[str]]] = []
        earliest = float("-inf")
        for first, last, state in self.seen:
            if first <= end:
                if first <= begin:
                    found.clear()
                had = state.get(family, frozenset())
                if not found or found[-1][2] != had:
                    found.append((earliest, first, had))
            earliest = last
        return found


def by_fault(
    faults: t.Iterable[Fault],
    records: t.Sequence[Record],
    timeline: Timeline | None,
    announced: Prefixes,
    why: str = "",
) -> list[Result]:
    """The result of each fault, by its key. ``announced``: what a node announces as the drills find it.

    ``timeline``: None where the router was not read, and ``why`` says the reason.
    """
    made = {record["key"]: record for record in records}
    nexts = [record["began"] for record in records[1:]] + [float("inf")]
    until = {record["key"]: end for record, end in zip(records, nexts, strict=False)}  # perhaps there is none
    stuck = next((record["key"] for record in records if record["back"] is None), "")
    results = []
    for fault in faults:
        record = made.get(fault.key)
        if record is None:
            because = f" after {stuck.replace('_', ' ')}" if stuck else ""
            results.append(Result(fault.key, SKIPPED, f"not tried: the node was not as before{because}"))
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
    began = record["began"]
    if fault.kind is Kind.REFUSED and not record["rc"]:
        return FAIL, f"{fault.what}, and took it"
    took: list[tuple[float, float]] = []
    for family in sorted(announced):
        states = timeline.between(began, until - timeline.uncertainty, family)
        goes = fault.kind in (Kind.FALLS, Kind.FLAPS) and family in fault.families
        status, problem = _family(fault, record, states, frozenset(announced[family]), timeline.uncertainty, goes=goes)
        if problem:
            return status, f"{fault.what}: {FAMILY[family]} {problem}"
        if goes:
            gone = next(first for _early, first, had in states if not had)
            took.append((max(gone - began, 0.0), max(states[-1][1] - record["undone"], 0.0)))
    if record["back"] is None:
        return FAIL, f"{fault.what}: the node was not as before in time"
    if not took:
        return PASS, f"{fault.what}: nothing was withdrawn"
    which = "" if len(took) == len(announced) else f"only {' and '.join(FAMILY[family] for family in fault.families)} "
    gone, back = (max(each) for each in zip(*took, strict=True))
    return PASS, f"{fault.what}: {which}withdrawn after {gone:.1f} s, back {back:.1f} s after the end"


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
    if not states or states[0][1] > record["began"] or states[0][2] != full:
        return ERROR, "was not announced as it should be when that began"
    if goes:
        return FAIL, _wrong(fault, record, states, full, uncertainty)
    return FAIL, "was withdrawn, and should have stayed" if len(states) > 1 else ""


def _wrong(
    fault: Fault,
    record: Record,
    states: t.Sequence[tuple[float, float, frozenset[str]]],
    full: frozenset[str],
    uncertainty: float,
) -> str:
    """What is wrong with the withdrawal of a family, and with how it came back; or nothing."""
    began, undone = record["began"], record["undone"]
    gone = next((number for number, (_early, _first, had) in enumerate(states) if not had), None)
    if gone is None:
        return "was not withdrawn"
    earliest, first, _nothing = states[gone]
    if max(earliest, began) - uncertainty > began + fault.bound:
        return f"was withdrawn after {first - began:.1f} s, and {fault.bound:g} s are allowed"
    again = next((seen for _early, seen, had in states[gone + 1 :] if had), None)
    if fault.held and again is not None and again + uncertainty < undone:
        return f"was announced again {undone - again:.1f} s before the fault was over"
    changes = sum(1 for early, _seen, _had in states[1:] if early <= undone)
    if fault.kind is Kind.FLAPS and changes > MOST_CHANGES:
        return f"changed {changes} times meanwhile, and {MOST_CHANGES} are allowed"
    return "did not come back" if states[-1][2] != full else ""
