# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long answers are in each state of the root zone, and which of them do not fit into a datagram.

Usage: imrs_answer_sizes.py, in the lab image; prints a table in Markdown.
"""

from __future__ import annotations

import pathlib
import tempfile
import typing as t

import dns.flags
import dns.message
from imrs_parity_bench import PROVIDERS, Nameserver, sign
from imrslab.zone_states import STATES

SHAPES = {
    "priming (`. NS`)": (".", "NS"),
    "`. SOA`": (".", "SOA"),
    "`. DNSKEY`": (".", "DNSKEY"),
    "`. ZONEMD`": (".", "ZONEMD"),
    "referral (`com. NS`)": ("com.", "NS"),
    "DS (`com. DS`)": ("com.", "DS"),
    "no such name": ("www.rssac047-test.zzqqxxyyww.", "A"),
    "no such type (`. A`)": (".", "A"),
}
"""What is asked, with DO and room for 1232 octets: requirements section 3.4."""


class Size(t.NamedTuple):
    """Of one answer: octets over TCP, and over UDP; and whether the latter is truncated."""

    tcp: int
    udp: int
    truncated: bool


def sizes(nameserver: Nameserver) -> dict[str, Size]:
    """Of each shape."""
    found = {}
    for shape, (name, kind) in SHAPES.items():
        query = dns.message.make_query(name, kind, want_dnssec=True, payload=1232)
        query.flags &= ~dns.flags.RD
        tcp, udp = (nameserver.exchange(query.to_wire(), over_tcp) for over_tcp in (True, False))
        found[shape] = Size(len(tcp), len(udp), bool(udp[2] & 2))
    return found


def measured(folder: pathlib.Path) -> dict[str, dict[str, dict[str, Size]]]:
    """By state and provider."""
    found: dict[str, dict[str, dict[str, Size]]] = {}
    for state, what in STATES.items():
        sign(folder, what)
        found[state] = {}
        for provider in PROVIDERS:
            room = folder / f"{state}-{provider}"
            room.mkdir()
            with Nameserver(room, provider) as nameserver:
                nameserver.serve(folder)
                found[state][provider] = sizes(nameserver)
    return found


def table(found: dict[str, dict[str, dict[str, Size]]]) -> str:
    """Markdown: a row for each shape, a column for each state; two numbers where the nameservers differ."""
    lines = ["| | " + " | ".join(found) + " |", "|---|" + "--:|" * len(found)]
    for shape in SHAPES:
        cells = []
        for by_provider in found.values():
            said = [f"{size.tcp}{' TC' * size.truncated}" for size in (by_provider[each][shape] for each in PROVIDERS)]
            cells.append(" / ".join(dict.fromkeys(said)))
        lines.append(f"| {shape} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(table(measured(pathlib.Path(made))))
