# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node remembers of its bundles: manifests, the journal of a change under way, and a lock."""

from __future__ import annotations

import contextlib
import pathlib
import typing as t

from . import journal as journals
from .entry import forget, sync, temporary_name
from .lock import MOMENT, lock
from .model import Bundle, BundleError
from .owed import spare
from .swap import tidy

if t.TYPE_CHECKING:
    from .journal import Journal

HELPER, HELPED = ".helper", 60.0
"""Locked while a helper of root's restarts daemons, which looks first whether a bundle is at work; and the seconds that
are waited for it: it ends by itself, and a bundle must not be refused for it."""
ROLLBACK = "last-rollback.json"
"""What was put back last, and why."""


class Memory:
    """The state directory, seen from one bundle."""

    def __init__(self, directory: str, name: str) -> None:
        """Nothing is read or written yet."""
        self.directory, self.name = pathlib.Path(directory), name
        self.kept = self.directory / "kept"
        self.commands: int | None = None
        """A descriptor for commands to inherit: it stays locked as long as one of them runs."""
        self._manifest = self.directory / f"{name}.json"

    @contextlib.contextmanager
    def locked(self, patience: float | None = MOMENT) -> t.Iterator[None]:
        """Make the directory, and keep other runs out; waits that many seconds for one to end, None: for ever."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.directory / HELPER).open("a") as helper:
                lock(helper.fileno(), HELPED)
            with (self.directory / ".lock").open("a") as file, (self.directory / ".commands").open("a") as commands:
                if not lock(file.fileno(), patience):
                    raise BundleError(
                        f"bundle {self.name}: another run is changing this node at the moment; "
                        "wait for it, then run again"
                    )
                self.commands = commands.fileno()
                self.quiet(0)
                for left in self.directory.glob(temporary_name("*")):
                    forget(str(left))
                yield
        finally:
            self.commands = None

    def of(self, bundle: str) -> Memory:
        """The same directory and lock, seen from another bundle."""
        other = Memory(str(self.directory), bundle)
        other.commands = self.commands
        return other

    def quiet(self, patience: float) -> None:
        """Wait for commands that a killed run has left behind; no longer than that: one may have become a daemon."""
        if self.commands is not None:
            lock(self.commands, patience)

    def owned(self) -> dict[str, bool]:
        """Paths that this bundle wrote, and whether they were secret."""
        files = journals.load(self._manifest).get("files", {})
        return {path: bool(entry["secret"]) for path, entry in files.items()}

    def elsewhere(self) -> set[str]:
        """Paths that other bundles wrote."""
        others = [path for path in sorted(self.directory.glob("*.json")) if path != self._manifest]
        return {dest for path in others for dest in journals.load(path).get("files", {})}

    def remember(self, bundle: Bundle) -> None:
        """Write the manifest of a run that changed nothing, unless it says the same already."""
        says, known = bundle.state, journals.load(self._manifest)
        if any(known.get(key) != value for key, value in says.items()):
            journals.save(self._manifest, {"name": self.name, **says, "transaction": ""})

    def stage(self, bundle: Bundle, transaction: str) -> None:
        """Write the manifest beside its place, so that ``commit`` needs no space."""
        beside = self.directory / f".{self.name}.manifest"
        journals.save(beside, {"name": self.name, **bundle.state, "transaction": transaction})

    def commit(self) -> None:
        """The instant from which the change counts: the staged manifest takes its place."""
        (self.directory / f".{self.name}.manifest").rename(self._manifest)
        sync(str(self.directory))

    def committed(self, journal: Journal) -> bool:
        """Whether the change is done and only its journal left over."""
        return self.transaction() == journal.transaction

    def transaction(self) -> str:
        """The last one that counts."""
        return str(journals.load(self._manifest).get("transaction") or "")

    def open_journal(self, journal: Journal) -> None:
        """Before the first file is touched: how everything was."""
        journals.begin(self.directory, journal)

    def advance(self, journal: Journal, state: str) -> Journal:
        """To the journal's next state."""
        return journals.advance(self.directory, journal, state)

    def revoke(self, journal: Journal) -> Journal:
        """From here on, a confirmation comes too late."""
        return journals.revoke(self.directory, journal)

    def close_journal(self, journal: Journal) -> None:
        """The change is done, or undone."""
        tidy(journal, self.kept)
        forget(str(self.directory / f".{self.name}.manifest"))
        forget(str(spare(self.directory, self.name)))
        journals.end(self.directory, journal)

    def open_journals(self) -> list[Journal]:
        """Of all bundles; there is at most one."""
        return journals.journals(self.directory)

    def note(self, rollback: t.Mapping[str, t.Any]) -> None:
        """Leave word for people; a full disk must not hinder what it is about."""
        with contextlib.suppress(OSError):
            journals.save(self.directory / ROLLBACK, rollback)

    def noted(self) -> dict[str, t.Any]:
        """The word that was left last."""
        with contextlib.suppress(BundleError):
            return journals.load(self.directory / ROLLBACK)
        return {}
