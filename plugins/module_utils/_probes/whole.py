# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""More than one segment of answers over one TCP connection, as they arrive where they are asked for. Evidence only.

No answer of the root is longer than a segment, so many are asked for at once: what the first round trip does not carry
waits at the node, and leaves in segments as long as the way is said to take.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
import typing as t

from . import query

Json = dict[str, t.Any]

_MSS = struct.Struct("=20xI")
"""``tcpi_rcv_mss`` of ``struct tcp_info`` (linux/tcp.h): octets of the longest segment that came."""
TIMEOUT = 3 * query.TIMEOUT
"""Seconds for one connection: some round trips."""
TRIES = 3
"""How often a connection is begun anew that did not come to its end."""


def ask(
    asked: t.Sequence[query.Question], others: t.Collection[str] = (), spread: int = 0, timeout: float = TIMEOUT
) -> list[Json]:
    """A row for each address in ``asked``, whose questions go over one connection, all at once: ``server``; how many
    questions were ``asked`` and ``answered``; ``octets`` that came, in segments of at most ``segment`` octets; ``by``
    whom, where a question asks for it (RFC 5001); and ``error``, empty when all came.

    A connection that one of ``others`` answers is begun anew, ``spread`` times at most.
    """
    found = []
    for server in dict.fromkeys(question["server"] for question in asked):
        questions = [question for question in asked if question["server"] == server]
        tries, spreads = TRIES, spread
        while True:
            row = _once(server, questions, timeout)
            if row["by"] in others and spreads:
                spreads -= 1
            elif not row["error"] or not (tries := tries - 1):
                break
        found.append(row)
    return found


def _once(server: str, questions: t.Sequence[query.Question], timeout: float) -> Json:
    row: Json = {"server": server, "asked": len(questions), "answered": 0, "octets": 0, "segment": 0, "by": None}
    row["error"] = ""
    wires = [query.wire_of(question, ident) for ident, question in enumerate(questions, 1)]
    deadline = time.monotonic() + timeout
    try:
        with socket.create_connection((server, questions[0].get("port", 53)), timeout) as connection:
            try:
                connection.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
                _read(connection, questions, row, deadline)
            finally:
                with contextlib.suppress(OSError, AttributeError):  # not every system tells
                    said = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _MSS.size)
                    row["segment"] = _MSS.unpack(said)[0]
    except (ConnectionResetError, BrokenPipeError):
        row["error"] = "closed"
    except OSError as error:
        row["error"] = query.error_of(error)
    return row


def _read(connection: socket.socket, questions: t.Sequence[query.Question], row: Json, deadline: float) -> None:
    """As many answers as there are questions; a message that is cut short is none."""
    left = dict(enumerate(questions, 1))
    while left:
        prefix = query.exactly(connection, 2, deadline)
        length = int.from_bytes(prefix, "big")
        message = query.exactly(connection, length, deadline) if len(prefix) == 2 else b""
        if len(message) < max(length, 2):
            raise ConnectionResetError
        question = left.pop(int.from_bytes(message[:2], "big"), None)
        if question is None:
            continue  # answered twice, or never asked: not for this row to count
        row["answered"] += 1
        row["octets"] += 2 + length
        if question.get("nsid"):
            row["by"] = query.answered_by({"answer": query.kept(message), "query": question})
