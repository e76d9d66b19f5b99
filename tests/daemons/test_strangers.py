# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers do to a nameserver over TCP, with the files that the roles render: others are answered all the same.

Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
from imrs_gate_bench import PATIENCE, until
from imrs_gate_config import SERVICE
from imrs_reload_bench import CASE, Changing

HALVES = 9
"""Connections with half a message each."""
WAIT = 0.5
"""Seconds that Knot waits for the other half (``tcp-io-timeout``)."""
HALF = """
import socket, sys, time
place, halves = (sys.argv[1], 53), int(sys.argv[2])
message = bytes.fromhex("0011 0000 0001 0000 0000 0000 00 0006 0001")
held = [socket.create_connection(place) for _ in range(halves)]
for one in held:
    one.sendall(b"\\0")
honest = socket.create_connection(place)
start = time.monotonic()
honest.sendall(len(message).to_bytes(2, "big") + message)
honest.settimeout(120)
answer = honest.recv(100)
assert answer[2:4] == message[:2], answer
print(time.monotonic() - start)
"""
FULL = """
import socket, sys, time
held = []
try:
    for _ in range(int(sys.argv[2])):
        held.append(socket.create_connection((sys.argv[1], 53), 5))
except TimeoutError:
    pass
print("full after", len(held), flush=True)
time.sleep(600)
"""
CLIENTS = 250
"""TCP connections that the case's nameserver takes."""
PRIVATE = ("127.0.0.3", "::1")


@pytest.fixture
def bench(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A nameserver with its zone; ``request.param`` is which."""
    with Changing(tmp_path, "bird", CASE) as running:
        running.serve(request.param)
        yield running


def behind_halves(bench: Changing) -> float:
    """Seconds in which an honest question is answered over TCP that comes after half messages."""
    command = ["ip", "netns", "exec", bench.router, sys.executable, "-c", HALF, SERVICE[0], str(HALVES)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    return float(done.stdout)


@pytest.mark.parametrize("bench", ["knot", "nsd"], indirect=True)
def test_half_messages_keep_nobody_waiting(bench: Changing) -> None:
    assert behind_halves(bench) < HALVES * WAIT / 2


@pytest.mark.parametrize("bench", ["knot"], indirect=True)
def test_one_worker_would_wait_for_every_half(bench: Changing) -> None:
    """The guard: it waits for all of them, one after another."""
    path = pathlib.Path("/etc/knot/knot.conf")
    path.write_text(re.sub(r"tcp-workers: \d+", "tcp-workers: 1", path.read_text()))
    bench.restart("knot")
    assert behind_halves(bench) > HALVES * WAIT / 2


@pytest.mark.parametrize("bench", ["knot", "nsd"], indirect=True)
def test_the_private_listener_answers_while_the_table_of_tcp_clients_is_full(bench: Changing) -> None:
    """Knot takes no more, and the next one waits in vain; NSD makes room by closing what is idle."""
    bench.start("clients", bench.router, sys.executable, "-c", FULL, SERVICE[0], str(2 * CLIENTS))
    until(lambda: "full after" in bench.said_by("clients"), what="a full table")
    assert int(bench.said_by("clients").split()[-1]) >= CLIENTS / 2
    for address in PRIVATE:
        assert bench.answers_at(address)
