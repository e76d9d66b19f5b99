# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Latencies, what one source gets, and steps that end when there is a reason; on a nameserver of the test's own."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import burst, under_load
from load_cases import HOST, KNOWN, Nameserver, soa

OTHER = soa(ttl=1)[1]
CUT = bytes([KNOWN.answer[0] | burst.TC]) + KNOWN.answer[1:]


def test_each_question_is_asked_of_one_address_and_once_more_when_it_is_lost() -> None:
    asked = [(".", "SOA"), (".", "NS")]
    with Nameserver(lambda number, question: [question[:2] + KNOWN.answer] if number else []) as nameserver:
        for transport in ("udp", "tcp"):
            found = under_load.references(asked, [HOST], transport, 1000.0, nameserver.port, 0.2)
            assert [exchange["query"]["type"] for exchange in found] == ["SOA", "NS"]
            assert [under_load.octets(exchange).answer for exchange in found] == [KNOWN.answer] * 2
    assert under_load.octets(found[0]).question == KNOWN.question


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_latencies_of_all_answers(transport: str) -> None:
    with Nameserver() as nameserver:
        (found,) = under_load.latencies([HOST], transport, 20, 400.0, KNOWN, nameserver.port)
    assert (found.address, found.transport, found.lost, found.others) == (HOST, transport, 0, ())
    assert len(found.seconds) == 20
    assert all(0 < seconds < under_load.TIMEOUT for seconds in found.seconds)


def test_what_is_lost_and_what_is_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_load, "TIMEOUT", 0.1)

    def reply(number: int, question: bytes) -> t.Sequence[bytes]:
        return [] if number == 3 else [question[:2] + (OTHER if number == 5 else KNOWN.answer)]

    with Nameserver(reply) as nameserver:
        (found,) = under_load.latencies([HOST], "udp", 20, 0.0, KNOWN, nameserver.port)
    assert (len(found.seconds), found.lost, found.others) == (19, 1, (OTHER,))


def test_no_time_is_spent_on_a_nameserver_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_load, "TIMEOUT", 0.01)
    with Nameserver(lambda _number, _question: []) as nameserver:
        (found,) = under_load.latencies([HOST], "udp", 100, 0.0, KNOWN, nameserver.port)
    assert (found.seconds, found.lost) == ((), 11)


def test_what_one_source_gets_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "QUIET", 0.2)
    answers = ([], [CUT], [KNOWN.answer], [KNOWN.answer])
    with Nameserver(lambda number, question: [question[:2] + each for each in answers[number % 4]]) as nameserver:
        found = under_load.limited(HOST, "127.77.77.77", 400, 0.5, 4, nameserver.port)
        assert nameserver.sources == {"127.77.77.77"}
    assert (found.sent, found.full, found.truncated) == (200, 100, 50)
    assert [answer and answer[2:] for _query, answer in found.over_tcp] == [None, CUT, KNOWN.answer, KNOWN.answer]
    assert all(answer[:2] == query[:2] for query, answer in found.over_tcp if answer)


def steps(stop: t.Callable[[under_load.Offered], str]) -> tuple[list[under_load.Offered], str]:
    lanes = [[(HOST, "127.64.0.1")], [(HOST, "127.64.0.1"), (HOST, "127.64.1.1")]]
    with Nameserver() as nameserver:
        wanted = [(100, 10, 0.2), (200, 20, 0.2)]
        return under_load.steps(wanted, lanes, [KNOWN], [KNOWN], stop, nameserver.port)


def test_steps_go_on_until_there_are_no_more() -> None:
    found, why = steps(lambda _offered: "")
    assert [(each.wanted, each.counts.sent, each.counts.lost) for each in found] == [(100, 20, 0), (200, 40, 0)]
    assert why == ""


def test_no_step_is_begun_once_there_is_a_reason() -> None:
    found, why = steps(lambda offered: f"enough at {offered.wanted}")
    assert (len(found), why) == (1, "enough at 100")
