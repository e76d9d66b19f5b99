# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Files: those that bundles write, those they wrote once, and those that nobody of us put where only we do."""

from __future__ import annotations

import difflib
import fnmatch
import typing as t

from . import wanted
from .finding import CONVERGE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import File, Intent

LINES = 60
"""Lines of a difference that are kept."""


def _shown(entry: t.Mapping[str, t.Any]) -> str:
    return f"{entry['mode']} {entry['owner']}:{entry['group']}"


def _difference(file: File, found: str) -> tuple[str, ...]:
    """What a reviewer would see; only of files that are no secret."""
    lines = difflib.unified_diff(found.splitlines(), file.content.splitlines(), "found", "intended", lineterm="", n=1)
    return tuple(line[:200] for _number, line in zip(range(LINES), lines, strict=False))


def _one(file: File, seen: t.Mapping[str, t.Any]) -> list[Finding]:
    if seen["kind"] == "absent":
        return [Finding("file", file.path, "a file", "missing")]
    if seen["kind"] != "file":
        return [Finding("file", file.path, "a file", f"a {seen['kind']}")]
    findings = []
    if not seen["same"]:
        if file.secret:
            findings.append(
                Finding("file", file.path, "content as rendered", "other content (not shown: it is secret)")
            )
        else:
            detail = _difference(file, str(seen.get("content") or ""))
            count = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in detail)
            told = f"other content ({count} lines differ)" if count else "other content"
            findings.append(Finding("file", file.path, "content as rendered", told, detail=detail))
    if _shown(seen) != file.attributes:
        findings.append(Finding("file", file.path, file.attributes, _shown(seen)))
    return findings


def compare(intent: Intent, evidence: t.Mapping[str, t.Any], known: t.Sequence[str] = ()) -> list[Finding]:
    """Everything about files. ``known``: patterns of paths that somebody else may put into our directories."""
    findings = []
    for path, file in sorted(intent.files.items()):
        seen = evidence["files"].get(path)
        findings += [unread(path, "the node said nothing of it")] if seen is None else _one(file, seen)
    findings += [
        Finding(
            "file", left["path"], "removed: no bundle lists it any more", f"a {left['kind']} of bundle {left['bundle']}"
        )
        for left in evidence["left"]
        if left["path"] not in intent.files
    ]
    findings += [
        Finding("file", change, "changes that are done or undone", "a change that was left half-way", CONVERGE)
        for change in evidence["unfinished"]
    ]
    return findings + _foreign(intent, evidence, [*wanted.GENERATED, *known])


def _foreign(intent: Intent, evidence: t.Mapping[str, t.Any], known: t.Sequence[str]) -> list[Finding]:
    """What lies in our directories and is neither ours nor a package's."""
    left = {entry["path"] for entry in evidence["left"]}
    return [
        Finding(
            "foreign",
            entry["path"],
            "nothing: only bundles and packages write there",
            f"a {entry['kind']}, {_shown(entry)}",
            "move it away, or have a role write it; no run of icann.imrs.site touches it",
        )
        for entry in evidence["strangers"]
        if entry["path"] not in intent.files
        and entry["path"] not in left
        and not entry["package"]
        and not any(fnmatch.fnmatchcase(entry["path"], pattern) for pattern in known)
    ]
