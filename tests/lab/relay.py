#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH ProxyCommand into the lab: joins standard input and output to HOST PORT inside a network namespace.

Usage: relay.py NAMESPACE HOST PORT. With IMRS_LAB_RTT (milliseconds) every byte is late by half of it each way, and
so is the TCP handshake: one round trip before the first byte, half of one more before the server knows of it. How
much the line carries, and TCP's slow start, are not simulated.

With IMRS_LAB_COUNT, a directory, each relay leaves a file there: `PID.open` while it runs, `PID.json` afterwards, with
what it passed on (see Count).
"""

from __future__ import annotations

import collections
import ctypes
import dataclasses
import json
import os
import pathlib
import select
import signal
import socket
import sys
import time

CLONE_NEWNET = 0x40000000


@dataclasses.dataclass
class Count:
    """What one connection carried, as seen from the client's end of the line."""

    host: str
    up_bytes: int = 0
    """Sent by the client."""
    down_bytes: int = 0
    """Sent by the server."""
    chunks: int = 0
    """Reads of the relay, of both directions."""
    round_trips: int = 1
    """How often the server spoke after the client had; the TCP handshake is the first of them."""
    asked: bool = dataclasses.field(default=False, repr=False)

    def add(self, from_client: bool, size: int) -> None:
        """One chunk; of no bytes at the end of a direction."""
        if not size:
            return
        self.chunks += 1
        if from_client:
            self.up_bytes += size
        else:
            self.down_bytes += size
            self.round_trips += self.asked
        self.asked = from_client


def connect(namespace: str, host: str, port: str) -> socket.socket:
    """A connection made inside the namespace."""
    away = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(away, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {namespace}")
    return socket.create_connection((host, int(port)), 10)


def join(server: socket.socket, delay: float, count: Count) -> None:
    """Copy both ways, each chunk ``delay`` seconds late, until both directions have ended."""
    server.settimeout(None)
    outputs = {0: server.fileno(), server.fileno(): 1}
    # The last packet of the handshake is on its way: what the server said before it arrived is not sent yet.
    earliest = {0: 0.0, server.fileno(): time.monotonic() + delay}
    queues: dict[int, collections.deque[tuple[float, bytes]]] = {source: collections.deque() for source in outputs}
    reading = set(outputs)
    while reading or any(queues.values()):
        due = min((queue[0][0] for queue in queues.values() if queue), default=None)
        patience = None if due is None else max(0.0, due - time.monotonic())
        for source in select.select(list(reading), [], [], patience)[0]:
            data = os.read(source, 65536)
            count.add(source == 0, len(data))
            queues[source].append((max(time.monotonic(), earliest[source]) + delay, data))
            if not data:
                reading.discard(source)
        for source, queue in queues.items():
            while queue and queue[0][0] <= time.monotonic():
                _pass_on(server, outputs[source], queue.popleft()[1])
                if outputs[source] == 1 and source not in reading and not queue:
                    return  # the server has ended: nobody listens to our input any more


def _pass_on(server: socket.socket, output: int, data: bytes) -> None:
    if not data and output == server.fileno():
        server.shutdown(socket.SHUT_WR)
    while data:
        data = data[os.write(output, data) :]


def main(namespace: str, host: str, port: str) -> None:
    """Join until the end, which for a connection that Ansible kept open is SSH's SIGHUP, and leave the count."""
    rtt = float(os.environ.get("IMRS_LAB_RTT", "0")) / 1000
    directory = os.environ.get("IMRS_LAB_COUNT")
    count, opened = Count(host), None
    if directory:
        opened = pathlib.Path(directory, f"{os.getpid()}.open")
        opened.touch()
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
    try:
        connection = connect(namespace, host, port)
        time.sleep(rtt)
        join(connection, rtt / 2, count)
    finally:
        if opened:
            opened.write_text(json.dumps(dataclasses.asdict(count)), encoding="utf-8")
            opened.replace(opened.with_suffix(".json"))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:4])
    except OSError as error:
        sys.exit(f"relay: {sys.argv[1:4]}: {error}")
