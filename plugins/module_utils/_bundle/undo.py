# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The way back: the same for a run that failed, one that was killed, and one that nobody confirmed."""

from __future__ import annotations

import datetime
import syslog
import typing as t
from dataclasses import dataclass

from . import swap
from .commands import Answer, run, shorten
from .redact import Redactor
from .units import Step, between, look

if t.TYPE_CHECKING:
    from .journal import Journal
    from .memory import Memory
    from .model import Command

_DAEMON_RELOAD = ("systemctl", "daemon-reload")


@dataclass(frozen=True)
class Undone:
    """How it went."""

    missing: tuple[str, ...] = ()
    """What could not be put back; the journal has to stay."""
    troubles: tuple[str, ...] = ()
    """What else did not work; trying again would not help."""


def say(bundle: str, what: str, command: Command | Step, answer: Answer, redactor: Redactor) -> str:
    """One failed command, for people; without secrets."""
    output = redactor.clean(shorten(answer.output)) or "(it said nothing)"
    return f"bundle {bundle}: {what} failed: {command} (rc {answer.rc}): {output}"


def redactor_of(journal: Journal) -> Redactor:
    """Knows the secrets that were there before."""
    secret = [past.before.content for past in journal.past if past.secret]
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
    if begun:
        # What is new is stopped and disabled while its unit file is still there.
        way.units(step for step in way.steps() if step.verb in ("stop", "disable"))
    missing = swap.restore(journal, memory.kept)
    if missing:
        return Undone(tuple(missing), tuple(way.troubles))
    if begun:
        for command in journal.activations if again is None else again:
            if not boot or command.argv == _DAEMON_RELOAD:
                way.do("activation of the previous files", command, command.argv)
        way.units(way.steps())
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
