# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What stands at a path, and how to make something else stand there in one step."""

from __future__ import annotations

import base64
import contextlib
import grp
import hashlib
import os
import pwd
import stat
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One path: ``absent``, ``file``, ``directory``, ``link`` (content: its target) or ``other``."""

    kind: str = "absent"
    content: bytes = b""
    uid: int = 0
    gid: int = 0
    mode: int = 0

    @property
    def attributes(self) -> tuple[int, int, int]:
        """Owner, group and mode."""
        return self.uid, self.gid, self.mode

    @property
    def sha256(self) -> str:
        """Of the content."""
        return hashlib.sha256(self.content).hexdigest()

    def describe(self) -> str:
        """Owner, group and mode for people."""
        return f"{_name(pwd.getpwuid, self.uid)}:{_name(grp.getgrgid, self.gid)} {self.mode:04o}"

    def to_json(self) -> dict[str, t.Any]:
        """For the journal."""
        return {**vars(self), "content": base64.b64encode(self.content).decode()}

    @classmethod
    def from_json(cls, raw: t.Mapping[str, t.Any]) -> Entry:
        """From the journal."""
        return cls(**{**raw, "content": base64.b64decode(raw["content"])})


ABSENT = Entry()
"""Nothing there."""


def _name(lookup: t.Callable[[int], t.Any], number: int) -> str:
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def user_id(name: str) -> int:
    """The number of a user; KeyError when there is none."""
    return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid


def group_id(name: str) -> int:
    """The number of a group; KeyError when there is none."""
    return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid


def read(path: str, *, follow: bool = False) -> Entry:
    """What stands at the path; a link to a directory counts as a directory with ``follow``."""
    try:
        info = os.stat(path) if follow else os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    attributes = info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            return Entry("file", file.read(), *attributes)
    if stat.S_ISLNK(info.st_mode):
        return Entry("link", os.fsencode(os.readlink(path)), *attributes)
    return Entry("directory" if stat.S_ISDIR(info.st_mode) else "other", b"", *attributes)


def temporary_name(path: str) -> str:
    """Where the new file is written before it takes its place; no daemon includes hidden files."""
    directory, base = os.path.split(path)
    return os.path.join(directory, f".{base[:200]}.imrs-new")


def sync(directory: str) -> None:
    """Make renames in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own(path: str, entry: Entry) -> None:
    """Owner first: it clears the set-user-id bits."""
    info = os.stat(path)
    if (info.st_uid, info.st_gid) != (entry.uid, entry.gid):
        os.chown(path, entry.uid, entry.gid)
    os.chmod(path, entry.mode)


def write(path: str, entry: Entry) -> None:
    """Write a file or link beside its place, flush it, and rename it into its place."""
    beside = temporary_name(path)
    forget(beside)
    try:
        if entry.kind == "link":
            os.symlink(entry.content, os.fsencode(beside))
        else:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(entry.content)
                file.flush()
                _own(beside, entry)
                os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        forget(beside)
        raise
    sync(os.path.dirname(path))


def forget(path: str) -> None:
    """Remove a file or link if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def put(path: str, wanted: Entry) -> None:
    """Make ``wanted`` stand at the path; works both ways, forward and back."""
    now = read(path, follow=wanted.kind == "directory")
    if wanted.kind == "directory":
        if now.kind != "directory":
            os.mkdir(path, 0o700)
        _own(path, wanted)
    elif wanted.kind == "absent":
        if now.kind == "directory":
            os.rmdir(path)
        elif now.kind != "absent":
            os.unlink(path)
    elif now.kind == wanted.kind == "file" and now.content == wanted.content:
        _own(path, wanted)
    else:
        write(path, wanted)
    parent = os.path.dirname(path)
    if os.path.isdir(parent):
        sync(parent)
