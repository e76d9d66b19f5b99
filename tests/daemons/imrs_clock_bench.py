# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""chronyd with the files of role `time`, and four servers of time that tell what a test wants, in one namespace.

chronyd runs as in a container (``-x``): the clock of this machine is never set.
"""

from __future__ import annotations

import collections
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

import imrs_clock_authority as made
from ansible_collections.icann.imrs.plugins.module_utils._probes import host
from imrs_gate_bench import run, until

if t.TYPE_CHECKING:
    from collections.abc import Iterator

RENDERED = pathlib.Path(__file__).parent / "rendered"
NAMES = tuple(f"ntp{number}.imrs.example" for number in range(1, 5))
CHRONYD = "/usr/sbin/chronyd"
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
"""Those that Debian trusts."""
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
        self.answered = collections.Counter[str]()
        """How often each has answered."""
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
                    self.answered[self._sockets[one]] += 1

    def end(self) -> None:
        """Close all sockets."""
        self._ended.set()
        self._thread.join()
        for one in self._sockets:
            one.close()


def read() -> dict[str, t.Any]:
    """What acceptance's own probe has of this machine."""
    return host.read()


def ask(*words: str) -> str:
    """What chronyd says; CalledProcessError while it does not."""
    return subprocess.check_output(["chronyc", "-c", "-N", *words], text=True)


def samples() -> dict[str, int]:
    """How many of the last eight questions each source has answered."""
    rows = [line.split(",") for line in ask("sources", "-a").splitlines()]
    return {row[2]: int(row[5], 8).bit_count() for row in rows}


@contextlib.contextmanager
def placed(case: str, folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """The addresses of all servers, and the files of the role where chronyd finds them; its configuration."""
    texts = [text for found in addresses(case).values() for text in found]
    run("ip", "link", "set", "lo", "up")
    for text in texts:
        run("ip", "address", "add", text, "dev", "lo", *(["nodad"] if ":" in text else []))
    shutil.copytree(RENDERED / case / "etc/chrony", folder / "chrony")
    try:
        yield folder / "chrony/chrony.conf"
    finally:
        for text in texts:
            run("ip", "address", "delete", text, "dev", "lo")


@contextlib.contextmanager
def chronyd(conf: pathlib.Path, authorities: pathlib.Path = AUTHORITIES) -> Iterator[None]:
    """chronyd, which sees the hosts beside this configuration as ``/etc/hosts``, as in its unit; once it answers.

    ``authorities`` are those that it trusts.
    """
    pathlib.Path("/run/chrony").mkdir(mode=0o750, exist_ok=True)
    shutil.chown("/run/chrony", "_chrony", "_chrony")
    bound = 'mount --bind "$1" /etc/hosts; mount --bind "$2" "$3"; shift 3; exec "$@"'
    seen = (str(conf.parent / "hosts"), str(authorities), str(AUTHORITIES))
    with _running(
        "unshare", "--mount", "sh", "-ec", bound, "sh", *seen, CHRONYD, "-d", "-F", "1", "-x", "-f", str(conf),
        log=conf.parent / "log",
    ):  # fmt: skip
        until(lambda: bool(ask("activity")), 20, "chronyd's socket")
        yield


@contextlib.contextmanager
def _running(*command: str, log: pathlib.Path) -> Iterator[None]:
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


SERVER = """local stratum 1
allow
cmdport 0
bindcmdaddress /
pidfile {folder}/{name}.pid
ntsserverkey {folder}/{name}.key
ntsservercert {folder}/{name}.pem
"""


@contextlib.contextmanager
def signing(folder: pathlib.Path, certified: t.Mapping[str, str]) -> Iterator[None]:
    """chronyd as the servers of time, with NTS. ``certified``: by server, the name in its certificate."""
    authority = made.authority()
    (folder / "authorities.pem").write_bytes(authority.pem)
    with contextlib.ExitStack() as stack:
        for name, texts in addresses("clock_nts").items():
            key, certificate = authority.certify(certified[name])
            (folder / f"{name}.key").write_bytes(key)
            (folder / f"{name}.pem").write_bytes(certificate)
            conf = folder / f"{name}.conf"
            binds = "".join(f"bindaddress {text}\n" for text in texts)
            other = "" if len(texts) == 2 else f"bindaddress {'127.0.0.1' if ':' in texts[0] else '::1'}\n"
            conf.write_text(SERVER.format(folder=folder, name=name) + binds + other, encoding="ascii")
            command = (CHRONYD, "-d", "-x", "-u", "root", "-f", str(conf))
            stack.enter_context(_running(*command, log=folder / f"{name}.log"))
        yield


@contextlib.contextmanager
def clock(folder: pathlib.Path, *ahead: float | None) -> Iterator[dict[str, t.Any]]:
    """What the probe says once every server that answers has answered often enough to be taken.

    One that chronyd takes for wrong, or that is silent, is soon asked at its other address, if it has one: then its
    answers are counted from the first again, which is to be told for certain of the others alone.
    """
    told = dict(zip(NAMES, ahead, strict=True))
    asked = [name for name, each in told.items() if each is not None]
    lasting = [name for name in asked if len(addresses("clock")[name]) == 1]
    with placed("clock", folder) as conf:
        servers = Servers(told)
        try:
            with chronyd(conf):
                until(lambda: all(servers.answered[name] >= ENOUGH for name in asked), 60, "answers")
                until(lambda: all(samples()[name] >= ENOUGH for name in lasting), 20, "chronyd to take them")
                yield read()
        finally:
            servers.end()
