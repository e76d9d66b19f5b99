# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""FRR as it runs (``show running-config``), against the configuration that was rendered for it.

Both are read as sets of lines, each with the blocks around it. What FRR spells in its own way, leaves out or adds is
known.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .finding import CONVERGE, Finding, unread

if t.TYPE_CHECKING:
    from .intent import Intent

CONFIGURATION = "/etc/frr/frr.conf"
BLOCKS = (
    "router bgp",
    "address-family",
    "route-map",
    "bfd",
    "profile",
    "interface",
    "vrf",
    "line vty",
    "router",
    "peer",
)
"""Lines that open a block; ``exit`` or ``exit-address-family`` ends it."""

UNSAID = {("bfd", "profile"): ("detect-multiplier 3", "transmit-interval 300", "receive-interval 300")}
"""Defaults that FRR does not repeat (bfdd), by the beginnings of their blocks."""

ADDED = ("frr version", "hostname", "domainname", "Building configuration", "Current configuration")
"""What FRR says of itself."""

_PREFIX = re.compile(r"(?<=\s)[0-9a-fA-F.:]+/\d+(?=\s|$)")
_SETS = ("set community", "set large-community")
_REMEDY = f"run: /usr/lib/frr/frr-reload.py --reload {CONFIGURATION}; or {CONVERGE} if that file differs, too"

Line = tuple[str, ...]
"""The blocks, and the line itself."""


def _network(match: re.Match[str]) -> str:
    try:
        return str(ipaddress.ip_network(match[0], strict=False))
    except ValueError:
        return match[0]


def _line(text: str) -> str:
    """One spelling of a line."""
    line = " ".join(text.split())
    line = _PREFIX.sub(_network, line)
    for head in _SETS:
        if line.startswith(f"{head} "):
            line = " ".join([head, *sorted(set(line.removeprefix(head).split()))])
    return line.removesuffix(" 255") if " ebgp-multihop " in line else line


def parse(text: str) -> set[Line]:
    """Every line of a configuration with the blocks around it; blocks count as lines of their own."""
    found: set[Line] = set()
    stack: list[tuple[int, str]] = []
    for raw in text.splitlines():
        line = _line(raw)
        indent = len(raw) - len(raw.lstrip())
        if line in ("", "end") or line.startswith(("!", "#", *ADDED)):
            continue
        while stack and indent <= stack[-1][0]:
            stack.pop()
        if line.startswith("exit"):
            continue
        found.add((*(block for _indent, block in stack), line))
        if line.startswith(BLOCKS):
            stack.append((indent, line))
    return found


def _unsaid(line: Line) -> bool:
    for blocks, defaults in UNSAID.items():
        around = line[:-1]
        if line[-1] in defaults and len(around) == len(blocks):
            return all(one.startswith(begin) for one, begin in zip(around, blocks, strict=True))
    return False


def compare(
    intent: Intent,
    evidence: t.Mapping[str, t.Any],
    _ours: t.Container[str],
    _inwards: t.Mapping[str, str] | None = None,
) -> list[Finding]:
    """Everything about a running FRR."""
    frr = evidence["routing"]
    if frr.get("error"):
        return [unread("FRR", frr["error"], "see journalctl --unit=frr")]
    wanted, running = parse(intent.text(CONFIGURATION)), parse(frr["running"])
    lacking = [line for line in sorted(wanted - running) if not _unsaid(line)]
    more = [line for line in sorted(running - wanted) if not _unsaid(line)]
    return [
        *(Finding("bgp", _where(line), line[-1], "not in the running configuration", _REMEDY) for line in lacking),
        *(Finding("bgp", _where(line), "nothing like it", f"runs: {line[-1]}", _REMEDY) for line in more),
    ]


def _where(line: Line) -> str:
    return " / ".join(line[:-1]) or "frr.conf"
