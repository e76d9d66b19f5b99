# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source gets that asks much: in full, truncated, or nothing; and how much longer than its questions that is.

Usage: imrs_rate_limits.py, in the lab image; prints a table in Markdown, for the files that the roles render.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile
import typing as t

import imrs_rate_asking
from imrs_gate_config import SERVICE
from imrs_parity_bench import PROVIDERS, Nameserver, sign

CASE = "limited"
RATES = (100, 1000, 3000, 10000)
SECONDS = 5.0


class Got(t.NamedTuple):
    """Of all questions of one source, in percent; and octets received by octets sent, without headers of IP and UDP."""

    full: float
    truncated: float
    lost: float
    amplification: float


def asked(nameserver: Nameserver, rate: int, seconds: float = SECONDS) -> dict[str, float]:
    """What became of so many questions a second from the host's side (imrs_rate_asking.py)."""
    asker = (sys.executable, imrs_rate_asking.__file__, SERVICE[0], str(rate), str(seconds))
    command = ("ip", "netns", "exec", nameserver.router, *asker)
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


def got(nameserver: Nameserver, rate: int) -> Got:
    """The same, in shares."""
    told = asked(nameserver, rate)
    full, truncated = (100 * told[word] / told["sent"] for word in ("full", "truncated"))
    return Got(full, truncated, 100 - full - truncated, told["octets received"] / told["octets sent"])


def measured(folder: pathlib.Path, rates: t.Sequence[int] = RATES) -> dict[str, dict[int, Got]]:
    """By provider and rate."""
    sign(folder)
    found = {}
    for provider in PROVIDERS:
        room = folder / provider
        room.mkdir()
        with Nameserver(room, provider, CASE) as nameserver:
            nameserver.serve(folder)
            found[provider] = {rate: got(nameserver, rate) for rate in rates}
    return found


def table(found: dict[str, dict[int, Got]]) -> str:
    """Markdown."""
    lines = [
        "| nameserver | questions a second | in full | truncated | no answer | octets received for one sent |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for provider, by_rate in found.items():
        for rate, share in by_rate.items():
            parts = " | ".join(f"{value:.0f} %" for value in share[:3])
            lines.append(f"| {provider} | {rate} | {parts} | {share.amplification:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(table(measured(pathlib.Path(made))))
