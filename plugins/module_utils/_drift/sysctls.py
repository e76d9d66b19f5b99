# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Kernel settings: as they are, and as they will be after the next boot."""

from __future__ import annotations

import re
import typing as t

from .finding import RESTORE, Finding

if t.TYPE_CHECKING:
    from .intent import Intent

_OURS = re.compile(r"/etc/sysctl\.d/[^/]+\.conf")


def _value(text: str) -> str:
    return " ".join(text.split())


def wanted(intent: Intent) -> dict[str, tuple[str, str]]:
    """By key the value, and the file of ours that sets it."""
    found = {}
    for path in sorted(intent.files):
        if _OURS.fullmatch(path):
            for line in intent.text(path).splitlines():
                key, equals, value = line.partition("=")
                if equals and not line.lstrip().startswith(("#", ";")):
                    found[key.strip().lstrip("-").replace("/", ".")] = (_value(value), path)
    return found


def compare(intent: Intent, evidence: t.Mapping[str, t.Any]) -> list[Finding]:
    """Everything about kernel settings. ``sysctl_files`` are in the order in which the next boot applies them."""
    findings = []
    for key, (value, ours) in sorted(wanted(intent).items()):
        found = evidence["sysctls"].get(key)
        if found is None or _value(found) != value:
            told = "no such setting" if found is None else _value(found)
            findings.append(
                Finding("sysctl", key, value, told, f"run: /usr/lib/systemd/systemd-sysctl {ours}; see who changed it")
            )
        told_of = [line for line in evidence["sysctl_files"] if line["key"] == key]
        places = [number for number, line in enumerate(told_of) if line["path"] == ours]
        after = told_of[places[-1] + 1 :] if places else []
        if after and _value(after[-1]["value"]) != value:
            told = f"{after[-1]['path']} sets {_value(after[-1]['value'])} after it at the next boot"
            findings.append(Finding("sysctl", key, f"{value}, from {ours}", told, RESTORE))
    return findings
