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
"""With fewer than four, two that are wrong cannot be told from those that are right (RFC 8633 section 3.2)."""
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
    problems = [f"the clock is off by {keeper['offset']:.3f} s"] if abs(keeper["offset"]) >= least else []
    return verdict(problems, f"off by {keeper['offset'] * 1000:.3f} ms")


@check(
    "TM-02", "The clock is right to the second", source="RFC 8945 section 10; RSSAC047 section 4.2", functions=FUNCTIONS
)
def right(evidence: Evidence, expected: Expected) -> Verdict:
    """Off by less than 1 s, by chrony's word, or by the kernel's where there is no chrony (from 50 ms: TM-05)."""
    return _off(evidence, FAR)


@check("TM-03", "The clock has sources enough", severity="W", source="RFC 8633 section 3.2", functions=FUNCTIONS)
def sources(evidence: Evidence, expected: Expected) -> Verdict:
    """chrony has 4 sources of time or more, of which 3 or more answer."""
    machine = evidence.section("node", "host")
    if machine["container"]:
        return _contained(machine)
    if machine["sources"] is None:
        return failed("chrony does not answer: how many sources of time there are is not known")
    named, reached = len(machine["sources"]), sum(source["reached"] for source in machine["sources"])
    problems = [f"{named} sources of time, {reached} of them answer"] if named < SOURCES or reached < REACHED else []
    return verdict(problems, f"{reached} of {named} sources answer")


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
