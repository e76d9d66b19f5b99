# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is served is what was verified, record by record (requirements section 3.5; RSSAC047v2 section 5.3)."""

from __future__ import annotations

import functools
import typing as t

try:
    import dns.name
except ImportError:
    dns = None  # type: ignore[assignment]

from ..._correctness import compare, expect
from ..._correctness.zone import Zone
from ..check import Verdict, check, verdict
from ..evidence import Exchange, Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

SERVERS = "root-servers.net."
FEWEST = 50
"""RRsets that have to be asked for (requirement ZI-05)."""


@check("ZI-05", "What is served is what was verified", harm=True, source="RSSAC047 section 5.3; RFC 1034 section 4.3.2")
def served(evidence: Evidence, expected: Expected) -> Verdict:
    """SOA, NS and DNSKEY of every zone, and by chance delegations, their DS, names below them, names and types that do
    not exist: each answer is the one that the verified zones make, with every record, TTL and glue, and no other.

    The node asks itself, so nobody far away can make it fail.
    """
    zones, exchanges = _asked(evidence, expected)
    asked = {(exchange.name, exchange.rdtype) for exchange in exchanges}
    if len(asked) < FEWEST:
        raise Missing(f"only {len(asked)} RRsets were asked for, not {FEWEST}")
    said = f"{len(exchanges)} answers to {len(asked)} questions are those of the verified zones"
    return _verdict(zones, exchanges, said)


@check(
    "DN-12", "Referral to an unsigned TLD is proven", harm=True, source="RSSAC047 section 5.3; RFC 4035 section 3.1.4.1"
)
def unsigned(evidence: Evidence, expected: Expected) -> Verdict:
    """Of unsigned delegations, chosen by chance: aa=0, the NS RRset, a signed NSEC of the delegation's own name without
    DS, no DS, and the addresses that belong there.
    """
    zones, exchanges = _asked(evidence, expected)
    root = next(zone for zone in zones if str(zone.origin) == ".")
    found = [exchange for exchange in exchanges if _is_unsigned_referral(root, exchange)]
    if not found:
        raise Missing("no unsigned delegation was asked for")
    return _verdict(zones, found, f"{len(found)} referrals proven")


def _is_unsigned_referral(root: Zone, exchange: Exchange) -> bool:
    cut = next((cut for cut in root.delegations() if cut.to_text() == exchange.name), None)
    return exchange.rdtype == "NS" and cut is not None and root.get(cut, "DS") is None


def _asked(evidence: Evidence, expected: Expected) -> tuple[list[Zone], list[Exchange]]:
    """The zones, as far as they are needed, and what was asked; Missing when there is none to go by."""
    found = evidence.section("node", "zones").get("served")
    if not found:
        raise Missing("no answers were held against the zones")
    exchanges = [Exchange.parse("node", data) for data in found["exchanges"]]
    zones = [_zone(name, found["records"]) for name in expected.zones]
    _same_all_the_time(zones, exchanges)
    return zones, exchanges


def _verdict(zones: t.Sequence[Zone], exchanges: t.Iterable[Exchange], good: str) -> Verdict:
    """Whether all answers are right. That there is none is no wrong one: other checks look at that (DN-01)."""
    problems, silent = [], []
    for exchange in exchanges:
        where = f"{exchange.where}: {exchange.name} {exchange.rdtype}"
        if exchange.answer is None:
            silent.append(f"{where}: {exchange.error}")
            continue
        tcp = exchange.transport == "tcp"  # then no address is left out by either of our nameservers
        differences = compare.differences(zones, exchange.wire, exchange.answer, tcp=tcp, complete=True)
        # One of them leaves glue out that has no room, and truncates only when none has: that takes no node down.
        differences = [each for each in differences if tcp or each.tag != expect.GLUE]
        problems += [f"{where}: {each}" for each in differences]
    if silent and not problems:
        raise Missing(f"{len(silent)} questions had no answer, such as {silent[0]}")
    return verdict(problems, good)


_read = functools.lru_cache(maxsize=8)(Zone.read)
"""Each check here reads the same zones, and harm is judged once more: reading them is half the time of all judging."""


def _zone(name: str, records: t.Mapping[str, t.Sequence[str]]) -> Zone:
    try:
        return _read("\n".join(records[name]) + "\n", name)
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


B_ROOT = "b.root-servers.net."
RENUMBERED = {"A": "170.247.170.2", "AAAA": "2801:1b8:10::b"}
"""Of b.root-servers.net since November 2023."""


@check("DN-06", "Addresses of the root servers are the root's", severity="W", source="B-Root 2023; requirement DN-06")
def root_servers(evidence: Evidence, expected: Expected) -> Verdict:
    """b.root-servers.net has the addresses that it was given in 2023, 170.247.170.2 and 2801:1b8:10::b; and where the
    zone root-servers.net is served, which nobody signs, all thirteen have those of the root zone's verified glue.

    The zones are those that ZI-05 holds the answers against. It only warns: when the next one is renumbered, the zones
    differ for hours.
    """
    zones = {str(zone.origin): zone for zone in _asked(evidence, expected)[0]}
    root, own = zones["."], zones.get(SERVERS)
    problems = []
    for letter in "abcdefghijklm":
        name = dns.name.from_text(f"{letter}.{SERVERS}")
        for kind, renumbered in RENUMBERED.items():
            glue = _data(root, name, kind)
            said = glue if own is None else _data(own, name, kind)
            if said != glue:
                problems.append(f"{name} {kind} is {_words(said)}, and {_words(glue)} in the root zone")
            if str(name) == B_ROOT and said != {renumbered}:
                problems.append(f"{name} {kind} is {_words(said)}, not {renumbered}")
    return verdict(problems, "the same in both zones" if own else "in the root zone; root-servers.net is not served")


def _data(zone: Zone, name: dns.name.Name, kind: str) -> set[str]:
    rrset = zone.get(name, kind)
    return {str(rdata) for rdata in rrset.rdatas.values()} if rrset else set()


def _words(data: t.Collection[str]) -> str:
    return " and ".join(sorted(data)) or "nothing"


CHECKS = (served, unsigned, root_servers)
