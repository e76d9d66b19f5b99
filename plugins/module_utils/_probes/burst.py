# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Many questions a second, from this machine to itself, and what came back for them. Never judges.

Plain Python, as it has to run on nodes: dnsperf asks from one source, which the rate limit truncates, and looks at no
answer. Here each answer is compared, octet by octet, with one that is known; what is another one is handed back whole.

Bounded in time and in count: what is not sent by the end of its time is not sent at all, and told.
"""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import os
import resource
import select
import socket
import time
import typing as t
from concurrent import futures

A_PROCESS = 25_000
"""Questions a second that one process sends and compares with ease."""
GRAIN = 0.001
"""Seconds between two looks at what is due."""
LATE = 1.1
"""Of the time to send: so much of it a process may take that was kept from sending for a moment."""
QUIET, LONGEST_QUIET = 1.0, 5.0
"""Seconds without an answer after which what is open is lost; and after which it is in any case."""
NICE = 10
"""Of a process that asks: whatever else this user runs comes first. The gate has a share of its own (CPUWeight)."""
MOST_OTHERS = 5000
"""Different answers that are kept of those that are not the known ones; more are only counted."""
RCVBUFFORCE = 33
"""socket(7); Python has no name for it."""
ROOM = 4 << 20
"""Octets of a socket's queue: what it loses itself would be called lost."""
TC = 2
"""The bit in the third octet of a message (RFC 1035 section 4.1.1)."""
BACKLOG = 65536
"""Octets of questions that wait for room in a connection."""
CONNECTIONS = 4
"""Over TCP, to each address, in each process."""

Lane = tuple[str, str]
"""Whom a socket asks, and from which address; empty: the kernel's choice."""


class Known(t.NamedTuple):
    """A question and its answer, both without their identifiers."""

    question: bytes
    answer: bytes


class Counts(t.NamedTuple):
    """What became of the questions. ``same``: answered as is known. ``cut``: truncated, and the known one is not.

    ``others``: answers that are otherwise, by the place of the question and their octets (without identifier), and how
    often. ``more``: such answers that are not kept. ``strays``: answers that nobody waits for. ``seconds``: of sending.
    """

    sent: int = 0
    same: int = 0
    cut: int = 0
    strays: int = 0
    more: int = 0
    seconds: float = 0.0
    others: t.Mapping[tuple[int, bytes], int] = {}

    @property
    def lost(self) -> int:
        """Questions that no answer came for."""
        return self.sent - self.same - self.cut - self.more - sum(self.others.values())


def total(found: t.Iterable[Counts]) -> Counts:
    """Of several that asked at the same time."""
    each = list(found)
    others: collections.Counter[tuple[int, bytes]] = collections.Counter()
    for counts in each:
        others.update(counts.others)
    sums = {name: sum(getattr(counts, name) for counts in each) for name in ("sent", "same", "cut", "strays", "more")}
    return Counts(**sums, seconds=max((counts.seconds for counts in each), default=0.0), others=dict(others))


class _Lane:
    """A socket that asks, and what it waits for."""

    def __init__(self, made: socket.socket) -> None:
        self.socket = made
        self.socket.setblocking(False)
        self.waiting: dict[bytes, int] = {}
        """By identifier, the place of the question."""

    def send(self, message: bytes) -> None:
        """Send it; BlockingIOError where the kernel takes no more."""
        self.socket.send(message)

    def read(self) -> t.Iterator[bytes]:
        """All messages that are there."""
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            while True:
                yield self.socket.recv(65535)


class _Stream(_Lane):
    """Over TCP: a connection that stays. One that the other side has closed is not opened again."""

    def __init__(self, made: socket.socket) -> None:
        super().__init__(made)
        self._out, self._in = bytearray(), bytearray()

    def send(self, message: bytes) -> None:
        """Send it, or keep of it what the kernel does not take now; BlockingIOError where much is kept."""
        if len(self._out) > BACKLOG:
            self._push()
            if len(self._out) > BACKLOG:
                raise BlockingIOError
        self._out += len(message).to_bytes(2, "big") + message
        self._push()

    def _push(self) -> None:
        try:
            del self._out[: self.socket.send(self._out)]
        except BlockingIOError:
            pass
        except ConnectionError:  # closed: what is sent to it is lost
            self._out.clear()

    def read(self) -> t.Iterator[bytes]:
        """All whole messages that are there."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            if self._out:
                self._push()
            while piece := self.socket.recv(262144):
                self._in += piece
        start = 0
        while len(self._in) - start >= 2:
            end = start + 2 + int.from_bytes(self._in[start : start + 2], "big")
            if len(self._in) < end:
                break
            yield bytes(self._in[start + 2 : end])
            start = end
        del self._in[:start]


def _lane(lane: Lane, port: int, *, tcp: bool) -> _Lane:
    """Opened. OSError where it cannot be."""
    server, source = lane
    if tcp:
        stream = socket.create_connection((server, port), 5.0, (source, 0) if source else None)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(stream)
    made = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    with contextlib.suppress(PermissionError):  # without root its queue stays as it is
        made.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, ROOM)
    if source:
        made.bind((source, 0))
    made.connect((server, port))
    return _Lane(made)


class _Process:
    """What one process asks, and hears."""

    def __init__(self, made: t.Sequence[_Lane], known: t.Sequence[Known]) -> None:
        self._lanes = made
        self._by_file = {lane.socket.fileno(): lane for lane in made}
        self._poll = select.epoll()
        for lane in made:
            self._poll.register(lane.socket.fileno(), select.EPOLLIN)
        self._questions = [each.question for each in known]
        self._answers = [each.answer for each in known]
        self.sent = self.same = self.cut = self.strays = self.more = 0
        self.others: collections.Counter[tuple[int, bytes]] = collections.Counter()

    def send(self, due: int) -> None:
        """All questions up to this number; fewer where the kernel takes no more."""
        lanes, questions = self._lanes, self._questions
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # what is not sent is due still
            while self.sent < due:
                round_, at = divmod(self.sent, len(lanes))
                place = self.sent % len(questions)
                ident = (round_ % 65536).to_bytes(2, "big")
                lanes[at].send(ident + questions[place])
                lanes[at].waiting[ident] = place
                self.sent += 1

    def hear(self, patience: float = 0.0) -> bool:
        """Take what has come; whether anything has. ``patience``: seconds to wait for it."""
        ready = self._poll.poll(patience, 512)
        for file, _event in ready:
            lane = self._by_file[file]
            for message in lane.read():
                self._one(lane, message)
        return bool(ready)

    def _one(self, lane: _Lane, message: bytes) -> None:
        place = lane.waiting.pop(message[:2], None)
        if place is None:
            self.strays += 1
            return
        octets, known = message[2:], self._answers[place]
        if octets == known:
            self.same += 1
        elif octets[:1] and octets[0] & TC and not known[0] & TC:
            self.cut += 1
        elif (place, octets) in self.others or len(self.others) < MOST_OTHERS:
            self.others[place, octets] += 1
        else:
            self.more += 1

    def waiting(self) -> bool:
        """Whether any answer is open."""
        return any(lane.waiting for lane in self._lanes)

    def counts(self, seconds: float) -> Counts:
        """All of it."""
        return Counts(self.sent, self.same, self.cut, self.strays, self.more, seconds, dict(self.others))


def ask(
    lanes: t.Sequence[Lane], known: t.Sequence[Known], rate: float, seconds: float, *, tcp: bool = False, port: int = 53
) -> Counts:
    """Ask at an even rate for so long, each lane in turn, in this process; then wait for what is open."""
    with contextlib.ExitStack() as stack:
        made = [_lane(lane, port, tcp=tcp) for lane in lanes]
        for lane in made:
            stack.callback(lane.socket.close)
        process, number = _Process(made, known), int(rate * seconds)
        began = time.monotonic()
        while process.sent < number and (now := time.monotonic() - began) < LATE * seconds:
            process.send(min(number, int(now * rate) + 1))
            if not process.hear():
                time.sleep(GRAIN)  # what is due comes with time
        took, heard = time.monotonic() - began, time.monotonic()
        ended = heard
        while process.waiting() and (now := time.monotonic()) < min(heard + QUIET, ended + LONGEST_QUIET):
            if process.hear(QUIET / 10):
                heard = now
        return process.counts(max(took, number / rate))


def _asked(part: tuple[t.Sequence[Lane], t.Sequence[Known], float, float, bool, int]) -> Counts:
    """In a process of its own."""
    os.nice(NICE)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    lanes, known, rate, seconds, tcp, port = part
    return ask(lanes, known, rate, seconds, tcp=tcp, port=port)


def offer(  # noqa: PLR0913 - it is one question with six parts
    lanes: t.Sequence[Lane], known: t.Sequence[Known], over_tcp: t.Sequence[Known], rate: int, tcp_rate: int,
    seconds: float, *, port: int = 53,
) -> Counts:  # fmt: skip
    """So many questions a second in all, ``tcp_rate`` of them over TCP, by as many processes as that takes.

    One processor is left to others where there are more. RuntimeError when the processes come to no end, or cannot ask.
    """
    processors = max(1, len(os.sched_getaffinity(0)) - 1)
    parts = []
    for asked, each, tcp in ((rate - tcp_rate, known, False), (tcp_rate, over_tcp, True)):
        number = max(1, min(processors, -(-asked // A_PROCESS), len(lanes)))
        servers = list(dict.fromkeys(server for server, _source in lanes))
        for at in range(number if asked else 0):
            own = [(server, "") for server in servers] * CONNECTIONS if tcp else lanes[at::number]
            parts.append((own, each, asked / number, seconds, tcp, port))
    context = multiprocessing.get_context("fork")
    pool = futures.ProcessPoolExecutor(len(parts), mp_context=context)
    try:
        jobs = [pool.submit(_asked, part) for part in parts]
        return total(job.result(seconds + LONGEST_QUIET + 30) for job in jobs)
    except (OSError, TimeoutError, futures.BrokenExecutor) as error:
        raise RuntimeError(f"the load came to no end: {type(error).__name__} {error}") from error
    finally:
        for process in list((pool._processes or {}).values()):  # one that hangs must not ask on
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
