# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What Knot DNS says: its zones, and the configuration that it runs."""

from __future__ import annotations

import re
import typing as t

from .._products import KNOT
from . import apart, host

if t.TYPE_CHECKING:
    from .seal import Seal

_EXPORT = f'mount --bind "$1" {KNOT.directory}; exec knotc -c {KNOT.directory}/knot.conf conf-export'
_IDLE = re.compile(r"^server\.tcp-idle-timeout = (\d+)$", re.MULTILINE)
_LIMIT = re.compile(r"^mod-rrl\[[^\]]*\]\.(rate-limit|slip|whitelist) = (.*)$", re.MULTILINE)
_KEY = r'secret(?:: "|\s=\s)([^"\n]*)'


def parse_zone_read(text: str) -> str:
    """``knotc zone-read ZONE``: every line starts with ``[zone] ``; without it, this is a zone file."""
    return "".join(line.partition("] ")[2] + "\n" for line in text.splitlines() if line.startswith("["))


def parse_zone_status(text: str) -> dict[str, dict[str, str]]:
    """``knotc zone-status``: ``[zone] role: ... | serial: ...`` by zone."""
    zones = {}
    for line in text.splitlines():
        if not line.startswith("["):
            continue
        name, _bracket, rest = line[1:].partition("] ")
        fields = (field.partition(":") for field in rest.split("|"))
        zones[name] = {key.strip(): value.strip() for key, _colon, value in fields}
    return zones


def zone_text(zone: str, command: t.Sequence[str], timeout: float) -> tuple[str, str]:
    """The text of a zone as it is served, read within ``timeout`` seconds, or what went wrong."""
    done = host.run([*command, "zone-read", zone], timeout, 200_000_000)
    return (parse_zone_read(done["stdout"]), "") if done["rc"] == 0 else ("", done["stderr"].strip())


def zone_status(command: t.Sequence[str]) -> dict[str, dict[str, str]]:
    """What it says of every zone."""
    return parse_zone_status(host.run([*command, "zone-status"])["stdout"])


def idle_timeout(command: t.Sequence[str]) -> float | None:
    """Seconds after which it closes a connection without a question, as it runs; None when it does not tell."""
    found = _IDLE.search(host.run([*command, "conf-read", "server.tcp-idle-timeout"])["stdout"])
    return float(found[1]) if found else None


def rate_limit(command: t.Sequence[str]) -> dict[str, t.Any] | None:
    """What one source gets, as it runs, and who has no limit; None when it does not tell. Its own slip is 1."""
    said = host.run([*command, "conf-read", "mod-rrl"])
    found = dict(_LIMIT.findall(said["stdout"]))
    if said["rc"] != 0 and not found:
        return None
    return {
        "rate": int(found.get("rate-limit", 0)),
        "slip": int(found.get("slip", 1)),
        "exempt": found.get("whitelist", "").split(),
    }


def running(contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> apart.Json:
    """The intended configuration as Knot exports it, and the one that is active, both sealed."""
    files = {name: seal.open(text) for name, text in apart.below(KNOT.directory, contents).items()}
    exported = apart.run(files, _EXPORT, runner)
    active = runner([*KNOT.control, "conf-read"])
    for done in (exported, active):
        if done["rc"] != 0:
            return {"error": seal.guard(apart.said(done, "knotc"))}
    return {"intended": seal.lines(exported["stdout"], _KEY), "running": seal.lines(active["stdout"], _KEY)}
