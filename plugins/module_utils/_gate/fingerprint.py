# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""``imrs-fingerprint``: one number for the configuration that acceptance judged.

Runs as root, because some of the files are secret; what it leaves behind tells nothing of them: among the files is one
of random octets that never leaves the node, or who knows all the others could try secrets until the number is right.
"""

from __future__ import annotations

import argparse
import fnmatch
import glob
import hashlib
import json
import os
import pathlib
import secrets
import stat
import sys
import typing as t

from . import store
from .bundles import FORESEEN, STATE, Bundles

SKIPPED = "__pycache__"
"""Directories of that name hold what Python makes of files that count themselves."""
TEMPORARY = ".*.imrs-new"
"""What a bundle is about to put in place; no program reads files of such a name (``_bundle.entry.temporary_name``)."""
SALT = "fingerprint.salt"
"""The name of the file of random octets."""
_MISSING = "missing"
_GONE = (FileNotFoundError, NotADirectoryError)
_Line = tuple[str, str, str]


def fingerprint(paths: t.Iterable[str], staged: str = "", removed: t.Collection[str] = ()) -> str:
    """SHA-256, in hexadecimal, over the sorted (path, mode, SHA-256 of the content); a missing file counts as such.

    A path may be a file, a directory (everything below it counts, symbolic links there by where they point) or a
    pattern as of a shell, with ``**`` for any depth. With ``staged``, the root of a tree, it is the fingerprint of what
    will be when the files of that tree have taken their places and the ``removed`` ones are gone. What a bundle writes
    beside its place first does not count.
    """
    staged = staged.rstrip("/")
    lines: dict[str, _Line] = {}
    for path in paths:
        found = {line[0]: line for match in _matches(path) for line in _lines(match) if line[0] not in removed}
        if staged:
            found |= _staged(path, staged)
            if len(found) > 1 and found.get(path, ("", "", ""))[1] == _MISSING:
                del found[path]  # stood for a pattern that had no match
        lines |= found or {path: (path, _MISSING, "")}
    return hashlib.sha256(json.dumps(sorted(lines.values())).encode()).hexdigest()


def _staged(path: str, root: str) -> dict[str, _Line]:
    """The lines of the staged tree, under the names that the files will have."""
    found = [line for match in _matches(glob.escape(root) + path) for line in _lines(match) if line[1] != _MISSING]
    return {name.removeprefix(root): (name.removeprefix(root), state, content) for name, state, content in found}


def _matches(path: str) -> list[str]:
    """What a pattern stands for; the path itself if it is none, is there under that very name, or matches nothing."""
    if glob.escape(path) == path or os.path.lexists(path):
        return [path]
    return sorted(match for match in glob.glob(path, recursive=True) if not _temporary(match)) or [path]


def _temporary(path: str) -> bool:
    return fnmatch.fnmatchcase(os.path.basename(path), TEMPORARY)


def _lines(path: str) -> t.Iterator[_Line]:
    if not pathlib.Path(path).is_dir():
        yield _line(path)
        return
    yield path, "directory", ""
    for where, directories, files in os.walk(path, onerror=_unless_gone):
        directories[:] = [name for name in directories if name != SKIPPED]
        links = [name for name in directories if (pathlib.Path(where) / name).is_symlink()]
        for name in [*files, *links]:
            if not _temporary(name):
                yield _inner(pathlib.Path(where) / name)


def _inner(path: pathlib.Path) -> _Line:
    try:
        return str(path), "link", str(path.readlink())
    except OSError:  # is no link, or is gone
        return _line(str(path), os.O_NOFOLLOW)


def _line(path: str, flags: int = 0) -> _Line:
    try:
        found = pathlib.Path(path).stat(follow_symlinks=not flags)
        if not stat.S_ISREG(found.st_mode):  # to open a pipe or a device may do anything
            return path, f"{stat.S_IMODE(found.st_mode):04o}", "special"
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
        with os.fdopen(descriptor, "rb") as file:
            mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            return path, f"{mode:04o}", hashlib.file_digest(file, "sha256").hexdigest()
    except _GONE:
        return path, _MISSING, ""


def _salted(paths: t.Iterable[str]) -> None:
    """Make the file of random octets where there is none yet."""
    for path in paths:
        if os.path.basename(path) == SALT and not os.path.lexists(path):
            store.replace(pathlib.Path(path), secrets.token_bytes(32), 0o600)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, _GONE):
        raise error


def _undisturbed(paths: t.Sequence[str], bundles: Bundles | None) -> str:
    """The fingerprint; while a change is foreseen, not one of its middle."""
    while True:
        since = bundles.changed_at() if bundles else 0
        value = fingerprint(paths)
        if not bundles or not bundles.meddled(since):
            return value


def main(arguments: list[str] | None = None) -> int:
    """Write the fingerprint of the configured paths; 2 and no fingerprint at all when it cannot be told."""
    parser = argparse.ArgumentParser(prog="imrs-fingerprint", description="Write the fingerprint of the configuration.")
    parser.add_argument("--config", type=pathlib.Path, default=pathlib.Path("/etc/imrs/gate.json"), metavar="FILE")
    parser.add_argument("--runtime", type=pathlib.Path, default=pathlib.Path("/run/imrs"), metavar="DIRECTORY")
    parser.add_argument("--staged", metavar="ROOT", help="only print what it will be with the files of this tree")
    parser.add_argument("--removed", action="append", default=[], metavar="PATH", help="... and without this one")
    parser.add_argument("--at-once", action="store_true", help="wait for no bundle, even if its change is foreseen")
    parser.add_argument("--bundles", type=pathlib.Path, default=STATE, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    target: pathlib.Path = given.runtime / "fingerprint"
    try:
        paths = json.loads(given.config.read_text(encoding="utf-8"))["fingerprint_paths"]
        if given.staged:
            sys.stdout.write(fingerprint(paths, given.staged, given.removed) + "\n")
            return 0
        _salted(paths)
        given.runtime.mkdir(mode=0o755, exist_ok=True)
        bundles = None if given.at_once else Bundles(given.bundles, given.runtime / FORESEEN)
        written = ""
        while written != (
            value := _undisturbed(paths, bundles)
        ):  # what changed while this ran may have no one else to notice
            store.replace(target, f"{value}\n".encode(), 0o644)
            written = value
    except (OSError, ValueError, KeyError, TypeError) as error:
        if not given.staged:
            target.unlink(missing_ok=True)
        sys.stderr.write(f"imrs-fingerprint: {error}\n")
        return 2
    return 0
