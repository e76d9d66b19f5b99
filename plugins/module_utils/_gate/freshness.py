# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Is what the node serves as new as what the masters have? Pure: time is passed in.

| masters | the node | who can cause it from afar |
|---|---|---|
| most of those that answer are newer, for longer than the limit | drained | who holds most masters' keys |
| all silent, or signed answers from none | stays, with an alarm | who cuts the distribution: no reason to withdraw |
| one alone ahead, or behind | stays, with an alarm that names it | that master |

An expired or lapsed zone is no matter of freshness: the nameserver does not answer for it, and the family is dark.
Serials are compared by RFC 1982; only signed answers count (``_probes.refresh``).
"""

from __future__ import annotations

import dataclasses
import typing as t

HEARD_FOR = 300.0
"""Seconds for which a master's last answer counts."""


def newer(one: int, other: int) -> bool:
    """Whether a serial is after another (RFC 1982 section 3.2)."""
    return one != other and (one - other) % 2**32 < 2**31


@dataclasses.dataclass(frozen=True)
class _Heard:
    serial: int
    at: float


class Freshness:
    """What the masters say of each zone. ``limit``: seconds for which they may be newer."""

    def __init__(self, limit: float, now: float) -> None:
        self._limit = limit
        self._ours: dict[str, int] = {}
        self._theirs: dict[str, dict[str, _Heard]] = {}
        self._failures: dict[str, str] = {}
        self._behind: dict[str, float] = {}
        self._refreshed: dict[str, float] = {}
        self._late: set[str] = set()
        self._began = now

    def served(self, zone: str, serial: int, now: float) -> None:
        """The node answers with this serial."""
        if self._ours.get(zone) != serial:
            self._ours[zone] = serial
            self._compare(zone, now)

    def heard(self, master: str, zone: str, serial: int | None, failure: str, now: float) -> None:
        """What a master's address said, or why it did not."""
        if serial is None:
            self._failures[master] = failure
        else:
            self._failures.pop(master, None)
            self._theirs.setdefault(zone, {})[master] = _Heard(serial, now)
            self._refreshed[zone] = now
        self._compare(zone, now)
        if serial is not None and now - self._behind.get(zone, now) > self._limit:
            self._late.add(zone)  # on a master's word only: a distribution that fell silent drains nobody

    def _compare(self, zone: str, now: float) -> None:
        """Since when is the node behind?"""
        ours, theirs = self._ours.get(zone), self._recent(zone, now)
        ahead = [master for master, serial in theirs.items() if ours is not None and newer(serial, ours)]
        if 2 * len(ahead) > len(theirs):
            self._behind.setdefault(zone, now)
        elif theirs:
            self._behind.pop(zone, None)
            self._late.discard(zone)

    def _recent(self, zone: str, now: float) -> dict[str, int]:
        heard = self._theirs.get(zone, {})
        return {master: last.serial for master, last in heard.items() if now - last.at <= HEARD_FOR}

    def stale(self) -> str:
        """Why the node must not attract questions of its own any more; empty when it may.

        Silence of the masters never makes it stale. Nor does it end that: what they had was newer.
        """
        return f"{min(self._late)}: the masters have been newer for too long" if self._late else ""

    def age(self, zone: str, now: float) -> float:
        """Seconds since any master gave a signed answer for the zone; since the start, if none has yet."""
        return now - self._refreshed.get(zone, self._began)

    def alarms(self, now: float) -> list[str]:
        """What needs an engineer, for people."""
        said = [f"master {master}: {failure}" for master, failure in sorted(self._failures.items())]
        zones = sorted({*self._ours, *self._theirs})
        for zone in zones:
            theirs = self._recent(zone, now)
            if not theirs and self.age(zone, now) > HEARD_FOR:
                said.append(f"{zone}: no signed answer of any master for {self.age(zone, now) / 60:.0f} minutes")
            said += [f"{zone}: master {master} {word}" for master, word in _alone(theirs)]
            if zone in self._behind:
                said.append(f"{zone}: the masters have been newer for {(now - self._behind[zone]) / 60:.0f} minutes")
        return said

    def as_json(self, now: float) -> dict[str, t.Any]:
        """By zone: the serial that is served, those of the masters, and the age of the last signed answer."""
        return {
            zone: {
                "serial": self._ours.get(zone),
                "masters": self._recent(zone, now),
                "age": round(self.age(zone, now), 1),
            }
            for zone in sorted({*self._ours, *self._theirs})
        }


def _alone(theirs: t.Mapping[str, int]) -> list[tuple[str, str]]:
    """Masters that all others contradict: each is its own fault. With two it cannot be told which."""
    found = []
    for master, serial in theirs.items():
        others = [other for name, other in theirs.items() if name != master]
        if others and all(newer(serial, other) for other in others):
            found.append((master, f"alone has {serial}"))
        elif len(others) > 1 and all(newer(other, serial) for other in others):
            found.append((master, f"is behind with {serial}"))
    return found
