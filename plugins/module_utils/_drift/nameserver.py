# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Knot DNS and NSD as they run, against the configuration that was rendered for them."""

from __future__ import annotations

import re
import typing as t

from .finding import CONVERGE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

_KNOT = "/etc/knot/knot.conf"
_KNOT_REMEDY = f"run: knotc reload (some settings take a restart); or {CONVERGE} if {_KNOT} differs, too"
_NSD_REMEDY = f"run: nsd-control reconfig; or {CONVERGE} if the files in /etc/nsd differ, too"
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


def knot(evidence: t.Mapping[str, t.Any]) -> list[Finding]:
    """Everything about a running Knot DNS."""
    said = evidence["knot"]
    if said.get("error"):
        return [unread("Knot DNS", said["error"], "see journalctl --unit=knot")]
    wanted, running = exported(said["intended"]), active(said["running"])
    return [
        Finding("nameserver", key, _shown(wanted.get(key)), _shown(running.get(key)), _KNOT_REMEDY)
        for key in sorted({*wanted, *running})
        if wanted.get(key) != running.get(key)
    ]


def _nsd_intent(intent: Intent) -> tuple[dict[str, dict[str, str]], set[str], dict[str, str]]:
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


def nsd(intent: Intent, evidence: t.Mapping[str, t.Any]) -> list[Finding]:
    """Everything about a running NSD: its zones, TSIG keys and what ``status`` tells; the rest is judged by its age."""
    said = evidence["nsd"]
    if said.get("error"):
        return [unread("NSD", said["error"], "see journalctl --unit=nsd")]
    keys, zones, settings = _nsd_intent(intent)
    findings = []
    for name in sorted({*keys, *said["keys"]}):
        want, have = keys.get(name), said["keys"].get(name)
        if want is None or have is None:
            findings.append(Finding("nameserver", f"key {name}", _presence(want), _presence(have), _NSD_REMEDY))
        elif want != have:
            part = "algorithm" if want.get("algorithm") != have.get("algorithm") else "secret"
            findings.append(
                Finding("nameserver", f"key {name} {part}", want.get(part, "none"), have.get(part, "none"), _NSD_REMEDY)
            )
    for name in sorted(zones ^ set(said["zones"])):
        told = ("served", "not served") if name in zones else ("no such zone", "served")
        remedy = _NSD_REMEDY if name in zones else f"run: nsd-control delzone {name}; or nsd-control reconfig"
        findings.append(Finding("nameserver", f"zone {name}", told[0], told[1], remedy))
    for name, value in sorted(settings.items()):
        if name in said["status"] and said["status"][name] != value:
            remedy = f"run: nsd-control verbosity {value}" if name == "verbosity" else _NSD_REMEDY
            findings.append(Finding("nameserver", name, value, said["status"][name], remedy))
    return findings


def _presence(value: t.Mapping[str, str] | None) -> str:
    return "none" if value is None else "there"
