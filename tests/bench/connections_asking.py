# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open TCP connections to a nameserver at a rate, ask once on each, and keep it: ``ADDRESS RATE SECONDS HALVES``. JSON.

HALVES strangers send one octet each, wait until the nameserver closes, and come again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import sys

SOON, PATIENCE = 1.0, 5.0
"""Seconds: what a resolver takes for an answer at once, and after which it has given up."""


class Asking:
    """Counts. ``soon``, ``late``, ``never``: questions by when they were answered; ``most``: connections at once."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._open = 0
        self.counts = {"asked": 0, "soon": 0, "late": 0, "most": 0}

    async def ask(self) -> None:
        """One question for a name that does not exist, DO set; then wait until the nameserver closes."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        self.counts["asked"] += 1
        writer = None
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection(self._address, 53)
                self._open += 1
                self.counts["most"] = max(self.counts["most"], self._open)
                writer.write(question())
                await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            self.counts["soon" if loop.time() - start < SOON else "late"] += 1
            await reader.read()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            if writer is not None:
                self._open -= 1
                writer.transport.abort()

    async def half(self) -> None:
        """A stranger, for ever."""
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(self._address, 53)
                writer.write(b"\0")
                await reader.read()
                writer.transport.abort()
            await asyncio.sleep(0.01)

    async def run(self, rate: int, seconds: int, halves: int) -> None:
        """At an even rate, whatever the answers do."""
        loop = asyncio.get_running_loop()
        start, tasks = loop.time(), {asyncio.create_task(self.half()) for _ in range(halves)}
        for number in range(rate * seconds):
            delay = start + number / rate - loop.time()
            if delay > 0:
                await asyncio.sleep(delay)
            tasks.add(task := asyncio.create_task(self.ask()))
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(PATIENCE)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.counts["never"] = self.counts["asked"] - self.counts["soon"] - self.counts["late"]


def question() -> bytes:
    """A query for a random label of the root, with its length before it."""
    label = "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=12)).encode("ascii")  # noqa: S311 - no secret
    name = bytes([len(label)]) + label + b"\0"
    opt = bytes.fromhex("00 0029 04d0 0000 8000 0000")
    message = bytes.fromhex("0011 0000 0001 0000 0000 0001") + name + bytes.fromhex("0001 0001") + opt
    return len(message).to_bytes(2, "big") + message


def main(address: str, rate: int, seconds: int, halves: int) -> None:
    """Ask, and print the counts."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asking = Asking(address)
    asyncio.run(asking.run(rate, seconds, halves))
    print(json.dumps(asking.counts))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
