# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What would change: the bundle compared with the node, and how it is shown."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, field

from .entry import ABSENT, Entry, group_id, immutable, read, user_id
from .model import Bundle, BundleError, Directory, File

_LARGEST_DIFF = 104448
_UNKNOWN = -1


@dataclass(frozen=True)
class Change:
    """One path, before and after."""

    path: str
    before: Entry
    after: Entry
    secret: bool = False

    @property
    def what(self) -> str:
        """One word for people: created, removed, content or attributes."""
        if self.before.kind == "absent":
            return "created"
        if self.after.kind == "absent":
            return "removed"
        same = self.before.kind == self.after.kind and self.before.content == self.after.content
        return "attributes" if same else "content"

    @property
    def lines(self) -> list[str] | None:
        """The lines that come or go; None where there was no file, or is none, or its attributes change."""
        before, after = self.before, self.after
        if before.kind != "file" or after.kind != "file" or before.attributes != after.attributes:
            return None
        return (
            changed_lines(before.content.decode("utf-8", "replace"), after.content.decode("utf-8", "replace")) or None
        )

    def to_dict(self) -> dict[str, t.Any]:
        """For the result."""
        return {"path": self.path, "change": self.what, "secret": self.secret}


def changed_lines(before: str, after: str) -> list[str]:
    """The lines, without indentation, that come or go, or stand below another line than before.

    A line stands below the last one that is less indented: in many configurations, that is whom it is about. The order
    of lines below the same line counts, too: all of them are changed lines when it is another.
    """
    old, new = _placed(before), _placed(after)
    both = old.keys() & new.keys()
    changed = old.keys() ^ new.keys()
    changed |= _moved([place for place in old if place in both], [place for place in new if place in both])
    changed |= {place for place in both if old[place] != new[place]}
    return sorted({place[-1] for place in changed})


def _placed(text: str) -> dict[tuple[str, ...], int]:
    """Each line with those that it stands below, and how often it is there."""
    found: dict[tuple[str, ...], int] = {}
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        if not (word := line.strip()):
            continue
        indent = len(line) - len(line.lstrip())
        above = [each for each in above if each[0] < indent]
        place = (*(name for _indent, name in above), word)
        found[place] = found.get(place, 0) + 1
        above.append((indent, word))
    return found


def _moved(old: list[tuple[str, ...]], new: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Of the same places in two orders: those whose place in the order is another one."""
    return {place for one, other in zip(old, new, strict=True) if one != other for place in (one, other)}


@dataclass(frozen=True)
class Plan:
    """All changes, in the order in which they are made."""

    changes: tuple[Change, ...] = ()
    wanted: t.Mapping[str, Entry] = field(default_factory=dict)
    """Every file of the bundle as it shall be, changed or not."""
    warnings: tuple[str, ...] = ()

    @property
    def paths(self) -> list[str]:
        """Changed paths."""
        return [change.path for change in self.changes]

    @property
    def lines(self) -> dict[str, list[str] | None]:
        """By changed path: the lines that come or go; None where nobody can say."""
        return {change.path: change.lines for change in self.changes}


class _Planner:
    def __init__(self, bundle: Bundle, *, lenient: bool) -> None:
        self.bundle = bundle
        self.lenient = lenient
        self.warnings: list[str] = []
        self.made: set[str] = set()

    def trouble(self, path: str, problem: str, remedy: str) -> None:
        """Fail, or in check mode only say so: an earlier task of the same run would have mended it."""
        message = f"bundle {self.bundle.name}: {path}: {problem}; {remedy}"
        if not self.lenient:
            raise BundleError(message)
        self.warnings.append(message)

    def number(self, path: str, kind: str, name: str) -> int:
        try:
            return user_id(name) if kind == "user" else group_id(name)
        except KeyError:
            self.trouble(path, f"{kind} {name} does not exist on the node", "install its package or create it first")
            return _UNKNOWN

    def entry(self, path: str, kind: str, content: bytes, item: Directory | File) -> Entry:
        uid, gid = self.number(path, "user", item.owner), self.number(path, "group", item.group)
        return Entry(kind, content, uid, gid, item.mode)

    def parent(self, path: str) -> None:
        directory = os.path.dirname(path)
        if directory not in self.made and not os.path.isdir(directory):
            self.trouble(path, f"the directory {directory} does not exist", "list it in directories")

    def movable(self, change: Change) -> Change:
        """Refuse what not even root could change."""
        if change.before != change.after and change.before.kind == "file" and immutable(change.path):
            raise BundleError(
                f"bundle {self.bundle.name}: {change.path}: the file is immutable or append-only (lsattr shows it); "
                f"if that is no longer meant, say: chattr -i -a {change.path}"
            )
        return change

    def emptied(self, path: str, going: t.Container[str]) -> None:
        left = [name for name in sorted(os.listdir(path)) if os.path.join(path, name) not in going]
        if left:
            raise BundleError(
                f"bundle {self.bundle.name}: {path}: the directory is not empty: it holds {left[0]}; "
                "list what is in it in absent too"
            )

    def refuse(self, path: str, before: Entry, allowed: t.Container[str]) -> None:
        if before.kind not in allowed:
            raise BundleError(
                f"bundle {self.bundle.name}: {path}: a {before.kind} stands there and is left alone; remove it by hand"
            )


def make_plan(
    bundle: Bundle, owned: t.Mapping[str, bool], elsewhere: t.Container[str], *, lenient: bool = False
) -> Plan:
    """Compare.

    ``owned``: paths that this bundle wrote before, and whether they were secret; ``elsewhere``: paths that other
    bundles own now and that are therefore not removed; ``lenient``: warn where users or directories are missing.
    """
    planner = _Planner(bundle, lenient=lenient)
    changes: list[Change] = []
    for directory in bundle.directories:
        before = read(directory.path, follow=True)
        planner.refuse(directory.path, before, ("absent", "directory"))
        planner.parent(directory.path)
        planner.made.add(directory.path)
        changes.append(Change(directory.path, before, planner.entry(directory.path, "directory", b"", directory)))
    wanted = {}
    for file in bundle.files:
        before = read(file.dest)
        planner.refuse(file.dest, before, ("absent", "file", "link"))
        planner.parent(file.dest)
        wanted[file.dest] = planner.entry(file.dest, "file", file.content, file)
        hidden = file.secret or owned.get(file.dest, False)
        changes.append(Change(file.dest, before, wanted[file.dest], hidden))
    listed = {*wanted, *bundle.absent, *(directory.path for directory in bundle.directories)}
    unlisted = sorted(path for path in set(owned) - listed if path not in elsewhere)
    # What is in a directory goes before it.
    for path in sorted(bundle.absent, key=lambda path: path.count("/"), reverse=True):
        before = read(path)
        planner.refuse(path, before, ("absent", "file", "link", "directory"))
        if before.kind == "directory":
            planner.emptied(path, {*bundle.absent, *unlisted})
        changes.append(Change(path, before, ABSENT, secret=True))
    for path in unlisted:
        # Also when somebody has changed it since: as long as it was listed, each run undid that, too.
        before = read(path)
        if before.kind in ("file", "link"):
            changes.append(Change(path, before, ABSENT, owned[path]))
    changes.sort(key=lambda change: change.after.kind == "absent" and change.before.kind == "directory")
    changes = [planner.movable(change) for change in changes if change.before != change.after]
    return Plan(tuple(changes), wanted, tuple(planner.warnings))


def diff(change: Change) -> list[dict[str, t.Any]]:
    """Before and after of one change, for display; of a secret only that it changed."""
    before, after, shown = change.before, change.after, []
    if change.what != "attributes" and "directory" not in (before.kind, after.kind):
        if change.secret:
            said = {
                "created": "content is secret; it is new",
                "removed": "content is not shown; it is removed",
                "content": "content is secret; it changed",
            }[change.what]
            head = f"--- before: {change.path}\n+++ after: {change.path}\n"
            shown.append({"prepared": f"{head}{said}\n"})
        else:
            shown.append(_content(change))
    moded = before.kind == after.kind == "file" and before.attributes != after.attributes
    if moded or change.what == "attributes" or "directory" in (before.kind, after.kind):
        shown.append(_attributes(change))
    return shown


def _content(change: Change) -> dict[str, t.Any]:
    entry: dict[str, t.Any] = {"before_header": change.path, "after_header": change.path}
    for side, state, label in (("before", change.before, "dst"), ("after", change.after, "src")):
        if b"\0" in state.content:
            return {**entry, f"{label}_binary": 1}
        if len(state.content) > _LARGEST_DIFF:
            return {**entry, f"{label}_larger": _LARGEST_DIFF}
        text = state.content.decode("utf-8", "replace")
        entry[side] = f"link to {text}\n" if state.kind == "link" else text
    return entry


def _attributes(change: Change) -> dict[str, t.Any]:
    def text(entry: Entry) -> str:
        return "" if entry.kind == "absent" else f"{entry.kind} {entry.describe()}\n"

    header = f"{change.path} (owner, group, mode)"
    return {"before_header": header, "after_header": header, "before": text(change.before), "after": text(change.after)}
