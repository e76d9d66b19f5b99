# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""On the host's router: what it has from the node, again and again, until somebody says that it is over."""

from __future__ import annotations

import time
import typing as t

Read = t.Callable[[], t.Mapping[str, t.Any]]
"""What the router has from the node, as ``_probes.host_router.received`` gives it."""

LONGEST = 2700.0
"""Seconds after which it ends by itself: longer than all drills take."""
LOOK_EVERY, SHARE = 0.2, 2.0
"""Seconds between two looks at least, and how many times as long as a look took: a look costs the host's router some
processes, and time that grows with its table.
"""


def watch(
    read: Read,
    families: t.Mapping[str, str],
    over: t.Callable[[], bool],
    longest: float,
    now: t.Callable[[], float] = time.time,
    wait: t.Callable[[float], None] = time.sleep,
) -> dict[str, t.Any]:
    """The timeline: ``seen``, one entry for each change, as ``[first, last, prefixes by family]``.

    It was so from ``first``, when the first look that saw it had ended, until ``last``, when the last one began, in
    seconds since 1970. After a look that failed there is a new entry, as nobody knows what was meanwhile. ``errors``:
    how many failed, and ``error``: why the last of these did.

    ``families``: by the node's address, the family of the session. ``longest``: seconds after which it ends by itself.
    """
    seen: list[list[t.Any]] = []
    errors, error, whole, until = 0, "", True, now() + longest
    while True:
        before = now()
        found = read()
        after = now()
        if "error" in found:
            errors, error, whole = errors + 1, str(found["error"])[:300], False
        else:
            held: dict[str, list[str]] = {family: [] for family in sorted(set(families.values()))}
            for address, routes in found["routes"].items():
                if address in families:
                    held[families[address]] += [str(route["to"]) for route in routes]
            state = {family: sorted(set(prefixes)) for family, prefixes in held.items()}
            if seen and whole and seen[-1][2] == state:
                seen[-1][1] = before
            else:
                seen.append([after, after, state])
            whole = True
        if over() or after >= until:
            return {"seen": seen, "errors": errors, "error": error, "ended": after}
        wait(max(LOOK_EVERY, SHARE * (after - before)))
