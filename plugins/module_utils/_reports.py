# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Reports on the controller's disk, whole or not at all."""

from __future__ import annotations

import os
import pathlib
import secrets
import typing as t


def write(
    directory: str, texts: t.Mapping[str, str], move: t.Callable[[str, str], object], *, private: bool = False
) -> list[str]:
    """Write each text, by file name, beside its place and ``move`` it there; the paths. Raises OSError.

    ``private``: nobody else may read it (mode 0600), and it is on the disk, not only on its way there.
    """
    folder = pathlib.Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        draft = folder / f".{name}.{secrets.token_hex(4)}"
        draft.touch(0o600 if private else 0o666, exist_ok=False)
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                if private:
                    file.flush()
                    os.fsync(file.fileno())
            move(str(draft), str(folder / name))
        finally:
            draft.unlink(missing_ok=True)
        written.append(str(folder / name))
    return written


def keep(directory: str, name: str, text: str, most: int, move: t.Callable[[str, str], object]) -> None:
    """Write one more text into a history, whose names sort by time, and remove the oldest of more than ``most``."""
    write(directory, {name: text}, move)
    for path in _newest(directory, "*.json")[most:]:
        path.unlink(missing_ok=True)  # another run may have been quicker


def kept(directory: str, pattern: str) -> t.Iterator[str]:
    """The texts of a history whose names are like ``pattern``, the newest first; one that is no text is left out."""
    for path in _newest(directory, pattern):
        try:
            yield path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue


def _newest(directory: str, pattern: str) -> list[pathlib.Path]:
    """Names that begin with a dot are drafts."""
    found = (path for path in pathlib.Path(directory).glob(pattern) if not path.name.startswith("."))
    return sorted(found, reverse=True)
