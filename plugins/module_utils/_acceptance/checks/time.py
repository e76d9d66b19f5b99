# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Time (requirements section 3.2): TSIG and signatures need a clock that somebody keeps, and none is offered."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from ..check import FUNCTIONS, Verdict, check, failed, passed, skipped, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

STA_UNSYNC = 0x0040
TIME_ERROR = 5
STRATA = range(1, 6)
NEAR = 0.05
"""Seconds that a clock may be off without a warning (requirements TM-02)."""
FAR = 1.0
"""Seconds from which on it is wrong: what RSSAC002 and RSSAC047 measure by it is then of no use."""
SOURCES, REACHED = 4, 3
"""Three have to agree before chrony sets the clock; with four, one may be wrong or silent (RFC 8633 section 3.2)."""
NTP = 123


def _contained(machine: t.Mapping[str, t.Any]) -> Verdict:
    return skipped(f"a container ({machine['container']}) has the clock of the machine that runs it")


def _unsynchronised(machine: t.Mapping[str, t.Any]) -> bool:
    """Whether nobody keeps the clock, so that its offset is not known."""
    if machine["tracking"] is not None:
        return bool(machine["tracking"]["leap"] == "Not synchronised")
    clock = machine["clock"]
    return clock["state"] == TIME_ERROR or bool(clock["status"] & STA_UNSYNC)


@check("TM-01", "The clock is synchronised", source="RSSAC047 section 4.2; adjtimex(2)", functions=FUNCTIONS)
def synchronised(evidence: Evidence, expected: Expected) -> Verdict:
    """chrony at stratum 1 to 5 with leap status normal, or a kernel clock that is not marked unsynchronised."""
    machine = evidence.section("node", "host")
    if machine["container"]:
        return _contained(machine)
    tracking = machine["tracking"]
    if tracking is None:
        if _unsynchronised(machine):
            return failed("the kernel's clock is not synchronised, and chrony does not answer")
        return passed("the kernel's clock is synchronised")
    problems = []
    if tracking["stratum"] not in STRATA:
        problems.append(f"stratum {tracking['stratum']}")
    if tracking["leap"] != "Normal":
        problems.append(f"leap status {tracking['leap']}")
    return verdict(problems, f"stratum {tracking['stratum']}, offset {tracking['offset'] * 1000:.3f} ms")


def _off(evidence: Evidence, least: float) -> Verdict:
    """Whether the clock is off by so many seconds, or more; by chrony's word, else by the kernel's."""
    machine = evidence.section("node", "host")
    if machine["container"]:
        return _contained(machine)
    if _unsynchronised(machine):
        return failed("nobody keeps the clock, so how far it is off is not known")
    keeper = machine["tracking"] or machine["clock"]
    offset, error = keeper["offset"], keeper.get("error", 0.0)
    if abs(offset) >= least:
        return failed(f"the clock is off by {offset:.3f} s")
    if abs(offset) + error >= FAR:
        return failed(f"the clock may be off by {abs(offset) + error:.1f} s: sources of time agreed long ago")
    return passed(f"off by {offset * 1000:.3f} ms")


@check(
    "TM-02", "The clock is right to the second", source="RFC 8945 section 10; RSSAC047 section 4.2", functions=FUNCTIONS
)
def right(evidence: Evidence, expected: Expected) -> Verdict:
    """Off by less than 1 s, with what chrony does not know for sure, which grows by a second in some ten days without
    sources; by the kernel's word where there is no chrony (from 50 ms: TM-05).
    """
    return _off(evidence, FAR)


@check("TM-03", "The clock has sources enough", severity="W", source="RFC 8633 section 3.2", functions=FUNCTIONS)
def sources(evidence: Evidence, expected: Expected) -> Verdict:
    """chrony has 4 sources of time or more, of which 3 or more answer and agree; where the fleet names them, these and
    no others. In a container, whose clock is its host's, only then.
    """
    machine = evidence.section("node", "host")
    if machine["container"] and not expected.time_sources:
        return _contained(machine)
    if machine["sources"] is None:
        return failed("chrony does not answer: how many sources of time there are is not known")
    reached = [source for source in machine["sources"] if source["reached"]]
    wrong = [source["name"] for source in reached if source.get("wrong")]
    named, good = len(machine["sources"]), len(reached) - len(wrong)
    problems = _others(expected, {source["name"] for source in machine["sources"]})
    if named < SOURCES or good < REACHED:
        told = f", and {', '.join(wrong)} disagree with the others" if wrong else ""
        problems.append(f"{named} sources of time, {len(reached)} of them answer{told}")
    return verdict(problems, f"{good} of {named} sources answer and agree")


def _others(expected: Expected, found: set[str]) -> list[str]:
    """Where chrony's sources are not the fleet's, if that names any."""
    if not expected.time_sources:
        return []
    missing, more = sorted(set(expected.time_sources) - found), sorted(found - set(expected.time_sources))
    problems = [f"chrony does not ask {', '.join(missing)}"] if missing else []
    return problems + ([f"chrony asks {', '.join(more)}, which the fleet does not name"] if more else [])


@check(
    "TM-04", "No time is served on the service addresses", source="requirements TM-04; RFC 8633", functions=FUNCTIONS
)
def none_served(evidence: Evidence, expected: Expected) -> Verdict:
    """Nothing listens on UDP port 123 of an anycast address, or of all addresses."""
    rows = evidence.section("node", "host")["sockets"]
    if not rows:
        raise Missing("the listening sockets could not be read")
    identity = expected.identity_zone.addresses if expected.identity_zone else ()
    everywhere = {"*", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    problems = [
        f"{row['process'] or 'something'} on udp {row['address']} port {NTP}"
        for row in rows
        if (row["protocol"], row["port"]) == ("udp", NTP)
        and row["address"] in {*expected.addresses, *identity, *everywhere}
    ]
    return verdict(problems, "nothing listens there")


@check("TM-05", "The clock is right to 50 ms", severity="W", source="requirements TM-02", functions=FUNCTIONS)
def near(evidence: Evidence, expected: Expected) -> Verdict:
    """Off by less than 50 ms, judged as TM-02 is."""
    return _off(evidence, NEAR)


CHECKS = (synchronised, right, sources, none_served, near)
