# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What BIRD runs, whatever its files say, beside what a BIRD with the intended files would run."""

from __future__ import annotations

import datetime
import re
import time
import typing as t

from .._products import BIRD
from . import apart, bird, host

if t.TYPE_CHECKING:
    from .seal import Seal

_MOMENT = re.compile(
    r"^(Current server time is|Last reconfiguration on) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)", re.MULTILINE
)
_ASK = """
birdc -s "$socket" -r show protocols all
echo "$mark"
birdc -s "$socket" "dump filter all \\"$room/filters\\"" >"$room/said" || true
cat "$room/filters" 2>/dev/null || true
"""
# A second BIRD: its own network has no neighbours, and its log goes nowhere.
_INTENDED = f"""
mount --bind "$1" {BIRD.directory}
mount -t tmpfs none /run/systemd/journal
socket={BIRD.directory}/ctl room={BIRD.directory} mark=$2
bird -c {BIRD.directory}/bird.conf -s "$socket" >&2
{_ASK}"""
_RUNNING = f"""
socket=/run/bird/bird.ctl mark=$1
room=$(mktemp -d /run/bird/drift.XXXXXX)
trap 'rm -r "$room"' EXIT
chown --reference=/run/bird "$room"
{_ASK}"""
MARK = "=== filters ==="
"""What stands between the sessions and the filters in the answer."""


def parse_protocols(text: str) -> list[dict[str, str]]:
    """``birdc show protocols``: every protocol with its kind and state."""
    rows = [line.split() for line in text.splitlines() if line and not line[0].isspace()]
    return [
        {"name": row[0], "kind": row[1], "state": row[3]}
        for row in rows
        if len(row) >= 4 and row[0] not in ("Name", "BIRD")
    ]


def configured_at(status: str, now: float) -> float | None:
    """When BIRD last read its configuration, as Unix time, from ``show status`` at ``now``; None where it is not told.

    BIRD writes local time; it tells its own, too, so that the zone does not matter.
    """
    told = {words: datetime.datetime.fromisoformat(moment) for words, moment in _MOMENT.findall(status)}
    if len(told) != 2:
        return None
    return now - (told["Current server time is"] - told["Last reconfiguration on"]).total_seconds()


def _told(done: t.Mapping[str, t.Any]) -> apart.Json:
    """What a BIRD says of its configuration."""
    shown, _mark, filters = done["stdout"].partition(f"{MARK}\n")
    return {"protocols": parse_protocols(shown), "sessions": bird.parse_protocols(shown), "filters": filters}


def running(contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> apart.Json:
    """What BIRD runs, what a BIRD with the intended files would, what goes out, and when it read its configuration."""
    command = BIRD.control
    now, status = time.time(), runner([*command, "show", "status"])
    if status["rc"] != 0:
        return {"error": apart.said(status, "birdc")}
    files = {name: seal.open(text) for name, text in apart.below(BIRD.directory, contents).items()}
    intended = apart.run(files, _INTENDED, runner, MARK)
    told = runner(["sh", "-e", "-c", _RUNNING, "sh", MARK])
    if intended["rc"] != 0:
        return {"error": f"it does not take what was rendered: {seal.guard(apart.said(intended, 'bird'))}"}
    if told["rc"] != 0:
        return {"error": apart.said(told, "birdc")}
    found = _told(told)
    exported = {}
    for session in found["sessions"]:
        listed = runner([*command, "show", "route", "export", session["name"]])
        if listed["rc"] in host.NO_ANSWER:  # 1: the protocol is down
            return {"error": apart.said(listed, "birdc")}
        exported[session["name"]] = sorted({route["to"] for route in bird.parse_routes(listed["stdout"])})
    return {
        "intended": _told(intended),
        "running": found,
        "exported": exported,
        "configured_at": configured_at(status["stdout"], now),
    }
