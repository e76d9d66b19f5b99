# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may be provisioned, for every way in which it is refused."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import permit
from ansible_collections.icann.imrs.plugins.module_utils._fleet.permit import Node

GOOD = Node("xaa01", allowed=True)
SUSPENDED = Node("xab01", operational=False, allowed=False, reason="Off.")
OVERRIDE = Node("xac01", allowed=True, override="2026-01-05, J. Doe: Lab rehearsal")


@pytest.mark.parametrize(
    ("nodes", "accepted", "check", "why"),
    [
        ([GOOD], True, False, ""),
        ([GOOD, OVERRIDE], True, False, ""),
        ([GOOD], False, False, ""),
        ([GOOD, OVERRIDE], False, True, ""),
        ([GOOD, OVERRIDE], False, False, "so would all 2 nodes, one after another"),
        ([GOOD, Node("xad01")], True, False, "xad01: its inventory does not say whether it may be provisioned\n"),
        ([SUSPENDED, GOOD], True, True, "because of 1 of 2 nodes:\nxab01: Off.\nComplete"),
        ([SUSPENDED._replace(withdrawn="It is dark.")], True, False, "xab01: Off. It is dark.\n"),
        ([GOOD._replace(renders=True)], True, False, "imrs_render_directory is set"),
        ([GOOD._replace(plans=True)], True, True, "imrs_plan is set"),
        (
            [GOOD._replace(others=("routing_provider is frr, the sheet has bird",))],
            True,
            False,
            "Nothing is provisioned: xaa01: routing_provider is frr, the sheet has bird. The gate",
        ),
        (
            [GOOD._replace(unattested=("OB-01",))],
            True,
            False,
            "all nodes stay as they are:\nxaa01: OB-01 not attested\n",
        ),
        ([GOOD._replace(unattested=("OB-01",))], True, True, ""),
        ([GOOD._replace(unattested=("OB-01",))], False, False, ""),  # nothing is accepted, so nothing goes up
        # What is wrong for all comes before what is wrong with one.
        ([SUSPENDED, GOOD._replace(renders=True)], False, False, "imrs_render_directory is set"),
    ],
)
def test_nodes_are_provisioned_or_refused_with_a_reason(
    nodes: list[Node], accepted: bool, check: bool, why: str
) -> None:
    said = permit.refusal(nodes, accepted=accepted, check=check)
    assert why in said
    assert bool(said) == bool(why)


def test_taken_dark_is_what_two_facts_of_the_sheet_say() -> None:
    nodes = [
        GOOD,
        SUSPENDED,
        GOOD._replace(operational=False),
        SUSPENDED._replace(operational=True),
        Node("xae01", operational=False),
    ]
    assert permit.withdrawals(nodes, check=False) == ["xab01"]
    assert permit.withdrawals(nodes, check=True) == []


def test_what_has_to_be_known_is_said() -> None:
    override = "xac01 goes ahead by an override in its sheet: 2026-01-05, J. Doe: Lab rehearsal"
    assert permit.remarks([OVERRIDE, GOOD], accepted=True, check=False) == [override]
    left_out, *others = permit.remarks([GOOD, OVERRIDE], accepted=False, check=False)
    assert left_out.startswith("Acceptance is left out.")
    assert others == [override]
    assert permit.remarks([GOOD], accepted=False, check=True) == []


def test_a_part_is_not_compared_nor_what_has_another_provider() -> None:
    assert permit.incomparable([GOOD, OVERRIDE], whole=True) == ""
    assert permit.incomparable([GOOD], whole=False).startswith("Drift takes no tags")
    other = GOOD._replace(others=("routing_provider is frr, the sheet has bird",))
    assert permit.incomparable([other], whole=True).startswith("Nothing is compared: xaa01: routing_provider is frr")
