# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The MANIFEST of a rendered node: which bundle owns which files, folders and units. Bundles write it, others read it.

One line for each thing::

    0600 root:root 0123456789ab gate /etc/imrs/upstream.json secret
    exclusive gate /etc/imrs
    reload hardening ssh.service /etc/ssh/*
    restart gate imrs-gate.service /etc/imrs/gate.json /usr/*
    unit gate imrs-gate.service enabled started

The sum is of what is rendered, where secrets have names. A state that is not the bundle's business is ``-``.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

NAME = "MANIFEST"
"""The file's name, at the top of the node's folder."""

_FILE = re.compile(r"([0-7]{4}) ([^:\s]+):(\S+) ([0-9a-f]{12}) (?:([a-z0-9_-]+) )?(/.+?)( secret)?")
_OTHER = re.compile(
    r"(?P<exclusive>exclusive) (\S+) (/.+)"
    r"|(?P<told>restart|reload) (\S+) (\S+) (\S+(?: \S+)*)"
    r"|(?P<unit>unit) (\S+) (\S+) (enabled|disabled|-) (started|stopped|-)"
)
_WORDS: dict[str, bool | None] = {"enabled": True, "started": True, "disabled": False, "stopped": False, "-": None}


@dataclass(frozen=True)
class File:
    """A file with its owner and mode on the node, and the first 12 digits of the SHA-256 of what is rendered."""

    bundle: str
    """Empty in a manifest of an earlier version, which does not say."""
    path: str
    mode: str
    owner: str
    group: str
    digest: str
    secret: bool = False

    def __str__(self) -> str:
        """Its line."""
        secret = " secret" if self.secret else ""
        return f"{self.mode} {self.owner}:{self.group} {self.digest} {self.bundle} {self.path}{secret}"


@dataclass(frozen=True)
class Exclusive:
    """A folder, with all below it, in which nobody but bundles and packages puts files."""

    bundle: str
    path: str

    def __str__(self) -> str:
        """Its line."""
        return f"exclusive {self.bundle} {self.path}"


@dataclass(frozen=True)
class Told:
    """What systemd is told of a unit when a file of the bundle changes whose path matches one of the patterns."""

    bundle: str
    verb: str
    """``restart`` or ``reload``."""
    unit: str
    patterns: tuple[str, ...]

    def __str__(self) -> str:
        """Its line. A blank in a pattern becomes ``?``, which matches it, as blanks separate the patterns."""
        return " ".join([self.verb, self.bundle, self.unit, *(re.sub(r"\s", "?", each) for each in self.patterns)])


@dataclass(frozen=True)
class Unit:
    """A unit, and whether it starts at boot and runs; None: not the bundle's business."""

    bundle: str
    unit: str
    enabled: bool | None = None
    started: bool | None = None

    def __str__(self) -> str:
        """Its line."""
        enabled = {True: "enabled", False: "disabled", None: "-"}[self.enabled]
        started = {True: "started", False: "stopped", None: "-"}[self.started]
        return f"unit {self.bundle} {self.unit} {enabled} {started}"


Other: t.TypeAlias = "Exclusive | Told | Unit"


@dataclass(frozen=True)
class Manifest:
    """All that is rendered for a node."""

    files: tuple[File, ...] = ()
    others: tuple[Other, ...] = ()

    def __str__(self) -> str:
        """Its text: files by path, then the rest."""
        files = [str(file) for file in sorted(self.files, key=lambda file: file.path)]
        return "".join(f"{line}\n" for line in [*files, *sorted(str(other) for other in self.others)])

    def of(self, kind: type[_Kind]) -> tuple[_Kind, ...]:
        """Everything but files that is of this kind."""
        return tuple(other for other in self.others if isinstance(other, kind))

    @property
    def bundles(self) -> set[str]:
        """The names of the bundles that own a file."""
        return {file.bundle for file in self.files}

    def having(self, bundle: str, part: Manifest) -> Manifest:
        """This manifest after a bundle was rendered: its part, and what others have written."""
        files = {file.path: file for file in (*self.files, *part.files)}
        others = [other for other in self.others if other.bundle != bundle]
        return Manifest(tuple(files.values()), (*others, *part.others))


_Kind = t.TypeVar("_Kind", Exclusive, Told, Unit)


def parse(text: str) -> Manifest:
    """Read a MANIFEST. Raises ValueError, with the line, for one that is none."""
    files: list[File] = []
    others: list[Other] = []
    for line in text.splitlines():
        if match := _FILE.fullmatch(line):
            mode, owner, group, digest, bundle, path, secret = match.groups()
            files.append(File(bundle or "", path, mode, owner, group, digest, bool(secret)))
        elif match := _OTHER.fullmatch(line):
            others.append(_other(match))
        else:
            raise ValueError(f"{NAME}: not a line of a manifest: {line!r}; render again")
    return Manifest(tuple(files), tuple(others))


def _other(match: re.Match[str]) -> Other:
    kind, bundle, *rest = (word for word in match.groups() if word is not None)
    if match["exclusive"]:
        return Exclusive(bundle, *rest)
    if match["unit"]:
        unit, enabled, started = rest
        return Unit(bundle, unit, _WORDS[enabled], _WORDS[started])
    unit, patterns = rest
    return Told(bundle, kind, unit, tuple(patterns.split(" ")))
