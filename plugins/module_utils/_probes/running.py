# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What daemons and the kernel run, whatever their files say: packet filter, BIRD, FRR, Knot DNS, NSD.

Nothing is changed. Where a program has to put intended files into canonical form, it gets copies of them, in a world of
its own: a network without a way out, mounts that nobody else sees, and processes that end with it.
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
KNOT = "/etc/knot/"
BIRD = "/etc/bird/"

ROOM = "/run"
"""Where copies of intended files stand for a moment: root's alone, and never on a disk."""

_MOMENT = re.compile(
    r"^(Current server time is|Last reconfiguration on) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)", re.MULTILINE
)
_APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-e", "-c")
_NFT = 'nft -f "$1/nftables.conf"; nft -j list ruleset'
_KNOTC = f'mount --bind "$1" {KNOT}; exec knotc -c {KNOT}knot.conf conf-export'
_ASK_BIRD = """
birdc -s "$socket" -r show protocols all
echo "$mark"
birdc -s "$socket" "dump filter all \\"$room/filters\\"" >"$room/said" || true
cat "$room/filters" 2>/dev/null || true
"""
# A second BIRD: its own network has no neighbours, and its log goes nowhere.
_INTENDED_BIRD = f"""
mount --bind "$1" {BIRD}
mount -t tmpfs none /run/systemd/journal
socket={BIRD}ctl room={BIRD} mark=$2
bird -c {BIRD}bird.conf -s "$socket" >&2
{_ASK_BIRD}"""
_RUNNING_BIRD = f"""
socket=/run/bird/bird.ctl mark=$1
room=$(mktemp -d /run/bird/drift.XXXXXX)
trap 'rm -r "$room"' EXIT
chown --reference=/run/bird "$room"
{_ASK_BIRD}"""
_MARK = "=== filters ==="
_KNOT_KEY = r'secret(?:: "|\s=\s)([^"\n]*)'
_FRR_KEY = r"^\s*(?:neighbor \S+ password|password|enable password|key-string)(?: \d)? (\S+)$"
_NSD_KEY = re.compile(r'^key: name: "([^"]*)" secret: "([^"]*)" algorithm: (\S+)', re.MULTILINE)

Json = dict[str, t.Any]


def _said(done: t.Mapping[str, t.Any], program: str) -> str:
    """Why a command failed, in a line."""
    text = str(done["stderr"] or done["stdout"]).strip()
    return (text.splitlines() or [f"{program} failed"])[0][:200]


def _apart(files: t.Mapping[str, str], script: str, runner: host.Runner, *arguments: str) -> Json:
    """What a shell script says in a world of its own; its ``$1`` is a directory with these files (by relative path)."""
    with tempfile.TemporaryDirectory(prefix="imrs-drift.", dir=ROOM) as directory:
        for name, content in files.items():
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
        return runner([*_APART, script, "sh", directory, *arguments])


def _below(directory: str, contents: t.Mapping[str, str]) -> dict[str, str]:
    """The files of a directory, by their paths in it."""
    return {path.removeprefix(directory): text for path, text in contents.items() if path.startswith(directory)}


def nftables(contents: t.Mapping[str, str], runner: host.Runner = host.run) -> Json:
    """The intended ruleset as this kernel would have it, and the one that it has."""
    intended = _apart({"nftables.conf": contents.get(NFTABLES, "")}, _NFT, runner)
    loaded = runner(["nft", "-j", "list", "ruleset"])
    for done in (intended, loaded):
        if done["rc"] != 0:
            return {"error": _said(done, "nft")}
    try:
        return {"intended": json.loads(intended["stdout"]), "loaded": json.loads(loaded["stdout"])}
    except ValueError:
        return {"error": "what nft listed is no JSON"}


def routing(provider: str, contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> Json:
    """What the routing daemon runs."""
    return read_frr(seal, runner) if provider == "frr" else read_bird(contents, seal, runner)


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


def _told(done: Json) -> Json:
    """What a BIRD says of its configuration."""
    shown, _mark, filters = done["stdout"].partition(f"{_MARK}\n")
    return {"protocols": parse_protocols(shown), "sessions": bird.parse_protocols(shown), "filters": filters}


def read_bird(contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> Json:
    """What BIRD runs, what a BIRD with the intended files would, what goes out, and when it read its configuration."""
    command = ("birdc", "-r")
    now, status = time.time(), runner([*command, "show", "status"])
    if status["rc"] != 0:
        return {"error": _said(status, "birdc")}
    files = {name: seal.open(text) for name, text in _below(BIRD, contents).items()}
    intended = _apart(files, _INTENDED_BIRD, runner, _MARK)
    running = runner(["sh", "-e", "-c", _RUNNING_BIRD, "sh", _MARK])
    if intended["rc"] != 0:
        return {"error": f"it does not take what was rendered: {seal.guard(_said(intended, 'bird'))}"}
    if running["rc"] != 0:
        return {"error": _said(running, "birdc")}
    found = _told(running)
    exported = {}
    for session in found["sessions"]:
        listed = runner([*command, "show", "route", "export", session["name"]])
        if listed["rc"] in host.NO_ANSWER:  # 1: the protocol is down
            return {"error": _said(listed, "birdc")}
        exported[session["name"]] = sorted({route["to"] for route in bird.parse_routes(listed["stdout"])})
    return {
        "intended": _told(intended),
        "running": found,
        "exported": exported,
        "configured_at": configured_at(status["stdout"], now),
    }


def read_frr(seal: Seal, runner: host.Runner = host.run) -> Json:
    """The running configuration, sealed."""
    done = runner(["vtysh", "-c", "show running-config"])
    if done["rc"] != 0 or "router bgp" not in done["stdout"]:
        return {"error": _said(done, "vtysh") if done["rc"] else "bgpd has no configuration"}
    return {"running": seal.lines(done["stdout"], _FRR_KEY)}


def nameserver(provider: str, contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> Json:
    """What the nameserver runs."""
    return read_nsd(seal, runner) if provider == "nsd" else read_knot(contents, seal, runner)


def read_knot(contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> Json:
    """The intended configuration as Knot exports it, and the one that is active, both sealed."""
    files = {name: seal.open(text) for name, text in _below(KNOT, contents).items()}
    exported = _apart(files, _KNOTC, runner)
    active = runner(["knotc", "conf-read"])
    for done in (exported, active):
        if done["rc"] != 0:
            return {"error": seal.guard(_said(done, "knotc"))}
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
