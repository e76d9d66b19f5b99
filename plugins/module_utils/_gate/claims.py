# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which runs are about to take this node down, so that no two runs count on each other's nodes to stay live.

A run claims the nodes that it means, then asks the others how they are, then tells its own. Of two runs at once each
claims before it asks, so at least one of them sees the other's claim, takes that node for one that goes down, and is
refused where that is too much. Both may be refused; that neither is cannot happen while the nodes answer.

A claim is a word between people who may all take the node down. It changes nothing that is announced.

| who could abuse it | answer |
|---|---|
| to keep nodes from being taken down: an empty claim | takes root on a node, and ends; an emergency asks nobody |
| to have too many taken down: a gate that forgets | who can start the gate anew can withdraw the node as well |
"""

from __future__ import annotations

import typing as t

from . import intent

LONGEST = 900.0
"""Seconds that a claim may last: no longer than people can wait for a run that died."""
MOST = 16
"""Runs at a time that may mean one node."""


class _Claim(t.NamedTuple):
    by: str
    since: float
    until: float


class Claims:
    """In memory alone: what is about to happen does not outlive the gate. Times are seconds since boot."""

    def __init__(self) -> None:
        self._claims: dict[str, _Claim] = {}

    def take(self, run: str, by: str, seconds: float, now: float) -> None:
        """A run is about to take the node down, and says so again to prolong it. ValueError for what makes no sense."""
        wrong = intent.unprintable(run) or intent.unprintable(by)
        if wrong or not run or not by or not 0 < seconds <= LONGEST:
            raise ValueError(wrong or f"a claim has a run, a name, and an end after {LONGEST:g} s at most")
        self._expire(now)
        if run not in self._claims and len(self._claims) >= MOST:
            raise ValueError(f"{MOST} runs mean to take this node down already")
        self._claims[run] = _Claim(by, now, now + seconds)

    def release(self, run: str) -> bool:
        """That run does not go on; whether it had a claim."""
        return self._claims.pop(run, None) is not None

    def clear(self) -> None:
        """The node went down: now its mode says so."""
        self._claims.clear()

    def as_json(self, now: float) -> list[dict[str, t.Any]]:
        """Those that count, the oldest first; ``age`` in seconds."""
        self._expire(now)
        return [{"run": run, "by": one.by, "age": round(now - one.since, 1)} for run, one in self._claims.items()]

    def _expire(self, now: float) -> None:
        self._claims = {run: one for run, one in self._claims.items() if now < one.until}
