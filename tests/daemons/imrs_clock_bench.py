# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""chronyd with the files of role `time`, and four servers of time that tell what a test wants, in one namespace.

chronyd runs as in a container (``-x``): the clock of this machine is never set.
"""

from __future__ import annotations

import contextlib
import pathlib
import select
import shutil
import socket
import struct
import subprocess
import threading
import time
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._probes import host
from imrs_gate_bench import run, until

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RENDERED = pathlib.Path(__file__).parent / "rendered"
NAMES = tuple(f"ntp{number}.imrs.example" for number in range(1, 5))
NTP = 123
EPOCH = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
ENOUGH = 4
"""Answers of a source that chrony wants before it takes it (``iburst``)."""


def addresses(case: str) -> dict[str, list[str]]:
    """The addresses of each source, as chronyd finds them."""
    found: dict[str, list[str]] = {name: [] for name in NAMES}
    for line in (RENDERED / case / "etc/chrony/hosts").read_text(encoding="ascii").splitlines():
        address, _space, name = line.partition(" ")
        if name in found:
            found[name].append(address)
    return found


def _stamp(seconds: float) -> bytes:
    """A time as NTP has it (RFC 5905 section 6)."""
    whole = int(seconds)
    return struct.pack("!II", whole + EPOCH, int((seconds - whole) * 2**32))


def answer(question: bytes, ahead: float) -> bytes:
    """That of a primary server whose clock is so many seconds ahead (RFC 5905 section 7.3)."""
    now = time.time() + ahead
    head = struct.pack("!BBbbII4s", 0x24, 1, 6, -20, 0, 1, b"GPS\0")
    return head + _stamp(now) + question[40:48] + _stamp(now) + _stamp(time.time() + ahead)


class Servers:
    """A thread that answers for all of them; ``ahead`` by name: seconds, or None for one that is silent."""

    def __init__(self, ahead: t.Mapping[str, float | None]) -> None:
        self._ahead, self._ended = ahead, threading.Event()
        self._sockets: dict[socket.socket, str] = {}
        for name, texts in addresses("clock").items():
            for text in texts:
                one = socket.socket(socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_DGRAM)
                one.bind((text, NTP))
                self._sockets[one] = name
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            for one in select.select(list(self._sockets), [], [], 0.1)[0]:
                question, place = one.recvfrom(1024)
                ahead = self._ahead[self._sockets[one]]
                if ahead is not None:
                    one.sendto(answer(question, ahead), place)

    def end(self) -> None:
        """Close all sockets."""
        self._ended.set()
        self._thread.join()
        for one in self._sockets:
            one.close()


def read() -> dict[str, t.Any]:
    """What acceptance's own probe has of this machine."""
    return host.read()


def samples() -> dict[str, int]:
    """How many of the last eight questions each source has answered."""
    rows = [line.split(",") for line in run("chronyc", "-c", "-N", "sources", "-a").splitlines()]
    return {row[2]: int(row[5], 8).bit_count() for row in rows}


@contextlib.contextmanager
def placed(case: str, folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """The addresses of all servers, and the files of the role where chronyd finds them; its configuration."""
    texts = [text for found in addresses(case).values() for text in found]
    run("ip", "link", "set", "lo", "up")
    for text in texts:
        run("ip", "address", "add", text, "dev", "lo")
    shutil.copytree(RENDERED / case / "etc/chrony", folder / "chrony")
    try:
        yield folder / "chrony/chrony.conf"
    finally:
        for text in texts:
            run("ip", "address", "delete", text, "dev", "lo")


@contextlib.contextmanager
def chronyd(conf: pathlib.Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """chronyd, with the hosts of this configuration as its own, as in its unit; until it answers commands."""
    pathlib.Path("/run/chrony").mkdir(mode=0o750, exist_ok=True)
    shutil.chown("/run/chrony", "_chrony", "_chrony")
    bound = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'
    command: Sequence[str] = ("/usr/sbin/chronyd", "-d", "-F", "1", "-x", "-f", str(conf), *options)
    with (conf.parent / "log").open("w") as log:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-ec", bound, "sh", str(conf.parent / "hosts"), *command],
            stdout=log, stderr=log, text=True,
        )  # fmt: skip
    try:
        until(lambda: bool(run("chronyc", "-c", "activity")), what="chronyd's socket")
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def clock(folder: pathlib.Path, *ahead: float | None) -> Iterator[dict[str, t.Any]]:
    """What the probe says once every server that answers has answered often enough to be taken."""
    told = dict(zip(NAMES, ahead, strict=True))
    with placed("clock", folder) as conf:
        servers = Servers(told)
        try:
            with chronyd(conf):
                wanted = {name: ENOUGH for name, each in told.items() if each is not None}
                until(lambda: all(samples()[name] >= least for name, least in wanted.items()), 60, "answers")
                yield read()
        finally:
            servers.end()
