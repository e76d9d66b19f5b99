# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""NSD as it runs, against the configuration that was rendered for it, as far as it tells."""

from __future__ import annotations

import typing as t

from .finding import CONVERGE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

_REMEDY = f"run: nsd-control reconfig; or {CONVERGE} if the files in /etc/nsd differ, too"


def _told(intent: Intent) -> tuple[dict[str, dict[str, str]], set[str], dict[str, str]]:
    """Keys, zones and the few settings that a running NSD tells."""
    keys: dict[str, dict[str, str]] = {}
    zones: set[str] = set()
    settings: dict[str, str] = {}
    section, name = "", ""
    texts = [intent.text(path) for path in sorted(intent.files) if path.startswith("/etc/nsd/")]
    for line in "\n".join(texts).splitlines():
        option, colon, value = line.partition(":")
        option, value = option.strip(), value.strip().strip('"')
        if not colon or option.startswith("#"):
            continue
        if not line.startswith(" "):
            section = option
        elif option == "name":
            name = value
            if section == "key":
                keys[name] = {}
            elif section == "zone":
                zones.add(name)
        elif section == "key":
            keys[name][option] = value
        elif (section, option) in (("server", "verbosity"), ("server", "rrl-ratelimit")):
            settings[option.removeprefix("rrl-")] = value
    return keys, zones, settings


def compare(intent: Intent, evidence: t.Mapping[str, t.Any], _ours: t.Container[str]) -> list[Finding]:
    """Everything about a running NSD: its zones, TSIG keys and what ``status`` tells; the rest is judged by its age."""
    said = evidence["nameserver"]
    if said.get("error"):
        return [unread("NSD", said["error"], "see journalctl --unit=nsd")]
    keys, zones, settings = _told(intent)
    findings = []
    for name in sorted({*keys, *said["keys"]}):
        want, have = keys.get(name), said["keys"].get(name)
        if want is None or have is None:
            findings.append(Finding("nameserver", f"key {name}", _presence(want), _presence(have), _REMEDY))
        elif want != have:
            part = "algorithm" if want.get("algorithm") != have.get("algorithm") else "secret"
            findings.append(
                Finding("nameserver", f"key {name} {part}", want.get(part, "none"), have.get(part, "none"), _REMEDY)
            )
    for name in sorted(zones ^ set(said["zones"])):
        told = ("served", "not served") if name in zones else ("no such zone", "served")
        remedy = _REMEDY if name in zones else f"run: nsd-control delzone {name}; or nsd-control reconfig"
        findings.append(Finding("nameserver", f"zone {name}", told[0], told[1], remedy))
    for name, value in sorted(settings.items()):
        if name in said["status"] and said["status"][name] != value:
            remedy = f"run: nsd-control verbosity {value}" if name == "verbosity" else _REMEDY
            findings.append(Finding("nameserver", name, value, said["status"][name], remedy))
    return findings


def _presence(value: t.Mapping[str, str] | None) -> str:
    return "none" if value is None else "there"
