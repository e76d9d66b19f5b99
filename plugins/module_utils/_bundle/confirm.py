# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Changes that could cut the controller off count only once it has got in again."""

from __future__ import annotations

import time
import typing as t

from .commands import Answer, run
from .memory import Memory
from .model import BundleError

if t.TYPE_CHECKING:
    from .journal import Journal

PATIENCE = 20.0
"""Seconds that a confirmation waits for the run that it confirms."""


class Scheduler(t.Protocol):
    """Does something later, whatever becomes of us."""

    def arm(self, name: str, seconds: int, command: t.Sequence[str]) -> None:
        """Run the command after that many seconds; BundleError when that cannot be had."""

    def disarm(self, name: str) -> None:
        """Do not run it any more; nothing happens when it is not armed."""


class Systemd:
    """A transient timer of systemd: survives us and our connection, but no reboot (then the boot puts things back)."""

    def __init__(self, run_: t.Callable[[t.Sequence[str]], Answer] = run) -> None:
        """``run_``: how commands are run."""
        self._run = run_

    @staticmethod
    def unit(name: str) -> str:
        """Without the suffix: there is a timer and a service."""
        return f"imrs-bundle-confirm-{name}"

    def arm(self, name: str, seconds: int, command: t.Sequence[str]) -> None:
        """As the protocol says."""
        self.disarm(name)
        options = ["--quiet", "--collect", f"--unit={self.unit(name)}", f"--on-active={seconds}s"]
        options += ["--timer-property=AccuracySec=200ms"]
        answer = self._run(["systemd-run", *options, f"--description=Undo bundle {name} unless confirmed", *command])
        if answer.rc:
            said = answer.output.strip() or f"rc {answer.rc}"
            raise BundleError(f"the node cannot be made to go back by itself (systemd-run: {said})")

    def disarm(self, name: str) -> None:
        """As the protocol says; a way back that has begun goes on."""
        self._run(["systemctl", "stop", f"{self.unit(name)}.timer"])


def _mine(memory: Memory, token: str) -> Journal | None:
    return next((one for one in memory.open_journals() if (one.bundle, one.transaction) == (memory.name, token)), None)


def keep(directory: str, name: str, token: str, scheduler: Scheduler) -> str:
    """The controller got in again: keep the change. Returns why that cannot be any more, or nothing."""
    memory = Memory(directory, name)
    with memory.locked(PATIENCE):
        journal = _mine(memory, token)
        if journal is None or memory.committed(journal):
            if memory.transaction() != token:
                noted = memory.noted()
                reason = noted.get("reason") if noted.get("transaction") == token else "there is no such change"
                return f"bundle {name}: the previous files are in place: {reason}"
            if journal:
                memory.close_journal(journal)
        elif journal.state != "unconfirmed":
            return f"bundle {name}: the run was killed before it was done; the node puts the previous files back"
        elif time.monotonic() > journal.until:
            return f"bundle {name}: {journal.seconds} seconds are over; the node puts the previous files back"
        else:
            memory.commit()
            memory.close_journal(journal)
        scheduler.disarm(name)
    return ""
