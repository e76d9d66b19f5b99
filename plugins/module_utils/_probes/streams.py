# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a nameserver makes of TCP connections (RFC 7766; RFC 9210): many messages in a segment, a message in many, none
at all, and many connections. Evidence only; it judges nothing.

The answers themselves are not kept: of each its identifier, the type that was asked for, and the response code.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import struct
import threading
import time
import typing as t
from concurrent import futures

from . import query

Json = dict[str, t.Any]
Pair = tuple[int, int]
"""An identifier, and the type that is asked for with it."""

PIPELINED = 50
"""Questions in one segment (requirement DN-44)."""
FIRST_TYPE = 65280
"""Types for private use (RFC 6895 section 3.1): the root has no data for them, so answers are short."""
PAUSE, PAUSES = 0.003, 0.2
"""Seconds between two octets, and of all pauses together: half a second is the shortest that a nameserver of ours waits
for a whole message, and on a busy or slow node a pause lasts longer than it should.
"""
TRIES = 3
"""How often a conversation is begun anew that did not come to its end: a busy node is late, and may be so by chance."""
SHARE, MOST, USUAL = 10, 100, 10
"""Connections that are open at a time: one in so many of the nameserver's table, no more than so many; and how many
where the size of its table is not known. The rest, 90 % or more, stays for those who ask the node meanwhile.
"""


def question(pair: Pair) -> bytes:
    """The root, without EDNS."""
    ident, kind = pair
    return struct.pack("!6H", ident, 0, 1, 0, 0, 0) + b"\0" + struct.pack("!HH", kind, 1)


def framed(message: bytes) -> bytes:
    """With its length in front (RFC 1035 section 4.2.2)."""
    return struct.pack("!H", len(message)) + message


def told(message: bytes) -> list[int]:
    """Of an answer: identifier, type that was asked for, and response code; -1 for what cannot be read."""
    ident = struct.unpack("!H", message[:2])[0] if len(message) >= 2 else -1
    kind = struct.unpack("!H", message[13:15])[0] if len(message) >= 17 and not message[12] else -1
    return [ident, kind, message[3] & 15 if len(message) >= 4 else -1]


def _pairs(number: int) -> list[Pair]:
    return [((at * 257 + 4097) & 0xFFFF, FIRST_TYPE + at) for at in range(number)]


Send = t.Callable[[socket.socket, bytes], None]
Place = tuple[str, int]


def _at_once(connection: socket.socket, octets: bytes) -> None:
    connection.sendall(octets)


def _by_octets(connection: socket.socket, octets: bytes) -> None:
    until = time.monotonic() + PAUSES
    for octet in octets:
        connection.sendall(bytes([octet]))
        if time.monotonic() < until:
            time.sleep(PAUSE)


def _split(connection: socket.socket, octets: bytes) -> None:
    """The first octet of the length, and the rest."""
    connection.sendall(octets[:1])
    time.sleep(10 * PAUSE)
    connection.sendall(octets[1:])


def _converse(place: Place, pairs: t.Sequence[Pair], send: Send, timeout: float, before: bytes = b"") -> Json:
    """Ask over a connection, and read as many answers. ``error``: ``closed`` and the like, or empty."""
    deadline = time.monotonic() + timeout
    found: Json = {"asked": [list(pair) for pair in pairs], "answers": [], "error": ""}
    try:
        with socket.create_connection(place, timeout) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            send(connection, before + b"".join(framed(question(pair)) for pair in pairs))
            for _pair in pairs:
                prefix = query.exactly(connection, 2, deadline)
                message = query.exactly(connection, int.from_bytes(prefix, "big"), deadline) if prefix else b""
                if not message:
                    found["error"] = "closed"
                    break
                found["answers"].append(told(message))
    except (ConnectionResetError, BrokenPipeError):
        found["error"] = "closed"
    except OSError as error:
        found["error"] = query.error_of(error)
    return found


def _patiently(place: Place, pairs: t.Sequence[Pair], send: Send, timeout: float) -> Json:
    for _try in range(TRIES):
        found = _converse(place, pairs, send, timeout)
        if not found["error"]:
            break
    return found


def _no_message(place: Place, timeout: float) -> Json:
    """A message of no octets (requirement DN-47), what follows it on its connection, and a new one after that."""
    found = _converse(place, _pairs(1), _at_once, timeout, before=framed(b""))
    return {**found, "later": _patiently(place, _pairs(1), _at_once, timeout)}


def share(tcp_clients: int) -> int:
    """How many connections are open at a time, of a nameserver that serves so many; 0: nobody knows."""
    return min(MOST, max(1, tcp_clients // SHARE)) if tcp_clients else USUAL


def _many(place: Place, number: int, timeout: float) -> Json:
    """So many connections without a question, another one with a question, and one over UDP (requirement DN-48)."""
    deadline = time.monotonic() + timeout
    found: Json = {"wanted": number, "held": 0, "closed": 0, "error": ""}
    with contextlib.ExitStack() as stack:
        held: list[socket.socket] = []
        try:
            while len(held) < number:
                held.append(stack.enter_context(socket.create_connection(place, max(0.1, deadline - time.monotonic()))))
        except OSError as error:
            found["error"] = query.error_of(error)
        found["held"] = len(held)
        found["tcp"] = _patiently(place, _pairs(1), _at_once, timeout)
        asked: query.Question = {"probe": "many", "name": ".", "type": "SOA", "edns": None, "port": place[1]}
        for ident in range(1, TRIES + 1):
            answer = query.ask({**asked, "server": place[0], "transport": "udp"}, ident, timeout)
            found["udp"] = answer["error"] or ""
            if not found["udp"]:
                break
        found["closed"] = len(select.select(held, [], [], 0)[0])
    return found


def ask(addresses: t.Sequence[str], tcp_clients: int = 0, port: int = 53, timeout: float = query.TIMEOUT) -> list[Json]:
    """A row for each conversation: its ``probe``, the ``server`` that was asked, and what came back.

    ``tcp_clients``: how many the nameserver serves at a time. Many are opened at the first address only.
    """
    talks: list[tuple[str, t.Callable[[Place], Json]]] = [
        ("pipelined", lambda place: _patiently(place, _pairs(PIPELINED), _at_once, timeout)),
        ("octets", lambda place: _patiently(place, _pairs(1), _by_octets, timeout)),
        ("split", lambda place: _patiently(place, _pairs(1), _split, timeout)),
        ("no_message", lambda place: _no_message(place, timeout)),
    ]
    todo = list(itertools.product(talks, addresses))
    todo += [(("many", lambda place: _many(place, share(tcp_clients), timeout)), address) for address in addresses[:1]]
    with futures.ThreadPoolExecutor(max_workers=len(todo) or 1) as pool:
        running = [(probe, address, pool.submit(talk, (address, port))) for (probe, talk), address in todo]
        return [{"probe": probe, "server": address, **done.result()} for probe, address, done in running]


class Idle:
    """Connections over which nothing is said, from now on until they are read: how long the nameserver keeps them.

    They cost no time of their own: they are opened before all else is asked, and looked at when that is done.
    """

    def __init__(self, addresses: t.Sequence[str], port: int = 53, timeout: float = query.TIMEOUT) -> None:
        self._rows: list[Json] = []
        self._open: dict[socket.socket, tuple[Json, float]] = {}
        self._wake, self._woken = socket.socketpair()
        for address in addresses:
            row: Json = {"probe": "idle", "server": address, "closed": False, "seconds": 0.0, "error": ""}
            self._rows.append(row)
            try:
                made = socket.create_connection((address, port), timeout)
            except OSError as error:
                row["error"] = query.error_of(error)
            else:
                self._open[made] = (row, time.monotonic())
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        left = set(self._open)
        while left:
            ready = select.select([*left, self._woken], [], [])[0]
            now = time.monotonic()
            for connection in left.intersection(ready):  # nothing was asked, so this is its end
                row, opened = self._open[connection]
                row.update(closed=True, seconds=round(now - opened, 3))
                left.remove(connection)
            if self._woken in ready:
                break
        for connection in left:
            row, opened = self._open[connection]
            row["seconds"] = round(time.monotonic() - opened, 3)

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.read()

    def read(self) -> list[Json]:
        """A row for each address: ``closed`` after ``seconds``, or still open when ``seconds`` old. It ends here."""
        if self._watcher.is_alive():
            self._wake.send(b"\0")
            self._watcher.join()
        for connection in (*self._open, self._wake, self._woken):
            connection.close()
        return self._rows
