# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What those who ask a node get, when a check with harm fails: by the evidence, a plain sentence each."""

from __future__ import annotations

import typing as t

from . import wire
from .checks.zone import no_answer
from .evidence import Missing
from .words import EFFECTS, ZONES

if t.TYPE_CHECKING:
    from .evidence import Evidence, Exchange


def told(harmful: t.Iterable[str], near: Evidence) -> t.Iterator[str]:
    """What users get, by the checks that do harm and the evidence that says so (the node's and the host's router's)."""
    for ident in harmful:
        sentences = unanswered(near) if ident == ZONES else []
        yield from sentences or [EFFECTS.get(ident, f"Those who ask or route to this instance are hurt ({ident}).")]


def unanswered(near: Evidence) -> list[str]:
    """A sentence for each zone that the node does not answer for at some of its addresses; empty when there is none."""
    found: dict[str, list[tuple[Exchange, list[str]]]] = {}
    for probe in ("soa", "zone_soa"):
        try:
            exchanges = near.exchanges(probe, scopes=["node"])
        except Missing:  # the root is the only zone, or nobody asked
            continue
        for exchange in exchanges:
            answer, broken = wire.parse(exchange)
            found.setdefault(exchange.name, []).append((exchange, broken if answer is None else no_answer(answer)))
    return [_zone(name, asked) for name, asked in found.items() if any(problems for _exchange, problems in asked)]


def _zone(name: str, asked: list[tuple[Exchange, list[str]]]) -> str:
    """One zone: at which addresses there is no answer, and what comes instead."""
    bad = [(exchange, problems) for exchange, problems in asked if problems]
    zone = "the root zone" if name == "." else f"the zone {name.rstrip('.')}"
    where = ", ".join(dict.fromkeys(f"{exchange.server} over {exchange.transport.upper()}" for exchange, _ in bad))
    at = "" if len(bad) == len(asked) else f" at {where}"
    return f"Resolvers get no answer for {zone}{at} ({'; '.join(dict.fromkeys(each[0] for _, each in bad))})."
