# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What NSD says: its zones, and the little that it tells of its configuration."""

from __future__ import annotations

import pathlib
import re
import time
import typing as t

from .._products import NSD
from . import apart, host

if t.TYPE_CHECKING:
    from .seal import Seal

CONFIGURATION = f"{NSD.directory}/nsd.conf"
PAUSE = 0.1
"""Seconds between two looks at a file that is being written."""
_SERVED = re.compile(r'served-serial: "(\d+)')
_SERIAL = re.compile(r"\sIN\s+SOA\s+\S+\s+\S+\s+\(?\s*(\d+)\s")
_LIMIT = ("rrl-ratelimit", "rrl-slip")
_KEY = re.compile(r'^key: name: "([^"]*)" secret: "([^"]*)" algorithm: (\S+)', re.MULTILINE)


def zone_text(zone: str, command: t.Sequence[str], timeout: float) -> tuple[str, str]:
    """The text of a zone, or what went wrong: NSD writes its file, and ``nsd-checkconf`` says where.

    NSD answers first, and then writes another file and renames it. So the one that is there is the right one when its
    serial is the one that is served.
    """
    written = host.run([*command, "write", zone])
    if written["rc"] != 0:
        return "", (written["stderr"] or written["stdout"]).strip()
    directory = host.run(["nsd-checkconf", "-o", "zonesdir", CONFIGURATION])["stdout"].strip()
    name = host.run(["nsd-checkconf", "-z", zone, "-o", "zonefile", CONFIGURATION])["stdout"].strip()
    file, deadline = pathlib.Path(directory, name.replace("%s", zone)), time.monotonic() + timeout
    while True:
        served = _SERVED.search(host.run([*command, "zonestatus", zone])["stdout"])
        try:
            text = file.read_text(encoding="ascii", errors="replace")
        except OSError as error:
            text, why = "", f"{file}: {error.strerror}"
        else:
            there = _SERIAL.search(text)
            if not served or (there and there[1] == served[1]):
                return text, ""
            why = f"{file}: it has serial {there[1] if there else 'none'}, and {served[1]} is served"
        if time.monotonic() > deadline:
            return "", f"{why}, {timeout:g} s after nsd-control write"
        time.sleep(PAUSE)


def zone_status(_command: t.Sequence[str]) -> dict[str, dict[str, str]]:
    """Nothing: no check needs what NSD says of its zones."""
    return {}


def idle_timeout(_command: t.Sequence[str]) -> float | None:
    """Seconds after which it closes a connection without a question, as its file says: it does not tell."""
    said = host.run(["nsd-checkconf", "-o", "tcp-timeout", CONFIGURATION])["stdout"].strip()
    return float(said) if said.isdigit() else None


def rate_limit(_command: t.Sequence[str]) -> dict[str, t.Any] | None:
    """What one source gets, as its file says; it exempts nobody, and does not tell what it runs."""
    said = [host.run(["nsd-checkconf", "-o", name, CONFIGURATION])["stdout"].strip() for name in _LIMIT]
    if not all(word.isdigit() for word in said):
        return None
    return {"rate": int(said[0]), "slip": int(said[1]), "exempt": []}


def running(_contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> apart.Json:
    """Zones, sealed keys and the status of a running NSD; it does not tell its other options."""
    status = runner([*NSD.control, "status"])
    if status["rc"] != 0:
        return {"error": apart.said(status, "nsd-control")}
    zones = runner([*NSD.control, "zonestatus"])["stdout"]
    keys = runner([*NSD.control, "print_tsig"])["stdout"]
    rows = (line.partition(":") for line in status["stdout"].splitlines())
    return {
        "status": {name.strip(): value.strip() for name, _colon, value in rows},
        "zones": sorted(line.partition(":")[2].strip() for line in zones.splitlines() if line.startswith("zone:")),
        "keys": {
            name: {"secret": seal.close(secret), "algorithm": algorithm}
            for name, secret, algorithm in _KEY.findall(keys)
        },
    }
