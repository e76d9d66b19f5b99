# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the kernel knows of a nameserver that did not answer: packets dropped, queues, what its threads do.

Read only when an answer is missing, as a flood must not cost the asker anything more. All of it is under /proc
(proc(5)); what cannot be read is as if nothing had been dropped.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import pathlib
import typing as t

RUNNING, STOPPED = "RD", "Tt"
"""States of a thread (proc_pid_stat(5)): it runs, waits for a processor or for a disk; somebody has stopped it."""


@dataclasses.dataclass(frozen=True)
class Socket:
    """One UDP socket: octets that wait in its queue, and packets dropped since it was opened."""

    queue: int = 0
    drops: int = 0


@dataclasses.dataclass(frozen=True)
class Load:
    """One moment. ``backlog``: packets that the kernel dropped before any socket, since boot. ``sockets`` by local
    address; ``threads``: a letter for the state of each thread of the nameserver.
    """

    backlog: int = 0
    sockets: t.Mapping[str, Socket] = dataclasses.field(default_factory=dict)
    threads: str = ""

    @property
    def stopped(self) -> bool:
        """Whether any thread of the nameserver is stopped (SIGSTOP, a debugger)."""
        return any(state in STOPPED for state in self.threads)

    @property
    def busy(self) -> bool:
        """Whether any thread of the nameserver runs, or would like to."""
        return any(state in RUNNING for state in self.threads)


def read(port: int, process: int, root: pathlib.Path = pathlib.Path("/proc")) -> Load:
    """Now, for the UDP sockets of a port, and for a process with its children; 0: of no process."""
    sockets = {**_sockets(root / "net/udp", port), **_sockets(root / "net/udp6", port)}
    return Load(_backlog(root / "net/softnet_stat"), sockets, threads(process, root) if process else "")


def threads(process: int, root: pathlib.Path = pathlib.Path("/proc")) -> str:
    """The states of all threads of a process and its descendants, a letter each."""
    found, todo = "", [process]
    while todo:
        folder = root / str(todo.pop()) / "task"
        try:
            tasks = list(folder.iterdir())
        except OSError:  # it has ended
            continue
        for task in tasks:
            found += _state(task)
            todo.extend(int(child) for child in _text(task / "children").split())
    return found


def _state(task: pathlib.Path) -> str:
    return _text(task / "stat").rpartition(")")[2][1:2]


def _text(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _backlog(path: pathlib.Path) -> int:
    """The second column of each processor's line (net/core/net-procfs.c): dropped, as its backlog was full."""
    rows = (line.split() for line in _text(path).splitlines())
    return sum(int(row[1], 16) for row in rows if len(row) > 1)


def _sockets(path: pathlib.Path, port: int) -> dict[str, Socket]:
    found: dict[str, Socket] = {}
    for line in _text(path).splitlines()[1:]:
        fields = line.split()
        address, _colon, number = fields[1].partition(":")
        if int(number, 16) != port:
            continue
        local = _address(address)
        before = found.get(local, Socket())  # one of several that share the port
        found[local] = Socket(before.queue + int(fields[4].partition(":")[2], 16), before.drops + int(fields[-1]))
    return found


def _address(text: str) -> str:
    """The kernel prints 32-bit words in the machine's order: little-endian on amd64 and arm64."""
    words = (bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8))
    return str(ipaddress.ip_address(b"".join(words)))
