# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What falls again and again stays down longer each time: a family, the gate itself, the routing daemon. Pure.

Every other operator's router counts a flap against the prefix (RFC 2439); one that damps it loses the node for an hour.
"""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Damping:
    """How long something stays down after a fall: ``first`` s, doubled by each further fall up to ``longest`` s.

    Falls are forgotten after ``forget_after`` s without another.
    """

    first: float
    longest: float
    forget_after: float

    def length(self, falls: int) -> float:
        """Seconds to stay down after that many falls in a row."""
        return 0.0 if falls < 1 else min(self.longest, self.first * 2.0 ** min(falls - 1, 32))


@dataclasses.dataclass(frozen=True)
class Falls:
    """The memory of falls that survives a restart of the gate: how many in a row, and when the last one was."""

    count: int = 0
    last: float = 0.0


class HoldDown:
    """What one thing's falls come to."""

    def __init__(self, damping: Damping, falls: Falls = Falls()) -> None:
        self._damping = damping
        self.falls = falls

    @property
    def until(self) -> float:
        """The moment before which it stays down."""
        return self.falls.last + self._damping.length(self.falls.count)

    def fell(self, now: float) -> None:
        """One fall more."""
        forgotten = now - self.falls.last > self._damping.forget_after
        self.falls = Falls(1 if forgotten else self.falls.count + 1, now)


def remembered(data: t.Any, now: float) -> Falls:
    """The falls that were written as ``dataclasses.asdict()`` gives them; none, where that cannot be used."""
    try:
        falls = Falls(int(data["count"]), float(data["last"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return Falls()
    return falls if 0 < falls.last <= now and falls.count > 0 else Falls()
