# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The zone as the daemon holds it, verified off-line by ``ldns-verify-zone`` (requirement ZI-04).

The zone itself does not go into the evidence: only the verifier's word on it does.
"""

from __future__ import annotations

import os
import pathlib
import tempfile
import typing as t

from .. import _products as products
from . import host, readers, served

TRIES = 3
"""How often the zones are read while new ones come."""
TIMEOUT = 60.0
"""Seconds for the verifier: the root zone takes about one."""


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


def _texts_and_answers(
    reader: readers.Nameserver, names: t.Sequence[str], command: t.Sequence[str], addresses: t.Sequence[str]
) -> tuple[dict[str, tuple[str, str]], dict[str, t.Any]]:
    """Each zone's text, or why there is none, and what is answered out of these; again when a new one has come."""
    for _try in range(TRIES):
        texts = {name: reader.zone_text(name, command, TIMEOUT) for name in names}
        there = {name: text for name, (text, error) in texts.items() if text.strip() and not error}
        answers = served.ask(there, addresses)
        if served.settled(answers):
            break
    return texts, answers


def read(
    provider: str,
    zones: t.Sequence[t.Mapping[str, t.Any]],
    anchors: t.Sequence[str],
    command: t.Sequence[str] = (),
    addresses: t.Sequence[str] = (),
) -> dict[str, t.Any]:
    """The verifier's word on every zone that is signed or has a ZONEMD; only the root has configured anchors.

    With what is answered out of the very zones that are verified (``served``) at these addresses.
    """
    product, reader = products.named(products.NAMESERVER, provider), readers.nameserver(provider)
    command = command or product.control
    journal = host.run(
        ["journalctl", f"--unit={product.unit}", "--since=-15min", "--lines=500", "--output=cat", "--no-pager"]
    )
    found: dict[str, t.Any] = {
        "verified": {},
        "status": reader.zone_status(command),
        "complaints": complaints(journal["stdout"]),
    }
    texts, found["served"] = _texts_and_answers(reader, [zone["name"] for zone in zones], command, addresses)
    for zone in zones:
        name, zonemd, dnssec = zone["name"], zone.get("zonemd"), zone.get("dnssec")
        if not (zonemd or dnssec):
            continue
        options = ["-ZZ"] if zonemd and dnssec else ["-Z"] if zonemd else []
        text, error = texts[name]
        if error or not text.strip():
            found["verified"][name] = {"rc": None, "output": [error[:200] or "the daemon gave no zone"]}
        else:
            found["verified"][name] = {
                **verify(text, anchors if name == "." else (), options),
                "records": text.count("\n"),
            }
    return found
