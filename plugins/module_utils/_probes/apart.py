# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Programs in a world of their own: no network, mounts that nobody else sees, processes that end with it.

So a daemon can bring intended files into the form in which it tells what it runs, and nothing is changed.
"""

from __future__ import annotations

import os
import tempfile
import typing as t

if t.TYPE_CHECKING:
    from . import host

ROOM = "/run"
"""Where copies of intended files stand for a moment: root's alone, and never on a disk."""

COMMAND = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-e", "-c")

Json = dict[str, t.Any]


def said(done: t.Mapping[str, t.Any], program: str) -> str:
    """Why a command failed, in a line."""
    text = str(done["stderr"] or done["stdout"]).strip()
    return (text.splitlines() or [f"{program} failed"])[0][:200]


def run(files: t.Mapping[str, str], script: str, runner: host.Runner, *arguments: str) -> Json:
    """What a shell script says in a world of its own; its ``$1`` is a directory with these files (by relative path)."""
    with tempfile.TemporaryDirectory(prefix="imrs-drift.", dir=ROOM) as directory:
        for name, content in files.items():
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
        return runner([*COMMAND, script, "sh", directory, *arguments])


def below(directory: str, contents: t.Mapping[str, str]) -> dict[str, str]:
    """The files below a directory (without its last slash), by their paths in it."""
    return {
        path.removeprefix(f"{directory}/"): text for path, text in contents.items() if path.startswith(f"{directory}/")
    }
