# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Who could log in to a machine: whom sshd lets in, files of keys, passwords. No key and no hash leaves it."""

from __future__ import annotations

import pathlib
import stat
import typing as t

ROOT = pathlib.Path("/")
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
FIELDS = 7
"""Of a line of passwd(5)."""


def parse_allowed(text: str) -> dict[str, list[str]]:
    """``sshd -T``: the accounts (``users``) and groups that are let in, a line each; none of both: everybody is."""
    rows = [line.split(None, 1) for line in text.splitlines() if " " in line]
    return {
        what: sorted(value.strip() for name, value in rows if name == f"allow{what}") for what in ("users", "groups")
    }


def usable(field: str) -> bool:
    """Whether the second field of shadow(5) lets somebody in: a hash, or nothing at all."""
    return not field.startswith(("!", "*"))


def key_files(pattern: str, name: str, home: str) -> list[str]:
    """Where sshd looks for an account's keys (sshd_config(5), ``AuthorizedKeysFile`` and TOKENS)."""
    found = []
    for word in pattern.split():
        if word == "none":
            continue
        path = word.replace("%%", "\0").replace("%u", name).replace("%h", home).replace("\0", "%")
        found.append(path if path.startswith("/") else f"{home.rstrip('/')}/{path}")
    return found


def open_to_others(path: pathlib.Path, root: pathlib.Path = ROOT) -> bool:
    """Whether somebody but root may write this file, or put another in its place."""
    for each in (path, *path.parents):
        said = each.stat()
        sticky = each.is_dir() and said.st_mode & stat.S_ISVTX
        if said.st_uid != root.stat().st_uid or (said.st_mode & OTHERS_WRITE and not sticky):
            return True
        if each == root:
            break
    return False


def read(sshd: str, root: pathlib.Path = ROOT) -> dict[str, t.Any]:
    """``sshd``: what ``sshd -T`` printed. Null for ``passwords`` where the file of them cannot be read.

    ``superusers``: accounts besides root that have its number. ``own_keys``: files of keys that somebody but root may
    write, so that a key that was added there stays when its operator has gone.
    """
    accounts = [line.split(":") for line in _lines(root / "etc/passwd") or []]
    accounts = [account for account in accounts if len(account) == FIELDS]
    shadow = _lines(root / "etc/shadow")
    passwords = [line.split(":") for line in shadow or []]
    pattern = next((line.split(None, 1)[1] for line in sshd.splitlines() if line.startswith("authorizedkeysfile ")), "")
    files = {file for name, _x, _uid, _gid, _gecos, home, _shell in accounts for file in key_files(pattern, name, home)}
    there = [path for path in (root / file.lstrip("/") for file in sorted(files)) if path.is_file()]
    return {
        "allowed": parse_allowed(sshd),
        "passwords": None
        if shadow is None
        else sorted(line[0] for line in passwords if len(line) > 1 and usable(line[1])),
        "superusers": sorted(account[0] for account in accounts if account[2] == "0" and account[0] != "root"),
        "own_keys": [f"/{path.relative_to(root)}" for path in there if open_to_others(path, root)],
    }


def _lines(path: pathlib.Path) -> list[str] | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
