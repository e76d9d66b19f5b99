# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What daemons were not told on the way back: activations that failed although their files are the previous ones again.

A note of them stays in the state directory, by bundle. The next run of the bundle does them, if they are still among
its activations, as if their files had changed: with the same disruption, in the same windows. So does a boot.
"""

from __future__ import annotations

import typing as t

from .entry import forget, sync
from .journal import load, save
from .model import Command

if t.TYPE_CHECKING:
    import pathlib

ENDING = ".owed"


def owed(directory: pathlib.Path) -> dict[str, list[Command]]:
    """Commands by bundle, as far as any are owed."""
    found = {path.stem: load(path).get("commands", []) for path in sorted(directory.glob(f"*{ENDING}"))}
    return {bundle: [Command(tuple(argv)) for argv in given] for bundle, given in found.items() if given}


def spare(directory: pathlib.Path, bundle: str) -> pathlib.Path:
    """The note that a change keeps ready while it is open."""
    return directory / f".{bundle}.spare"


def reserve(directory: pathlib.Path, bundle: str, commands: t.Collection[Command]) -> None:
    """As long as there is room: a note that says the worst, so that a full disk does not hinder the way back."""
    if commands:
        _save(spare(directory, bundle), dict.fromkeys([*owed(directory).get(bundle, []), *commands]))


def _save(path: pathlib.Path, commands: t.Iterable[Command]) -> None:
    save(path, {"commands": [list(command.argv) for command in commands]})


def note(
    directory: pathlib.Path, bundle: str, *, done: t.Collection[Command] = (), failed: t.Iterable[Command] = ()
) -> None:
    """Some have been done, and others have failed; durable when it returns."""
    before = owed(directory).get(bundle, [])
    after = list(dict.fromkeys([*(command for command in before if command not in done), *failed]))
    path, ready = directory / f"{bundle}{ENDING}", spare(directory, bundle)
    if after and after != before:
        try:
            _save(path, after)
        except OSError:
            if not ready.exists():
                raise
            ready.rename(path)
            sync(str(directory))
    elif before and not after:
        forget(str(path))
        sync(str(directory))


def drop(directory: pathlib.Path) -> None:
    """The node starts anew, and all daemons with the files that are there. A damaged note is no reason to stop."""
    for path in directory.glob(f"*{ENDING}"):
        forget(str(path))
    sync(str(directory))


def tell(bundle: str, command: Command) -> str:
    """For people; what the command said could quote a secret that nobody here knows any more."""
    return (
        f"bundle {bundle}: since its previous files were put back, this is still owed: {command}; "
        "the next run of the bundle that may change the node does it, and so does a boot"
    )


def told(directory: pathlib.Path) -> list[str]:
    """For whoever only looks."""
    return [tell(bundle, command) for bundle, commands in owed(directory).items() for command in commands]
