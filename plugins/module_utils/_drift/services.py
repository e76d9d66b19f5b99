# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Units: enabled, running, and running what is on disk."""

from __future__ import annotations

import fnmatch
import typing as t

from .. import _products as products
from . import wanted
from .finding import CONVERGE, RESTORE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

SLACK = 1.0
"""Seconds by which clocks of files and of systemd may differ."""

_ENABLED = ("enabled", "enabled-runtime", "alias")
_OURS = ("/etc/", "/run/systemd/", "/usr/local/")


def compare(intent: Intent, evidence: t.Mapping[str, t.Any], daemons: t.Sequence[products.Product]) -> list[Finding]:
    """Everything about units."""
    units = evidence["units"]
    if not units:
        return [unread("services", "systemd said nothing")]
    running = wanted.units(daemons)
    findings = []
    for name in running:
        findings += _runs(name, units.get(name))
    for name in wanted.units(products.PRODUCTS):
        if name not in running and units.get(name):
            findings += _rests(name, units[name])
    for name, unit in sorted(units.items()):
        if name in running or unit["active"] in ("active", "reloading"):
            findings += _altered(intent, name, unit)
            findings += _stale(intent, evidence["files"], name, unit)
    return findings


def _runs(name: str, unit: t.Mapping[str, t.Any] | None) -> list[Finding]:
    if unit is None or unit["load"] != "loaded":
        return [Finding("service", name, "enabled, active", unit["load"] if unit else "unknown")]
    good = unit["enabled"] in _ENABLED and unit["active"] in ("active", "reloading")
    told = f"{unit['enabled'] or 'not enabled'}, {unit['active']}"
    return [] if good else [Finding("service", name, "enabled, active", told)]


def _rests(name: str, unit: t.Mapping[str, t.Any]) -> list[Finding]:
    """Of a provider that this node does not use."""
    good = unit["enabled"] not in _ENABLED and unit["active"] in ("inactive", "failed")
    told = f"{unit['enabled']}, {unit['active']}"
    return [] if good else [Finding("service", name, "disabled, inactive: another provider is used", told)]


def _altered(intent: Intent, name: str, unit: t.Mapping[str, t.Any]) -> list[Finding]:
    """Files that somebody else tells systemd of this unit with."""
    return [
        Finding("service", name, "told by packages and bundles only", f"told by {path}", RESTORE)
        for path in [unit["fragment"], *unit["dropins"]]
        if path.startswith(_OURS) and path not in intent.files
    ]


def _stale(
    intent: Intent, files: t.Mapping[str, t.Mapping[str, t.Any]], name: str, unit: t.Mapping[str, t.Any]
) -> list[Finding]:
    """Whether it runs something older than what is on disk."""
    findings = []
    if unit["need_reload"]:
        findings.append(
            Finding(
                "service",
                name,
                "known to systemd as on disk",
                "its unit files have changed",
                "run: systemctl daemon-reload",
            )
        )
    if unit["replaced"]:
        findings.append(
            Finding("service", name, "runs the installed program", "its program was replaced since", f"restart {name}")
        )
    for table, since, what, verb in (
        (wanted.RESTART, unit["started_at"], "started", "restart"),
        (wanted.RELOAD, unit["changed_at"], "reloaded", "reload"),
    ):
        newer = [
            path
            for path in sorted(intent.files)
            if since is not None
            and any(fnmatch.fnmatchcase(path, pattern) for pattern in table.get(name, ()))
            and (files.get(path, {}).get("changed_at") or 0.0) > since + SLACK
        ]
        if newer:
            more = f" and {len(newer) - 1} more" if len(newer) > 1 else ""
            findings.append(
                Finding(
                    "service",
                    name,
                    f"{what} since its files changed",
                    f"stale: {newer[0]}{more} changed after it was {what}",
                    f"{CONVERGE}; if it finds nothing to do, {verb} {name} in a maintenance window",
                )
            )
    return findings
