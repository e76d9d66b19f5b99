# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Units: enabled, running, and running what is on disk."""

from __future__ import annotations

import typing as t

from .finding import CONVERGE, RESTORE, Finding, unread

if t.TYPE_CHECKING:
    from .._manifest import Unit
    from .intent import Intent

SLACK = 1.0
"""Seconds by which clocks of files and of systemd may differ."""

_ENABLED = ("enabled", "enabled-runtime", "alias")
_BOOT: dict[bool | None, str] = {True: "enabled", False: "disabled"}
_RUNS: dict[bool | None, str] = {True: "active", False: "inactive"}
_ACTIVE = ("active", "reloading")
_OURS = ("/etc/", "/run/systemd/", "/usr/local/")


def compare(intent: Intent, evidence: t.Mapping[str, t.Any]) -> list[Finding]:
    """Everything about units."""
    units = evidence["units"]
    if not units:
        return [unread("services", "systemd said nothing")]
    findings = []
    for name, wanted in intent.units.items():
        findings += _state(wanted, units.get(name))
    for name, unit in sorted(units.items()):
        running = name in intent.units and intent.units[name].started
        if running or unit["active"] in _ACTIVE:
            findings += _altered(intent, name, unit)
            findings += _stale(intent, evidence["files"], name, unit)
    return findings


def _state(wanted: Unit, unit: t.Mapping[str, t.Any] | None) -> list[Finding]:
    """Whether it starts at boot and runs as its bundle says. A unit that is not there does neither."""
    words = _BOOT.get(wanted.enabled), _RUNS.get(wanted.started)
    expected = ", ".join(filter(None, words))
    if unit is None or (unit["load"] != "loaded" and (wanted.enabled or wanted.started)):
        return [Finding("service", wanted.unit, expected, unit["load"] if unit else "unknown")]
    runs = wanted.started is None or unit["active"] in (_ACTIVE if wanted.started else ("inactive", "failed"))
    good = runs and wanted.enabled in (None, unit["enabled"] in _ENABLED)
    told = f"{unit['enabled'] or 'not enabled'}, {unit['active']}"
    return [] if good else [Finding("service", wanted.unit, expected, told)]


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
    for verb, since, what in (("restart", unit["started_at"], "started"), ("reload", unit["changed_at"], "reloaded")):
        newer = [
            path
            for path in intent.told(verb).get(name, ())
            if since is not None and (files.get(path, {}).get("changed_at") or 0.0) > since + SLACK
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
