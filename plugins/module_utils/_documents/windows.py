# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Maintenance windows as the host's clocks show them, beside UTC. Time zones come from the stdlib's zoneinfo."""

from __future__ import annotations

import collections
import datetime
import itertools
import typing as t
import zoneinfo

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord, Window

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LAST_YEAR = 9000
"""Later ones leave no room for tomorrow."""


def told(record: SiteRecord) -> list[str]:
    """``Tuesday 18:00 to 22:00 UTC``, one for each window; with the local time where the sheet names a time zone."""
    zone = record["location"]["time_zone"]
    year = min(int(record["day"][:4]), _LAST_YEAR)
    return [
        _utc(window) + (f", which is {_local(window, zone, year)}" if zone else "")
        for window in record["maintenance_windows"]
    ]


def _utc(window: Window) -> str:
    return f"{window['day'].capitalize()} {window['start']} to {window['end']} UTC"


def _local(window: Window, name: str, year: int) -> str:
    """The window in this zone, at all times of this year.

    Two offsets that take turns with the seasons are told as winter and summer. Other changes, as in Ramadan, with
    their days.
    """
    zone = zoneinfo.ZoneInfo(name)
    runs = _runs(window, zone, year)
    offsets = collections.Counter({offset: 0 for _first, _last, offset in runs})
    for first, last, offset in runs:
        offsets[offset] += (last - first).days + 1
    if len(offsets) == 1:
        return f"{_shown(window, runs[0][2])} ({name})"
    if len(offsets) == 2 and runs[0][2] != _at(window, zone, datetime.date(year, 7, 1)):
        winter, summer = sorted(offsets)
        return f"{_shown(window, winter)} in winter and {_shown(window, summer)} in summer ({name})"
    usual = offsets.most_common(1)[0][0]
    others = [f"{_shown(window, offset)} from {first} until {last}" for first, last, offset in runs if offset != usual]
    return f"{_shown(window, usual)}, but {' and '.join(others)} ({name})"


def _runs(
    window: Window, zone: zoneinfo.ZoneInfo, year: int
) -> list[tuple[datetime.date, datetime.date, datetime.timedelta]]:
    """The year in pieces with one offset from UTC: first day, last day, offset."""
    start = datetime.date(year, 1, 1)
    count = (datetime.date(year + 1, 1, 1) - start).days
    days = [start + datetime.timedelta(days=number) for number in range(count)]
    pieces = [(offset, list(group)) for offset, group in itertools.groupby(days, lambda day: _at(window, zone, day))]
    return [(group[0], group[-1], offset) for offset, group in pieces]


def _at(window: Window, zone: zoneinfo.ZoneInfo, day: datetime.date) -> datetime.timedelta:
    """The zone's offset when the window begins on this day."""
    begin = datetime.datetime.combine(day, datetime.time.fromisoformat(window["start"]), datetime.UTC)
    return begin.astimezone(zone).utcoffset() or datetime.timedelta()


def _shown(window: Window, offset: datetime.timedelta) -> str:
    """The window with this offset: ``21:00 to 01:00 (next day)``; its day where it is another one than in UTC."""
    monday = datetime.datetime(2001, 1, 1)  # noqa: DTZ001 - only the day of the week and the time of day count
    day = monday + datetime.timedelta(days=_DAYS.index(window["day"]))
    start, end = (
        datetime.datetime.combine(day, datetime.time.fromisoformat(window[key])) + offset for key in ("start", "end")
    )
    other = f"{_DAYS[start.weekday()].capitalize()} " if start.date() != day.date() else ""
    later = " (next day)" if end.date() != start.date() else ""
    return f"{other}{start:%H:%M} to {end:%H:%M}{later}"
