# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Is the nameserver healthy in one address family? Fast down, slow up. Pure: time is passed in.

All times are seconds of one monotonic clock that goes on while the machine sleeps.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t


class Weight(enum.Enum):
    """What one piece of evidence proves."""

    GOOD = "good"
    SOFT = "soft"
    """Nothing certain, as a time-out: only several in a row count."""
    HARD = "hard"
    """The nameserver is certainly broken: counts at once."""


class Outcome(t.NamedTuple):
    """A judged piece of evidence; ``reason`` is for people, empty when good."""

    weight: Weight
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class HoldDown:
    """How long a family stays down after a fall: ``first`` s, doubled by each further fall up to ``longest`` s.

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


class Health:
    """The verdict of one family.

    ``needed`` maps each source of evidence to the good results in a row that it takes to be believed; ``timeouts`` to
    the soft results in a row that bring the family down; ``stale_after`` s without a word from any one
    source do so too.
    """

    def __init__(
        self,
        needed: t.Mapping[str, int],
        *,
        timeouts: t.Mapping[str, int],
        hold_down: HoldDown,
        stale_after: float,
        now: float,
        falls: Falls = Falls(),
    ) -> None:
        self._needed = dict(needed)
        self._timeouts = dict(timeouts)
        self._hold_down = hold_down
        self._stale_after = stale_after
        self._good = dict.fromkeys(needed, 0)
        self._soft = dict.fromkeys(needed, 0)
        self._heard = dict.fromkeys(needed, now)
        self.falls = falls
        self.healthy = False
        self.changed_at = now
        self._reason = "not proven yet"

    def reason(self, now: float) -> str:
        """Why the family is not healthy, for people; empty when it is."""
        held = self.held_until - now
        if not self.healthy and held > 0:
            return f"{self._reason}; held down for {held:.0f} s more after {self.falls.count} falls"
        return "" if self.healthy else self._reason

    def age(self, now: float) -> float:
        """Seconds since the source that has been silent longest spoke."""
        return now - min(self._heard.values(), default=now)

    @property
    def held_until(self) -> float:
        """The moment before which nothing makes the family healthy."""
        return self.falls.last + self._hold_down.length(self.falls.count)

    def observe(self, source: str, outcome: Outcome, now: float, *, planned: bool = False) -> None:
        """Take in evidence of a source named in ``needed``; ``planned``: the nameserver was told to end."""
        self._heard[source] = now
        if outcome.weight is Weight.GOOD:
            self._soft[source] = 0
            self._good[source] += 1
            self._rise(now)
            return
        self._soft[source] += 1
        if outcome.weight is Weight.HARD or self._soft[source] >= self._timeouts[source]:
            self.down(f"{source}: {outcome.reason}", now, planned=planned)
        elif not self.healthy:
            self._good[source] = 0

    def down(self, reason: str, now: float, *, planned: bool = False) -> None:
        """Certain bad news, from whatever source: unhealthy at once, and everything has to be proven again.

        An end that was ``planned`` is no fall, so nothing is held down for it.
        """
        self._good = dict.fromkeys(self._needed, 0)
        self._reason = reason
        if self.healthy:
            self.healthy = False
            self.changed_at = now
            if planned:
                return
            forgotten = now - self.falls.last > self._hold_down.forget_after
            self.falls = Falls(1 if forgotten else self.falls.count + 1, now)

    def expire(self, now: float, *, planned: bool = False) -> None:
        """Call often: a source that fell silent is bad news."""
        if self.healthy and self.age(now) > self._stale_after:
            self.down(f"no evidence for {self.age(now):.1f} s", now, planned=planned)

    def _rise(self, now: float) -> None:
        if self.healthy or now < self.held_until:
            return
        if self._needed and all(self._good[source] >= number for source, number in self._needed.items()):
            self.healthy = True
            self.changed_at = now
            self._reason = ""
