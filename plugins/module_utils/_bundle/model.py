# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a bundle is: plain values, no input and no output."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import json
import os
import re
import shlex
import typing as t
import zlib
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from .windows import Window

SOURCES = ("src", "copy", "content")
"""Where a file's content comes from: template, plain file of the controller, text in the task."""

DISRUPTIONS = ("none", "reload", "restart", "session reset")
"""What an activation does to the service, mildest first."""

HARMLESS = DISRUPTIONS[:2]
"""What may be done to a node in service at any time."""

_UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]+\.(?:service|socket|target|timer|path)")


class BundleError(Exception):
    """What went wrong, in words for people; the node is as it was before unless the words say otherwise."""

    def __init__(self, message: str, *, rolled_back: bool = False, refused: bool = False) -> None:
        """``rolled_back``: files had been swapped and were put back; ``refused``: it would disturb the service now."""
        super().__init__(message)
        self.rolled_back, self.refused = rolled_back, refused


@dataclass(frozen=True)
class Directory:
    """A directory that must exist like this."""

    path: str
    owner: str = "root"
    group: str = "root"
    mode: int = 0o755
    exclusive: bool = False
    """Whether nobody but bundles and packages puts files in it, at any depth. Nothing is removed for it."""


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

    def staged(self, root: str, removed: t.Sequence[str] = ()) -> tuple[str, ...]:
        """The argument list with ``{staged}`` replaced, a word ``{removed}`` by ``--removed PATH`` each."""
        gone = [word for path in removed for word in ("--removed", path)]
        words = [gone if word == "{removed}" else [word.replace("{staged}", root)] for word in self.argv]
        return tuple(word for group in words for word in group)


@dataclass(frozen=True)
class Activation:
    """A command that makes a daemon see its new files."""

    command: Command
    when_changed: tuple[str, ...] = ()
    disruption: str = "none"
    unit: str = ""
    """Whose service is disturbed; by default the unit that the command names."""
    reload_lines: tuple[str, ...] = ()
    """Shell patterns: where every line that comes or goes matches one, it takes a reload and no more."""

    def takes(self, lines: t.Mapping[str, t.Collection[str] | None]) -> str:
        """The disruption by these changed paths: by each, the lines that come or go; None when nobody can say."""
        concerned = [lines[path] for path in lines if self.concerns([path])] if self.reload_lines else []
        soft = concerned and all(
            each is not None
            and all(any(fnmatch.fnmatchcase(line, soft) for soft in self.reload_lines) for line in each)
            for each in concerned
        )
        return "reload" if soft else self.disruption

    def concerns(self, paths: t.Collection[str]) -> bool:
        """Whether one of these changed paths calls for this activation."""
        return concerns(self.when_changed, paths)

    @property
    def whom(self) -> str:
        """The unit, or the program when no unit is named."""
        named = (word for word in self.command.argv[1:] if _UNIT.fullmatch(word))
        return self.unit or next(named, "") or os.path.basename(self.command.argv[0])

    @property
    def named(self) -> bool:
        """Whether ``whom`` is a unit."""
        return bool(_UNIT.fullmatch(self.whom))

    @property
    def told(self) -> tuple[str, tuple[str, ...]]:
        """``restart`` or ``reload``, and the units that systemd is told this of; no units for any other command."""
        program, verb, *units = (*self.command.argv, "")
        verb = verb.removeprefix("try-")
        if os.path.basename(program) != "systemctl" or verb not in ("restart", "reload"):
            return "", ()
        return verb, tuple(unit for unit in units if _UNIT.fullmatch(unit))


def concerns(patterns: t.Sequence[str], paths: t.Collection[str]) -> bool:
    """Whether one of the paths matches a pattern; without patterns, whether there is a path."""
    if not patterns:
        return bool(paths)
    return any(fnmatch.fnmatchcase(path, pattern) for path in paths for pattern in patterns)


@dataclass(frozen=True)
class Confirm:
    """Changes that are kept only when the controller gets in again."""

    seconds: int
    when_changed: tuple[str, ...] = ()
    token: str = ""
    """By which the controller finds this very change again."""


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
    confirm: Confirm | None = None
    in_service: Command | None = None
    windows: tuple[Window, ...] = ()
    disrupt: bool = False
    foresee: Command | None = None

    def activations(self, paths: t.Collection[str], owed: t.Collection[Command] = ()) -> tuple[Activation, ...]:
        """The activations that these changed paths call for, and those that are owed since a way back, in order."""
        return tuple(each for each in self.activate if each.concerns(paths) or each.command in owed)

    @property
    def state(self) -> dict[str, t.Any]:
        """What it wants of a node, for its manifest, as JSON; contents are there as sums, secret ones, too."""
        return {
            "files": {
                file.dest: {
                    "sha256": hashlib.sha256(file.content).hexdigest(),
                    "mode": f"{file.mode:04o}",
                    "owner": file.owner,
                    "group": file.group,
                    "secret": file.secret,
                }
                for file in self.files
            },
            "directories": {
                each.path: {"mode": f"{each.mode:04o}", "owner": each.owner, "group": each.group}
                for each in self.directories
            },
            "absent": sorted(self.absent),
            "units": [[each.unit, each.enabled, each.started] for each in self.ensure],
        }


def pack(contents: t.Sequence[bytes]) -> str:
    """Contents of many files as one line of text, so that one parameter can be kept out of every log."""
    sizes = json.dumps([len(content) for content in contents]).encode()
    return base64.b64encode(zlib.compress(sizes + b"\n" + b"".join(contents))).decode()


def unpack(text: str) -> list[bytes]:
    """The contents that ``pack`` was given."""
    try:
        sizes, _end, body = zlib.decompress(base64.b64decode(text, validate=True)).partition(b"\n")
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
