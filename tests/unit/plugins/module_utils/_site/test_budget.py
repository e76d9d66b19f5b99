# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet's file says of its budget, and what would lie dormant there until another revision wakes it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import effect
from ansible_collections.icann.imrs.plugins.module_utils._site import schema_fleet

if t.TYPE_CHECKING:
    from .conftest import Lab

LIMITS = "budget:\n  - {group_by: fleet, max_unavailable: 5}\n  - {group_by: region, max_unavailable_percent: 25}\n"


def limits(*lines: str) -> tuple[str, str]:
    return LIMITS, "budget:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


def accepted(what: str) -> tuple[str, str]:
    return "waivers:", f"accepted_risks: [{{risk: fewer_nodes, what: {what}, reason: They move}}]\nwaivers:"


def test_the_sheets_count_by_what_a_plan_is_counted_by() -> None:
    assert schema_fleet.GROUPINGS == effect.GROUPINGS


CANNOT = "budget[0].min_available: 2 nodes cannot be available in"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("group_by: fleet",), "budget[0]: limits nothing; give max_unavailable, "),
        (("group_by: fleet, max_unavailable: 5", "group_by: fleet, min_available: 1"), "budget[1].group_by: fleet was"),
        (("group_by: site, max_unavailable: 5",), "budget[0].group_by: site is not one of: fleet, region, country"),
        (("max_unavailable: 5",), "budget[0].group_by: is missing"),
        (("group_by: fleet, max_unavailable: 0",), "budget[0].max_unavailable: 0 is not a number of nodes (1"),
        (("group_by: region, min_available: 2",), f"{CANNOT} region north_america, which has 1; lower it, or count by"),
        (("group_by: country, min_available: 2",), f"{CANNOT} country CA"),
        (("group_by: nameserver, min_available: 2",), f"{CANNOT} nameserver knot"),
    ],
)
def test_what_a_budget_may_not_say(given: tuple[str, ...], said: str, lab: Lab) -> None:
    (found,) = lab.messages(fleet_=[limits(*given)])
    assert found.startswith(f"fleet.yml: {said}")


def test_the_former_budget_is_none(lab: Lab) -> None:
    (found,) = lab.messages(fleet_=[(LIMITS, "budget: {nodes: 5, region_percent: 25}\n")])
    assert found == "fleet.yml: budget: is something else; give a list of limits"


def test_a_floor_that_can_be_kept_is_taken(lab: Lab, single: Lab) -> None:
    given = [limits("group_by: fleet, min_available: 2")]
    assert len(lab.load((), given, [single.sheet]).hosts) == 2
    gone = single.sheet.replace("operational: true", "operational: false") + (
        "decommissioned: {date: 2026-01-01, by: J. Doe, reason: Closed}\n"
    )
    (found,) = lab.messages((), given, [gone])
    assert "2 nodes cannot be available in fleet lab, which has 1" in found


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        ((), 1),
        ((("operational: true", "operational: false"),), 0),
        ((("mode: live", "mode: drained"),), 0),
    ],
)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_loss_is_accepted_of_these_sheets_and_no_others(
    sheet: tuple[tuple[str, str], ...], left: int, number: int, lab: Lab
) -> None:
    given = [accepted(f"region/north_america/{number}")]
    if number == left:
        (warning,) = lab.warnings(*sheet, fleet_=given)
        assert warning == (
            f"fleet.yml: accepted_risks[0]: region north_america may be left with {number} nodes; accepted: They move. "
            "Remove it once that is done"
        )
        (loss,) = lab.load(sheet, given).hosts["xlb01"]["imrs_accepted_losses"]
        assert loss == {"group_by": "region", "group": "north_america", "least": number, "reason": "They move"}
        return
    assert lab.messages(sheet, given) == [
        (
            f"fleet.yml: accepted_risks[0].what: region north_america has {left} nodes that are to be live by these "
            f"sheets, not {number}; say what is left now, or remove the entry once it is done"
        )
    ]


def test_a_loss_does_not_depend_on_the_day(lab: Lab) -> None:
    given = [accepted("region/north_america/1")]
    for today in ("2001-01-01", "2026-11-30", "9999-12-31"):
        assert lab.load((), given, today=today).hosts


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("africa", "africa is no such risk: fewer_nodes names a group and how few nodes are left"),
        ("region/africa/few", "region/africa/few is no such risk"),
        ("region//2", "region//2 is no such risk"),
        ("country/KE/1", "the budget has no limit by country; those that it has are by fleet, region"),
    ],
)
def test_what_is_no_such_loss_is_told(what: str, said: str, lab: Lab) -> None:
    (found,) = lab.messages(fleet_=[accepted(what)])
    assert found.startswith(f"fleet.yml: accepted_risks[0].what: {said}")


BROKEN = (
    ("mtu: 1500", "mtu: 100"),
    ("profile: calypso", "profile: unknown"),
    ("asn: 64500", "asn: 20144x"),
    ("node: xlb01", "node: abc01"),
)


@pytest.mark.parametrize("edit", BROKEN, ids=lambda edit: edit[1])
def test_a_sheet_that_is_out_of_service_is_read_like_any_other(edit: tuple[str, str], lab: Lab) -> None:
    """What is wrong in it is not found only when it comes back."""
    assert lab.messages([("operational: true", "operational: false"), edit]) == lab.messages([edit])


def test_what_a_sheet_out_of_service_shares_with_another_is_told(lab: Lab) -> None:
    """Name, addresses, keys, serial number: not only when it comes back."""
    copy = lab.sheet.replace("operational: true", "operational: false")
    found = lab.messages(more=[copy])
    assert len(found) > 3
    assert found == lab.messages(more=[lab.sheet])


def test_a_profile_that_nobody_uses_is_read_like_any_other(lab: Lab) -> None:
    unused = "profiles:\n  - {name: spare, description: None, link_mbps: 0}\n"
    found = lab.messages(fleet_=[("profiles:\n", unused)])
    assert "fleet.yml: profiles[0].link_mbps: 0 is not a link speed in Mbit/s (1\u20131000000)" in found
    assert any("profiles[0].ports: is missing" in each for each in found)
