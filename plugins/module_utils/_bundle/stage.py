# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The tree that parsers are shown: all files of a bundle as they shall be, in a directory that nobody else can read."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import typing as t

from .entry import Entry, put
from .lock import MOMENT, lock

if t.TYPE_CHECKING:
    from .model import Bundle

_PREFIX = "imrs-bundle-"


def _claim(path: str, patience: float | None) -> int | None:
    """Lock a directory; its lock tells the living owner from a dead one. None: somebody has it, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if lock(descriptor, patience) and os.path.isdir(path):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


@contextlib.contextmanager
def staged(bundle: Bundle, wanted: t.Mapping[str, Entry]) -> t.Iterator[str]:
    """The root of the tree, for as long as the context lasts."""
    claimed = None
    while claimed is None:  # a sweep may be faster than our lock
        root = tempfile.mkdtemp(prefix=_PREFIX)
        claimed = _claim(root, None)
    try:
        for directory in bundle.directories:
            os.makedirs(root + directory.path, mode=0o755, exist_ok=True)
        for path, entry in wanted.items():
            os.makedirs(os.path.dirname(root + path), mode=0o755, exist_ok=True)
            put(root + path, entry)
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)
        os.close(claimed)


def sweep() -> None:
    """Remove the trees that killed runs have left."""
    with contextlib.suppress(OSError):
        for found in os.scandir(tempfile.gettempdir()):
            if not found.name.startswith(_PREFIX):
                continue
            info = found.stat(follow_symlinks=False)
            if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
                continue
            claimed = _claim(found.path, MOMENT)
            if claimed is not None:
                shutil.rmtree(found.path, ignore_errors=True)
                os.close(claimed)
