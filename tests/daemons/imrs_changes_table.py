# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/changes.md, which say what a change takes."""

from __future__ import annotations

import pathlib
import re
import typing as t

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/changes.md"
PROVIDERS = {"nameserver": ("knot", "nsd"), "routing": ("bird", "frr")}
"""In the order of the columns."""


class Promise(t.NamedTuple):
    """One cell."""

    disruption: str
    """What the plan says."""
    milder: bool
    """Whether the daemon does it without."""


def promises(provider: str) -> dict[str, Promise]:
    """By row: what the page says of a provider."""
    (role,) = (role for role, providers in PROVIDERS.items() if provider in providers)
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if match := re.match(rf"\| `({role}_[^`]+)` \|", line):
            cell = line.split("|")[3 + PROVIDERS[role].index(provider)].strip()
            found[match[1]] = Promise(cell.rstrip("*"), cell.endswith("*"))
    return found
