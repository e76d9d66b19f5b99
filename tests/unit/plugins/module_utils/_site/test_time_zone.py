# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time zone of a location: known, or refused; and a controller without any says what is missing."""

from __future__ import annotations

import pathlib
import sys
import typing as t
import zoneinfo

import pytest

if t.TYPE_CHECKING:
    from .conftest import Lab


QUOTE = '"'


def given(zone: str) -> tuple[str, str]:
    return "coordinates: 58", f"time_zone: {zone}\n  coordinates: 58"


@pytest.mark.parametrize("zone", ["UTC", "Africa/Nairobi", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
def test_a_known_zone_is_in_the_record(zone: str, lab: Lab) -> None:
    assert [site["location"]["time_zone"] for site in lab.load([given(zone)]).sites] == [zone]


@pytest.mark.parametrize(
    ("zone", "remedy"),
    [
        ("Africa/Nairobo", "did you mean Africa/Nairobi?"),
        ("America/Argentina", "did you mean America/Argentina/Salta?"),  # a folder of zones
        ('"+03:00"', "write one such as Africa/Nairobi"),
        ("../../etc/passwd", "write one such as Africa/Nairobi"),
        ("Xyz/Qqqqq", "write one such as Africa/Nairobi"),
    ],
)
def test_an_unknown_zone_is_refused_with_a_near_one(zone: str, remedy: str, lab: Lab) -> None:
    assert lab.wrong(given(zone)) == [
        f"location.time_zone: {zone.strip(QUOTE)} is no IANA time zone that this controller knows; {remedy}"
    ]


@pytest.fixture
def no_data(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    """As on a controller without tzdata: neither the distribution's nor pip's."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath([str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("no_data")
def test_a_controller_without_time_zones_says_so(lab: Lab) -> None:
    (said,) = lab.wrong(given("Africa/Nairobi"))
    assert said == (
        "location.time_zone: Africa/Nairobi cannot be looked up, as the controller has no time zone data: install the "
        "distribution's package tzdata, or python3 -m pip install tzdata"
    )


@pytest.mark.usefixtures("no_data")
def test_sheets_without_a_zone_need_no_data(lab: Lab) -> None:
    assert [site["location"]["time_zone"] for site in lab.load().sites] == [""]
