# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What stands at a path, and how to make something else stand there in one step."""

from __future__ import annotations

import array
import base64
import contextlib
import errno
import fcntl
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

_LABEL = "security.selinux"
_GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS and its bits, linux/fs.h
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20


class HinderedError(OSError):
    """An OSError whose text says it all."""


def explain(error: OSError, path: str = "") -> str:
    """What hindered us, and what helps; ``path`` where the error itself would name a temporary file or none."""
    if isinstance(error, HinderedError):
        return str(error.args[-1])
    path = path or str(error.filename or "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path}: the disk is full; make room on it, then run again"
    if error.errno == errno.EROFS:
        return f"{path} is on a read-only file system; see why in the kernel's log, remount it writable, then run again"
    return f"{path}: {error.strerror}"


@contextlib.contextmanager
def about(path: str) -> t.Iterator[None]:
    """What fails within is told of this path."""
    try:
        yield
    except OSError as error:
        raise HinderedError(error.errno, explain(error, path)) from None


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


def _itself(path: str, flags: int) -> int:
    """Open the file, and not what a link leads to that has taken its place since we looked."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def read(path: str, *, follow: bool = False) -> Entry:
    """What stands at the path; a link to a directory counts as a directory with ``follow``."""
    try:
        info = os.stat(path) if follow else os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    attributes = info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb", opener=None if follow else _itself) as file:
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


def _own(descriptor: int, entry: Entry) -> None:
    """Owner first: it clears the set-user-id bits."""
    info = os.fstat(descriptor)
    if (info.st_uid, info.st_gid) != (entry.uid, entry.gid):
        os.fchown(descriptor, entry.uid, entry.gid)
    os.fchmod(descriptor, entry.mode)


def own(path: str, entry: Entry, *, follow: bool = False) -> None:
    """Owner, group and mode of a file or directory; ``follow``: a link to a directory counts as one.

    Any other link is none of ours: a daemon can put one into a directory of its own at any time, to any file.
    """
    kind = os.O_DIRECTORY if entry.kind == "directory" else 0
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | kind | (0 if follow else os.O_NOFOLLOW))
    try:
        _own(descriptor, entry)
    finally:
        os.close(descriptor)


def immutable(path: str) -> bool:
    """Whether not even root may replace the file, because of chattr's +i or +a."""
    flags = array.array("L", [0])
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    except OSError:
        return False  # no such thing on this file system
    finally:
        os.close(descriptor)
    return bool(flags[0] & (_IMMUTABLE | _APPEND_ONLY))


def _label(source: str, target: int) -> None:
    """Keep the security label of what is replaced, and what users noted on it; a new file inherits its directory's."""
    with contextlib.suppress(OSError):
        for name in os.listxattr(source, follow_symlinks=False):
            if name == _LABEL or name.startswith("user."):
                os.setxattr(target, name, os.getxattr(source, name, follow_symlinks=False))


def stage(path: str, entry: Entry) -> None:
    """Write a file or link beside its place, and flush it."""
    beside = temporary_name(path)
    forget(beside)
    if entry.kind == "link":
        os.symlink(entry.content, os.fsencode(beside))
        return
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(entry.content)
        file.flush()
        # By the descriptor: by now, a link may stand there.
        _label(path, file.fileno())
        _own(file.fileno(), entry)
        os.fsync(file.fileno())


def write(path: str, entry: Entry) -> None:
    """Write a file or link beside its place, flush it, and rename it into its place."""
    try:
        stage(path, entry)
        os.replace(temporary_name(path), path)
    except BaseException:
        forget(temporary_name(path))
        raise
    sync(os.path.dirname(path))


def forget(path: str) -> None:
    """Remove a file or link if it is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if os.path.lexists(path):  # a read-only file system refuses to remove what is not there, too
            os.unlink(path)


def same_file(now: Entry, wanted: Entry) -> bool:
    """Whether a file differs in owner, group and mode at most."""
    return now.kind == wanted.kind == "file" and now.content == wanted.content


def put(path: str, wanted: Entry) -> None:
    """Make ``wanted`` stand at the path, whatever stands there now."""
    now = read(path, follow=wanted.kind == "directory")
    if wanted.kind == "directory":
        if now.kind != "directory":
            os.mkdir(path, 0o700)
        own(path, wanted, follow=now.kind == "directory")
    elif wanted.kind == "absent":
        if now.kind == "directory":
            os.rmdir(path)
        elif now.kind != "absent":
            os.unlink(path)
    elif same_file(now, wanted):
        own(path, wanted)
    else:
        write(path, wanted)
