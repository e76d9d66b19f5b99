# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""BIRD as it runs, against the configuration that was rendered for it.

A running BIRD tells its protocols, neighbours, filters' names and limits, and when it read its configuration; not what
is in a filter without a name. So that the file is as rendered, and was read since, is part of the proof.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from .finding import CONVERGE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

CONFIGURATION = "/etc/bird/bird.conf"
SLACK = 1.0
"""Seconds by which the clock of a file may be ahead."""

_TOKEN = re.compile(r'"[^"\n]*"|[{};]|[^\s{};"]+')
_COMMENT = re.compile(r'("[^"\n]*")|#[^\n]*|/\*.*?\*/', re.DOTALL)
_FAMILIES = ("ipv4", "ipv6")
_REMEDY = f"run: birdc configure; or {CONVERGE} if {CONFIGURATION} differs, too"
_RELOAD = "in a maintenance window run: birdc configure"


@dataclass
class Protocol:
    """One protocol of a configuration. ``settings`` are those that the running daemon tells, too."""

    kind: str
    name: str
    """Empty where BIRD makes one up."""
    settings: dict[str, str] = field(default_factory=dict)


Statement = list[t.Any]
"""Words, and blocks as lists of statements."""


def _statements(words: t.Iterator[str]) -> list[Statement]:
    """Statements up to the end of the block."""
    found: list[Statement] = []
    current: Statement = []
    for word in words:
        if word == "{":
            current.append(_statements(words))
            if current[0] in ("protocol", "function", "filter", "template", *_FAMILIES):
                found.append(current)
                current = []
        elif word in (";", "}"):
            if current:
                found.append(current)
            current = []
            if word == "}":
                return found
        else:
            current.append(word)
    return [*found, current] if current else found


def _filter(words: Statement) -> str:
    """How BIRD shows the filter of ``import`` or ``export``."""
    if words[0] == "none":
        return "REJECT"
    if words[0] == "all":
        return "ACCEPT"
    if words[0] == "filter" and isinstance(words[1], str):
        return words[1]
    return "(unnamed)"


def _channel(family: str, block: list[Statement]) -> dict[str, str]:
    found = {}
    for words in block:
        if words[0] not in ("import", "export") or len(words) < 2:
            continue
        if words[1] == "limit":
            found[f"{family} {words[0]} limit"] = str(words[2])
        else:
            found[f"{family} {words[0]}"] = _filter(words[1:])
    return found


def parse(text: str) -> list[Protocol]:
    """The protocols of a configuration file."""
    cleaned = _COMMENT.sub(lambda match: match[1] or " ", text)
    found = []
    for words in _statements(iter(_TOKEN.findall(cleaned))):
        if words[0] != "protocol" or not isinstance(words[-1], list):
            continue
        protocol = Protocol(words[1], words[2] if len(words) > 3 else "")
        for statement in words[-1]:
            head = statement[0]
            if head == "local" and "as" in statement:
                protocol.settings["local AS"] = statement[statement.index("as") + 1]
            elif head == "neighbor":
                protocol.settings["neighbor"] = statement[1]
                protocol.settings["neighbor AS"] = statement[statement.index("as") + 1]
            elif head in _FAMILIES and isinstance(statement[-1], list) and protocol.kind == "bgp":
                protocol.settings.update(_channel(head, statement[-1]))
        found.append(protocol)
    return found


def _running(session: t.Mapping[str, t.Any]) -> dict[str, str]:
    """What a session says of itself, in the words of ``Protocol.settings``."""
    found = {
        "local AS": str(session.get("local_as", "")),
        "neighbor": str(session.get("neighbor", "")),
        "neighbor AS": str(session.get("neighbor_as", "")),
    }
    for channel in session["channels"]:
        family = channel["family"]
        for side, way in (("input", "import"), ("output", "export")):
            if side in channel["filters"]:
                found[f"{family} {way}"] = channel["filters"][side]
            if way in channel.get("limits", {}):
                found[f"{family} {way} limit"] = channel["limits"][way].split()[0]
    return found


def compare(intent: Intent, evidence: t.Mapping[str, t.Any], ours: t.Container[str]) -> list[Finding]:
    """Everything about a running BIRD. ``ours``: all prefixes that may ever leave this node."""
    bird = evidence["bird"]
    if bird.get("error"):
        return [unread("BIRD", bird["error"], "see journalctl --unit=bird")]
    wanted = parse(intent.text(CONFIGURATION))
    findings = _protocols(wanted, bird["protocols"])
    sessions = {session["name"]: session for session in bird["sessions"]}
    for protocol in wanted:
        session = sessions.get(protocol.name)
        if protocol.kind != "bgp" or session is None:
            continue
        running = _running(session)
        findings += [
            Finding(
                "bgp", f"{protocol.name} {key}", protocol.settings.get(key, "none"), running.get(key, "none"), _REMEDY
            )
            for key in sorted({*protocol.settings, *running})
            if protocol.settings.get(key, "none") != running.get(key, "none")
        ]
    for name, prefixes in sorted(bird["exported"].items()):
        strange = sorted(prefix for prefix in prefixes if prefix not in ours)
        if name in sessions and strange:
            told = ", ".join(strange[:3]) + (f" and {len(strange) - 3} more" if len(strange) > 3 else "")
            findings.append(
                Finding(
                    "bgp", f"{name} exports", "prefixes of the IMRS only", told, "run: imrs dark; then birdc configure"
                )
            )
    return findings + _age(evidence, bird)


def _protocols(wanted: t.Sequence[Protocol], running: t.Sequence[t.Mapping[str, str]]) -> list[Finding]:
    """Which protocols there are, and that nobody has switched one off."""
    findings = []
    left = {entry["name"]: entry for entry in running}
    for protocol in wanted:
        # bird calls the first protocol without a name bfd1, device1 and so on.
        name = protocol.name or next(
            (one for one in left if re.fullmatch(rf"{protocol.kind}\d+", one)), f"{protocol.kind} without a name"
        )
        found = left.pop(name, None)
        if found is None:
            findings.append(Finding("bgp", name, f"a protocol {protocol.kind}", "not running", _REMEDY))
        elif found["kind"].lower() != protocol.kind:
            findings.append(Finding("bgp", name, f"a protocol {protocol.kind}", f"a protocol {found['kind']}", _REMEDY))
        elif found["state"] == "down":
            findings.append(Finding("bgp", name, "enabled", "disabled", f"run: birdc enable {name}"))
    return findings + [
        Finding("bgp", name, "no such protocol", f"a protocol {entry['kind']} runs", _REMEDY)
        for name, entry in sorted(left.items())
    ]


def _age(evidence: t.Mapping[str, t.Any], bird: t.Mapping[str, t.Any]) -> list[Finding]:
    """Whether what runs is what the file says, and whether the file would be taken."""
    findings = []
    changed = evidence["files"].get(CONFIGURATION, {}).get("changed_at")
    if bird["configured_at"] is None:
        findings.append(unread("BIRD", "it does not say when it read its configuration"))
    elif changed is not None and changed > bird["configured_at"] + SLACK:
        findings.append(
            Finding("bgp", CONFIGURATION, "read since it changed", "BIRD runs what it read before the change", _RELOAD)
        )
    if not bird["check"]["good"]:
        findings.append(Finding("bgp", CONFIGURATION, "BIRD would take it", bird["check"]["said"]))
    return findings
