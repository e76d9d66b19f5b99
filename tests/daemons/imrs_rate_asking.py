# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One source asks for names that do not exist: `imrs_rate_asking.py ADDRESS RATE SECONDS`; prints one line of JSON.

As a busy resolver does, or as somebody who gives a victim's address for his own. Bounded in count: RATE times SECONDS.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sys
import time

import dns.flags
import dns.message

LETTERS = "abcdefghijklmnopqrstuvwxyz"
RCVBUFFORCE = 33
"""socket(7); Python has no name for it."""
ROOM = 8 << 20
"""Octets of its queue: what it loses itself would be called lost."""
QUIET = 1.0
"""Seconds without an answer after which none is waited for any more."""


def queries(count: int) -> list[bytes]:
    """For as many names, each with DO and room for 1232 octets."""
    query = dns.message.make_query("www.aaaaaaaaaa.", "A", want_dnssec=True, payload=1232)
    query.flags &= ~dns.flags.RD
    wire = query.to_wire()
    made = []
    chance = random.Random(1)  # noqa: S311 - the same in every run
    for number in range(count):
        label = "".join(chance.choices(LETTERS, k=10)).encode("ascii")
        made.append((number % 65536).to_bytes(2, "big") + wire[2:].replace(b"aaaaaaaaaa", label))
    return made


def ask(address: str, rate: int, seconds: float) -> dict[str, float]:
    """Send them evenly; what came back, and how many seconds it took to send them."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, ROOM)
    made.connect((address, 53))
    made.setblocking(False)
    told: dict[str, float] = {"sent": 0, "full": 0, "truncated": 0, "octets sent": 0, "octets received": 0}

    def hear() -> bool:
        before = told["octets received"]
        with contextlib.suppress(BlockingIOError):
            while True:
                answer = made.recv(65535)
                told["octets received"] += len(answer)
                told["truncated" if answer[2] & 2 else "full"] += 1
        return told["octets received"] > before

    asked = queries(int(rate * seconds))
    began = time.monotonic()
    while told["sent"] < len(asked):
        due = min(len(asked), int((time.monotonic() - began) * rate) + 1)
        for wire in asked[told["sent"] : due]:
            with contextlib.suppress(BlockingIOError):
                made.send(wire)
            told["octets sent"] += len(wire)
        told["sent"] = due
        hear()
        time.sleep(0.001)  # what is due comes with time: this is the grain of the rate
    heard = time.monotonic()
    told["seconds"] = heard - began
    while time.monotonic() - heard < QUIET:
        if hear():
            heard = time.monotonic()
        time.sleep(0.01)  # silence is what it waits for
    return told


if __name__ == "__main__":
    _program, where, how_many, how_long = sys.argv
    print(json.dumps(ask(where, int(how_many), float(how_long))))
