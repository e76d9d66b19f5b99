# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every question is counted once, by what became of it; a nameserver of the test's own says what that is."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import burst
from load_cases import HOST, KNOWN, Nameserver, soa

OTHER = soa(ttl=1)[1]
CUT = bytes([KNOWN.answer[0] | burst.TC]) + KNOWN.answer[1:]
RATE, SECONDS = 400, 0.25
SENT = int(RATE * SECONDS)
LANES = [(HOST, f"127.64.{number}.1") for number in range(4)]
Reply = t.Callable[[int, bytes], t.Sequence[bytes]]


def ask(reply: Reply | None = None, *, tcp: bool = False, lanes: t.Sequence[burst.Lane] = LANES) -> burst.Counts:
    with Nameserver(reply) as nameserver:
        return burst.ask(lanes, [KNOWN], RATE, SECONDS, tcp=tcp, port=nameserver.port)


@pytest.fixture(params=[False, True], ids=["udp", "tcp"])
def tcp(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_all_that_is_asked_is_answered_at_an_even_rate(tcp: bool) -> None:
    found = ask(tcp=tcp)
    assert (found.sent, found.same, found.lost, found.strays) == (SENT, SENT, 0, 0)
    assert found.seconds >= SECONDS


def test_each_lane_asks_from_its_own_address() -> None:
    with Nameserver() as nameserver:
        burst.ask(LANES, [KNOWN], RATE, SECONDS, port=nameserver.port)
        assert nameserver.sources == {source for _server, source in LANES}


def test_what_is_not_answered_is_lost(tcp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "QUIET", 0.2)
    found = ask(lambda number, question: [question[:2] + KNOWN.answer] if number % 4 else [], tcp=tcp)
    assert (found.same, found.lost) == (SENT * 3 // 4, SENT // 4)


def test_another_answer_is_handed_back_and_counted(tcp: bool) -> None:
    found = ask(lambda number, question: [question[:2] + (KNOWN.answer if number % 2 else OTHER)], tcp=tcp)
    assert (found.same, found.others, found.lost) == (SENT // 2, {(0, OTHER): SENT // 2}, 0)


def test_more_different_answers_than_are_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "MOST_OTHERS", 2)
    found = ask(lambda number, question: [question[:2] + bytes([0, number % 4])])
    assert (len(found.others), found.more, found.lost) == (2, SENT // 2, 0)


def test_a_truncated_answer_is_not_the_known_one_nor_another(tcp: bool) -> None:
    found = ask(lambda _number, question: [question[:2] + CUT], tcp=tcp)
    assert (found.cut, found.same, found.others, found.lost) == (SENT, 0, {}, 0)


def test_where_the_known_one_is_truncated_it_is_the_same() -> None:
    with Nameserver(lambda _number, question: [question[:2] + CUT]) as nameserver:
        found = burst.ask(LANES, [KNOWN._replace(answer=CUT)], RATE, SECONDS, port=nameserver.port)
    assert (found.cut, found.same) == (0, SENT)


def test_an_answer_that_nobody_waits_for_is_a_stray(tcp: bool) -> None:
    found = ask(lambda _number, question: 2 * [question[:2] + KNOWN.answer], tcp=tcp)
    assert found.same == SENT
    assert SENT - len(LANES) <= found.strays <= SENT, "the last ones may come after the end"


def test_a_connection_that_is_closed_loses_what_is_sent_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "QUIET", 0.2)
    monkeypatch.setattr(burst, "LONGEST_QUIET", 0.4)

    def close(number: int, question: bytes) -> t.Sequence[bytes]:
        if number == 10:
            raise ValueError(number)
        return [question[:2] + KNOWN.answer]

    found = ask(close, tcp=True, lanes=LANES[:2])
    assert found.sent == SENT
    assert 0 < found.lost < SENT, "the other one is answered"


def test_a_nameserver_that_is_not_there_answers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "QUIET", 0.1)
    with Nameserver() as nameserver:
        port = nameserver.port
    found = burst.ask(LANES, [KNOWN], RATE, SECONDS, port=port)
    assert found.same == 0
    with pytest.raises(ConnectionRefusedError):
        burst.ask(LANES, [KNOWN], RATE, SECONDS, tcp=True, port=port)


def test_processes_share_the_load_and_their_counts_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "A_PROCESS", RATE // 2)
    with Nameserver() as nameserver:
        found = burst.offer(LANES, [KNOWN], [KNOWN], 2 * RATE, RATE // 2, SECONDS, port=nameserver.port)
    assert found.sent == found.same == 2 * SENT
    assert not found.lost


def test_a_load_that_cannot_be_offered_is_an_error() -> None:
    with Nameserver() as nameserver:
        port = nameserver.port
    with pytest.raises(RuntimeError, match="the load came to no end: ConnectionRefusedError"):
        burst.offer(LANES, [KNOWN], [KNOWN], RATE, RATE // 2, SECONDS, port=port)


def test_totals_add_what_is_otherwise() -> None:
    each = burst.Counts(sent=4, same=1, cut=1, strays=1, more=1, seconds=2.0, others={(0, b"x"): 1})
    assert burst.total([each, each._replace(seconds=1.0)]) == burst.Counts(8, 2, 2, 2, 2, 2.0, {(0, b"x"): 2})
    assert burst.total([]) == burst.Counts()
