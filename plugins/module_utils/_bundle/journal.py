# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a change under way leaves on disk, so that whoever comes next can undo it.

The state stands in the file's name, so that going from one to the next is a rename, which needs no space:

- ``preparing``: nothing that a daemon reads has changed yet;
- ``changing``: files, daemons or units may be old or new;
- ``unconfirmed``: all is new, and the controller has to get in again before that counts.

The change is done, and the journal only left over, when the manifest has the same transaction.
"""

from __future__ import annotations

import json
import os
import pathlib
import typing as t
from dataclasses import dataclass

from .entry import Entry, about, forget, sync, write
from .model import BundleError, Command, Unit

STATES = ("preparing", "changing", "unconfirmed")
"""In this order."""

_ENDING = ".journal"
_TRIES = 100
"""As often the journals are looked for again when one of them is gone before it is read; runs are not that quick."""


@dataclass(frozen=True)
class Past:
    """One path as it was before."""

    path: str
    before: Entry
    secret: bool = False


@dataclass(frozen=True)
class Journal:
    """Everything that going back takes."""

    bundle: str
    transaction: str
    past: tuple[Past, ...] = ()
    activations: tuple[Command, ...] = ()
    units: tuple[Unit, ...] = ()
    """As they were before, as far as the bundle looks after them."""
    seconds: int = 0
    """How long the controller has for its confirmation; 0: none is needed."""
    until: float = 0.0
    """When that is over, by the monotonic clock."""
    state: str = STATES[0]

    def to_json(self) -> dict[str, t.Any]:
        """For the disk, without the state."""
        return {
            "version": 1,
            "bundle": self.bundle,
            "transaction": self.transaction,
            "past": [{"path": past.path, "before": past.before.to_json(), "secret": past.secret} for past in self.past],
            "activations": [list(command.argv) for command in self.activations],
            "units": [vars(unit) for unit in self.units],
            "seconds": self.seconds,
            "until": self.until,
        }

    @classmethod
    def from_json(cls, raw: t.Mapping[str, t.Any], state: str) -> Journal:
        """From the disk; ValueError, KeyError or TypeError when it is none."""
        if raw["version"] != 1 or state not in STATES:
            raise ValueError("written by another version")
        return cls(
            bundle=raw["bundle"],
            transaction=raw["transaction"],
            past=tuple(Past(one["path"], Entry.from_json(one["before"]), one["secret"]) for one in raw["past"]),
            activations=tuple(Command(tuple(argv)) for argv in raw["activations"]),
            units=tuple(Unit(**unit) for unit in raw["units"]),
            seconds=raw["seconds"],
            until=raw["until"],
            state=state,
        )


def save(path: pathlib.Path, value: t.Mapping[str, t.Any]) -> None:
    """Whole or not at all, and for root only."""
    content = json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"
    with about(str(path)):
        write(str(path), Entry("file", content, os.geteuid(), os.getegid(), 0o600))


def load(path: pathlib.Path) -> dict[str, t.Any]:
    """Empty when there is none."""
    try:
        return _loaded(path)
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as error:
        raise _damaged(path, error) from None


def _loaded(path: pathlib.Path) -> dict[str, t.Any]:
    loaded = json.loads(path.read_bytes())
    if not isinstance(loaded, dict):
        raise TypeError("it holds no mapping")
    return loaded


def _damaged(path: pathlib.Path, error: Exception) -> BundleError:
    return BundleError(f"{path} is damaged ({error}); look what it says, then move it away")


def journals(directory: pathlib.Path) -> list[Journal]:
    """All that there are: at most one, unless somebody has copied them.

    Who looks without the lock may see one that is renamed or removed before it is read: then all are looked for again.
    """
    tries = 0
    while True:
        try:
            return [_journal(path, gone=tries < _TRIES) for path in sorted(directory.glob(f"*{_ENDING}"))]
        except FileNotFoundError:
            tries += 1


def _journal(path: pathlib.Path, *, gone: bool) -> Journal:
    """``gone``: it may be, and that is told by FileNotFoundError; else it is a link to nowhere."""
    state = path.name.removesuffix(_ENDING).rpartition(".")[2]
    try:
        return Journal.from_json(_loaded(path) if gone else load(path), state)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from None


def _path(directory: pathlib.Path, journal: Journal, state: str) -> pathlib.Path:
    return directory / f"{journal.bundle}.{state}{_ENDING}"


def begin(directory: pathlib.Path, journal: Journal) -> None:
    """Before anything is touched."""
    save(_path(directory, journal, journal.state), journal.to_json())


def advance(directory: pathlib.Path, journal: Journal, state: str) -> Journal:
    """To the next state; durable when it returns."""
    _path(directory, journal, journal.state).rename(_path(directory, journal, state))
    sync(str(directory))
    return Journal(**{**vars(journal), "state": state})


def revoke(directory: pathlib.Path, journal: Journal) -> Journal:
    """It cannot be confirmed any more, even if we never learned that it could be."""
    if not _path(directory, journal, "unconfirmed").exists():
        return journal
    return advance(directory, Journal(**{**vars(journal), "state": "unconfirmed"}), "changing")


def end(directory: pathlib.Path, journal: Journal) -> None:
    """The change is done, or undone."""
    # In whatever state: when the last step was hindered, it may be another one than we know of.
    for state in STATES:
        forget(str(_path(directory, journal, state)))
    sync(str(directory))
