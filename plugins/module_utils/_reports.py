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
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            if private:
                file.flush()
                os.fsync(file.fileno())
        move(str(draft), str(folder / name))
        written.append(str(folder / name))
    return written
