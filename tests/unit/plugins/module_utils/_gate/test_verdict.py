# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers are right."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate.config import Probe
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Health, HoldDown, Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._gate.verdict import TCP_PATIENCE, families, judge
from ansible_collections.icann.imrs.plugins.module_utils._probes.soa import Evidence

NODE = "xlb01.l.root-servers.org"
RIGHT = Evidence(rcode="NOERROR", authoritative=True, serial=2026010100, nsid=NODE, expirations=(999, 2000))


@pytest.mark.parametrize(
    ("change", "weight", "reason"),
    [
        ({}, Weight.GOOD, ""),
        ({"failure": "timeout"}, Weight.SOFT, "no answer"),
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
    assert judge(dataclasses.replace(RIGHT, **change), node=NODE, now=1000) == (weight, reason)


PROBE = Probe({"ipv4": ("199.7.83.42",), "ipv6": ()}, 53, ".", 0.1, 0.1, timeouts=2, tcp_every=5, rise=10)
UDP, TCP = "199.7.83.42 udp", "199.7.83.42 tcp"


def proven() -> Health:
    """A healthy family at 0 s."""
    subject = families(PROBE, HoldDown(5, 300, 600), {}, 0)["ipv4"]
    for source in [UDP] * 10 + [TCP] * 2:
        subject.observe(source, Outcome(Weight.GOOD), 0)
    assert subject.healthy
    return subject


def deaf_on_tcp(subject: Health, seconds: float) -> bool:
    """Whether it is still healthy after so long of good answers over UDP and none over TCP."""
    for tick in range(1, round(seconds / PROBE.interval) + 1):
        now = tick * PROBE.interval
        subject.observe(UDP, Outcome(Weight.GOOD), now)
        if tick % PROBE.tcp_every == 0:
            subject.observe(TCP, Outcome(Weight.SOFT, "no answer"), now)
        subject.expire(now)
    return subject.healthy


def test_a_full_table_of_tcp_clients_withdraws_nothing_for_ten_seconds() -> None:
    assert deaf_on_tcp(proven(), 9.9)
    subject = proven()
    assert not deaf_on_tcp(subject, 10)
    assert subject.reason(20) == f"{TCP}: no answer"
    assert TCP_PATIENCE == 20


@pytest.mark.parametrize(
    ("source", "weight", "number"), [(UDP, Weight.SOFT, 2), (UDP, Weight.HARD, 1), (TCP, Weight.HARD, 1)]
)
def test_all_other_bad_news_is_believed_soon(source: str, weight: Weight, number: int) -> None:
    subject = proven()
    for _ in range(number):
        assert subject.healthy
        subject.observe(source, Outcome(weight, "bad"), 1)
    assert not subject.healthy
