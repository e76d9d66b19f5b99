# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd datagrams for nameservers of the test's own."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import typing as t

import dns.exception
import dns.message
import ports
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.checks import dns_datagrams
from ansible_collections.icann.imrs.plugins.module_utils._probes import datagrams

HOST, ELSEWHERE = "127.0.0.1", "127.0.0.2"
Respond = t.Callable[[bytes], bytes | None]


def good(wire: bytes) -> bytes | None:
    """Answers the good question alone."""
    return wire[:2] + b"\x84\x00" + wire[4:] if wire[:2] == datagrams.GOOD.to_bytes(2, "big") else None


def echo(wire: bytes) -> bytes:
    return wire[:2] + b"\x80\x01" + wire[4:]


@contextlib.contextmanager
def serving(respond: Respond, source: str = HOST) -> t.Iterator[int]:
    """A nameserver that answers from an address; the port that it listens on."""
    with contextlib.ExitStack() as stack:
        sources = dict.fromkeys([HOST, source])
        made = [stack.enter_context(each) for each in ports.same(*((each, socket.SOCK_DGRAM) for each in sources))]
        listener, speaker = made[0], made[-1]

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    wire, peer = listener.recvfrom(4096)
                    answer = respond(wire)
                    if answer is not None:
                        speaker.sendto(answer, peer)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])


def asked(respond: Respond, source: str = HOST, timeout: float = 2.0) -> dict[str, dict[str, t.Any]]:
    with serving(respond, source) as port:
        return {row["kind"]: row for row in datagrams.ask([HOST], port, timeout)}


def test_silence_costs_no_time_out() -> None:
    started = time.monotonic()
    found = asked(good, timeout=60)
    assert time.monotonic() - started < 30
    assert set(found) == {*datagrams.KINDS, "source"}
    assert all(not row["then"] for row in found.values())
    assert all(found[kind]["answers"] == [] for kind in datagrams.KINDS)
    json.dumps(found)


def test_what_comes_back_is_told() -> None:
    found = asked(echo)
    assert found["no_question"]["answers"] == [[12, "2a0180010000000000000000"]]
    assert found["empty"]["answers"] == [[2, "8001"]]
    assert found["trailing"]["answers"][0][0] == found["trailing"]["size"]


def test_an_answer_that_comes_last_is_seen_too() -> None:
    """Another process of the nameserver had it, and was slower."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((HOST, 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    wire, peer = listener.recvfrom(4096)
                    if answer := good(wire):
                        listener.sendto(answer, peer)
                        listener.sendto(echo(datagrams.datagram("loop")), peer)

        threading.Thread(target=serve, daemon=True).start()
        found = {row["kind"]: row for row in datagrams.ask([HOST], listener.getsockname()[1])}
    assert len(found["loop"]["answers"]) == 1


def test_a_nameserver_that_says_nothing_any_more() -> None:
    found = asked(lambda _wire: None, timeout=0.1)
    assert {row["then"] for row in found.values()} == {"timeout"}


def test_a_good_question_that_is_lost_is_sent_again() -> None:
    counts: dict[bytes, int] = {}

    def lossy(wire: bytes) -> bytes | None:
        counts[wire[:2]] = counts.get(wire[:2], 0) + 1
        return good(wire) if counts[wire[:2]] > 3 else None

    found = asked(lossy, timeout=0.3)
    assert {row["then"] for row in found.values()} == {""}


def test_nobody_there() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind((HOST, 0))
        port = closed.getsockname()[1]
    found = datagrams.ask([HOST], port, 0.3)
    assert {row["then"] for row in found if row["kind"] != "source"} == {"refused"}


@pytest.mark.parametrize("source", [HOST, ELSEWHERE])
def test_where_an_answer_comes_from(source: str) -> None:
    """Only a socket that takes answers from everywhere sees it."""
    found = asked(good, source, timeout=0.3)
    assert found["source"]["from"] == [source]
    assert (found["cut"]["then"] == "") == (source == HOST)


@pytest.mark.parametrize("kind", sorted(set(datagrams.KINDS) - {"response"}))
def test_none_of_them_is_a_message(kind: str) -> None:
    """But for a message without a question, and one with two, which dnspython takes."""
    if kind in {"no_question", "two_questions"}:
        assert len(dns.message.from_wire(datagrams.datagram(kind)).question) == {"no_question": 0}.get(kind, 2)
        return
    with pytest.raises(dns.exception.DNSException):
        dns.message.from_wire(datagrams.datagram(kind))


def test_each_kind_is_judged() -> None:
    assert set(dns_datagrams.GOOD) == set(datagrams.KINDS)
