# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Is a family fit to attract questions? Several sources give evidence. Fast down, slow up. Pure: time is passed in.

All times are seconds of one monotonic clock that goes on while the machine sleeps.

Who, far away, can bring a family down? Only who makes the nameserver give a wrong answer. What a stranger's traffic can
cause is a missing answer, and a missing answer counts only where strangers cannot fill the path (``Source.patience``).
Who can keep it up? Whoever keeps the nameserver busy hides for ``Cause.BUSY`` seconds that it is stuck in a loop.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t

if t.TYPE_CHECKING:
    from .damping import HoldDown

SHOWN_AFTER = 1.0
"""Seconds without an answer after which a source is named as degraded."""
LOSSY, SMOOTHING = 0.2, 0.05
"""The share of lost answers above which a source is named as degraded, and the weight of the newest answer in it."""


class Weight(enum.Enum):
    """What one piece of evidence proves."""

    GOOD = "good"
    SOFT = "soft"
    """No answer: what that means depends on its cause, and on how long it lasts."""
    HARD = "hard"
    """Certainly broken: counts at once."""
    VOID = "void"
    """Nothing at all: the gate itself was late."""


class Cause(enum.Enum):
    """Why there was no answer, as the kernel tells it."""

    SILENT = "silent"
    """The nameserver's threads sleep, and nothing was dropped."""
    BUSY = "busy"
    """The nameserver computes, or waits for a processor."""
    FLOOD = "flood"
    """The kernel dropped packets, or the socket's queue is long."""


class Outcome(t.NamedTuple):
    """A judged piece of evidence; ``reason`` is for people, empty when good; ``cause`` counts where it is soft."""

    weight: Weight
    reason: str = ""
    cause: Cause = Cause.SILENT


@dataclasses.dataclass(frozen=True)
class Source:
    """One source of evidence.

    ``needed`` good results in a row make it believed. ``patience`` says for how many seconds answers may be missing for
    that cause or a milder one before the family goes down; a cause that is not in it never brings it down. ``must``:
    without good results the family does not rise; otherwise missing answers that are excused will do.
    """

    needed: int = 1
    patience: t.Mapping[Cause, float] = dataclasses.field(default_factory=dict)
    must: bool = True


class _Run:
    """What a source said last: good results in a row, and since when answers are missing."""

    def __init__(self, now: float) -> None:
        self.good = 0
        self.heard = now
        self.excused = False
        self.reason = ""
        self.missing: float | None = None
        """Since when there is no answer, for whatever cause."""
        self.runs: dict[Cause, float] = {}
        """Since when there is none for that cause or a milder one."""
        self.loss = 0.0

    def answered(self, now: float) -> None:
        self.heard, self.missing, self.excused, self.reason = now, None, False, ""
        self.runs.clear()
        self.good += 1
        self.loss *= 1 - SMOOTHING

    def silent(self, source: Source, outcome: Outcome, now: float) -> bool:
        """Take in a missing answer; True when it has been missing for too long."""
        self.heard, self.reason = now, outcome.reason
        self.loss += SMOOTHING * (1 - self.loss)
        self.missing = now if self.missing is None else self.missing
        if outcome.cause is not Cause.SILENT:
            self.runs.pop(Cause.SILENT, None)
        if outcome.cause is Cause.FLOOD:
            self.runs.pop(Cause.BUSY, None)
        for cause in _up_to(outcome.cause):
            self.runs.setdefault(cause, now)
        self.excused = outcome.cause not in source.patience
        return any(now - since >= source.patience.get(cause, float("inf")) for cause, since in self.runs.items())


def _up_to(cause: Cause) -> tuple[Cause, ...]:
    """The causes whose runs a missing answer prolongs: one that is silent is also not more than busy."""
    order = (Cause.SILENT, Cause.BUSY, Cause.FLOOD)
    return order[order.index(cause) :]


class Health:
    """The verdict of one family over its ``sources``. ``stale_after`` seconds without a word from one that must speak
    end it; ``now`` is when it begins, unproven.
    """

    def __init__(self, sources: t.Mapping[str, Source], *, hold_down: HoldDown, stale_after: float, now: float) -> None:
        self._sources = dict(sources)
        self._hold_down = hold_down
        self._stale_after = stale_after
        self._runs = {name: _Run(now) for name in sources}
        self.healthy = False
        self.changed_at = now
        self._reason = "not proven yet"

    @property
    def falls(self) -> int:
        """How often it fell lately."""
        return self._hold_down.falls.count

    @property
    def held_until(self) -> float:
        """The moment before which nothing makes the family healthy."""
        return self._hold_down.until

    def reason(self, now: float) -> str:
        """Why the family is not healthy, for people; empty when it is."""
        if self.healthy:
            return ""
        held = self.held_until - now
        return f"{self._reason}; held down for {held:.0f} s more after {self.falls} falls" if held > 0 else self._reason

    def degraded(self, now: float) -> list[str]:
        """What is missing though it brings nothing down, for people."""
        said = []
        for name, run in self._runs.items():
            if run.missing is not None and now - run.missing >= SHOWN_AFTER:
                said.append(f"{name}: {run.reason} for {now - run.missing:.0f} s")
            elif run.loss > LOSSY:
                said.append(f"{name}: {run.loss:.0%} of the answers are missing")
        return said

    def overloaded(self, now: float, seconds: float) -> bool:
        """Whether answers have been missing for that long, with an excuse."""
        excused = [run.missing for run in self._runs.values() if run.excused and run.missing is not None]
        return any(now - missing >= seconds for missing in excused)

    def age(self, now: float) -> float:
        """Seconds since the source that must speak and has been silent longest spoke."""
        return now - min((self._runs[name].heard for name, source in self._sources.items() if source.must), default=now)

    def observe(self, name: str, outcome: Outcome, now: float, *, planned: bool = False) -> None:
        """Take in evidence of a source; ``planned``: the nameserver was told to end."""
        source, run = self._sources[name], self._runs[name]
        if outcome.weight is Weight.VOID:
            run.runs.clear()
        elif outcome.weight is Weight.GOOD:
            run.answered(now)
            self._rise(now)
        elif outcome.weight is Weight.HARD or run.silent(source, outcome, now):
            run.heard = now
            self.down(f"{name}: {outcome.reason}", now, planned=planned)
        elif not self.healthy:
            run.good = run.good if run.excused else 0
            self._rise(now)

    def down(self, reason: str, now: float, *, planned: bool = False) -> None:
        """Certain bad news, from whatever source: unhealthy at once, and everything has to be proven again.

        An end that was ``planned`` is no fall, so nothing is held down for it.
        """
        for run in self._runs.values():
            run.good, run.excused = 0, False
        self._reason = reason
        if self.healthy:
            self.healthy = False
            self.changed_at = now
            if not planned:
                self._hold_down.fell(now)

    def expire(self, now: float, *, planned: bool = False) -> None:
        """Call often: a source that fell silent is bad news."""
        if self.healthy and self.age(now) > self._stale_after:
            self.down(f"no evidence for {self.age(now):.1f} s", now, planned=planned)

    def _rise(self, now: float) -> None:
        if self.healthy or now < self.held_until or not self._sources:
            return
        if all(self._believed(name) for name in self._sources):
            self.healthy = True
            self.changed_at = now
            self._reason = ""

    def _believed(self, name: str) -> bool:
        source, run = self._sources[name], self._runs[name]
        return run.good >= source.needed or (run.excused and not source.must)
