# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log is sent to the log server, over whatever comes between; the node stays live meanwhile."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import typing as t

import pytest
from imrslab import keys, shell, topology
from imrslab.drill import ALL, ROOT

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from imrslab.drill import Drill

UNIT, SERVICE = "imrs-log.service", "systemd-journal-remote.service"
RECEIVED = "/var/log/journal/remote"
STATE = "/var/lib/private/imrs-log/state"
CERTIFIED = "/etc/lab-log"
SOON = 240.0
"""Seconds until the node has noticed that a line is dead (60 s), tried again (60 s), and sent all; and as many more."""
DEAD = "add table inet drill { chain out { type filter hook output priority 10; tcp dport 19532 drop; }; }"
SERVER = re.compile(r"(?m)^log_server:\n(?:  .*\n)+")
REFUSED = "SSL certificate problem"


class Lines:
    """Numbered lines of one drill, as the node writes them and the log server has them.

    Each start of systemd-journal-upload (257) sends the last line that the server has acknowledged once more. That is
    not to be one of these.
    """

    def __init__(self, drill: Drill, name: str) -> None:
        self._drill, self._name, self.written = drill, name, 0

    def write(self, count: int) -> None:
        """So many more."""
        first, self.written = self.written + 1, self.written + count
        self._drill.node("sh", "-c", f"seq {first} {self.written} | systemd-cat --identifier={self._name}")

    def arrived(self) -> list[int]:
        """What the log server has, in its order."""
        asked = ("journalctl", f"--directory={RECEIVED}", f"--identifier={self._name}", "--output=cat", "--quiet")
        return [int(line) for line in self._drill.inside(topology.LOG_AT, *asked, "--no-pager").splitlines()]

    def wait(self) -> list[int]:
        """Until the last one is there; all that are."""
        shell.wait_for(f"line {self.written} of {self._name}", lambda: self.written in self.arrived(), SOON)
        return self.arrived()

    def taken(self) -> bool:
        """Whether the log server has told the node that it has all: only then it is not sent again."""
        after = f'--after-cursor="$(sed -n s/^LAST_CURSOR=//p {STATE})"'
        names = f"--identifier={self._name} --identifier=drill"
        return not self._drill.node("sh", "-c", f"journalctl {names} {after} --quiet --no-pager")

    @property
    def all(self) -> list[int]:
        """Every one, once."""
        return list(range(1, self.written + 1))


@pytest.fixture
def lines(drill: Drill, request: pytest.FixtureRequest) -> Lines:
    """One has arrived, by a connection that is open, another one behind it, and nothing is under way."""
    found = Lines(drill, f"{request.node.name.replace('_', '-')}-{secrets.token_hex(4)}")  # a kept lab has older ones
    found.write(1)
    found.wait()
    drill.node("systemd-cat", "--identifier=drill", "echo", "the last one before")
    shell.wait_for("the log server's word", found.taken, SOON)
    return found


@contextlib.contextmanager
def staying(drill: Drill) -> Iterator[None]:
    """The host's router holds all that the node announces, all the time."""
    seen: list[frozenset[str]] = []
    with drill.watching(seen.append):
        yield
    assert seen
    assert set(seen) == {frozenset(ALL)}


def restarts(drill: Drill) -> int:
    return int(drill.node("systemctl", "show", "--value", "--property=NRestarts", UNIT))


def test_a_server_that_was_away_gets_every_line_once(drill: Drill, lines: Lines) -> None:
    with staying(drill):
        drill.inside(topology.LOG_AT, "systemctl", "stop", topology.LOG, SERVICE)
        try:
            before = restarts(drill)
            lines.write(500)
            shell.wait_for("another try", lambda: restarts(drill) > before, SOON)
            lines.write(500)
            assert lines.arrived() == [1]
        finally:
            drill.inside(topology.LOG_AT, "systemctl", "start", topology.LOG)
        assert lines.wait() == lines.all


def test_a_line_that_was_dead_loses_nothing(drill: Drill, lines: Lines) -> None:
    """What was under way when the line died may come twice: the node cannot know that it arrived."""
    with staying(drill):
        drill.node("nft", DEAD)
        try:
            before = restarts(drill)
            lines.write(500)
            shell.wait_for("the end of a transfer that stands still", lambda: restarts(drill) > before, SOON)
            lines.write(500)
            assert lines.arrived() == [1]
        finally:
            drill.node("nft", "delete table inet drill")
        assert sorted(set(lines.wait())) == lines.all


def test_who_has_another_certificate_gets_nothing(drill: Drill, lines: Lines) -> None:
    """It has the server's address and its name: so whoever is on the way could."""
    (_word, cursor) = drill.node("journalctl", "--lines=0", "--show-cursor", "--quiet").split(": ")

    def refused() -> bool:
        said = drill.node("journalctl", f"--unit={UNIT}", f"--after-cursor={cursor.strip()}", "--no-pager")
        return REFUSED in said

    drill.inside(topology.LOG_AT, "cp", "--archive", CERTIFIED, f"{CERTIFIED}.kept")
    with staying(drill):
        try:
            drill.inside(topology.LOG_AT, *keys.self_signed(f"{CERTIFIED}/key.pem", f"{CERTIFIED}/certificate.pem"))
            drill.inside(topology.LOG_AT, "systemctl", "restart", SERVICE)
            lines.write(500)
            shell.wait_for("the node's refusal", refused, SOON)
            assert lines.arrived() == [1]
        finally:
            put_back = f"rm -r {CERTIFIED} && mv {CERTIFIED}.kept {CERTIFIED}"
            drill.inside(topology.LOG_AT, "sh", "-c", put_back)
            drill.inside(topology.LOG_AT, "systemctl", "restart", SERVICE)
        assert lines.wait() == lines.all


def test_a_fleet_without_a_log_server_any_more_disturbs_nobody(drill: Drill, lines: Lines) -> None:
    """Nor one that has it again: nothing of it is certified."""
    folder = ROOT / f".lab/{drill.lab.name}-without-log-server"
    shutil.copytree(drill.lab.inventory, folder, dirs_exist_ok=True)
    try:
        text, count = SERVER.subn("", (folder / "fleet.yml").read_text(encoding="utf-8"))
        assert count == 1
        (folder / "fleet.yml").write_text(text, encoding="utf-8")
        before = drill.status()["fingerprint"]
        with staying(drill):
            without = drill.play("site", inventory=folder)
            assert without.status == 0, without.output
            assert drill.node("sh", "-c", f"systemctl is-active {UNIT}; systemctl is-enabled {UNIT} || :").split() == [
                "inactive",
                "disabled",
            ]
            assert drill.node("sh", "-c", "ls -d /etc/imrs-log/* /etc/systemd/journal-upload.conf.d/* || :") == ""
            lines.write(1)
            again = drill.play("site")
            assert again.status == 0, again.output
            assert lines.wait() == lines.all
        assert drill.status()["fingerprint"] == before
    finally:
        shutil.rmtree(folder)
