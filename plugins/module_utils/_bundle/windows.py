# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Maintenance windows: when a node may be disturbed. Times of day are UTC; a window may run over midnight."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    import datetime

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order of ``datetime.weekday()``."""

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY = 24 * 60
_WEEK = 7 * _DAY


@dataclass(frozen=True)
class Window:
    """Minutes since Monday 00:00 UTC at which it opens, and how many minutes it lasts."""

    opens: int
    minutes: int

    def __str__(self) -> str:
        """As in ``Tuesday 18:00–22:00 UTC``."""  # noqa: RUF002 - the dash of a range
        closes = self.opens + self.minutes
        return f"{DAYS[self.opens // _DAY].capitalize()} {_clock(self.opens)}–{_clock(closes)} UTC"  # noqa: RUF001 - the dash of a range

    def until(self, minute: float) -> float:
        """Minutes until it opens next; 0 while it is open."""
        since = (minute - self.opens) % _WEEK
        return 0 if since < self.minutes else _WEEK - since


def _clock(minute: int) -> str:
    return f"{minute % _DAY // 60:02d}:{minute % 60:02d}"


def _minutes(text: object, what: str) -> int:
    if what == "end" and text == "24:00":
        return _DAY
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{what} {text!r} is not a time of day; write hours and minutes in quotes, as in "18:00"')
    return int(found[1]) * 60 + int(found[2])


def window(day: object, start: object, end: object) -> Window:
    """From a weekday's name and two times of day; an end before the start is on the next day. Raises ValueError."""
    if not isinstance(day, str) or day.lower() not in DAYS:
        raise ValueError(f"day {day!r} is none of {', '.join(DAYS)}")
    opens, closes = _minutes(start, "start"), _minutes(end, "end")
    if opens == closes:
        raise ValueError(f"start and end are both {start}; a whole day is 00:00 to 24:00")
    return Window(DAYS.index(day.lower()) * _DAY + opens, (closes - opens) % _DAY or _DAY)


def is_open(windows: t.Iterable[Window], moment: datetime.datetime) -> bool:
    """Whether one of the windows is open at the moment (UTC)."""
    return any(not one.until(_of_week(moment)) for one in windows)


def following(windows: t.Iterable[Window], moment: datetime.datetime) -> Window | None:
    """The window that opens next after the moment (UTC), or is open; None when there is none at all."""
    return min(windows, key=lambda one: one.until(_of_week(moment)), default=None)


def spread(windows: t.Iterable[Window]) -> int:
    """Seconds over which nodes that begin with a window may be spread: half of the shortest one, 0 without one.

    So none begins when it is over, and each has half of it for its work.
    """
    return min((one.minutes for one in windows), default=0) * 60 // 2


def _of_week(moment: datetime.datetime) -> float:
    return moment.weekday() * _DAY + moment.hour * 60 + moment.minute + moment.second / 60
