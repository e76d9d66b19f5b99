# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stream of questions that drills lay beside a change: it calls nothing lost that has arrived."""

from __future__ import annotations

import asyncio
import socket

from imrslab import stream

ANSWERS = [str(number).encode() for number in range(100)]


def test_what_has_arrived_is_heard_in_one_round_of_the_loop() -> None:
    """Or a stream that falls behind its rate would hear less in a round than it sends, and never catch up."""

    async def listen(made: socket.socket) -> list[bytes]:
        heard: list[bytes] = []
        first = asyncio.Event()

        def hear(answer: bytes) -> None:
            heard.append(answer)
            first.set()

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: stream.Receiver(made, hear), sock=made)
        await first.wait()
        transport.close()
        return heard

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made,
    ):
        server.bind(("127.0.0.1", 0))
        made.connect(server.getsockname())
        made.setblocking(False)
        server.connect(made.getsockname())
        for answer in ANSWERS:
            server.send(answer)
        assert asyncio.run(listen(made)) == ANSWERS
