# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What was rendered for a node: files with content, owner and mode; of secrets the names of their variables."""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import asdict, dataclass, fields

PLACEHOLDER = re.compile(r"<(vault_[a-z0-9_]+)(?: keyed:[0-9a-f]{12})?>")
"""What stands for a secret in a rendered file (lookup icann.imrs.secret)."""

_LINE = re.compile(r"([0-7]{4}) ([^:\s]+):(\S+) [0-9a-f]{12} (/.+?)( secret)?")


@dataclass(frozen=True)
class File:
    """One file as it should stand on the node. ``content`` is as rendered: of secrets it has the names."""

    path: str
    mode: str
    owner: str
    group: str
    secret: bool
    sha256: str
    content: str

    @property
    def attributes(self) -> str:
        """Mode and owner, as in ``0640 root:root``."""
        return f"{self.mode} {self.owner}:{self.group}"


class Packages(t.NamedTuple):
    """Names of packages: those that are installed, those of them that are on hold, and all that may be."""

    installed: tuple[str, ...]
    held: tuple[str, ...]
    may_be_held: tuple[str, ...]

    @classmethod
    def parse(cls, raw: t.Mapping[str, t.Sequence[str]]) -> Packages:
        """From the option ``packages`` of the module; KeyError or TypeError when it is another thing."""
        return cls(*(tuple(raw[name]) for name in cls._fields))


@dataclass(frozen=True)
class Intent:
    """All files of a node, by path, and its packages."""

    files: t.Mapping[str, File]
    packages: Packages

    @classmethod
    def parse(cls, manifest: str, read: t.Callable[[str], bytes], packages: t.Mapping[str, t.Sequence[str]]) -> Intent:
        """From the MANIFEST of a rendered tree; ``read`` gives the content of a path of the node.

        Raises ValueError for a manifest that cannot be read, or that is empty: nothing must not be taken for intent.
        """
        files = {}
        for line in manifest.splitlines():
            match = _LINE.fullmatch(line)
            if not match:
                raise ValueError(f"MANIFEST: not a line of a manifest: {line!r}; render again")
            mode, owner, group, path, secret = match.groups()
            content = read(path)
            text = content.decode("utf-8", "replace")
            hidden = bool(secret) or bool(PLACEHOLDER.search(text))
            files[path] = File(path, mode, owner, group, hidden, hashlib.sha256(content).hexdigest(), text)
        if not files:
            raise ValueError("MANIFEST: no file was rendered for this node; render again")
        try:
            names = Packages.parse(packages)
        except (KeyError, TypeError) as error:
            raise ValueError(f"packages: not as described: {type(error).__name__} {error}") from None
        if not names.installed:
            raise ValueError("packages: none is to be installed; hand over those of role packages")
        return cls(files, names)

    @classmethod
    def from_wire(cls, raw: t.Mapping[str, t.Any]) -> Intent:
        """The counterpart of ``to_wire``; ValueError when it is none."""
        try:
            names = [field.name for field in fields(File)]
            found = [File(**{name: entry[name] for name in names}) for entry in raw["files"]]
            packages = Packages.parse(raw["packages"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"intent: not as collected: {error!r}; collect it again with scope intent") from None
        return cls({file.path: file for file in found}, packages)

    def to_wire(self) -> dict[str, t.Any]:
        """For Ansible's variables."""
        return {"files": [asdict(file) for file in self.files.values()], "packages": self.packages._asdict()}

    def placeholders(self) -> dict[str, str]:
        """What stands for secrets in these files, and the names of the secrets' variables."""
        return {match[0]: match[1] for file in self.files.values() for match in PLACEHOLDER.finditer(file.content)}

    def text(self, path: str) -> str:
        """The content of a file, or nothing when there is no such file."""
        return self.files[path].content if path in self.files else ""
