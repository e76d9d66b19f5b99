# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Evidence of a nameserver under load, collected on its own machine: latencies, what one source gets, and the load.

Nothing leaves the machine: all addresses that are asked, and asked from, are its own (docs/load.md). Never judges.
"""

from __future__ import annotations

import base64
import random
import socket
import string
import time
import typing as t

from . import burst, query

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TIMEOUT = 2.0
"""Seconds for one answer whose latency is measured."""
GRAIN = 0.001
"""Seconds between two looks at what is due."""

Asked = tuple[str, str]
"""A name and a type."""


def references(
    asked: Sequence[Asked],
    addresses: Sequence[str],
    transport: str,
    pace: float,
    port: int = 53,
    timeout: float = query.TIMEOUT,
) -> list[dict[str, t.Any]]:
    """Each question asked of one address, in turn, ``pace`` a second: exchanges (``query``) in the order of ``asked``.

    One that is lost is asked once more.
    """
    questions: list[query.Question] = [
        {
            "probe": "load",
            "name": name,
            "type": kind,
            "server": addresses[at % len(addresses)],
            "transport": transport,
            "port": port,
        }
        for at, (name, kind) in enumerate(asked)
    ]
    found = query.ask_all(questions, workers=8, per_second=pace, timeout=timeout)
    lost = [at for at, exchange in enumerate(found) if exchange["answer"] is None]
    for at, again in zip(lost, query.ask_all([questions[at] for at in lost], 8, pace, timeout), strict=True):
        found[at] = again
    return found


def octets(exchange: Mapping[str, t.Any]) -> burst.Known:
    """A question and its answer, for a burst."""
    return burst.Known(base64.b64decode(exchange["wire"])[2:], base64.b64decode(exchange["answer"])[2:])


class Latencies(t.NamedTuple):
    """Of one address over one transport: seconds of each answer, and how many questions had none, or another one."""

    address: str
    transport: str
    seconds: tuple[float, ...]
    lost: int
    others: tuple[bytes, ...]
    """Answers that are not the known one, without their identifiers; different ones only."""


def latencies(
    addresses: Sequence[str], transport: str, number: int, pace: float, known: burst.Known, port: int = 53
) -> list[Latencies]:
    """One question after the other, each address in turn, ``pace`` a second to each (0: at once).

    Over TCP each has a connection of its own, which is part of the time.
    """
    seconds: dict[str, list[float]] = {address: [] for address in addresses}
    lost, others = dict.fromkeys(addresses, 0), {address: dict[bytes, None]() for address in addresses}
    send = query.over_tcp if transport == "tcp" else query.over_udp
    began = time.monotonic()
    for at in range(number):
        if pace:
            time.sleep(max(0.0, began + at / pace - time.monotonic()))
        for address in addresses:
            wire = (at % 65536).to_bytes(2, "big") + known.question
            start = time.perf_counter()
            try:
                answer = send(wire, address, port, TIMEOUT)
            except OSError:
                lost[address] += 1
                if lost[address] > number // 10:  # it is not there: no time is spent on the rest
                    return [
                        Latencies(each, transport, tuple(seconds[each]), lost[each], tuple(others[each]))
                        for each in addresses
                    ]
                continue
            seconds[address].append(time.perf_counter() - start)
            if answer[2:] != known.answer:
                others[address][answer[2:]] = None
    return [Latencies(each, transport, tuple(seconds[each]), lost[each], tuple(others[each])) for each in addresses]


class Limited(t.NamedTuple):
    """What one source got: of ``sent`` questions over UDP, answers in full and truncated; then over TCP, each question
    with its answer, or None.
    """

    server: str
    source: str
    sent: int
    full: int
    truncated: int
    over_tcp: tuple[tuple[bytes, bytes | None], ...]


def limited(server: str, source: str, rate: int, seconds: float, tcp_questions: int, port: int = 53) -> Limited:
    """One source asks for names that do not exist, another one each time; then a few over TCP.

    OSError where it cannot ask from there.
    """
    chance = random.SystemRandom()
    full = truncated = sent = 0
    number = int(rate * seconds)
    wires = [_missing(chance, at) for at in range(number)]
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((source, 0))
        asking.connect((server, port))
        asking.setblocking(False)
        began = heard = time.monotonic()
        while sent < number or time.monotonic() - heard < burst.QUIET:
            due = min(number, int((time.monotonic() - began) * rate) + 1)
            try:
                for wire in wires[sent:due]:
                    asking.send(wire)
                    sent += 1
                while True:
                    answer = asking.recv(65535)
                    cut = len(answer) > 2 and bool(answer[2] & burst.TC)
                    truncated, full = truncated + cut, full + (not cut)
                    heard = time.monotonic()
            except BlockingIOError:
                time.sleep(GRAIN)  # what is due comes with time
            if sent < number:
                heard = time.monotonic()
    talks = [_over_tcp(_missing(chance, at), server, source, port) for at in range(tcp_questions)]
    return Limited(server, source, sent, full, truncated, tuple(talks))


def _missing(chance: random.Random, ident: int) -> bytes:
    label = "".join(chance.choices(string.ascii_lowercase, k=12))
    return query.wire_of({"probe": "load", "name": f"{label}.", "type": "A"}, ident % 65536)


def _over_tcp(wire: bytes, server: str, source: str, port: int) -> tuple[bytes, bytes | None]:
    deadline = time.monotonic() + TIMEOUT
    try:
        with socket.create_connection((server, port), TIMEOUT, (source, 0)) as connection:
            return wire, query.converse(connection, wire, deadline)
    except OSError:
        return wire, None


class Offered(t.NamedTuple):
    """A step: questions a second that were wanted, and what became of them."""

    wanted: int
    counts: burst.Counts


def steps(
    wanted: Sequence[tuple[int, int, float]],
    lanes: Sequence[Sequence[burst.Lane]],
    known: Sequence[burst.Known],
    over_tcp: Sequence[burst.Known],
    stop: Callable[[Offered], str],
    port: int = 53,
) -> tuple[list[Offered], str]:
    """Step after step (rate, of that over TCP, seconds), until there is no more or ``stop`` says why; with that word.

    ``lanes``: those of each step. ``stop`` is asked after each step: it looks at the node, too.
    """
    found: list[Offered] = []
    for (rate, tcp_rate, seconds), some in zip(wanted, lanes, strict=True):
        counts = burst.offer(some, known, over_tcp, rate, tcp_rate, seconds, port=port)
        found.append(Offered(rate, counts))
        why = stop(found[-1])
        if why:
            return found, why
    return found, ""
