# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Is an answer of the nameserver right, and what does a missing one mean? Pure: times are passed in.

What is asked for, and what brings a family down:

| source | asks for | a missing answer; a wrong one brings a family down at once |
|---|---|---|
| ``private`` | the root's SOA, where strangers cannot ask | down after ``silence`` s; ``busy`` s, if it computes |
| ``zone …`` | other zones' SOA, and a name that each zone must have | down after ``busy`` s |
| a service address, UDP | the root's SOA | down after ``deaf`` s, but not in a flood or while it computes |
| a service address, TCP | the same | degraded, never down: strangers can fill the table of clients |
| ``trust …`` | DNSKEY against the anchors, SOA against DNSKEY | keeps a family from rising only |
| ``way out`` | the kernel's routing table | down after ``WAY_PATIENCE`` s without a route |
"""

from __future__ import annotations

import typing as t

from .._probes import nameserver
from .health import Cause, Outcome, Source, Weight

if t.TYPE_CHECKING:
    from .._probes.load import Load
    from .config import NodeConfig, Zone

LATE = 0.05
"""Seconds that the gate may be late itself; a time-out that it noticed later than that proves nothing."""
LONG_QUEUE = 65536
"""Octets that wait in a socket's queue: some hundred questions, more than an idle nameserver ever has."""
WAY_PATIENCE = 1.0
"""Seconds without a way out; a host's router that restarts its session takes less."""
PRIVATE, WAY = "private", "way out"
WAY_SOURCE = Source(1, {Cause.SILENT: WAY_PATIENCE})


def zone_source(zone: Zone) -> str:
    """The name of the source that asks for a zone."""
    return f"zone {zone.name}"


def trust_source(zone: Zone) -> str:
    """The name of the source that verifies a zone."""
    return f"trust {zone.name}"


def sources(config: NodeConfig, family: str) -> dict[str, Source]:
    """All sources of a family's verdict; none, so never healthy, where it has nothing to announce."""
    probe = config.probe
    if not probe.addresses[family]:
        return {}
    patient = {Cause.SILENT: probe.silence, Cause.BUSY: probe.busy}
    found = {PRIVATE: Source(probe.rise, patient)}
    asked = [zone for zone in config.zones if zone.witness or zone is not config.zones[0]]
    found |= {zone_source(zone): Source(1, {Cause.SILENT: probe.busy, Cause.BUSY: probe.busy}) for zone in asked}
    found |= {trust_source(zone): Source() for zone in config.zones if zone.signed}
    for address in probe.addresses[family]:
        found[f"{address} {nameserver.UDP}"] = Source(1, {Cause.SILENT: probe.deaf}, must=False)
        found[f"{address} {nameserver.TCP}"] = Source(1, must=False)
    if config.way.addresses[family]:
        found[WAY] = WAY_SOURCE
    return found


def judge(evidence: nameserver.Evidence, zone: Zone, *, node: str, now: float) -> Outcome:
    """Weigh an answer to the question for a zone's SOA. ``node`` is the name that NSID must give; ``now`` is seconds
    since 1970. Another NSID means that another anycast node answered for this one.
    """
    return _weigh(evidence, lambda: _wrong_soa(evidence, zone, node, now))


def judge_witness(evidence: nameserver.Evidence, zone: Zone) -> Outcome:
    """Weigh an answer to the question for a name that the zone must have: an emptied zone still has its SOA."""
    wrong = evidence.rcode if evidence.rcode not in {"NOERROR", "NXDOMAIN"} else f"{zone.witness} is missing"
    return _weigh(evidence, lambda: "" if evidence.there and evidence.rcode == "NOERROR" else wrong)


def of_all(evidence: nameserver.Evidence, outcome: Outcome) -> bool:
    """Whether an outcome in one family is bad news for the other one, too: a wrong answer, or a stopped nameserver. A
    good answer proves its own family alone; so does a refused connection, as the other socket may be there.
    """
    return outcome.weight is Weight.HARD and evidence.failure in {"", nameserver.TIMEOUT}


def _weigh(evidence: nameserver.Evidence, wrong: t.Callable[[], str]) -> Outcome:
    """A truncated answer is what rate limiting sends, and proves as little as none. So does a connection that was
    closed: who has too many clients may do that. Nor is the nameserver to blame for what the asker cannot get.
    """
    if evidence.failure == nameserver.TIMEOUT:
        return Outcome(Weight.VOID if evidence.overdue > LATE else Weight.SOFT, "no answer")
    if evidence.failure in {nameserver.CLOSED, nameserver.EXHAUSTED}:
        return Outcome(Weight.SOFT, evidence.failure, Cause.FLOOD)
    if evidence.failure:
        return Outcome(Weight.HARD, evidence.failure)
    if evidence.truncated:
        return Outcome(Weight.SOFT, "truncated answer", Cause.FLOOD)
    reason = wrong()
    return Outcome(Weight.HARD, reason) if reason else Outcome(Weight.GOOD)


def _wrong_soa(evidence: nameserver.Evidence, zone: Zone, node: str, now: float) -> str:
    if evidence.rcode != "NOERROR":
        return evidence.rcode
    nsid = evidence.nsid
    lapsed = max(evidence.expirations, default=now) < now
    faults = (
        (not evidence.authoritative, "the answer is not authoritative"),
        (evidence.serial is None, "no SOA in the answer"),
        (nsid != node, f"answered by {nsid!r}, not by {node}" if nsid else "no NSID in the answer"),
        (zone.signed and not evidence.expirations, "the SOA is not signed"),
        (zone.signed and lapsed, "the signature of the SOA has expired"),
    )
    return next((text for fault, text in faults if fault), "")


def explain(outcome: Outcome, address: str, before: Load, after: Load) -> Outcome:
    """Why an answer is missing, from what the kernel knew before the question and knows after it.

    A nameserver whose threads all sleep while questions wait in its queue is dead, flood or not.
    """
    if outcome.weight is not Weight.SOFT or outcome.cause is not Cause.SILENT:
        return outcome
    if after.stopped:
        return Outcome(Weight.HARD, "no answer: the nameserver is stopped")
    old, new = before.sockets.get(address), after.sockets.get(address)
    waiting = any(socket.queue for socket in after.sockets.values())
    dropped = after.backlog > before.backlog or bool(old and new and new.drops > old.drops)
    if after.busy:
        flooded = dropped or bool(new and new.queue >= LONG_QUEUE)
        return _because(outcome, Cause.FLOOD if flooded else Cause.BUSY)
    if dropped and not waiting:
        return _because(outcome, Cause.FLOOD)
    return outcome


def _because(outcome: Outcome, cause: Cause) -> Outcome:
    """The same with another cause, named."""
    words = {Cause.FLOOD: "the kernel drops packets", Cause.BUSY: "the nameserver is busy"}
    return Outcome(outcome.weight, f"{outcome.reason} ({words[cause]})", cause)
