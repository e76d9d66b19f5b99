# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Since when keys are in use, and when they are to be rolled: told, and never a reason to refuse a fleet."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import lifetimes

if t.TYPE_CHECKING:
    from .conftest import Lab

DAYS = ("irr:", "key_days: {tsig: 365, host_key: 1095}\nirr:")
ROLLED = ("serial: LAB-0001", "serial: LAB-0001\n    rolled: {tsig: 2026-11-30}")


def test_a_key_is_to_be_rolled_so_many_days_after_it_was() -> None:
    fleet = {"key_days": {"tsig": 365, "host_key": 30}}
    assert lifetimes.of(fleet, {"tsig": [], "rolled": {"tsig": "2027-03-01", "host_key": "2028-02-28"}}) == [
        {"kind": "tsig", "rolled": "2027-03-01", "roll_by": "2028-02-29"},
        {"kind": "host_key", "rolled": "2028-02-28", "roll_by": "2028-03-29"},
    ]


def test_without_a_day_it_is_told_that_there_is_none() -> None:
    assert lifetimes.of({"key_days": {"bgp": 7}}, {}) == [{"kind": "bgp", "rolled": None, "roll_by": None}]


def test_without_days_of_the_fleet_nothing_is_told() -> None:
    assert lifetimes.of({}, {"tsig": [], "rolled": {"tsig": "2026-11-30"}}) == []


def test_a_router_has_no_transfer_keys() -> None:
    assert [each["kind"] for each in lifetimes.of({"key_days": {"tsig": 1, "bgp": 1}}, {})] == ["bgp"]


def test_no_day_is_too_late() -> None:
    (found,) = lifetimes.of({"key_days": {"bgp": 36600}}, {"rolled": {"bgp": "9999-01-01"}})
    assert found["roll_by"] == "9999-12-31"


def test_host_variables_and_records_have_them(lab: Lab) -> None:
    loaded = lab.load([ROLLED], [DAYS], ())
    wanted = [
        {"kind": "tsig", "rolled": "2026-11-30", "roll_by": "2027-11-30"},
        {"kind": "host_key", "rolled": None, "roll_by": None},
    ]
    assert loaded.hosts["xlb01"]["imrs_keys"] == wanted
    assert loaded.sites[0]["nodes"][0]["keys"] == wanted


@pytest.mark.parametrize("day", ["1999-01-01", "2999-01-01"])
def test_no_day_that_has_passed_or_is_to_come_is_refused(lab: Lab, day: str) -> None:
    assert lab.load([(ROLLED[0], ROLLED[1].replace("2026-11-30", day))], [DAYS], ()).hosts


@pytest.mark.parametrize("wrong", ["{tsig: 2026-02-30}", "{tsig: soon}", "{ssh: 2026-11-30}", "[tsig]"])
def test_what_is_no_day_or_no_kind_is_refused(lab: Lab, wrong: str) -> None:
    (told,) = lab.wrong((ROLLED[0], f"serial: LAB-0001\n    rolled: {wrong}"))
    assert told.startswith("nodes[0].rolled")
