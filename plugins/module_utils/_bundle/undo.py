# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The way back: the same for a run that failed, one that was killed, and one that nobody confirmed."""

from __future__ import annotations

import contextlib
import datetime
import syslog
import time
import typing as t
from dataclasses import dataclass

from . import swap
from .commands import TIMED_OUT, Answer, run, shorten
from .entry import explain, read
from .owed import note
from .owed import tell as tell_owed
from .redact import Redactor
from .units import Step, between, look

if t.TYPE_CHECKING:
    from .journal import Journal
    from .memory import Memory
    from .model import Command

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds after which an activation that failed on the way back is tried again: a daemon that has just been started, or
has trouble with the new files, may well listen then."""
_PATIENCE = 10.0
"""Seconds after which nothing is tried again: other daemons, and people, wait."""

_DAEMON_RELOAD = ("systemctl", "daemon-reload")


@dataclass(frozen=True)
class Undone:
    """How it went."""

    missing: tuple[str, ...] = ()
    """What could not be put back; the journal has to stay."""
    troubles: tuple[str, ...] = ()
    """What else did not work; activations that failed are owed."""


def say(bundle: str, what: str, command: Command | Step, answer: Answer, redactor: Redactor) -> str:
    """One failed command, for people; without secrets."""
    output = redactor.clean(shorten(answer.output)) or "(it said nothing)"
    return f"bundle {bundle}: {what} failed: {command} (rc {answer.rc}): {output}"


def redactor_of(journal: Journal) -> Redactor:
    """Knows the secrets that were there before, and those that are there until they are put back."""
    hidden = [past for past in journal.past if past.secret]
    secret = [past.before.content for past in hidden]
    for past in hidden:
        with contextlib.suppress(OSError):
            secret.append(read(past.path).content)
    names = [*(past.path for past in journal.past), *map(str, journal.activations)]
    return Redactor(secret, [name.encode() for name in names])


class _Way:
    def __init__(self, journal: Journal, inherit: int | None, redactor: Redactor, *, boot: bool) -> None:
        self.journal, self.inherit, self.redactor, self.boot = journal, inherit, redactor, boot
        self.troubles: list[str] = []

    def do(self, what: str, command: Command | Step, argv: t.Sequence[str]) -> None:
        answer = run(argv, inherit=self.inherit)
        if answer.rc:
            self.troubles.append(say(self.journal.bundle, what, command, answer, self.redactor))

    def activate(self, commands: t.Iterable[Command]) -> dict[Command, Answer]:
        """Each once; returns those that failed."""
        answers = {command: run(command.argv, inherit=self.inherit) for command in dict.fromkeys(commands)}
        return {command: answer for command, answer in answers.items() if answer.rc}

    def insist(self, failed: dict[Command, Answer]) -> list[Command]:
        """Try again what may well succeed, until time is up; returns what is still to be done."""
        off = {unit.unit for unit in self.journal.units if unit.started is False}
        deadline = time.monotonic() + _PATIENCE
        for pause in PAUSES:
            due = [
                command
                for command, answer in failed.items()
                if not answer.missing and answer.rc != TIMED_OUT and not off.intersection(command.argv)
            ]
            if not due or time.monotonic() + pause > deadline:
                break
            time.sleep(pause)  # nobody tells when a daemon listens again
            failed = {one: answer for one, answer in failed.items() if one not in due} | self.activate(due)
        for command, answer in failed.items():
            self.troubles.append(
                say(self.journal.bundle, "activation of the previous files", command, answer, self.redactor)
            )
        # A unit that is off again, such as the other nameserver's, is not to be told: to start it could stop this one.
        return [command for command in failed if not off.intersection(command.argv)]

    def steps(self) -> list[Step]:
        """Towards how the units were; at boot only what the boot itself does not do."""
        found = between(look(self.journal.units), self.journal.units)
        switched = {step.unit for step in found if step.verb in ("enable", "disable")}
        return [step for step in found if not self.boot or step.unit in switched]

    def units(self, steps: t.Iterable[Step]) -> None:
        for step in steps:
            # At boot, whoever waits for a job waits for his own end.
            later = ("--no-block",) if self.boot and step.verb in ("start", "stop") else ()
            self.do("undoing a unit's change", step, (*step.forward, *later))


def put_back(
    memory: Memory,
    journal: Journal,
    again: t.Sequence[Command] | None = None,
    *,
    redactor: Redactor | None = None,
    boot: bool = False,
) -> Undone:
    """Units, files and daemons as they were, and no journal any more; can be done again and again.

    ``again``: the activations to repeat, by default all; at boot only systemd has to look again, as nothing runs yet.
    """
    way = _Way(journal, memory.commands, redactor or redactor_of(journal), boot=boot)
    begun = journal.state != "preparing"
    with contextlib.suppress(OSError):  # what is renamed, but perhaps not for good, must not keep us from going back
        journal = memory.revoke(journal)
    if begun:
        # What is new is stopped and disabled while its unit file is still there.
        way.units(step for step in way.steps() if step.verb in ("stop", "disable"))
    missing = swap.restore(journal, memory.kept)
    if missing:
        return Undone(tuple(missing), tuple(way.troubles))
    if begun:
        due = journal.activations if again is None else again
        due = [command for command in due if not boot or command.argv == _DAEMON_RELOAD]
        failed = way.activate(due)
        way.units(way.steps())  # before anything is tried again: what served before shall serve
        left = way.insist(failed)
        try:
            note(memory.directory, memory.name, done=set(due), failed=left)
        except OSError as error:
            return Undone((f"what daemons are still owed could not be noted: {explain(error)}",), tuple(way.troubles))
        way.troubles += [tell_owed(memory.name, command) for command in left]
    memory.close_journal(journal)
    return Undone((), tuple(way.troubles))


def tell(memory: Memory, journal: Journal, reason: str, undone: Undone) -> None:
    """In the system's log, and in a file for whoever comes next."""
    paths = [past.path for past in journal.past]
    said = "previous files put back" if not undone.missing else "; ".join(undone.missing)
    syslog.syslog(syslog.LOG_WARNING, f"bundle {journal.bundle}: {reason}: {said}: {' '.join(paths)}")
    memory.note(
        {
            "bundle": journal.bundle,
            "transaction": journal.transaction,
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "reason": reason,
            "paths": paths,
            "complete": not undone.missing,
            "troubles": [*undone.missing, *undone.troubles],
        }
    )
