# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The zone as the daemon holds it, verified off-line by ``ldns-verify-zone`` (requirement ZI-04).

Knot is asked over its control socket; for NSD the zone file is written out first and its path is read with
``nsd-checkconf``. The zone itself does not go into the evidence: only the verifier's word on it does.
"""

from __future__ import annotations

import os
import pathlib
import tempfile
import typing as t

from . import host

TIMEOUT = 60.0
"""Seconds for the verifier: the root zone takes about one."""


def parse_zone_read(text: str) -> str:
    """``knotc zone-read ZONE``: every line starts with ``[zone] ``; without it, this is a zone file."""
    return "".join(line.partition("] ")[2] + "\n" for line in text.splitlines() if line.startswith("["))


def parse_zone_status(text: str) -> dict[str, dict[str, str]]:
    """``knotc zone-status``: ``[zone] role: ... | serial: ...`` by zone."""
    zones = {}
    for line in text.splitlines():
        if not line.startswith("["):
            continue
        name, _end, rest = line[1:].partition("] ")
        fields = (field.partition(":") for field in rest.split("|"))
        zones[name] = {key.strip(): value.strip() for key, _colon, value in fields}
    return zones


def _knot(zone: str, command: t.Sequence[str], timeout: float) -> tuple[str, str]:
    """The text of a zone of Knot DNS, or what went wrong."""
    done = host.run([*command, "zone-read", zone], timeout, 200_000_000)
    return (parse_zone_read(done["stdout"]), "") if done["rc"] == 0 else ("", done["stderr"].strip())


def _nsd(zone: str, command: t.Sequence[str]) -> tuple[str, str]:
    """The text of a zone of NSD, or what went wrong."""
    written = host.run([*command, "write", zone])
    if written["rc"] != 0:
        return "", (written["stderr"] or written["stdout"]).strip()
    configuration = "/etc/nsd/nsd.conf"
    directory = host.run(["nsd-checkconf", "-o", "zonesdir", configuration])["stdout"].strip()
    name = host.run(["nsd-checkconf", "-z", zone, "-o", "zonefile", configuration])["stdout"].strip()
    try:
        return pathlib.Path(directory, name.replace("%s", zone)).read_text(encoding="ascii", errors="replace"), ""
    except OSError as error:
        return "", f"{name}: {error.strerror}"


def verify(
    text: str, anchors: t.Sequence[str], options: t.Sequence[str] = ("-ZZ",), timeout: float = TIMEOUT
) -> dict[str, t.Any]:
    """``ldns-verify-zone OPTIONS [-k ANCHORS]``: signatures, denial chain, and with -Z a ZONEMD that must match.

    ``-ZZ``: both must be there. Without ``anchors`` the zone's own keys are taken at their word.
    """
    with tempfile.TemporaryDirectory(prefix="imrs-") as directory:
        zone, keys = os.path.join(directory, "zone"), os.path.join(directory, "anchors")
        pathlib.Path(zone).write_text(text, encoding="ascii", errors="replace")
        pathlib.Path(keys).write_text("".join(f"{anchor}\n" for anchor in anchors), encoding="ascii")
        trusted = ["-k", keys] if anchors else []
        done = host.run(["ldns-verify-zone", *options, *trusted, zone], timeout)
    said = (done["stdout"] + done["stderr"]).strip().splitlines()
    return {"rc": done["rc"], "output": [line[:200] for line in said[-5:]]}


def complaints(lines: str) -> list[str]:
    """The last few different failures of the root zone in a daemon's journal: why there is no zone, or no newer one."""
    failures = [
        line
        for line in lines.splitlines()
        if "fail" in line.lower() and ("[.]" in line or "zone ." in line) and "not exists" not in line
    ]
    return [line[:160] for line in list(dict.fromkeys(reversed(failures)))[:3]]


def read(
    provider: str, zones: t.Sequence[t.Mapping[str, t.Any]], anchors: t.Sequence[str], command: t.Sequence[str] = ()
) -> dict[str, t.Any]:
    """The verifier's word on every zone that is signed or has a ZONEMD; only the root has configured anchors."""
    command = command or (("nsd-control",) if provider == "nsd" else ("knotc",))
    journal = host.run(
        ["journalctl", f"--unit={provider}", "--since=-15min", "--lines=500", "--output=cat", "--no-pager"]
    )
    found: dict[str, t.Any] = {"verified": {}, "status": {}, "complaints": complaints(journal["stdout"])}
    if provider == "knot":
        found["status"] = parse_zone_status(host.run([*command, "zone-status"])["stdout"])
    for zone in zones:
        name, zonemd, dnssec = zone["name"], zone.get("zonemd"), zone.get("dnssec")
        if not (zonemd or dnssec):
            continue
        options = ["-ZZ"] if zonemd and dnssec else ["-Z"] if zonemd else []
        text, error = _nsd(name, command) if provider == "nsd" else _knot(name, command, TIMEOUT)
        if error or not text.strip():
            found["verified"][name] = {"rc": None, "output": [error[:200] or "the daemon gave no zone"]}
        else:
            found["verified"][name] = {
                **verify(text, anchors if name == "." else (), options),
                "records": text.count("\n"),
            }
    return found
