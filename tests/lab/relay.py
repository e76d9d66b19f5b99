#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH ProxyCommand into the lab: joins standard input and output to HOST PORT inside a network namespace.

Usage: relay.py NAMESPACE HOST PORT. With IMRS_LAB_RTT (milliseconds) every byte is late by half of it each way,
and so is the TCP handshake, which costs one round trip before the first byte.
"""

from __future__ import annotations

import collections
import ctypes
import os
import select
import socket
import sys
import time

CLONE_NEWNET = 0x40000000


def connect(namespace: str, host: str, port: str) -> socket.socket:
    """A connection made inside the namespace."""
    away = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(away, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {namespace}")
    return socket.create_connection((host, int(port)), 10)


def join(server: socket.socket, delay: float) -> None:
    """Copy both ways, each chunk ``delay`` seconds late, until both directions have ended."""
    server.settimeout(None)
    outputs = {0: server.fileno(), server.fileno(): 1}
    queues: dict[int, collections.deque[tuple[float, bytes]]] = {source: collections.deque() for source in outputs}
    reading = set(outputs)
    while reading or any(queues.values()):
        due = min((queue[0][0] for queue in queues.values() if queue), default=None)
        patience = None if due is None else max(0.0, due - time.monotonic())
        for source in select.select(list(reading), [], [], patience)[0]:
            data = os.read(source, 65536)
            queues[source].append((time.monotonic() + delay, data))
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


if __name__ == "__main__":
    rtt = float(os.environ.get("IMRS_LAB_RTT", "0")) / 1000
    try:
        connection = connect(*sys.argv[1:4])
        time.sleep(rtt)
        join(connection, rtt / 2)
    except OSError as error:
        sys.exit(f"relay: {sys.argv[1:4]}: {error}")
