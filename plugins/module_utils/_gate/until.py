# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""When what a person asked for is over, so that the node goes back by itself. Pure: clocks are passed in.

| since it was asked for | it is over when | who, far away, can move that |
|---|---|---|
| the same boot | the clock of this boot says so: it has gone on for that long | nobody: it cannot be set |
| another boot | the wall clock says so, and not by more than 30 days | who sets the clock (NTP) |
| another boot, and the wall clock does not | the machine is up for that long | nobody |

So a clock that is set, forward or back, changes nothing until the machine starts anew; and then it is over after no
more than the length that was asked for, whatever the clock says. A clock without a battery is often years away until
NTP has set it: a time more than 30 days past is no proof.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import math
import re
import typing as t

if t.TYPE_CHECKING:
    from .certificate import Moment

LONGEST = 30 * 86400.0
"""Seconds that something may be asked for at most: what is to last for longer is to be in the sheet."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)Z", re.ASCII)


@dataclasses.dataclass(frozen=True)
class End:
    """``wall``: seconds since 1970, as asked for. ``boot``: seconds on the clock of the boot ``boot_id``."""

    wall: float
    boot: float
    seconds: float
    boot_id: str

    def over(self, now: Moment, boot_id: str) -> bool:
        """Whether it is past; ``boot_id`` is that of now. The table above."""
        known = boot_id and self.boot_id
        if known and boot_id == self.boot_id:
            return now.boot >= self.boot
        up_for_long = now.boot >= (self.seconds if known else self.boot)
        return self.wall <= now.wall < self.wall + LONGEST or up_for_long

    def __str__(self) -> str:
        return stamp(self.wall)


def parse(text: str) -> float:
    """Seconds since 1970 of a time in UTC (ISO 8601), such as ``2026-12-01T04:00Z``; ValueError for anything else."""
    if found := _TIME.fullmatch(text):
        with contextlib.suppress(ValueError):  # a 13th month
            return datetime.datetime.fromisoformat(found[1]).replace(tzinfo=datetime.UTC).timestamp()
    raise ValueError(f"{text!r} is no time in UTC, such as 2026-12-01T04:00Z")


def checked(text: str, now: float) -> float:
    """As ``parse()``; ValueError also for what is past, or too far away, by the clock that says ``now``."""
    wall = parse(text)
    if wall <= now:
        raise ValueError(f"{text} is past: the clock says {stamp(now)}")
    if wall - now > LONGEST:
        raise ValueError(f"{text} is more than 30 days away: the clock says {stamp(now)}. For longer, change the sheet")
    return wall


def end(until: str | None, seconds: float | None, now: Moment, boot_id: str) -> End | None:
    """The end that was asked for by a time or by a length, if any; ValueError when it makes no sense."""
    if until is not None and seconds is not None:
        raise ValueError("until and for are two ways to say the same; give one")
    if until is not None:
        wall = checked(until, now.wall)
        return End(wall, now.boot + wall - now.wall, wall - now.wall, boot_id)
    if seconds is None:
        return None
    if not 0 < seconds <= LONGEST:
        raise ValueError(f"{seconds:g} s is no time to go back after; give more than 0, and 30 days at most")
    return End(now.wall + seconds, now.boot + seconds, seconds, boot_id)


def read(data: t.Mapping[str, t.Any]) -> End:
    """As ``dataclasses.asdict`` wrote it; KeyError, TypeError or ValueError for anything else."""
    found = End(float(data["wall"]), float(data["boot"]), float(data["seconds"]), str(data["boot_id"]))
    if not all(math.isfinite(value) for value in (found.wall, found.boot, found.seconds)):
        raise ValueError(f"{data} is no time")
    stamp(found.wall)
    return found


def stamp(wall: float) -> str:
    """Seconds since 1970 as a time in UTC; ValueError for what no calendar has."""
    try:
        return f"{datetime.datetime.fromtimestamp(wall, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{wall} is no time") from None
