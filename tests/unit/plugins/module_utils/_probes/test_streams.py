# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations over TCP with nameservers of the test's own, good ones and others."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import typing as t

import ports
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import streams

HOST = "127.0.0.1"
Handle = t.Callable[[socket.socket], None]


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def _message(connection: socket.socket) -> bytes:
    return _exactly(connection, struct.unpack("!H", _exactly(connection, 2))[0])


def _answer(question: bytes) -> bytes:
    return streams.framed(question[:2] + b"\x84\x00" + question[4:])


def good(connection: socket.socket) -> None:
    """Answers everything, and ends where a message has no octets."""
    while question := _message(connection):
        connection.sendall(_answer(question))


def backwards(connection: socket.socket) -> None:
    """Answers so many at once, the last one first."""
    questions = [_message(connection) for _ in range(streams.PIPELINED)]
    connection.sendall(b"".join(map(_answer, reversed(questions))))


def once(connection: socket.socket) -> None:
    connection.sendall(_answer(_message(connection)))


def impatient(connection: socket.socket) -> None:
    """Takes what comes first for a whole message: a nameserver that does not know what a stream is."""
    connection.sendall(_answer(connection.recv(1)))


def patient(connection: socket.socket) -> None:
    """Ignores a message of no octets."""
    while True:
        if question := _message(connection):
            connection.sendall(_answer(question))


@contextlib.contextmanager
def serving(handle: Handle) -> t.Iterator[int]:
    """A nameserver; the port that it listens on, over UDP, too."""
    listener, datagrams = ports.same((HOST, socket.SOCK_STREAM), (HOST, socket.SOCK_DGRAM))
    with listener, datagrams:
        listener.listen(256)

        def talk(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                handle(connection)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    wire, peer = datagrams.recvfrom(4096)
                    datagrams.sendto(_answer(wire)[2:], peer)

        for each in (accept, answer):
            threading.Thread(target=each, daemon=True).start()
        yield int(listener.getsockname()[1])


def rows(handle: Handle, probe: str, timeout: float = 2.0) -> list[dict[str, t.Any]]:
    with serving(handle) as port:
        return [row for row in streams.ask([HOST], port=port, timeout=timeout) if row["probe"] == probe]


@pytest.mark.parametrize("handle", [good, backwards])
def test_all_questions_of_one_segment(handle: Handle) -> None:
    with serving(handle) as port:
        row = streams._patiently((HOST, port), streams._pairs(streams.PIPELINED), streams._at_once, 60)
    assert len(row["asked"]) == len({tuple(pair) for pair in row["asked"]}) == streams.PIPELINED
    assert sorted(answer[:2] for answer in row["answers"]) == sorted(row["asked"])
    assert row["error"] == ""


def test_the_first_question_alone() -> None:
    (row,) = rows(once, "pipelined", timeout=0.5)
    assert (row["answers"], row["error"]) == ([[*row["asked"][0], 0]], "closed")


@pytest.mark.parametrize("probe", ["octets", "split"])
def test_a_question_in_pieces(probe: str) -> None:
    (row,) = rows(good, probe)
    assert (row["answers"], row["error"]) == ([[4097, streams.FIRST_TYPE, 0]], "")
    (row,) = rows(impatient, probe, timeout=0.5)
    assert row["answers"] != [[4097, streams.FIRST_TYPE, 0]]


def test_a_message_of_no_octets_may_end_a_connection_or_be_ignored() -> None:
    (row,) = rows(good, "no_message")
    assert (row["answers"], row["error"]) == ([], "closed")
    assert row["later"]["answers"] == [[4097, streams.FIRST_TYPE, 0]]
    (row,) = rows(patient, "no_message")
    assert (len(row["answers"]), row["error"]) == (1, "")


def test_who_says_nothing_is_told_as_late() -> None:
    done = threading.Event()
    try:
        (row,) = rows(lambda _connection: t.cast(None, done.wait()), "octets", timeout=0.3)
    finally:
        done.set()
    assert (row["answers"], row["error"]) == ([], "timeout")


def test_many_connections_are_few_and_gone_at_once() -> None:
    there, most, change = 0, 0, threading.Condition()

    def counting(connection: socket.socket) -> None:
        nonlocal there, most
        with change:
            there += 1
            most = max(most, there)
        try:
            good(connection)
        finally:
            with change:
                there -= 1
                change.notify_all()

    with serving(counting) as port:
        row = streams._many((HOST, port), 20, 2.0)
        assert (row["wanted"], row["held"], row["closed"], row["error"], row["udp"]) == (20, 20, 0, "", "")
        assert row["tcp"]["error"] == ""
        with change:
            assert change.wait_for(lambda: there == 0, 60)
    assert most <= 21


def test_connections_that_are_ended_are_counted() -> None:
    ended, five = threading.Semaphore(5), threading.Barrier(6)

    def some(connection: socket.socket) -> None:
        if ended.acquire(blocking=False):
            connection.close()
            five.wait(60)
            return
        question = _message(connection)
        five.wait(60)  # the answer comes when all of them are closed
        connection.sendall(_answer(question))

    with serving(some) as port:
        row = streams._many((HOST, port), 10, 60.0)
    assert (row["held"], row["closed"]) == (10, 5)


@pytest.mark.parametrize(
    ("clients", "number"), [(0, 10), (1, 1), (250, 25), (1000, 100), (10_000, 100), (290_000, 100)]
)
def test_most_of_the_table_stays_free(clients: int, number: int) -> None:
    assert streams.share(clients) == number
    assert clients == 0 or number <= max(1, clients / 10)


def test_a_connection_that_nobody_ends() -> None:
    with serving(good) as port, streams.Idle([HOST], port) as idle:
        (row,) = idle.read()
    assert (row["probe"], row["server"], row["closed"], row["error"]) == ("idle", HOST, False, "")
    assert 0 <= row["seconds"] < 60
    json.dumps(row)


def test_a_connection_that_is_ended() -> None:
    with serving(lambda _connection: None) as port, streams.Idle([HOST], port) as idle:
        idle._watcher.join(10)
        (row,) = idle.read()
        assert idle.read() == [row]
    assert (row["closed"], row["error"]) == (True, "")


def test_nobody_there() -> None:
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    with streams.Idle([HOST], port) as idle:
        assert idle.read()[0]["error"] == "refused"
    found = streams.ask([HOST], port=port)
    assert {row["probe"] for row in found} == {"pipelined", "octets", "split", "no_message", "many"}
    assert {row["error"] for row in found} == {"refused"}
    json.dumps(found)


@pytest.mark.parametrize(
    ("message", "found"),
    [(b"", [-1, -1, -1]), (b"\1\2", [258, -1, -1]), (b"\1\2\x84\5" + 8 * b"\0", [258, -1, 5])],
)
def test_what_cannot_be_read_is_told_so(message: bytes, found: list[int]) -> None:
    assert streams.told(message) == found


def test_no_address_no_question() -> None:
    assert streams.ask([]) == []


def test_pauses_between_octets_end_before_a_nameserver_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each pause lasts a tenth of a second, as on a slow machine, 21 of them would be two seconds."""
    now, sent = [0.0], []

    class Connection:
        def sendall(self, octets: bytes) -> None:
            sent.append(octets)

    monkeypatch.setattr(streams.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(streams.time, "sleep", lambda _seconds: now.__setitem__(0, now[0] + 0.1))
    streams._by_octets(t.cast("socket.socket", Connection()), bytes(range(21)))
    assert b"".join(sent) == bytes(range(21))
    assert {len(octets) for octets in sent} == {1}
    assert now[0] < 0.5
