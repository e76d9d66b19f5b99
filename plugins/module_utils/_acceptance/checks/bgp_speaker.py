# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Who the appliance is to its BGP neighbours (requirements section 3.6)."""

from __future__ import annotations

import typing as t

from ..check import FUNCTIONS, Verdict, check, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected


@check(
    "BG-15",
    "AS number and router id are the inventory's",
    source="requirements BG-15; RFC 4271 section 4.2; RFC 6286",
    functions=FUNCTIONS,
)
def identified(evidence: Evidence, expected: Expected) -> Verdict:
    """The routing daemon has the router id of the inventory, which no other machine has, and every session is of our
    AS; the AS numbers of peers are BG-01's.
    """
    routing = evidence.section("node", "routing")
    if not expected.router_id:
        raise Missing("the inventory names no router id (imrs_router_id)")
    if not routing.get("router_id"):
        raise Missing("the routing daemon does not tell its router id")
    problems = []
    if routing["router_id"] != expected.router_id:
        problems.append(f"router id {routing['router_id']}, {expected.router_id} in the inventory")
    problems += [
        f"{session['name']}: of AS{session['local_as']}, not of AS{expected.asn}"
        for session in routing["sessions"]
        if session.get("local_as") not in {None, expected.asn}
    ]
    return verdict(problems, f"AS{expected.asn}, router id {expected.router_id}")


CHECKS = (identified,)
