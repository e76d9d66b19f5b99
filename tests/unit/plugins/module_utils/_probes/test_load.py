# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel knows: from files as it prints them, and from a real socket that overflows."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import load
from ansible_collections.icann.imrs.plugins.module_utils._probes.load import Load, Socket

HEAD = "  sl  local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref pointer drops\n"
TAIL = "00:00000000 00000000     0        0 4242 2 0000000000000000"
UDP = HEAD + (
    f"  1: 2A5307C7:0035 00000000:0000 07 00000000:00000300 {TAIL} 7\n"
    f"  2: 2A5307C7:0035 00000000:0000 07 00000000:00000100 {TAIL} 5\n"
    f"  3: 0300007F:0035 00000000:0000 07 00000000:00000000 {TAIL} 0\n"
    f"  4: 0300007F:1234 00000000:0000 07 00000000:00000000 {TAIL} 9\n"
)
UDP6 = HEAD + f"  1: 0005012000009F000000000042000000:0035 {'0' * 32}:0000 07 00000000:00000000 {TAIL} 3\n"
SOFTNET = "00001000 00000002 00000000 0 0 0 0 0 0 0 0 0 0\n00001000 0000000a 00000000 0 0 0 0 0 0 0 0 0 0\n"


@pytest.fixture
def proc(tmp_path: pathlib.Path) -> pathlib.Path:
    """As the kernel prints it; process 10 has two threads and a child."""
    net = tmp_path / "net"
    net.mkdir()
    (net / "udp").write_text(UDP)
    (net / "udp6").write_text(UDP6)
    (net / "softnet_stat").write_text(SOFTNET)
    for process, thread, state, children in ((10, 10, "S", "20 "), (10, 11, "R", ""), (20, 20, "D", "")):
        task = tmp_path / str(process) / "task" / str(thread)
        task.mkdir(parents=True)
        (task / "stat").write_text(f"{thread} (name (odd) R) {state} 1 1 1")
        (task / "children").write_text(children)
    return tmp_path


def test_what_the_kernel_prints_is_understood(proc: pathlib.Path) -> None:
    found = load.read(53, 10, proc)
    assert found.backlog == 12
    assert found.sockets == {
        "199.7.83.42": Socket(0x400, 12),
        "127.0.0.3": Socket(0, 0),
        "2001:500:9f::42": Socket(0, 3),
    }
    assert sorted(found.threads) == ["D", "R", "S"]
    assert found.busy
    assert not found.stopped


def test_what_cannot_be_read_is_nothing(tmp_path: pathlib.Path) -> None:
    assert load.read(53, 10, tmp_path) == Load()


def test_a_process_that_is_stopped_is_seen() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        assert load.read(53, process.pid).stopped
        process.kill()


def test_a_socket_that_overflows_is_seen() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as full,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
    ):
        full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        full.bind(("127.0.0.1", 0))
        port = full.getsockname()[1]
        before = load.read(port, 0).sockets["127.0.0.1"]
        for _ in range(64):
            out.sendto(b"0" * 512, ("127.0.0.1", port))
        after = load.read(port, 0).sockets["127.0.0.1"]
    assert (before, after.drops > 0, after.queue > 0) == (Socket(0, 0), True, True)
