# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Puts right what a run left half-way: at the next run, at boot, after a time without confirmation, or by hand."""

from __future__ import annotations

import argparse
import pathlib
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
    when = "the node was rebooted" if boot else "something else was to be done"
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


def settled_by(directory: str, scheduler: Scheduler, given: argparse.Namespace) -> list[Settled]:
    """What the command does."""
    memory = Memory(directory, "recovery")
    if not memory.directory.is_dir():
        return []
    sweep()
    if not given.unconfirmed:
        with memory.locked(None if given.boot else LEFTOVERS):
            if given.boot:
                owed.drop(memory.directory)
            return settle(memory, scheduler, boot=given.boot)
    name, transaction = given.unconfirmed

    def expired(journal: Journal) -> str:
        mine = (journal.bundle, journal.transaction) == (name, transaction)
        return f"nobody confirmed the change over a new connection within {journal.seconds} seconds" if mine else ""

    with memory.locked(None):
        return settle(memory, scheduler, expired)


def main(arguments: t.Sequence[str] | None = None) -> int:
    """The command ``imrs-bundle-recover``."""
    parser = argparse.ArgumentParser(
        prog="imrs-bundle-recover",
        description="Put back what a run of icann.imrs.bundle left half-way. Does nothing when there is nothing; fails "
        "when a daemon could not be told that its previous files are back.",
    )
    parser.add_argument("--boot", action="store_true", help="daemons do not run yet: only put files and units back")
    parser.add_argument("--unconfirmed", nargs=2, metavar=("BUNDLE", "CHANGE"), help="only this change, if it is open")
    parser.add_argument(
        "--state", default=STATE, metavar="DIRECTORY", help="where bundles are remembered (%(default)s)"
    )
    given = parser.parse_args(arguments)
    try:
        done = settled_by(given.state, Systemd(run), given)
        left = owed.told(pathlib.Path(given.state))
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{explain(error)}\n")
        return 1
    for settled in done:
        sys.stdout.write(f"{settled}\n")
    for sentence in left:
        sys.stderr.write(f"{sentence}\n")
    return 1 if left else 0
