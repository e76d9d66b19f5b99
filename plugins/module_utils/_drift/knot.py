# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Knot DNS as it runs, against the configuration that was rendered for it: both as Knot itself tells them."""

from __future__ import annotations

import re
import typing as t

from .finding import CONVERGE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

CONFIGURATION = "/etc/knot/knot.conf"
_REMEDY = f"run: knotc reload (some settings take a restart); or {CONVERGE} if {CONFIGURATION} differs, too"
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')


def exported(text: str) -> dict[str, str]:
    """``knotc conf-export``: by ``section[id].item`` the values, with spaces between them."""
    found: dict[str, str] = {}
    section = ident = ""
    for line in text.splitlines():
        name, colon, rest = line.strip().partition(":")
        if not colon or name.startswith("#"):
            continue
        values = " ".join(word.replace('\\"', '"') for word in _WORD.findall(rest))
        if not line.startswith(" "):
            section, ident = name, ""
        elif name.startswith("- "):
            ident = values
            found[f"{section}[{ident}]"] = ""
        else:
            found[f"{section}[{ident}].{name}" if ident else f"{section}.{name}"] = values
    return found


def active(text: str) -> dict[str, str]:
    """``knotc conf-read``: the same of the running daemon."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition(" = ")
        if not equals:
            key, value = line.strip().removesuffix(" ="), ""
        section, dot, item = key.partition(".") if "[" not in key else ("", "", "")
        if dot and item in ("id", "domain", "target"):
            found[f"{section}[{value}]"] = ""
        elif key:
            found[key] = f"{found[key]} {value}" if key in found else value
    return found


def _shown(value: str | None) -> str:
    """Secrets are sealed already: they come as the name of their variable."""
    return "not set" if value is None else value or "set"


def compare(_intent: Intent, evidence: t.Mapping[str, t.Any], _ours: t.Container[str]) -> list[Finding]:
    """Everything about a running Knot DNS."""
    said = evidence["nameserver"]
    if said.get("error"):
        return [unread("Knot DNS", said["error"], "see journalctl --unit=knot")]
    wanted, running = exported(said["intended"]), active(said["running"])
    return [
        Finding("nameserver", key, _shown(wanted.get(key)), _shown(running.get(key)), _REMEDY)
        for key in sorted({*wanted, *running})
        if wanted.get(key) != running.get(key)
    ]
