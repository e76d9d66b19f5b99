# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What daemons and the kernel run, whatever their files say: packet filter, BIRD, FRR, Knot DNS, NSD.

Nothing is changed: where a program has to put an intended file into canonical form, it gets a copy in a directory and a
network namespace of its own.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import tempfile
import time
import typing as t

from . import bird, host

if t.TYPE_CHECKING:
    from .seal import Seal

NFTABLES = "/etc/nftables.conf"
KNOT = "/etc/knot/knot.conf"

_MOMENT = re.compile(
    r"^(Current server time is|Last reconfiguration on) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)", re.MULTILINE
)
_CANONICAL = 'nft -f "$1" && exec nft -j list ruleset'
_KNOT_KEY = r'secret(?:: "|\s=\s)([^"\n]*)'
_FRR_KEY = r"^\s*(?:neighbor \S+ password|password|enable password|key-string)(?: \d)? (\S+)$"
_NSD_KEY = re.compile(r'^key: name: "([^"]*)" secret: "([^"]*)" algorithm: (\S+)', re.MULTILINE)

Json = dict[str, t.Any]


def _said(done: t.Mapping[str, t.Any], program: str) -> str:
    """Why a command failed, in a line."""
    text = str(done["stderr"] or done["stdout"]).strip()
    return (text.splitlines() or [f"{program} failed"])[0][:200]


def _staged(directory: str, content: str) -> str:
    """A file for root only, with this content."""
    path = os.path.join(directory, "intended.conf")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    return path


def nftables(contents: t.Mapping[str, str], runner: host.Runner = host.run) -> Json:
    """The intended ruleset as this kernel would have it, and the one that it has."""
    with tempfile.TemporaryDirectory(prefix="imrs-drift.") as directory:
        path = _staged(directory, contents.get(NFTABLES, ""))
        intended = runner(["unshare", "--net", "sh", "-c", _CANONICAL, "sh", path])
    loaded = runner(["nft", "-j", "list", "ruleset"])
    for done in (intended, loaded):
        if done["rc"] != 0:
            return {"error": _said(done, "nft").replace(path, NFTABLES)}
    try:
        return {"intended": json.loads(intended["stdout"]), "loaded": json.loads(loaded["stdout"])}
    except ValueError:
        return {"error": "what nft listed is no JSON"}


def routing(provider: str, seal: Seal, runner: host.Runner = host.run) -> Json:
    """What the routing daemon runs."""
    return read_frr(seal, runner) if provider == "frr" else read_bird(runner)


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


def read_bird(runner: host.Runner = host.run) -> Json:
    """Protocols, sessions, what each exports, and how old all of it is. No text of the configuration."""
    command = ("birdc", "-r")
    now, status = time.time(), runner([*command, "show", "status"])
    if status["rc"] != 0:
        return {"error": _said(status, "birdc")}
    shown = runner([*command, "show", "protocols", "all"])["stdout"]
    sessions = bird.parse_protocols(shown)
    exported = {}
    for session in sessions:
        listed = runner([*command, "show", "route", "export", session["name"]])["stdout"]
        exported[session["name"]] = sorted({route["to"] for route in bird.parse_routes(listed)})
    check = runner(["birdc", "configure", "check"])
    complaint = [line for line in check["stdout"].splitlines() if line.strip()][-1:] or [_said(check, "birdc")]
    return {
        "protocols": parse_protocols(runner([*command, "show", "protocols"])["stdout"]),
        "sessions": sessions,
        "exported": exported,
        "configured_at": configured_at(status["stdout"], now),
        "check": {"good": "Configuration OK" in check["stdout"], "said": complaint[0].strip()[:200]},
    }


def read_frr(seal: Seal, runner: host.Runner = host.run) -> Json:
    """The running configuration, sealed."""
    done = runner(["vtysh", "-c", "show running-config"])
    if done["rc"] != 0 or "router bgp" not in done["stdout"]:
        return {"error": _said(done, "vtysh") if done["rc"] else "bgpd has no configuration"}
    return {"running": seal.lines(done["stdout"], _FRR_KEY)}


def nameserver(provider: str, contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> Json:
    """What the nameserver runs."""
    return read_nsd(seal, runner) if provider == "nsd" else read_knot(contents.get(KNOT, ""), seal, runner)


def read_knot(intended: str, seal: Seal, runner: host.Runner = host.run) -> Json:
    """The intended configuration as Knot exports it, and the one that is active, both sealed."""
    with tempfile.TemporaryDirectory(prefix="imrs-drift.") as directory:
        path = _staged(directory, seal.open(intended))
        exported = runner(["knotc", "-c", path, "conf-export"])
    active = runner(["knotc", "conf-read"])
    for done in (exported, active):
        if done["rc"] != 0:
            return {"error": seal.guard(_said(done, "knotc")).replace(path, KNOT)}
    return {
        "intended": seal.lines(exported["stdout"], _KNOT_KEY),
        "running": seal.lines(active["stdout"], _KNOT_KEY),
    }


def read_nsd(seal: Seal, runner: host.Runner = host.run) -> Json:
    """Zones, sealed keys and the status of a running NSD; it does not tell its other options."""
    status = runner(["nsd-control", "status"])
    if status["rc"] != 0:
        return {"error": _said(status, "nsd-control")}
    zones = runner(["nsd-control", "zonestatus"])["stdout"]
    keys = runner(["nsd-control", "print_tsig"])["stdout"]
    rows = (line.partition(":") for line in status["stdout"].splitlines())
    return {
        "status": {name.strip(): value.strip() for name, _colon, value in rows},
        "zones": sorted(line.partition(":")[2].strip() for line in zones.splitlines() if line.startswith("zone:")),
        "keys": {
            name: {"secret": seal.close(secret), "algorithm": algorithm}
            for name, secret, algorithm in _NSD_KEY.findall(keys)
        },
    }
