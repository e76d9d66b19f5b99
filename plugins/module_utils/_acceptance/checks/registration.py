# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the world's registries say of the prefixes (requirements BG-19), from what lies on the controller's disk."""

from __future__ import annotations

import typing as t

from ..._registration import report
from ..._registration.finding import Bounds, Wanted
from ..check import FUNCTIONS, Verdict, check, passed, skipped, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected


@check(
    "BG-19",
    "Prefixes are registered as they are announced",
    severity="W",
    source="RFC 6811; RFC 9319; RFC 2622; RSSAC024 answer 3.3.7; requirements BG-19",
    scopes=("controller",),
    functions=FUNCTIONS,
)
def registered(evidence: Evidence, expected: Expected) -> Verdict:
    """Every prefix is RPKI-valid, and no ROA allows more than is announced, or another origin; it has a route object,
    and nobody else has one for it; PeeringDB has a prefix limit that is high enough. Each by data that are not too old
    (acceptance_registration, docs/registration.md). What is not there is not checked, and the check is skipped.
    """
    registries = evidence.section("controller", "registration")
    every = {family: expected.ours(family) for family in expected.prefixes}
    wanted = Wanted.of(expected.asn, every, expected.irr)
    bounds = Bounds.parse(registries["bounds"])
    found = report.judge(registries["inputs"], wanted, evidence.now("controller"), bounds)
    if found.problems:
        return verdict([*found.problems, *found.unreadable], "")
    if found.unreadable:
        raise Missing("; ".join(found.unreadable))
    if found.unchecked:
        return skipped(f"not checked, as acceptance_registration names no such file: {', '.join(found.unchecked)}")
    return passed(found.summary)


CHECKS = (registered,)
