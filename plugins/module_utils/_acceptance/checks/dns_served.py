# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is served is what was verified, record by record (requirements section 3.5; RSSAC047v2 section 5.3)."""

from __future__ import annotations

import typing as t

from ..._correctness import compare
from ..._correctness.zone import Zone
from ..check import Verdict, check, verdict
from ..evidence import Exchange, Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

FEWEST = 50
"""RRsets that have to be asked for (requirement ZI-05)."""


@check("ZI-05", "What is served is what was verified", harm=True, source="RSSAC047 section 5.3; RFC 1034 section 4.3.2")
def served(evidence: Evidence, expected: Expected) -> Verdict:
    """SOA, NS and DNSKEY of every zone, and by chance delegations, their DS, names below them, names and types that do
    not exist: each answer is the one that the verified zones make, with every record, TTL and glue, and no other.

    The node asks itself, so nobody far away can make it fail.
    """
    found = evidence.section("node", "zones").get("served")
    if not found:
        raise Missing("no answers were held against the zones")
    exchanges = [Exchange.parse("node", data) for data in found["exchanges"]]
    zones = [_zone(name, found["records"]) for name in expected.zones]
    _same_all_the_time(zones, exchanges)
    asked = {(exchange.name, exchange.rdtype) for exchange in exchanges}
    if len(asked) < FEWEST:
        raise Missing(f"only {len(asked)} RRsets were asked for, not {FEWEST}")
    problems = []
    for exchange in exchanges:
        if exchange.answer is None:
            problems.append(f"{exchange.where}: {exchange.name} {exchange.rdtype}: {exchange.error}")
            continue
        tcp = exchange.transport == "tcp"  # then no address is left out by either of our nameservers
        differences = compare.differences(zones, exchange.wire, exchange.answer, tcp=tcp, complete=True)
        problems += [f"{exchange.where}: {exchange.name} {exchange.rdtype}: {each}" for each in differences]
    return verdict(problems, f"{len(exchanges)} answers to {len(asked)} questions are those of the verified zones")


def _zone(name: str, records: t.Mapping[str, t.Sequence[str]]) -> Zone:
    try:
        return Zone.read("\n".join(records[name]) + "\n", name)
    except KeyError:
        raise Missing(f"the zone {name} could not be read") from None
    except ValueError as error:
        raise Missing(f"the zone {name}: {error}") from error


def _same_all_the_time(zones: t.Iterable[Zone], exchanges: t.Iterable[Exchange]) -> None:
    """A zone that was replaced between the reading and the asking says nothing."""
    wanted = {str(zone.origin): zone for zone in zones}
    for exchange in exchanges:
        zone = wanted.get(exchange.name) if exchange.rdtype == "SOA" else None
        there = compare.serial(exchange.answer, zone.origin) if zone and exchange.answer else None
        if zone and there is not None and there != zone.serial:
            raise Missing(f"the zone {zone.origin} was replaced meanwhile: {there} is served, {zone.serial} was read")


CHECKS = (served,)
