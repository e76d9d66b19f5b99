# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is a directory: real files, real commands, no Ansible."""

from __future__ import annotations

import dataclasses
import grp
import hashlib
import os
import pathlib
import pwd
import stat
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils import _bundle

USER = pwd.getpwuid(os.geteuid()).pw_name
GROUP = grp.getgrgid(os.getegid()).gr_name


@dataclasses.dataclass(frozen=True)
class Node:
    """Paths below ``root`` play the node; ``log`` is where test commands leave their mark."""

    root: pathlib.Path
    state: pathlib.Path
    log: pathlib.Path

    def path(self, name: str) -> str:
        return str(self.root / name)

    def write(self, name: str, content: str, mode: int = 0o644) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)

    def file(self, name: str, content: str, **more: t.Any) -> tuple[dict[str, t.Any], bytes]:
        return {"dest": self.path(name), "owner": USER, "group": GROUP, **more}, content.encode()

    def apply(
        self, *files: tuple[dict[str, t.Any], bytes], check_mode: bool = False, show: bool = False, **more: t.Any
    ) -> _bundle.Outcome:
        raw = {"name": "test", "files": [item for item, _ in files], "probe_timeout": 0, **more}
        bundle = _bundle.parse(raw, [content for _, content in files])
        return _bundle.apply(bundle, state=str(self.state), check_mode=check_mode, show=show)

    def mark(self, text: str, rc: int = 0) -> list[str]:
        """A command that appends a line to the log."""
        return ["sh", "-c", f"echo {text} >> {self.log}; exit {rc}"]

    def marks(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def fingerprint(self) -> str:
        """Hash of everything below the root and the state: names, contents, modes, inodes, times."""
        digest = hashlib.sha256()
        for top in (self.root, self.state):
            for path in sorted([top, *top.rglob("*")]) if top.exists() else []:
                info = path.lstat()
                digest.update(
                    repr((str(path), info.st_mode, info.st_uid, info.st_gid, info.st_ino, info.st_mtime_ns)).encode()
                )
                digest.update(path.read_bytes() if stat.S_ISREG(info.st_mode) else b"")
        return digest.hexdigest()

    def tree(self) -> dict[str, tuple[int, bytes]]:
        """Modes and contents below the root."""
        return {
            str(path.relative_to(self.root)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
            for path in sorted(self.root.rglob("*"))
        }


@pytest.fixture
def node(tmp_path: pathlib.Path) -> Node:
    (tmp_path / "node").mkdir()
    return Node(tmp_path / "node", tmp_path / "state", tmp_path / "log")
