# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Puts right what a run left half-way: at the next run, at boot, after a time without confirmation, or by hand."""

from __future__ import annotations

import argparse
import contextlib
import sys
import typing as t
from dataclasses import dataclass

from . import owed
from .commands import run
from .confirm import Scheduler, Systemd
from .entry import explain
from .memory import Memory
from .model import BundleError
from .places import STATE
from .stage import sweep
from .undo import Undone, put_back, tell

if t.TYPE_CHECKING:
    from .journal import Journal

LEFTOVERS = 30.0
"""Seconds that we wait for a command which a killed run has left behind; longer ones are taken for daemons."""


@dataclass(frozen=True)
class Settled:
    """One bundle that was put right."""

    bundle: str
    reason: str
    paths: tuple[str, ...] = ()
    """Put back; none when the change was done and only its journal left over, or had not begun."""
    troubles: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For people."""
        told = f"bundle {self.bundle}: {self.reason}; previous files put back: {', '.join(self.paths)}"
        return "\n".join([told, *self.troubles])


def _why(journal: Journal, *, boot: bool) -> str:
    if journal.state != "unconfirmed":
        return "a run was killed while it changed files"
    when = "the node was started anew" if boot else "something else was to be done"
    return f"{when} before the controller had confirmed the change"


def settle(
    memory: Memory, scheduler: Scheduler, only: t.Callable[[Journal], str] | None = None, *, boot: bool = False
) -> list[Settled]:
    """Finish or undo what is open; the lock is ours. Raises BundleError when something cannot be put back.

    ``only``: gives the reason for which a journal is to be settled, or nothing when it is not to be.
    """
    done = []
    for journal in memory.open_journals():
        reason = only(journal) if only else _why(journal, boot=boot)
        if reason:
            done.append(_settle(memory.of(journal.bundle), journal, scheduler, reason, boot=boot))
    return [settled for settled in done if settled.paths]


def _settle(memory: Memory, journal: Journal, scheduler: Scheduler, reason: str, *, boot: bool) -> Settled:
    memory.quiet(LEFTOVERS)
    if memory.committed(journal):
        memory.close_journal(journal)
        undone, paths = Undone(), tuple[str, ...]()
    else:
        undone, paths = put_back(memory, journal, boot=boot), tuple(past.path for past in journal.past)
        if journal.state == "preparing" and not undone.missing:
            paths = ()
        else:
            tell(memory, journal, reason, undone)
    if undone.missing:
        raise BundleError(
            f"bundle {journal.bundle}: {reason}, and not everything can be put back: {'; '.join(undone.missing)}; "
            "the next run tries again, but look at the node"
        )
    if journal.seconds and not boot:
        scheduler.disarm(journal.bundle)
    return Settled(journal.bundle, reason, paths, undone.troubles)


@dataclass(frozen=True)
class Paid:
    """What was owed to daemons since a way back, in sentences for people."""

    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def pay(memory: Memory) -> Paid:
    """Try what is owed; the lock is ours. Not while a change is open: its files are not whole yet, or are no more."""
    found = owed.owed(memory.directory)
    if not found or memory.open_journals():
        return Paid((), tuple(owed.told(memory.directory)))
    memory.quiet(LEFTOVERS)
    done, left = [], []
    for bundle, commands in found.items():
        for command in commands:
            answer = run(command.argv, inherit=memory.commands)
            if answer.rc:
                left.append(owed.tell(memory.directory, bundle, command, f" (rc {answer.rc})"))
                continue
            done.append(f"bundle {bundle}: done by now, after its previous files had been put back: {command}")
            with contextlib.suppress(OSError):  # then it is done once more
                owed.note(memory.directory, bundle, done=[command])
    return Paid(tuple(done), tuple(left))


def settled_and_paid(directory: str, scheduler: Scheduler, given: argparse.Namespace) -> tuple[list[Settled], Paid]:
    """What the command does."""
    memory = Memory(directory, "recovery")
    if not memory.directory.is_dir():
        return [], Paid()
    sweep()
    if not given.unconfirmed:
        with memory.locked(None if given.boot else LEFTOVERS):
            if given.boot:
                owed.drop(memory.directory)
                return settle(memory, scheduler, boot=True), Paid((), tuple(owed.told(memory.directory)))
            return settle(memory, scheduler), pay(memory)
    name, transaction = given.unconfirmed

    def expired(journal: Journal) -> str:
        mine = (journal.bundle, journal.transaction) == (name, transaction)
        return f"nobody confirmed the change over a new connection within {journal.seconds} seconds" if mine else ""

    with memory.locked(None):
        return settle(memory, scheduler, expired), pay(memory)


def main(arguments: t.Sequence[str] | None = None) -> int:
    """The command ``imrs-bundle-recover``."""
    parser = argparse.ArgumentParser(
        prog="imrs-bundle-recover",
        description="Put back what a run of icann.imrs.bundle left half-way, and tell daemons of it that could not be "
        "told then. Does nothing when there is nothing; fails when something is left to be done.",
    )
    parser.add_argument("--boot", action="store_true", help="daemons do not run yet: only put files and units back")
    parser.add_argument("--unconfirmed", nargs=2, metavar=("BUNDLE", "CHANGE"), help="only this change, if it is open")
    parser.add_argument(
        "--state", default=STATE, metavar="DIRECTORY", help="where bundles are remembered (%(default)s)"
    )
    given = parser.parse_args(arguments)
    try:
        done, paid = settled_and_paid(given.state, Systemd(run), given)
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{explain(error)}\n")
        return 1
    for sentence in (*done, *paid.done):
        sys.stdout.write(f"{sentence}\n")
    for sentence in paid.left:
        sys.stderr.write(f"{sentence}\n")
    return 1 if paid.left else 0
