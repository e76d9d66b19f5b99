# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Is an answer of the nameserver right, and how many of them make a verdict? Pure: times are passed in."""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .._probes import soa
from .health import Falls, Health, HoldDown, Outcome, Weight

if t.TYPE_CHECKING:
    from .config import Probe

TOO_LATE = 5
"""Periods that something may be late before nothing it said is believed."""
TCP_PATIENCE = 20
"""Soft results in a row over TCP that bring a family down: 10 s when TCP is asked twice a second. A full table of TCP
clients must not withdraw a node that answers over UDP, yet a nameserver that is deaf on TCP for that long is broken.
Each of these results counts as heard, so silence (``stale_after``) is not what they are taken for.
"""


def families(probe: Probe, hold_down: HoldDown, remembered: t.Mapping[str, t.Any], now: float) -> dict[str, Health]:
    """The unproven health of every family. ``remembered`` holds the falls before this start, so that a restart of the
    gate does not shorten a hold-down; ``now`` is of the monotonic clock.
    """
    return {
        family: Health(
            _sources(probe.addresses[family], {soa.UDP: probe.rise, soa.TCP: max(1, probe.rise // probe.tcp_every)}),
            timeouts=_sources(probe.addresses[family], {soa.UDP: probe.timeouts, soa.TCP: TCP_PATIENCE}),
            hold_down=hold_down,
            stale_after=TOO_LATE * (probe.interval * probe.tcp_every + probe.timeout),
            now=now,
            falls=_falls(remembered.get(family), now),
        )
        for family in addressing.FAMILIES
    }


def _sources(addresses: t.Iterable[str], each: t.Mapping[str, int]) -> dict[str, int]:
    return {f"{address} {transport}": number for address in addresses for transport, number in each.items()}


def _falls(data: t.Any, now: float) -> Falls:
    try:
        falls = Falls(int(data["count"]), float(data["last"]))
    except (KeyError, TypeError, ValueError):
        return Falls()
    return falls if falls.last <= now else Falls()


def judge(evidence: soa.Evidence, *, node: str, now: float) -> Outcome:
    """Weigh one answer. ``node`` is the name that NSID must give; ``now`` is seconds since 1970.

    Another NSID means that another anycast node answered for this one. A truncated answer is what rate limiting sends,
    and proves as little as none.
    """
    if evidence.failure == soa.TIMEOUT:
        return Outcome(Weight.SOFT, "no answer")
    if not evidence.failure and evidence.truncated:
        return Outcome(Weight.SOFT, "truncated answer")
    wrong = _wrong(evidence, node, now)
    return Outcome(Weight.HARD, wrong) if wrong else Outcome(Weight.GOOD)


def _wrong(evidence: soa.Evidence, node: str, now: float) -> str:
    if evidence.failure:
        return evidence.failure
    if evidence.rcode != "NOERROR":
        return evidence.rcode
    nsid = evidence.nsid
    faults = (
        (not evidence.authoritative, "the answer is not authoritative"),
        (evidence.serial is None, "no SOA in the answer"),
        (nsid != node, f"answered by {nsid!r}, not by {node}" if nsid else "no NSID in the answer"),
        (not evidence.expirations, "the SOA is not signed"),
        (max(evidence.expirations, default=now) < now, "the signature of the SOA has expired"),
    )
    return next((text for fault, text in faults if fault), "")
