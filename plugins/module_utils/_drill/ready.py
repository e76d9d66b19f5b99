# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether a node may be drilled now, from what its gate says. Pure.

A node in service never is: each fault takes its announcements away for seconds or minutes. Drained, it keeps the
covering prefixes, which attract few while another instance announces the specific ones, and which show as well
whether it withdraws.
"""

from __future__ import annotations

import datetime
import typing as t

LONGEST = 2400.0
"""Seconds that all drills of a node take at most. A node that goes up by itself sooner is not drilled."""


def refusal(machine: str, status: t.Mapping[str, t.Any], now: float) -> str:
    """Why the node is not drilled, and what to do; empty when it may be. ``now``: seconds since 1970.

    ``status``: ``imrs status --json``. ValueError when it is not as docs/architecture.md has it.
    """
    try:
        modes, certificate, intent = set(status["mode"].values()), status["certificate"], status["intent"]
        unwell = {family: each["reason"] for family, each in status["verdict"].items() if not each["healthy"]}
        valid = certificate["valid"] and certificate["expires_at"] is None
        until, standing = intent.get("until"), intent.get("standing", intent)["mode"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{machine}: the gate's answer is not understood: {type(error).__name__} {error}") from error
    if "live" in modes:
        return (
            f"{machine} is live, and drills would lose its questions. Drain it first, within a window of its site: "
            "icann.imrs.drain asks whether the fleet can spare it"
        )
    if modes != {"drained"}:
        because = f" ({'; '.join(f'{family}: {why}' for family, why in unwell.items())})" if unwell else ""
        return (
            f"{machine} does not announce its covering prefixes{because}, so nobody could see it withdraw. Let it be "
            "drained first: state drained in its sheet, and icann.imrs.site"
        )
    if not valid:
        why = certificate.get("reason") or "its certificate is provisional"
        return f"{machine} is not accepted ({why}): run icann.imrs.accept first"
    if until and standing == "live" and _seconds(str(until)) - now < LONGEST:
        return (
            f"{machine} goes back to live by itself at {until}, in the middle of its drills, which take up to "
            f"{LONGEST / 60:.0f} minutes. Drain it without an end, or for longer"
        )
    return ""


def _seconds(text: str) -> float:
    """Seconds since 1970 of a time of the gate's, which is UTC."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()
