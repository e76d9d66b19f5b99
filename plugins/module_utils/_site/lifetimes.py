# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Since when a node's keys are in use, and when they are to be rolled (docs/keys.md). By people's word.

Nothing is refused because a day has passed, and no node goes down for it.
"""

from __future__ import annotations

import datetime
import typing as t

if t.TYPE_CHECKING:
    from .contract import Lifetime

KINDS = {"tsig": "transfer keys (TSIG)", "bgp": "passwords of BGP", "host_key": "host key of SSH"}
"""What is rolled, as a sheet names it, and as people read it."""


def of(fleet: t.Mapping[str, t.Any], machine: t.Mapping[str, t.Any]) -> list[Lifetime]:
    """For each kind that the fleet gives days to (``key_days``), and the machine has: a router has no transfer keys.

    ``machine`` is what a sheet says of a node or a router, ``rolled`` its days.
    """
    days, rolled = fleet.get("key_days", {}), machine.get("rolled", {})
    kinds = [kind for kind in KINDS if kind in days and (kind != "tsig" or "tsig" in machine)]
    return [{"kind": kind, "rolled": rolled.get(kind), "roll_by": _end(rolled.get(kind), days[kind])} for kind in kinds]


def _end(since: str | None, days: int) -> str | None:
    if since is None:
        return None
    try:
        end = datetime.date.fromisoformat(since) + datetime.timedelta(days=days)
    except OverflowError:  # after the year 9999
        end = datetime.date.max
    return end.isoformat()
