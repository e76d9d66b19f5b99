# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers send to a live appliance takes no prefix from it, and hides no dead nameserver."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
import typing as t

import pytest
from imrslab import shell, strangers
from imrslab.drill import ALL

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

SERVICE = "199.7.83.42"
SECONDS = 6
HONEST = "203.0.113.67"
"""Whoever asks as people do has an address of its own: what a stranger's address gets is limited (RRL)."""
ASK = f"""
import select, socket, sys, time
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.bind((sys.argv[1], 0))
answered, sent, end = set(), 0, time.monotonic() + float(sys.argv[2])
due = time.monotonic()
while time.monotonic() < end + 2:
    if due <= time.monotonic() < end:
        asker.sendto(sent.to_bytes(2, "big") + {strangers.QUESTION[2:]!r}, ({SERVICE!r}, 53))
        sent, due = sent + 1, due + 0.05
    if select.select([asker], [], [], 0.01)[0]:
        answer = asker.recv(4096)
        if not answer[3] & 15 and not answer[2] & 2:
            answered.add(answer[:2])
print(len(answered) / sent)
"""
COUNTS = {"half": 200, "patient": 300, "idle": 600, "idle_from_many": 600, "syn": 2000, "unread": 100}
"""Connections or packets a second; 300 of what is not named."""


@pytest.fixture(scope="module")
def vantage(drill: Drill) -> t.Iterator[tuple[str, ...]]:
    """What stands before a command that is to run there; it has the addresses of the others meanwhile."""
    way_in = ("ip", "netns", "exec", drill.lab.namespace("vantage"))
    mine = [f"{address}/29" for address in (HONEST, *strangers.SOURCES)]
    for address in mine:
        shell.run(*way_in, "ip", "address", "add", address, "dev", "client")
    yield way_in
    for address in mine:
        shell.run(*way_in, "ip", "address", "del", address, "dev", "client")


@contextlib.contextmanager
def strange(vantage: tuple[str, ...], kind: str, seconds: float) -> t.Iterator[subprocess.Popen[str]]:
    """Meanwhile this traffic; it was some, and ended well."""
    count = ("--count", str(COUNTS.get(kind, 300)), "--seconds", str(seconds))
    command = [*vantage, sys.executable, str(pathlib.Path(strangers.__file__)), kind, SERVICE, *count]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
            said, _ = process.communicate(timeout=seconds + 60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert json.loads(said)["sent"] > 0


def answered(vantage: tuple[str, ...], seconds: float = SECONDS) -> float:
    """The share of honest questions over UDP that are answered."""
    return float(shell.run(*vantage, sys.executable, "-c", ASK, HONEST, str(seconds)))


@pytest.mark.parametrize("kind", sorted(strangers.KINDS))
def test_strangers_take_no_prefix(drill: Drill, vantage: tuple[str, ...], kind: str) -> None:
    def story() -> None:
        if kind == "udp":
            assert answered(vantage, 1) > 0.95, "it is not the flood that is to blame"
        seen: set[frozenset[str]] = set()
        with drill.watching(seen.add), strange(vantage, kind, SECONDS + 1):
            share = answered(vantage)
        assert seen == {frozenset(ALL)}
        verdicts = drill.status()["verdict"]
        assert {family: verdict["falls"] for family, verdict in verdicts.items()} == {"ipv4": 0, "ipv6": 0}
        # A flood of all that a machine can send leaves no room for everybody, but for some.
        assert share > 0 if kind == "udp" else share >= 0.95

    drill.undisturbed(story)


@pytest.mark.parametrize("kind", ["idle", "udp"])
def test_strangers_hide_no_dead_nameserver(drill: Drill, vantage: tuple[str, ...], kind: str) -> None:
    with strange(vantage, kind, 20) as running:
        assert answered(vantage, 1) > 0
        assert drill.received() == ALL
        stays_down = "mkdir -p /run/systemd/system/knot.service.d; printf '[Service]\\nRestart=no\\n' > "
        drill.node(
            "sh", "-ec", f"{stays_down} /run/systemd/system/knot.service.d/99-drill.conf; systemctl daemon-reload"
        )
        drill.node("systemctl", "kill", "--signal=KILL", "knot.service")
        assert running.poll() is None, "the strangers have gone already"
        drill.wait(set())
