# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a nameserver makes of datagrams that are no questions, and where its answers come from. Evidence only.

Silence costs no time-out here. A good question follows from the same port, and so to the same worker: when that is
answered, what came before it has been read. So it is also known that the nameserver lives.
"""

from __future__ import annotations

import contextlib
import dataclasses
import select
import socket
import struct
import time
import typing as t

from . import query

Json = dict[str, t.Any]

_SOA = "00 0006 0001"
"""The root, SOA, IN: behind a header it is a question."""
_ONE = "0001 0000 0000 0000"
"""Counters of a header: one question."""
KINDS = {
    "short": "0000 00",
    "empty": "",
    "response": f"8000 {_ONE} {_SOA}",
    "no_question": "0000 0000 0000 0000 0000",
    "two_questions": f"0000 0002 0000 0000 0000 {_SOA} {_SOA}",
    "cut": f"0000 {_ONE} 07 6578616d",
    "loop": f"0000 {_ONE} c00c 0006 0001",
    "label": f"0000 {_ONE} 41 {_SOA}",
    "long": f"0000 {_ONE} {4 * ('3f' + 63 * '61')} {_SOA}",
    "trailing": f"0000 {_ONE} {_SOA} deadbeef",
}
"""Octets behind the identifier, in hexadecimal (requirement DN-42); ``empty`` has none at all.

``cut``: the name ends with the message; ``loop``: it points to itself; ``label``: of a type that is none (RFC 1035
section 4.1.4); ``long``: a name of 257 octets.
"""
GRACE = 0.1
"""Seconds that an answer to such a datagram may come later than that to the good question: processes of a nameserver
may share a socket, and read it side by side.
"""
TRIES = 3
"""How often it is all sent, where the good question had no answer."""
FIRST, GOOD = 0x2A01, 0x2A02
"""Identifiers of the datagram and of the good question."""
ASKER = {4: "127.0.0.1", 6: "::1"}
"""Who asks where the source of the answer is looked at. A nameserver that listens on a wildcard would answer the
service address itself from there by chance, and others on this machine from theirs.
"""


def datagram(kind: str) -> bytes:
    """The octets of one of ``KINDS``."""
    return (struct.pack("!H", FIRST) if kind != "empty" else b"") + bytes.fromhex(KINDS[kind])


_GOOD = struct.pack("!H", GOOD) + bytes.fromhex(f"0000 {_ONE} {_SOA}")


@dataclasses.dataclass
class _Talk:
    """What is sent to one address from one port."""

    row: Json
    octets: bytes | None
    """Before the good question, from a connected socket; None: only that, and from one that takes all answers."""
    good: bool = False
    """Whether the good question is answered."""


def ask(addresses: t.Sequence[str], port: int = 53, timeout: float = query.TIMEOUT) -> list[Json]:
    """For each of ``KINDS``, at the first address of each family: ``kind``, ``server``, ``size`` in octets,
    ``answers``, each as its size and its header in hexadecimal, and ``then``: empty, or why the good question was not
    answered.

    And for each address, with ``kind`` ``source``: the addresses that its answers came ``from``.
    """
    first = [address for family in (4, 6) for address in [a for a in addresses if _version(a) == family][:1]]
    talks = [
        _Talk({"kind": kind, "server": address, "size": len(datagram(kind)), "answers": [], "then": ""}, datagram(kind))
        for address in first
        for kind in KINDS
    ]
    talks += [_Talk({"kind": "source", "server": address, "from": [], "then": ""}, None) for address in addresses]
    for _try in range(TRIES):
        left = [talk for talk in talks if not talk.good]
        if not left:
            break
        _once(left, port, timeout)
    return [talk.row for talk in talks]


def _version(address: str) -> int:
    return 6 if ":" in address else 4


def _once(talks: t.Sequence[_Talk], port: int, timeout: float) -> None:
    """Send all, and take what comes until each good question is answered, and a little longer."""
    with contextlib.ExitStack() as stack:
        waiting: dict[socket.socket, _Talk] = {}
        for talk in talks:
            talk.row["then"] = "timeout"
            version = _version(talk.row["server"])
            try:
                made = stack.enter_context(
                    socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
                )
                made.setblocking(False)
                _send(made, talk, (talk.row["server"], port), ASKER[version])
            except OSError as error:
                talk.row["then"] = query.error_of(error)
                continue
            waiting[made] = talk
        deadline, done = time.monotonic() + timeout, False
        while waiting and (left := deadline - time.monotonic()) > 0:
            for ready in select.select(list(waiting), [], [], left)[0]:
                _take(ready, waiting[ready])
            if not done and all(talk.good for talk in waiting.values()):
                done, deadline = True, min(deadline, time.monotonic() + GRACE)


def _send(made: socket.socket, talk: _Talk, place: tuple[str, int], asker: str) -> None:
    if talk.octets is None:
        made.bind((asker, 0))
        made.sendto(_GOOD, place)
        return
    made.connect(place)  # the kernel drops answers from any other address
    made.send(talk.octets)
    made.send(_GOOD)


def _take(ready: socket.socket, talk: _Talk) -> None:
    """Read all that is there."""
    while True:
        try:
            answer, source = ready.recvfrom(65535)
        except BlockingIOError:
            return
        except OSError as error:
            talk.row["then"] = query.error_of(error)
            return
        good = struct.pack("!H", GOOD) == answer[:2]
        if good:
            talk.good, talk.row["then"] = True, ""
        if talk.octets is None:
            talk.row["from"].append(source[0])
        elif not good:
            talk.row["answers"].append([len(answer), answer[:12].hex()])
