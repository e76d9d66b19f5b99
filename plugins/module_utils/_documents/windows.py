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

from . import sheet_words as words
from .language import ENGLISH, Translator

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord, Window

_DAYS = tuple(words.DAYS)
_LAST_YEAR = 9000
"""Later ones leave no room for tomorrow."""


def told(record: SiteRecord, tr: Translator = ENGLISH) -> list[str]:
    """``Tuesday 18:00 to 22:00 UTC``, one for each window; with the local time where the sheet names a time zone."""
    zone = record["location"]["time_zone"]
    year = min(int(record["day"][:4]), _LAST_YEAR)
    return [
        tr("%(utc)s, which is %(local)s", utc=_utc(window, tr), local=_local(window, zone, year, tr))
        if zone
        else _utc(window, tr)
        for window in record["maintenance_windows"]
    ]


def _utc(window: Window, tr: Translator) -> str:
    day = tr(words.DAYS[window["day"]])
    return tr("%(day)s %(start)s to %(end)s UTC", day=day, start=window["start"], end=window["end"])


def _local(window: Window, name: str, year: int, tr: Translator) -> str:
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
        return tr("%(times)s (%(zone)s)", times=_shown(window, runs[0][2], tr), zone=name)
    if len(offsets) == 2 and runs[0][2] != _at(window, zone, datetime.date(year, 7, 1)):
        winter, summer = sorted(offsets)
        return tr(
            "%(winter)s in winter and %(summer)s in summer (%(zone)s)",
            winter=_shown(window, winter, tr),
            summer=_shown(window, summer, tr),
            zone=name,
        )
    usual = offsets.most_common(1)[0][0]
    others = [
        tr("%(times)s from %(first)s until %(last)s", times=_shown(window, offset, tr), first=first, last=last)
        for first, last, offset in runs
        if offset != usual
    ]
    shown = _shown(window, usual, tr)
    return tr("%(times)s, but %(others)s (%(zone)s)", times=shown, others=tr.listed(others), zone=name)


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


def _shown(window: Window, offset: datetime.timedelta, tr: Translator) -> str:
    """The window with this offset: ``21:00 to 01:00 (next day)``; its day where it is another one than in UTC."""
    monday = datetime.datetime(2001, 1, 1)  # noqa: DTZ001 - only the day of the week and the time of day count
    day = monday + datetime.timedelta(days=_DAYS.index(window["day"]))
    start, end = (
        datetime.datetime.combine(day, datetime.time.fromisoformat(window[key])) + offset for key in ("start", "end")
    )
    times = tr("%(start)s to %(end)s", start=start.strftime("%H:%M"), end=end.strftime("%H:%M"))
    if end.date() != start.date():
        times = tr("%(times)s (next day)", times=times)
    if start.date() != day.date():
        times = tr("%(day)s %(times)s", day=tr(words.DAYS[_DAYS[start.weekday()]]), times=times)
    return times
