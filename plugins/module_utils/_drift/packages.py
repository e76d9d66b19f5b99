# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Packages: there, on hold, and with the files that they came with."""

from __future__ import annotations

import typing as t

from .finding import RESTORE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

_UNREAD = "/usr/share/"
"""Documentation may be left out when packages are installed."""


def compare(intent: Intent, evidence: t.Mapping[str, t.Any]) -> list[Finding]:
    """Everything about packages."""
    installed = evidence["packages"]
    if not installed:
        return [unread("packages", "dpkg said nothing")]
    if evidence["held"] is None:
        return [unread("packages on hold", "apt-mark said nothing")]
    held = set(evidence["held"])
    findings = []
    for name in intent.packages.installed:
        found = installed.get(name)
        if found is None or found["status"] != "installed":
            findings.append(Finding("package", name, "installed", found["status"] if found else "not installed"))
        elif name in intent.packages.held and name not in held:
            findings.append(Finding("package", name, "on hold", f"not on hold, version {found['version']}"))
    findings += [
        Finding("package", name, "no hold: upgrades come by themselves", "on hold", f"run: apt-mark unhold {name}")
        for name in sorted(held - set(intent.packages.held))
    ]
    findings += [unread(f"files of package {name}", "dpkg --verify came to no end") for name in evidence["unverified"]]
    findings += [
        Finding(
            "package",
            altered["path"],
            f"as in package {altered['package']}",
            "missing" if altered["missing"] else "altered",
            f"run: apt-get install --reinstall {altered['package']}" if not altered["conffile"] else RESTORE,
        )
        for altered in evidence["altered"]
        if altered["path"] not in intent.files and not altered["path"].startswith(_UNREAD)
    ]
    return findings
