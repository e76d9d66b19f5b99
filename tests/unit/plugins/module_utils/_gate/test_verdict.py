# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers are right, and what a missing one means."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config, verdict
from ansible_collections.icann.imrs.plugins.module_utils._gate.config import Zone
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Cause, Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._probes.load import Load, Socket
from ansible_collections.icann.imrs.plugins.module_utils._probes.nameserver import CLOSED, EXHAUSTED, TIMEOUT, Evidence
from gate_data import DATA, NODE, V4

RIGHT = Evidence(rcode="NOERROR", authoritative=True, serial=2026010100, nsid=NODE, expirations=(999, 2000))
SIGNED, UNSIGNED = Zone(".", True, "com."), Zone("root-servers.net.", False, "")
LATE = verdict.LATE + 0.01


@pytest.mark.parametrize(
    ("change", "weight", "reason"),
    [
        ({}, Weight.GOOD, ""),
        ({"failure": TIMEOUT}, Weight.SOFT, "no answer"),
        ({"failure": TIMEOUT, "overdue": LATE}, Weight.VOID, "no answer"),
        ({"failure": CLOSED}, Weight.SOFT, CLOSED),
        ({"failure": EXHAUSTED}, Weight.SOFT, EXHAUSTED),
        ({"truncated": True, "serial": None}, Weight.SOFT, "truncated answer"),
        ({"failure": "connection refused"}, Weight.HARD, "connection refused"),
        ({"rcode": "SERVFAIL"}, Weight.HARD, "SERVFAIL"),
        ({"rcode": "REFUSED"}, Weight.HARD, "REFUSED"),
        ({"authoritative": False}, Weight.HARD, "the answer is not authoritative"),
        ({"serial": None}, Weight.HARD, "no SOA in the answer"),
        ({"nsid": None}, Weight.HARD, "no NSID in the answer"),
        ({"nsid": "other"}, Weight.HARD, f"answered by 'other', not by {NODE}"),
        ({"expirations": ()}, Weight.HARD, "the SOA is not signed"),
        ({"expirations": (998, 999)}, Weight.HARD, "the signature of the SOA has expired"),
        ({"expirations": (1000,)}, Weight.GOOD, ""),
    ],
)
def test_an_answer_has_a_weight_and_a_reason(change: dict[str, t.Any], weight: Weight, reason: str) -> None:
    outcome = verdict.judge(dataclasses.replace(RIGHT, **change), SIGNED, node=NODE, now=1000)
    assert (outcome.weight, outcome.reason) == (weight, reason)


@pytest.mark.parametrize(
    ("failure", "outcome", "both"),
    [
        ("", Outcome(Weight.HARD, "SERVFAIL"), True),
        (TIMEOUT, Outcome(Weight.HARD, "no answer: the nameserver is stopped"), True),
        ("", Outcome(Weight.GOOD), False),  # that IPv4 is answered proves nothing for IPv6
        ("connection refused", Outcome(Weight.HARD, "connection refused"), False),  # of one socket
        ("cannot be asked: no such address", Outcome(Weight.HARD, "no such address"), False),
        (TIMEOUT, Outcome(Weight.SOFT, "no answer"), False),
        (TIMEOUT, Outcome(Weight.VOID, "no answer"), False),
    ],
)
def test_bad_news_of_the_nameserver_is_of_both_families(failure: str, outcome: Outcome, both: bool) -> None:
    assert verdict.of_all(Evidence(failure), outcome) is both


@pytest.mark.parametrize("expirations", [(), (999,), (2000,)])
def test_a_zone_that_is_not_signed_needs_no_signature(expirations: tuple[int, ...]) -> None:
    evidence = dataclasses.replace(RIGHT, expirations=expirations)
    assert verdict.judge(evidence, UNSIGNED, node=NODE, now=1000).weight is Weight.GOOD


@pytest.mark.parametrize(
    ("evidence", "weight", "reason"),
    [
        (Evidence(rcode="NOERROR", there=True), Weight.GOOD, ""),
        (Evidence(rcode="NOERROR"), Weight.HARD, "com. is missing"),
        (Evidence(rcode="NXDOMAIN"), Weight.HARD, "com. is missing"),
        (Evidence(rcode="SERVFAIL"), Weight.HARD, "SERVFAIL"),
        (Evidence(TIMEOUT), Weight.SOFT, "no answer"),
    ],
)
def test_an_emptied_zone_has_lost_its_witness(evidence: Evidence, weight: Weight, reason: str) -> None:
    outcome = verdict.judge_witness(evidence, SIGNED)
    assert (outcome.weight, outcome.reason) == (weight, reason)


QUIET = Load(5, {V4: Socket(0, 7)}, "SS")


@pytest.mark.parametrize(
    ("after", "weight", "cause"),
    [
        (QUIET, Weight.SOFT, Cause.SILENT),
        (Load(5, {V4: Socket(0, 7)}, ""), Weight.SOFT, Cause.SILENT),
        (Load(5, {V4: Socket(0, 7)}, "ST"), Weight.HARD, Cause.SILENT),
        (Load(5, {V4: Socket(0, 7)}, "SR"), Weight.SOFT, Cause.BUSY),
        (Load(5, {V4: Socket(0, 7)}, "DS"), Weight.SOFT, Cause.BUSY),
        (Load(5, {V4: Socket(0, 8)}, "SR"), Weight.SOFT, Cause.FLOOD),
        (Load(6, {V4: Socket(0, 7)}, "SR"), Weight.SOFT, Cause.FLOOD),
        (Load(5, {V4: Socket(verdict.LONG_QUEUE, 7)}, "SR"), Weight.SOFT, Cause.FLOOD),
        # Packets are lost before they get to it, and it sleeps as it has nothing to do.
        (Load(6, {V4: Socket(0, 7)}, "SS"), Weight.SOFT, Cause.FLOOD),
        # Questions wait in the middle of a flood, and none of its threads takes them: it is dead.
        (Load(6, {V4: Socket(768, 8)}, "SS"), Weight.SOFT, Cause.SILENT),
        (Load(5, {V4: Socket(verdict.LONG_QUEUE, 8)}, "SS"), Weight.SOFT, Cause.SILENT),
        # Of another socket's drops nothing follows for this one.
        (Load(5, {V4: Socket(0, 7), "::1": Socket(0, 9)}, "SR"), Weight.SOFT, Cause.BUSY),
    ],
)
def test_the_kernel_tells_a_flood_from_silence(after: Load, weight: Weight, cause: Cause) -> None:
    outcome = verdict.explain(Outcome(Weight.SOFT, "no answer"), V4, QUIET, after)
    assert (outcome.weight, outcome.cause) == (weight, cause)
    assert outcome.reason.startswith("no answer")


@pytest.mark.parametrize("outcome", [Outcome(Weight.GOOD), Outcome(Weight.SOFT, CLOSED, Cause.FLOOD)])
def test_what_needs_no_explanation_gets_none(outcome: Outcome) -> None:
    assert verdict.explain(outcome, V4, QUIET, Load(threads="T")) is outcome


def test_every_source_says_what_its_silence_means() -> None:
    """The table of docs/gate.md; what is in none of the columns never brings a family down."""
    found = {
        name: (source.patience.get(Cause.SILENT), source.patience.get(Cause.BUSY), source.must)
        for name, source in verdict.sources(config.parse(DATA), "ipv4").items()
    }
    assert found == {
        "private": (0.5, 10, True),
        "zone .": (10, 10, True),
        "zone arpa.": (10, 10, True),
        "zone root-servers.net.": (10, 10, True),
        "trust .": (None, None, True),
        "trust arpa.": (None, None, True),
        f"{V4} udp": (5, None, False),
        f"{V4} tcp": (None, None, False),
        "way out": (1, None, True),
    }
    assert not any(Cause.FLOOD in source.patience for source in verdict.sources(config.parse(DATA), "ipv6").values())
