# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream of questions to a nameserver: over UDP, over TCP connections that stay, and over new ones.

Usage: stream.py ADDRESS [--rate N]. It prints a line for each second's worth of questions that was sent, and goes on
until its standard input ends; then it sends as much again, waits for what is due, and prints one line of JSON.
What has no answer is lost. A question is sent once; only when the nameserver closes a connection instead of answering
it is asked once more, as RFC 7766 (section 6.2.4) has it, and counted. Of ten questions eight go over UDP, one over a
connection that stays, one over its own. It runs in whatever network namespace it is started in; needs dnspython.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import ipaddress
import itertools
import json
import pathlib
import socket
import struct
import subprocess
import sys
import time
import typing as t

import dns.message

PATIENCE = 10.0
"""Seconds in which an answer has to come: nothing is called lost because a machine is slow."""
SOCKETS = 8
"""UDP sockets, and TCP connections that stay."""
TICKS = 50
"""Times a second at which it sends what is due."""


@dataclasses.dataclass
class Tally:
    """What became of the questions of one kind."""

    sent: int = 0
    answered: int = 0
    truncated: int = 0
    wrong: int = 0
    """Answers other than NOERROR."""
    again: int = 0
    """Questions asked a second time, as the nameserver closed their connection instead of answering."""

    def count(self, answer: bytes) -> None:
        """An answer."""
        self.answered += 1
        self.truncated += bool(answer[2] & 2)
        self.wrong += bool(answer[3] & 15)

    @property
    def lost(self) -> int:
        """Questions without a good answer."""
        return self.sent - self.answered + self.wrong


class Stream:
    """Asks ``address`` for the root's SOA, ``rate`` times a second."""

    def __init__(self, address: str, rate: int = 1200) -> None:
        self.address, self.rate = address, rate
        self.query = dns.message.make_query(".", "SOA", use_edns=0, payload=1232).to_wire()
        self.tallies = {kind: Tally() for kind in ("udp", "kept", "new")}
        self.waiting: dict[tuple[str, int, int], asyncio.Future[bytes]] = {}
        self.readers: set[asyncio.Task[None]] = set()
        self.asked: set[asyncio.Task[None]] = set()
        self.numbers = itertools.count()
        self.kept: list[asyncio.StreamWriter | None] = [None] * SOCKETS
        self.locks = [asyncio.Lock() for _ in range(SOCKETS)]

    def wire(self, number: int) -> bytes:
        """The question with an ID of its own."""
        return struct.pack("!H", number % 65536) + self.query[2:]

    def heard(self, kind: str, channel: int, answer: bytes) -> None:
        """An answer came in."""
        due = self.waiting.get((kind, channel, int.from_bytes(answer[:2], "big")))
        if due and not due.done():
            due.set_result(answer)

    async def answer(self, kind: str, channel: int, number: int, send: t.Callable[[], t.Awaitable[None]]) -> None:
        """Send one question, and wait for its answer; none within PATIENCE is a loss."""
        key = (kind, channel, number % 65536)
        due = self.waiting[key] = asyncio.get_running_loop().create_future()
        tally = self.tallies[kind]
        tally.sent += 1
        try:
            with contextlib.suppress(ConnectionError):
                await send()
                answer = await asyncio.wait_for(asyncio.shield(due), PATIENCE)
                tally.count(answer)
                return
            tally.again += 1
            tally.count(await asyncio.wait_for(self.once(number), PATIENCE))
        except (OSError, TimeoutError):
            return
        finally:
            due.cancel()
            del self.waiting[key]

    async def once(self, number: int) -> bytes:
        """The answer to a question over its own connection."""
        reader, writer = await asyncio.open_connection(self.address, 53)
        try:
            writer.write(framed(self.wire(number)))
            length = int.from_bytes(await reader.readexactly(2), "big")
            return await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            raise ConnectionError from None
        finally:
            writer.close()

    def over_udp(
        self, number: int, transports: t.Sequence[asyncio.DatagramTransport]
    ) -> t.Coroutine[t.Any, t.Any, None]:
        """One question in a datagram."""
        channel = number % SOCKETS

        async def send() -> None:
            transports[channel].sendto(self.wire(number))

        return self.answer("udp", channel, number, send)

    def over_kept(self, number: int) -> t.Coroutine[t.Any, t.Any, None]:
        """One question over a connection that stays."""
        channel = number // 10 % SOCKETS

        async def send() -> None:
            async with self.locks[channel]:  # one question at a time may find the connection closed
                writer = self.kept[channel]
                if writer is None or writer.is_closing():
                    reader, writer = await asyncio.open_connection(self.address, 53)
                    self.kept[channel] = writer
                    beside(self.readers, self.read(channel, reader, writer))
                writer.write(framed(self.wire(number)))

        return self.answer("kept", channel, number, send)

    def ask(self, number: int, transports: t.Sequence[asyncio.DatagramTransport]) -> t.Coroutine[t.Any, t.Any, None]:
        """One question, the way that its number says."""
        if number % 10 == 8:
            return self.over_new(number)
        return self.over_kept(number) if number % 10 == 9 else self.over_udp(number, transports)

    async def read(self, channel: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take answers from a connection until it ends."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                self.heard("kept", channel, await reader.readexactly(length))
        writer.close()
        for (kind, its, _number), due in self.waiting.items():
            if (kind, its) == ("kept", channel) and not due.done():
                due.set_exception(ConnectionError())

    def over_new(self, number: int) -> t.Coroutine[t.Any, t.Any, None]:
        """One question over its own connection."""

        async def send() -> None:
            self.heard("new", 0, await asyncio.wait_for(self.once(number), PATIENCE))

        return self.answer("new", 0, number, send)

    async def run(self, more: t.Callable[[int], bool]) -> dict[str, t.Any]:
        """Ask for as long as ``more``, given the number that was sent, says so; what came of it."""
        transports = [await self.socket(channel) for channel in range(SOCKETS)]
        started = time.monotonic()
        sent = 0
        while more(sent):
            due = min(int((time.monotonic() - started) * self.rate) + 1, sent + 3 * self.rate // TICKS)
            for number in itertools.islice(self.numbers, max(0, due - sent)):
                beside(self.asked, self.ask(number, transports))
            sent = max(sent, due)
            await asyncio.sleep(1 / TICKS)
        seconds = time.monotonic() - started
        await asyncio.gather(*self.asked)
        for transport in (*transports, *filter(None, self.kept)):
            transport.close()
        told = {kind: {**dataclasses.asdict(tally), "lost": tally.lost} for kind, tally in self.tallies.items()}
        return {
            "sent": sent,
            "lost": sum(tally.lost for tally in self.tallies.values()),
            "per_second": int(sent / seconds),
            **told,
        }

    async def socket(self, channel: int) -> asyncio.DatagramTransport:
        """A UDP socket whose own queue does not lose what the nameserver sent."""
        family = socket.AF_INET6 if ipaddress.ip_address(self.address).version == 6 else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        made.setblocking(False)
        made.connect((self.address, 53))
        receiver = Receiver(made, lambda answer: self.heard("udp", channel, answer))
        transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(lambda: receiver, sock=made)
        return transport


class Receiver(asyncio.DatagramProtocol):
    """Hears all that has come whenever something has come. The loop takes one datagram in a round, in which a slow
    machine sends many: answers would wait for ever longer, and be called lost while they lie here.
    """

    def __init__(self, made: socket.socket, heard: t.Callable[[bytes], None]) -> None:
        self._made, self._heard = made, heard

    def datagram_received(self, data: bytes, _address: object) -> None:
        """The first of them."""
        self._heard(data)
        with contextlib.suppress(OSError):  # until there is none, or what ICMP says of one that was sent
            while True:
                self._heard(self._made.recv(65535))


def beside(tasks: set[asyncio.Task[None]], coroutine: t.Coroutine[t.Any, t.Any, None]) -> None:
    """Run it beside everything else; its set holds it until it is done."""
    task = asyncio.get_running_loop().create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def framed(message: bytes) -> bytes:
    """As it goes over TCP."""
    return struct.pack("!H", len(message)) + message


class Running:
    """A stream in a process of its own, which ``prefix`` puts into a network namespace."""

    def __init__(self, address: str, prefix: t.Sequence[str] = (), rate: int = 1200) -> None:
        command = [*prefix, sys.executable, str(pathlib.Path(__file__)), address, "--rate", str(rate)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said("the stream to flow")

    def said(self, what: str) -> str:
        """The next line; AssertionError when the stream has ended."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"waited for {what}, but the stream ended: {self.process.wait(10)}"
        return line

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def await_more(self, questions: int) -> None:
        """Until so many were sent since it began."""
        while int(self.said("more questions").split()[1]) < questions:
            pass

    def end(self) -> dict[str, t.Any]:
        """Send a second's worth more, and say what came of all."""
        assert self.process.stdin
        self.process.stdin.close()
        while not (line := self.said("its result")).startswith("{"):
            pass
        found: dict[str, t.Any] = json.loads(line)
        return found


async def main(address: str, rate: int) -> None:
    """Until standard input ends, and a second's worth of questions more."""
    ended: list[int] = []
    told = 0
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: sys.stdin.read(1) or (loop.remove_reader(sys.stdin), ended.append(0)))

    def more(sent: int) -> bool:
        nonlocal told
        if ended and not ended[0]:
            ended[0] = sent + rate
        if sent // rate > told:
            told = sent // rate
            print(f"sent {sent}", flush=True)
        return not ended or sent < ended[0]

    print(json.dumps(await Stream(address, rate).run(more)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--rate", type=int, default=1200, help="questions a second")
    chosen = parser.parse_args()
    asyncio.run(main(chosen.address, chosen.rate))
