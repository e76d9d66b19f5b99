# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask one nameserver many questions: `imrs_parity_asking.py QUESTIONS ANSWERS ADDRESS...`, both files JSON.

Silence is found without a time-out: there is one worker, so a question has no answer when one that was sent after it is
answered. What a stall delays is asked again. NSD answers no more than some 100
errors in a second of the clock (ERROR_RATELIMIT): its silence counts when an error that was asked for after it came.
Runs in the namespace of the host's router, on the lab image.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import socket
import sys
import time
import typing as t

SILENT, CLOSED = "silent", "closed"
"""In place of an answer: none came though a later question was answered; the connection ended."""
SOUND = bytes.fromhex("ffff 0000 0001 0000 0000 0000 00 0006 0001")
LAST = b"\xff\xfd" + SOUND[2:]
"""Always answered: the SOA of the root. No question has such a number."""
ERROR = bytes.fromhex("fffe 7800 0001 0000 0000 0000 00 0006 0001")
"""Answered with an error: opcode 15."""
BATCH, WAIT, TRIES, PROOFS = 32, 2.0, 60, 3
"""Questions at a time; seconds until they are sent again, and how often; how often silence has to be seen."""


class Asked(t.TypedDict):
    """One question as the test hands it over."""

    wire: str
    tcp: bool
    alone: bool


class Asker:
    """Questions to one nameserver; ``answers`` has what is known, by number."""

    def __init__(self, asked: list[Asked], addresses: list[str]) -> None:
        self.wires = [numbered(number, bytes.fromhex(each["wire"])) for number, each in enumerate(asked)]
        self.asked, self.addresses = asked, addresses
        self.answers: dict[int, str] = {}

    def all(self) -> list[str]:
        """Every answer, as hexadecimal, or what came in its place."""
        of = {tcp: [number for number, each in enumerate(self.asked) if each["tcp"] is tcp] for tcp in (False, True)}
        for batch, address in self.batches(of[False]):
            self.settle(batch, address)
        for batch, address in self.batches([number for number in of[True] if not self.asked[number]["alone"]]):
            self.over_tcp(self.left(batch), address)
        for number in self.left(of[True]):
            self.settle_alone(number, self.addresses[number % len(self.addresses)])
        return [self.answers[number] for number in range(len(self.asked))]

    def batches(self, numbers: list[int]) -> t.Iterator[tuple[list[int], str]]:
        """Some of these at a time, and each time another address."""
        for start in range(0, len(numbers), BATCH):
            yield numbers[start : start + BATCH], self.addresses[start // BATCH % len(self.addresses)]

    def left(self, numbers: list[int]) -> list[int]:
        """Those of which nothing is known yet."""
        return [number for number in numbers if number not in self.answers]

    def settle(self, numbers: list[int], address: str) -> None:
        """Ask over UDP until each is answered, or was seen to have no answer."""
        self.over_udp(numbers, address)
        proofs = 0
        while (left := self.left(numbers)) and proofs < PROOFS:
            if self.over_udp(left, address, ERROR):
                proofs += 1
            else:
                next_second()
        self.answers.update(dict.fromkeys(left, SILENT))

    def settle_alone(self, number: int, address: str) -> None:
        """Ask over a TCP connection of its own."""
        outcomes: list[str] = []
        while len(outcomes) < PROOFS:
            outcome = self.over_tcp([number], address)
            if number in self.answers:
                return
            if self.over_tcp([], address, ERROR) == SILENT:
                outcomes.append(outcome)
            else:
                next_second()
        self.answers[number] = outcomes[-1]

    def over_udp(self, numbers: list[int], address: str, *then: bytes) -> bool:
        """Ask these, and something else once all of them are done with; whether that was answered, too.

        What the nameserver takes in at once it may answer in another order (NSD puts the last in the place of one that
        it drops), but it has sent all of that before it takes in more.
        """
        with socket.socket(family(address), socket.SOCK_DGRAM) as link:
            link.connect((address, 53))
            link.settimeout(WAIT)
            self.exchange(link, [*(self.wires[number] for number in numbers), SOUND], numbers)
            return {wire[:2] for wire in then} <= self.exchange(link, [*then, LAST], numbers)

    def exchange(self, link: socket.socket, wires: list[bytes], numbers: list[int]) -> set[bytes]:
        """Send these until the last is answered; the identifiers of what was answered."""
        heard: set[bytes] = set()
        for _ in range(TRIES):
            for wire in wires:
                link.send(wire)
            with contextlib.suppress(TimeoutError):
                while wires[-1][:2] not in heard:
                    heard.add(self.take(link.recv(65535), numbers))
                return heard
        raise SystemExit(f"no answer over UDP in {TRIES} tries")

    def over_tcp(self, numbers: list[int], address: str, last: bytes = SOUND) -> str:
        """The same over one connection, in one write: whether the last was answered or the connection ended before."""
        data = b"".join(len(wire).to_bytes(2) + wire for wire in (*(self.wires[number] for number in numbers), last))
        for _ in range(TRIES):
            try:
                with socket.create_connection((address, 53), WAIT) as link, link.makefile("rb") as stream:
                    link.sendall(data)
                    while self.take(exactly(stream, int.from_bytes(exactly(stream, 2))), numbers) != last[:2]:
                        pass
                    return SILENT
            except (EOFError, ConnectionResetError, BrokenPipeError):
                return CLOSED
            except TimeoutError:
                continue
        raise SystemExit(f"{address}: no answer over TCP in {TRIES} tries")

    def take(self, answer: bytes, numbers: list[int]) -> bytes:
        """Keep an answer to one of these; its identifier."""
        number = int.from_bytes(answer[:2])
        if number in numbers:
            self.answers.setdefault(number, answer.hex())
        return answer[:2]


def next_second() -> None:
    """NSD answers errors again from the next second of the clock on: there is nothing else to wait for.

    Its clock, time(2), may be a tick of the kernel's behind ours.
    """
    time.sleep(1.02 - time.time() % 1)


def numbered(number: int, wire: bytes) -> bytes:
    """The message with its number as the identifier, as far as it is that long."""
    return number.to_bytes(2)[: len(wire)] + wire[2:]


def family(address: str) -> socket.AddressFamily:
    """Of an address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def exactly(stream: t.BinaryIO, length: int) -> bytes:
    """So many octets; EOFError when the other side ends before."""
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def main(questions: str, answers: str, *addresses: str) -> None:
    """Ask, and write down."""
    asker = Asker(json.loads(pathlib.Path(questions).read_text(encoding="ascii")), list(addresses))
    pathlib.Path(answers).write_text(json.dumps(asker.all()), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
