# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""New files into their places and previous ones back, so that only renames are left to do once it counts.

``prepare`` does everything that needs space: it makes directories, writes the new files beside their places and flushes
them, and keeps the previous files by a second name in the state directory. ``swap`` and ``restore`` then only rename,
which a full disk does not hinder. Where the state is on another file system there is no second name, and ``restore``
writes the previous files anew from the journal.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import shutil
import typing as t

from .entry import Entry, about, explain, forget, own, put, read, same_file, stage, sync, temporary_name

if t.TYPE_CHECKING:
    from .journal import Journal
    from .plan import Change


def _replaced(change: Change) -> bool:
    """Whether another file or link takes the place, or none."""
    return "directory" not in (change.before.kind, change.after.kind) and not same_file(change.before, change.after)


def _sync(paths: t.Iterable[str]) -> None:
    """Make what happened to the directory entries durable."""
    for directory in sorted({os.path.dirname(path) for path in paths}):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            sync(directory)


def kept_name(kept: pathlib.Path, index: int) -> str:
    """The second name of the previous file of the n-th change."""
    return str(kept / str(index))


def prepare(changes: t.Sequence[Change], kept: pathlib.Path) -> None:
    """Everything but the renames; raises an OSError that names the path."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(mode=0o700)
    for index, change in enumerate(changes):
        with about(change.path):
            if change.after.kind == "directory" and change.before.kind == "absent":
                put(change.path, change.after)
            elif _replaced(change):
                if change.before.kind != "absent":
                    # another file system, or one that knows no second names
                    with contextlib.suppress(OSError):
                        os.link(change.path, kept_name(kept, index), follow_symlinks=False)
                if change.after.kind != "absent":
                    stage(change.path, change.after)
    _sync([*(change.path for change in changes), str(kept / "x")])


def swap(changes: t.Sequence[Change]) -> None:
    """Only renames, removals and attributes; raises an OSError that names the path."""
    for change in changes:
        with about(change.path):
            if change.after.kind == "directory" or same_file(change.before, change.after):
                own(change.path, change.after, follow=change.before.kind == "directory")
            elif change.after.kind == "absent":
                put(change.path, change.after)
            else:
                os.replace(temporary_name(change.path), change.path)
    _sync(change.path for change in changes)


def _restore(path: str, before: Entry, second: str) -> None:
    forget(temporary_name(path))
    if read(path, follow=before.kind == "directory") == before:
        return
    if before.kind in ("file", "link") and read(second) == before:
        os.replace(second, path)
        return
    try:
        put(path, before)
    except OSError as error:
        # A directory of ours in which somebody has put something by now: it does no harm, and is not ours to empty.
        if not (before.kind == "absent" and error.errno in (errno.ENOTEMPTY, errno.EEXIST)):
            raise


def restore(journal: Journal, kept: pathlib.Path) -> list[str]:
    """Everything as it was before; can be done again and again. Returns what could not be put back, and why."""
    troubles = []
    for index, past in reversed(list(enumerate(journal.past))):
        try:
            _restore(past.path, past.before, kept_name(kept, index))
        except OSError as error:
            troubles.append(f"{past.path} could not be put back: {explain(error, past.path)}")
    _sync(past.path for past in journal.past)
    return troubles


def tidy(journal: Journal, kept: pathlib.Path) -> None:
    """Nothing stays of a change that is done or undone."""
    for past in journal.past:
        forget(temporary_name(past.path))
    shutil.rmtree(kept, ignore_errors=True)
