# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""BIRD as it runs, against a BIRD that has read what was rendered: both were asked the same questions.

A running BIRD tells its protocols, neighbours, limits, and the code of its functions, import filters and named filters.
It tells neither timers nor passwords; for these it counts that the files are as rendered, and were read since.
"""

from __future__ import annotations

import difflib
import re
import types
import typing as t

from .finding import CONVERGE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

DIRECTORY = "/etc/bird/"
SLACK = 1.0
"""Seconds by which the clock of a file may be ahead."""

LINES = 60
"""Lines of a difference between filters that are kept."""

_REMEDY = f"run: birdc configure; or {CONVERGE} if a file in {DIRECTORY} differs, too"
_RELOAD = "in a maintenance window run: birdc configure"
_PLACE = re.compile(r" at line \d+$| [0-9a-f]{16}\b")
"""What differs between two BIRDs of one configuration, or with its comments: addresses in memory, numbers of lines."""

Json = t.Mapping[str, t.Any]


def settings(session: Json) -> dict[str, str]:
    """What a session says of its configuration."""
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


def code(dump: str) -> dict[str, list[str]]:
    """``dump filter all``: by function, filter or protocol the lines that make it up."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in dump.splitlines():
        if line and not line[0].isspace():
            name = line.rstrip(":")
            found[name] = []
        elif name and not line.endswith("dump done"):
            found[name].append(_PLACE.sub("", line.rstrip()))
    return found


def compare(
    _intent: Intent, evidence: Json, ours: t.Container[str], inwards: t.Mapping[str, str] = types.MappingProxyType({})
) -> list[Finding]:
    """Everything about a running BIRD. ``ours``: all prefixes that may ever leave this node. ``inwards``: a router's
    sessions with its nodes by name, each with the one prefix that it may tell them.
    """
    bird = evidence["routing"]
    if bird.get("error"):
        return [unread("BIRD", bird["error"], "see journalctl --unit=bird")]
    intended, running = bird["intended"], bird["running"]
    return [
        *_protocols(intended["protocols"], running["protocols"]),
        *_sessions(intended["sessions"], running["sessions"]),
        *_code(intended["filters"], running["filters"]),
        *_exported(bird["exported"], ours, inwards),
        *_age(evidence["files"], bird["configured_at"]),
    ]


def _protocols(intended: t.Sequence[Json], running: t.Sequence[Json]) -> list[Finding]:
    """Which protocols there are, and that nobody has switched one off."""
    wanted, found = ({one["name"]: one for one in side} for side in (intended, running))
    findings = []
    for name in sorted({*wanted, *found}):
        want, have = wanted.get(name), found.get(name)
        expected, told = (f"a protocol {one['kind']}" if one else "no such protocol" for one in (want, have))
        if expected != told:
            findings.append(Finding("bgp", name, expected, told, _REMEDY))
        elif want and have and have["state"] == "down" != want["state"]:
            findings.append(Finding("bgp", name, "enabled", "disabled", f"run: birdc enable {name}"))
    return findings


def _sessions(intended: t.Sequence[Json], running: t.Sequence[Json]) -> list[Finding]:
    """Neighbours, names of filters and limits of the sessions that both sides have."""
    wanted = {session["name"]: settings(session) for session in intended}
    findings = []
    for session in running:
        name, have = session["name"], settings(session)
        want = wanted.get(name, have)
        findings += [
            Finding("bgp", f"{name} {key}", want.get(key, "none"), have.get(key, "none"), _REMEDY)
            for key in sorted({*want, *have})
            if want.get(key) != have.get(key)
        ]
    return findings


def _code(intended: str, running: str) -> list[Finding]:
    """Functions and filters, as BIRD has compiled them."""
    wanted, found = code(intended), code(running)
    if not wanted or not found:
        return [unread("BIRD's filters", "this BIRD does not tell them", "see birdc dump filter; BIRD 2.17 has it")]
    findings = []
    for name in sorted({*wanted, *found}):
        want, have = wanted.get(name, []), found.get(name, [])
        if want == have:
            continue
        diff = list(difflib.unified_diff(have, want, "running", "intended", lineterm="", n=1))
        expected = _first("+", diff, "as rendered") if want else "no such code"
        told = _first("-", diff, "other code") if have else "no such code"
        subject = name.replace("Protocol ", "import filters of ").replace("Named filter", "filter")
        kept = tuple(line[:200] for line in diff[:LINES])
        findings.append(Finding("bgp", subject[:1].lower() + subject[1:], expected, told, _REMEDY, kept))
    return findings


def _first(sign: str, diff: t.Sequence[str], otherwise: str) -> str:
    """The first step of a filter that only one side has."""
    steps = (line[1:].strip() for line in diff[2:] if line.startswith(sign) and "Filter line" not in line)
    return next((f"code with: {step}" for step in steps), otherwise)


def _exported(
    exported: t.Mapping[str, t.Sequence[str]], ours: t.Container[str], inwards: t.Mapping[str, str]
) -> list[Finding]:
    """What would leave the node right now."""
    findings = []
    for name, prefixes in sorted(exported.items()):
        may = (inwards[name],) if name in inwards else ours
        strange = [prefix for prefix in sorted(prefixes) if prefix not in may]
        if strange:
            told = ", ".join(strange[:3]) + (f" and {len(strange) - 3} more" if len(strange) > 3 else "")
            remedy = "run: imrs dark; then birdc configure"
            expected = "a default route only" if name in inwards else "prefixes of the IMRS only"
            findings.append(Finding("bgp", f"{name} exports", expected, told, remedy))
    return findings


def _age(files: t.Mapping[str, Json], configured_at: float | None) -> list[Finding]:
    """Whether BIRD has read its files since they changed."""
    if configured_at is None:
        return [unread("BIRD", "it does not say when it read its configuration")]
    expected, told = "read since it changed", "BIRD runs what it read before the change"
    return [
        Finding("bgp", path, expected, told, _RELOAD)
        for path, file in sorted(files.items())
        if path.startswith(DIRECTORY) and (file.get("changed_at") or 0.0) > configured_at + SLACK
    ]
