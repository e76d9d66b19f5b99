# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows beside UTC in the time of the host, through the whole year."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._documents import windows
from site_records import Record, record, sheet

EVENING = {"day": "tuesday", "start": "18:00", "end": "22:00"}
SUNDAY = {"day": "sunday", "start": "00:30", "end": "03:30"}


def placed(zone: str, window: Record = EVENING, day: str = "2026-04-06") -> Record:
    return record(location=record()["location"] | {"time_zone": zone}, maintenance_windows=[window], day=day)


@pytest.mark.parametrize(
    ("zone", "window", "local"),
    [
        ("", EVENING, ""),
        ("UTC", EVENING, ", which is 18:00 to 22:00 (UTC)"),
        ("Africa/Nairobi", EVENING, ", which is 21:00 to 01:00 (next day) (Africa/Nairobi)"),
        ("America/Lima", EVENING, ", which is 13:00 to 17:00 (America/Lima)"),
        (
            "Europe/Warsaw", EVENING,
            ", which is 19:00 to 23:00 in winter and 20:00 to 00:00 (next day) in summer (Europe/Warsaw)",
        ),
        (
            "Europe/Dublin", EVENING,  # where the law calls the summer's time the standard one
            ", which is 18:00 to 22:00 in winter and 19:00 to 23:00 in summer (Europe/Dublin)",
        ),
        (
            "Pacific/Auckland", EVENING,  # where January is in summer
            ", which is Wednesday 06:00 to 10:00 in winter and Wednesday 07:00 to 11:00 in summer (Pacific/Auckland)",
        ),
        (
            "Africa/Casablanca", EVENING,
            ", which is 19:00 to 23:00, but 18:00 to 22:00 from 2026-02-15 until 2026-03-21 (Africa/Casablanca)",
        ),
        ("America/Bogota", SUNDAY, ", which is Saturday 19:30 to 22:30 (America/Bogota)"),
        ("Asia/Kathmandu", SUNDAY, ", which is 06:15 to 09:15 (Asia/Kathmandu)"),
    ],
)  # fmt: skip
def test_a_window_in_local_time(zone: str, window: Record, local: str) -> None:
    (said,) = windows.told(placed(zone, window))
    assert said == f"{window['day'].capitalize()} {window['start']} to {window['end']} UTC{local}"


def test_the_year_is_that_of_the_record() -> None:
    (said,) = windows.told(placed("Africa/Casablanca", day="2027-06-01"))
    assert "from 2027-02-07 until 2027-03-13" in said


def test_no_day_is_too_late() -> None:
    assert "in winter" in windows.told(placed("Europe/Warsaw", day="9999-12-31"))[0]


def test_both_forms_show_it() -> None:
    for text in sheet(placed("Africa/Nairobi")):
        assert "Tuesday 18:00 to 22:00 UTC, which is 21:00 to 01:00 (next day) (Africa/Nairobi)" in text
    for text in sheet(placed("")):
        assert "Tuesday 18:00 to 22:00 UTC" in text
        assert "which is" not in text.partition("Planned work is done")[2].partition("\n\n#")[0][:200]
