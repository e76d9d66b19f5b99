# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""May a node be loaded: only one that announces no specific prefix, and is not about to."""

from __future__ import annotations

import typing as t

QUIET = ("drained", "dark")
"""Modes in which a node leaves the specific prefixes to others."""

Status = t.Mapping[str, t.Any]
"""``imrs status --json`` (docs/architecture.md, the gate)."""


def refusal(status: Status, host: str) -> str:
    """Why a node must not be loaded now, as a sentence; empty when it may be.

    Its gate's word counts, not the inventory's. What was asked for counts, too: a node that is drained because it is
    not healthy goes live by itself, perhaps amid the load. So does one whose order ends. ``host`` is the inventory's
    name of the node, for the command that helps.
    """
    drain = f"drain it first: icann.imrs.drain --limit {host} -e \"imrs_reason='load test'\""
    modes = status.get("mode")
    if not isinstance(modes, dict) or not modes:
        return f"its gate does not say in which mode it is; see that imrs-gate runs, and {drain}"
    loud = {family: mode for family, mode in sorted(modes.items()) if mode not in QUIET}
    if loud:
        said = ", ".join(f"{family} {mode}" for family, mode in loud.items())
        return f"it announces specific prefixes ({said}), and a load would hurt those who ask it; {drain}"
    intent = status.get("intent") or {}
    wanted = intent.get("mode")
    if wanted not in QUIET:
        return f"it is to be {wanted or 'what its gate does not say'}, and may go there at any moment; {drain}"
    after = (intent.get("standing") or intent).get("mode")
    if intent.get("until") and after not in QUIET:
        return f"it goes back to {after} by itself at {intent['until']}; drain it without an end"
    return ""


def falls(status: Status) -> dict[str, int]:
    """How often what has fallen, as the gate counts: by family, and ``gate``, ``routing``, ``configuration``."""
    found = {family: int(verdict.get("falls", 0)) for family, verdict in (status.get("verdict") or {}).items()}
    return {**found, **{name: int(count) for name, count in (status.get("falls") or {}).items()}}


def fallen(before: Status, now: Status) -> list[str]:
    """What has fallen since, by name."""
    counted = falls(before)
    return [name for name, count in falls(now).items() if count > counted.get(name, 0)]


def changed(before: Status, now: Status) -> str:
    """Why a load that has begun must not go on, as a sentence; empty while all is as it was before.

    That is: a mode that is another one, an intent that is not quiet any more, a fall, or a family that is not healthy
    and was.
    """
    if refusal(now, "it"):
        return "it is not out of service any more"
    if now["mode"] != before["mode"]:
        said = ", ".join(f"{family} {mode}" for family, mode in sorted(now["mode"].items()))
        return f"its mode has changed: {said}"
    if fell := fallen(before, now):
        return f"its gate tells of a fall of {', '.join(fell)}"
    ill = [family for family, verdict in (now.get("verdict") or {}).items() if not verdict.get("healthy")]
    healthy = [family for family, verdict in (before.get("verdict") or {}).items() if verdict.get("healthy")]
    both = sorted(set(ill) & set(healthy))
    return f"{', '.join(both)} is not healthy any more" if both else ""
