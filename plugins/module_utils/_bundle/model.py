# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a bundle is: plain values, no input and no output."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
import shlex
import typing as t
import zlib
from dataclasses import dataclass

SOURCES = ("src", "copy", "content")
"""Where a file's content comes from: template, plain file of the controller, text in the task."""

DISRUPTIONS = ("none", "reload", "restart", "session reset")
"""What an activation does to the service, mildest first."""


class BundleError(Exception):
    """What went wrong, in words for people; the node is as it was before unless the words say otherwise."""

    def __init__(self, message: str, *, rolled_back: bool = False) -> None:
        """``rolled_back``: files had been swapped and were put back."""
        super().__init__(message)
        self.rolled_back = rolled_back


@dataclass(frozen=True)
class Directory:
    """A directory that must exist like this."""

    path: str
    owner: str = "root"
    group: str = "root"
    mode: int = 0o755


@dataclass(frozen=True)
class File:
    """A file that must exist like this."""

    dest: str
    content: bytes = b""
    owner: str = "root"
    group: str = "root"
    mode: int = 0o644
    secret: bool = False


@dataclass(frozen=True)
class Command:
    """A command as an argument list; never a shell."""

    argv: tuple[str, ...]

    def __str__(self) -> str:
        """As a person would type it."""
        return " ".join(word if word.startswith("{staged}") else shlex.quote(word) for word in self.argv)

    def staged(self, root: str) -> tuple[str, ...]:
        """The argument list with ``{staged}`` replaced."""
        return tuple(word.replace("{staged}", root) for word in self.argv)


@dataclass(frozen=True)
class Activation:
    """A command that makes a daemon see its new files."""

    command: Command
    when_changed: tuple[str, ...] = ()
    disruption: str = "none"

    def concerns(self, paths: t.Collection[str]) -> bool:
        """Whether one of these changed paths calls for this activation."""
        if not self.when_changed:
            return bool(paths)
        return any(fnmatch.fnmatchcase(path, pattern) for path in paths for pattern in self.when_changed)


@dataclass(frozen=True)
class Unit:
    """A systemd unit and the state it must be in; None: not our business."""

    unit: str
    enabled: bool | None = None
    started: bool | None = None


@dataclass(frozen=True)
class Bundle:
    """Everything that a role hands over in one task."""

    name: str
    directories: tuple[Directory, ...] = ()
    files: tuple[File, ...] = ()
    absent: tuple[str, ...] = ()
    check: tuple[Command, ...] = ()
    activate: tuple[Activation, ...] = ()
    ensure: tuple[Unit, ...] = ()
    probe: tuple[Command, ...] = ()
    probe_timeout: float = 15.0

    def activations(self, paths: t.Collection[str]) -> tuple[Activation, ...]:
        """The activations that these changed paths call for, in order."""
        return tuple(activation for activation in self.activate if activation.concerns(paths))

    def disruption(self, paths: t.Collection[str]) -> str:
        """The worst that the change of these paths does to the service."""
        return max((one.disruption for one in self.activations(paths)), key=DISRUPTIONS.index, default="none")


def pack(contents: t.Sequence[bytes]) -> str:
    """Contents of many files as one line of text, so that one parameter can be kept out of every log."""
    sizes = json.dumps([len(content) for content in contents]).encode()
    return base64.b64encode(zlib.compress(sizes + b"\n" + b"".join(contents))).decode()


def unpack(text: str) -> list[bytes]:
    """The contents that ``pack`` was given."""
    try:
        sizes, _, body = zlib.decompress(base64.b64decode(text, validate=True)).partition(b"\n")
        lengths = [int(size) for size in json.loads(sizes)]
    except (binascii.Error, zlib.error, ValueError, TypeError):
        lengths, body = [], b"?"
    contents, start = [], 0
    for length in lengths:
        contents.append(body[start : start + length])
        start += length
    if start != len(body):
        raise BundleError("the files' contents did not arrive whole; run the task again")
    return contents
