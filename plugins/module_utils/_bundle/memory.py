# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node remembers of its bundles: manifests, the journal of a change under way, and a lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import typing as t

from .entry import Entry, forget, sync, write
from .model import Bundle, BundleError

if t.TYPE_CHECKING:
    from .plan import Change


class Memory:
    """One bundle's share of the state directory."""

    def __init__(self, directory: str, name: str) -> None:
        """Nothing is read or written yet."""
        self.directory, self.name = pathlib.Path(directory), name
        self._manifest = self.directory / f"{name}.json"
        self._journal = self.directory / f"{name}.journal"

    @staticmethod
    def _load(path: pathlib.Path) -> dict[str, t.Any]:
        try:
            loaded = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise BundleError(f"{path} is damaged ({error}); look what it says, then move it away") from None
        return t.cast("dict[str, t.Any]", loaded)

    @staticmethod
    def _save(path: pathlib.Path, value: t.Mapping[str, t.Any]) -> None:
        content = json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"
        write(str(path), Entry("file", content, os.geteuid(), os.getegid(), 0o600))

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[None]:
        """Make the directory, and keep other runs out."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.directory / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BundleError(
                    f"bundle {self.name}: another run is changing this node at the moment; wait for it, then run again"
                ) from None
            yield

    def owned(self) -> dict[str, bool]:
        """Paths that this bundle wrote, and whether they were secret."""
        return {path: bool(entry["secret"]) for path, entry in self._load(self._manifest).get("files", {}).items()}

    def elsewhere(self) -> set[str]:
        """Paths that other bundles wrote."""
        others = [path for path in sorted(self.directory.glob("*.json")) if path != self._manifest]
        return {dest for path in others for dest in self._load(path).get("files", {})}

    def remember(self, bundle: Bundle, wanted: t.Mapping[str, Entry], transaction: str = "") -> None:
        """Write the manifest, unless it says the same already."""
        files = {
            file.dest: {
                "sha256": wanted[file.dest].sha256,
                "mode": f"{file.mode:04o}",
                "owner": file.owner,
                "group": file.group,
                "secret": file.secret,
            }
            for file in bundle.files
        }
        if transaction or self._load(self._manifest).get("files") != files:
            self._save(self._manifest, {"name": self.name, "files": files, "transaction": transaction})

    def open_journal(self, changes: t.Sequence[Change], transaction: str) -> None:
        """Before the first file is touched: how everything was."""
        entries = [[change.path, change.before.to_json()] for change in changes]
        self._save(self._journal, {"transaction": transaction, "before": entries})

    def interrupted(self) -> list[tuple[str, Entry]]:
        """What a run that was killed had begun to change, and how it was before."""
        journal = self._load(self._journal)
        if not journal or journal["transaction"] == self._load(self._manifest).get("transaction"):
            return []
        return [(path, Entry.from_json(raw)) for path, raw in journal["before"]]

    def close_journal(self) -> None:
        """The change is done, or undone."""
        if self._journal.exists():
            forget(str(self._journal))
            sync(str(self.directory))
