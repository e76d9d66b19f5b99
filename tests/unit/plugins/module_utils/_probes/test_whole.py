# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many answers over one TCP connection, with nameservers of the test's own."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import typing as t

import dns.edns
import dns.message
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import whole

HOST = "127.0.0.1"
ME, OTHER = "xlb01.l.root-servers.org", "xlb02.l.root-servers.org"
LONG = b"\0" * 1200
Handle = t.Callable[[socket.socket], None]


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def _questions(connection: socket.socket) -> t.Iterator[bytes]:
    with contextlib.suppress(ConnectionResetError):
        while True:
            yield _exactly(connection, struct.unpack("!H", _exactly(connection, 2))[0])


def _answer(question: bytes, name: str = ME) -> bytes:
    asked = dns.message.from_wire(question)
    said = dns.message.make_response(asked)
    said.use_edns(0, 0, 1232, options=[dns.edns.NSIDOption(name.encode())])
    wire = said.to_wire() + (b"" if str(asked.question[0].name) == "." else LONG)
    return struct.pack("!H", len(wire)) + wire


def good(connection: socket.socket) -> None:
    for question in _questions(connection):
        connection.sendall(_answer(question))


def backwards(connection: socket.socket) -> None:
    """As nameservers may (RFC 7766 section 7)."""
    questions = list(itertools.islice(_questions(connection), 4))
    connection.sendall(b"".join(_answer(each) for each in reversed(questions)))


def twice(connection: socket.socket) -> None:
    """The same answer again does not count."""
    first, *_rest = itertools.islice(_questions(connection), 4)
    connection.sendall(4 * _answer(first))


def cut(connection: socket.socket) -> None:
    """The last answer ends amid a segment."""
    questions = list(itertools.islice(_questions(connection), 4))
    connection.sendall(b"".join(map(_answer, questions))[:-700])


def stuck(connection: socket.socket) -> None:
    """What a way does that drops long packets without a word: the short answer arrives, and nothing more."""
    questions = _questions(connection)
    connection.sendall(_answer(next(questions)))
    for _question in questions:
        pass


@pytest.fixture
def nameserver() -> t.Iterator[t.Callable[[t.Sequence[Handle]], int]]:
    """Starts a nameserver that treats its connections as told, one after another; its port."""
    with contextlib.ExitStack() as stack:

        def start(handles: t.Sequence[Handle]) -> int:
            listening = stack.enter_context(socket.create_server((HOST, 0)))

            def serve() -> None:
                for handle in handles:
                    with contextlib.suppress(OSError):
                        connection, _peer = listening.accept()
                        with connection:
                            handle(connection)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join)
            return int(listening.getsockname()[1])

        yield start


def asked(port: int) -> list[t.Any]:
    """The root with the server's identifier, and three long ones."""
    names = [{"name": ".", "type": "SOA", "nsid": True}, *({"name": f"{n}.", "type": "A"} for n in range(3))]
    return [{"probe": "whole", **each, "server": HOST, "transport": "tcp", "port": port} for each in names]


@pytest.mark.parametrize("handle", [good, backwards])
def test_all_answers_in_any_order(nameserver: t.Callable[..., int], handle: Handle) -> None:
    (row,) = whole.ask(asked(nameserver([handle])))
    assert (row["server"], row["asked"], row["answered"], row["by"], row["error"]) == (HOST, 4, 4, ME, "")
    assert row["octets"] > 3 * len(LONG)
    assert row["segment"] > 500, "the kernel tells the longest segment"


@pytest.mark.parametrize(
    ("handle", "answered", "error"), [(stuck, 1, "timeout"), (cut, 3, "closed"), (twice, 1, "closed")]
)
def test_what_does_not_arrive_whole(
    nameserver: t.Callable[..., int], handle: Handle, answered: int, error: str
) -> None:
    port = nameserver(whole.TRIES * [handle])
    (row,) = whole.ask(asked(port), timeout=0.5)
    assert (row["answered"], row["error"]) == (answered, error)


def test_a_connection_that_did_not_come_to_its_end_is_begun_anew(nameserver: t.Callable[..., int]) -> None:
    (row,) = whole.ask(asked(nameserver([cut, good])), timeout=5)
    assert (row["answered"], row["error"]) == (4, "")


def test_nobody_there() -> None:
    with socket.create_server((HOST, 0)) as listening:
        port = listening.getsockname()[1]
    (row,) = whole.ask(asked(port), timeout=0.5)
    assert (row["answered"], row["octets"], row["error"]) == (0, 0, "refused")


def test_the_nodes_of_a_cluster_are_asked_until_it_is_this_one(nameserver: t.Callable[..., int]) -> None:
    def other(connection: socket.socket) -> None:
        for question in _questions(connection):
            connection.sendall(_answer(question, OTHER))

    (row,) = whole.ask(asked(nameserver([other, other, good])), [OTHER], spread=2)
    assert row["by"] == ME
    (row,) = whole.ask(asked(nameserver([other, other])), [OTHER], spread=1)
    assert row["by"] == OTHER
