# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What BIRD says of its BFD sessions. Read for BIRD 2.17 (Debian 13); an older one may tell no details."""

from __future__ import annotations

import contextlib
import typing as t

if t.TYPE_CHECKING:
    from . import host

SAID = 3
"""Values of a side that count."""


def parse(text: str) -> list[dict[str, t.Any]]:
    """``show bfd sessions``: neighbour, state, and the negotiated detection time in milliseconds."""
    sessions = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 6 or not set(":.") & set(fields[0]):
            continue
        try:
            timeout = round(float(fields[-1]) * 1000)
        except ValueError:  # the heading
            continue
        sessions.append({"address": fields[0].partition("%")[0], "state": fields[2], "timeout_ms": timeout})
    return sessions


def parse_details(text: str) -> dict[str, dict[str, t.Any]]:
    """``show bfd sessions all``, by neighbour: how often packets come and go, in milliseconds, and how many may be
    lost.

    Each side sends no faster than the other one takes, and waits for so many of the other's packets as that one says
    (RFC 5880 sections 6.8.2 and 6.8.4).
    """
    found: dict[str, dict[str, t.Any]] = {}
    said: dict[str, dict[str, float]] = {}
    side = ""
    for line in text.splitlines():
        key, _colon, value = (part.strip() for part in line.strip().partition(":"))
        if key == "Address":
            said, side = {}, ""
            found[value.partition("%")[0]] = said
        elif key in {"Local parameters", "Remote parameters"}:
            side = key.split(maxsplit=1)[0]
            said[side] = {}
        elif side and key in {"Min TX interval", "Min RX interval", "Multiplier"}:
            with contextlib.suppress(ValueError):  # of a BIRD that says it otherwise
                said[side][key] = float(value)
    whole = {address: each for address, each in found.items() if {"Local", "Remote"} <= set(each)}
    return {address: _ways(each) for address, each in whole.items() if all(len(side) == SAID for side in each.values())}


def _ways(said: t.Mapping[str, t.Mapping[str, float]]) -> dict[str, t.Any]:
    """What is negotiated each way."""
    ways = {"receive": ("Remote", "Local"), "send": ("Local", "Remote")}
    return {
        way: {
            "interval_ms": round(max(said[sender]["Min TX interval"], said[taker]["Min RX interval"]) * 1000),
            "multiplier": int(said[sender]["Multiplier"]),
        }
        for way, (sender, taker) in ways.items()
    }


def read(runner: host.Runner, command: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """BFD's sessions, with what is negotiated each way where this BIRD tells it."""
    details = parse_details(runner([*command, "show", "bfd", "sessions", "all"])["stdout"])
    listed = parse(runner([*command, "show", "bfd", "sessions"])["stdout"])
    return [{**each, **details.get(each["address"], {})} for each in listed]
