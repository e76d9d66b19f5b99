# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Time (requirements section 3.2): TSIG and signatures need a clock that somebody keeps."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from ..check import FUNCTIONS, Verdict, check, failed, passed, skipped, verdict

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

STA_UNSYNC = 0x0040
TIME_ERROR = 5
STRATA = range(1, 6)


@check("TM-01", "The clock is synchronised", source="RSSAC047 section 4.2; adjtimex(2)", functions=FUNCTIONS)
def synchronised(evidence: Evidence, expected: Expected) -> Verdict:
    """chrony at stratum 1 to 5 with leap status normal, or a kernel clock that is not marked unsynchronised."""
    machine = evidence.section("node", "host")
    if machine["container"]:
        return skipped(f"a container ({machine['container']}) has the clock of the machine that runs it")
    tracking = machine["tracking"]
    if tracking is None:
        clock = machine["clock"]
        if clock["state"] == TIME_ERROR or clock["status"] & STA_UNSYNC:
            return failed("the kernel's clock is not synchronised, and chrony does not answer")
        return passed("the kernel's clock is synchronised")
    problems = []
    if tracking["stratum"] not in STRATA:
        problems.append(f"stratum {tracking['stratum']}")
    if tracking["leap"] != "Normal":
        problems.append(f"leap status {tracking['leap']}")
    return verdict(problems, f"stratum {tracking['stratum']}, offset {tracking['offset'] * 1000:.3f} ms")


CHECKS = (synchronised,)
