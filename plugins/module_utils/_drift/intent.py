# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What was rendered for a node: what its bundles own, and the files' contents; of secrets the names of variables."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import typing as t
from dataclasses import asdict, dataclass, fields

from .. import _manifest as manifest

PLACEHOLDER = re.compile(r"<(vault_[a-z0-9_]+)(?: keyed:[0-9a-f]{12})?>")
"""What stands for a secret in a rendered file (lookup icann.imrs.secret)."""


@dataclass(frozen=True)
class File:
    """One file as it should stand on the node. ``content`` is as rendered: of secrets it has the names."""

    path: str
    bundle: str
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
    """Names of packages: those that are installed, and those that are on hold wherever they are installed."""

    installed: tuple[str, ...]
    held: tuple[str, ...]

    @classmethod
    def parse(cls, raw: t.Mapping[str, t.Sequence[str]]) -> Packages:
        """From the option ``packages`` of the module; KeyError or TypeError when it is another thing."""
        return cls(*(tuple(raw[name]) for name in cls._fields))


@dataclass(frozen=True)
class Intent:
    """All that bundles own on a node, and its packages."""

    files: t.Mapping[str, File]
    """By path."""
    owned: manifest.Manifest
    """What else is owned: the manifest without its files."""
    packages: Packages

    @classmethod
    def parse(
        cls,
        text: str,
        read: t.Callable[[str], bytes],
        packages: t.Mapping[str, t.Sequence[str]],
        bundles: t.Collection[str],
    ) -> Intent:
        """From the MANIFEST of a rendered tree; ``read`` gives the content of a path of the node, ``bundles`` has the
        names of all that there have to be.

        Raises ValueError for a manifest that cannot be read, and for one in which a bundle is missing: nothing must not
        be taken for intent.
        """
        listed = manifest.parse(text)
        if missing := sorted(set(bundles) - listed.bundles):
            raise ValueError(f"{manifest.NAME}: no file of bundle {', '.join(missing)}; render all roles anew")
        files = {}
        for file in listed.files:
            content = read(file.path)
            shown = content.decode("utf-8", "replace")
            files[file.path] = File(
                file.path,
                file.bundle,
                file.mode,
                file.owner,
                file.group,
                file.secret or bool(PLACEHOLDER.search(shown)),
                hashlib.sha256(content).hexdigest(),
                shown,
            )
        try:
            names = Packages.parse(packages)
        except (KeyError, TypeError) as error:
            raise ValueError(f"packages: not as described: {type(error).__name__} {error}") from None
        if not names.installed:
            raise ValueError("packages: none is to be installed; hand over those of role packages")
        return cls(files, manifest.Manifest(others=listed.others), names)

    @classmethod
    def from_wire(cls, raw: t.Mapping[str, t.Any]) -> Intent:
        """The counterpart of ``to_wire``; ValueError when it is none."""
        try:
            names = [field.name for field in fields(File)]
            found = [File(**{name: entry[name] for name in names}) for entry in raw["files"]]
            owned = manifest.parse(raw["owned"])
            packages = Packages.parse(raw["packages"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"intent: not as collected: {error!r}; collect it again with scope intent") from None
        return cls({file.path: file for file in found}, owned, packages)

    def to_wire(self) -> dict[str, t.Any]:
        """For Ansible's variables."""
        return {
            "files": [asdict(file) for file in self.files.values()],
            "owned": str(self.owned),
            "packages": self.packages._asdict(),
        }

    @property
    def units(self) -> dict[str, manifest.Unit]:
        """By name the units that a bundle sees to, with the states that they must have."""
        return {each.unit: each for each in self.owned.of(manifest.Unit)}

    @property
    def exclusive(self) -> list[str]:
        """Folders in which nobody but bundles and packages puts files."""
        return sorted(each.path for each in self.owned.of(manifest.Exclusive))

    def told(self, verb: str) -> dict[str, list[str]]:
        """By unit the paths of the files for which its bundle restarts it, or reloads it: ``verb``."""
        found: dict[str, list[str]] = {}
        for each in self.owned.of(manifest.Told):
            if each.verb == verb:
                found.setdefault(each.unit, []).extend(
                    path
                    for path, file in sorted(self.files.items())
                    if file.bundle == each.bundle and any(fnmatch.fnmatchcase(path, one) for one in each.patterns)
                )
        return found

    def placeholders(self) -> dict[str, str]:
        """What stands for secrets in these files, and the names of the secrets' variables."""
        return {match[0]: match[1] for file in self.files.values() for match in PLACEHOLDER.finditer(file.content)}

    def text(self, path: str) -> str:
        """The content of a file, or nothing when there is no such file."""
        return self.files[path].content if path in self.files else ""
