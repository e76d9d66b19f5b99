# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Small JSON files that survive a power cut: whole or not at all. What cannot be read says why."""

from __future__ import annotations

import contextlib
import json
import os
import typing as t

if t.TYPE_CHECKING:
    import pathlib

MODE = 0o640


class DamagedError(ValueError):
    """A file is there and cannot be used; the text says why."""


def read(path: pathlib.Path) -> dict[str, t.Any] | None:
    """The JSON object in the file, None when there is no file; DamagedError for anything else."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise DamagedError(f"{path.name} cannot be read: it holds no object")
    return data


def write(path: pathlib.Path, data: t.Mapping[str, t.Any], mode: int = MODE) -> None:
    """Replace the file atomically and durably; OSError when that failed, with the old file still whole."""
    replace(path, json.dumps(data, sort_keys=True).encode() + b"\n", mode)


def replace(path: pathlib.Path, content: bytes, mode: int) -> None:
    """Replace a file by one with that content and mode: written beside it, synced, renamed, directory synced.

    The new file is made afresh and exclusively, so that a link planted in a directory of another user is not followed.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def remove(path: pathlib.Path) -> None:
    """The file is gone afterwards, also if it never was."""
    path.unlink(missing_ok=True)


def remembered(path: pathlib.Path) -> dict[str, t.Any]:
    """As ``read()``, for what may be lost: nothing when it cannot be used."""
    try:
        return read(path) or {}
    except DamagedError:
        return {}
