# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which questions are worth asking, and asking them (RSSAC047v2, section 5.3, measurements)."""

from __future__ import annotations

import socket
import string
import time
import typing as t

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
except ImportError:  # said by whoever needs it
    pass

if t.TYPE_CHECKING:
    import random

    from .zone import Name, Zone

TIMEOUT = 4.0
"""Seconds (twf)."""
PAYLOAD = 1220
"""Octets that a question says it can take over UDP (rja)."""
APEX = ("SOA", "NS", "DNSKEY")
NEGATIVE = 10
"""Of so many questions, one is for a name that does not exist (yyg)."""


class Question(t.NamedTuple):
    """What is asked."""

    name: Name
    kind: str


class Exchange(t.NamedTuple):
    """What was asked and what came back, as octets; ``error`` in words where nothing did."""

    question: Question
    tcp: bool
    query: bytes
    answer: bytes
    error: str = ""


def sample(zone: Zone, number: int, chance: random.Random, *, served: t.Container[Name] = ()) -> list[Question]:
    """The zone's own records, and then delegations, their DS and names that do not exist, by chance; ``number`` in all.

    ``served``: zones that the server has, too, so that it does not refer to them (unt).
    """
    found = [Question(zone.origin, kind) for kind in APEX if zone.get(zone.origin, kind)]
    cuts = [cut for cut in zone.delegations() if cut not in served]
    while cuts and len(found) < number:
        if chance.randrange(NEGATIVE) == 0:
            found.append(missing(zone, chance))
        else:
            found.append(Question(chance.choice(cuts), chance.choice(("NS", "DS"))))
    return found


def everything(zone: Zone, *, served: t.Container[Name] = ()) -> t.Iterator[Question]:
    """Every type of every name that is the zone's own, and one that there is not; of each delegation the referral, a
    name below it, and its DS.
    """
    for name in zone.own():
        for kind in (*zone.kinds(name), "TYPE666"):
            yield Question(name, kind)
    for cut in zone.delegations():
        if cut not in served:
            yield Question(cut, "NS")
            yield Question(type(cut)((b"www", *cut.labels)), "A")
            yield Question(cut, "DS")


def missing(zone: Zone, chance: random.Random) -> Question:
    """A name that does not exist (hkc)."""
    while True:
        label = "".join(chance.choices(string.ascii_lowercase, k=10))
        name = dns.name.from_text(f"www.rssac047-test.{label}", zone.origin)
        if not zone.exists(name.parent().parent()):
            return Question(name, "A")


def ask(server: str, port: int, question: Question, *, tcp: bool, timeout: float = TIMEOUT) -> Exchange:
    """Ask a server, by its address. A truncated answer is asked for again over TCP (hjw)."""
    query = dns.message.make_query(question.name, question.kind, want_dnssec=True, payload=PAYLOAD)
    query.flags &= ~dns.flags.RD
    octets = query.to_wire()
    try:
        answer = _over_tcp(octets, server, port, timeout) if tcp else _over_udp(octets, server, port, timeout)
    except (OSError, EOFError, dns.exception.DNSException) as error:
        return Exchange(question, tcp, octets, b"", str(error) or type(error).__name__)
    if not tcp and len(answer) > 2 and answer[2] & 2:
        return ask(server, port, question, tcp=True, timeout=timeout)
    return Exchange(question, tcp, octets, answer)


def _over_udp(octets: bytes, server: str, port: int, timeout: float) -> bytes:
    """The octets as they came: what is no message is for whoever judges."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    deadline = time.monotonic() + timeout
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.connect((server, port))
        connection.send(octets)
        while True:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            answer = connection.recv(65535)
            if answer[:2] == octets[:2]:  # others are not the server's (RFC 5452)
                return answer


def _over_tcp(octets: bytes, server: str, port: int, timeout: float) -> bytes:
    with socket.create_connection((server, port), timeout) as connection:
        connection.sendall(len(octets).to_bytes(2, "big") + octets)
        with connection.makefile("rb") as stream:
            length = int.from_bytes(stream.read(2), "big")
            answer = stream.read(length)
    if len(answer) < length or not length:
        raise EOFError("the server closed the connection")
    return answer
