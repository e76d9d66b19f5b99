# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an appliance may be given up: a table of what is refused, and of what is not."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, effect, needed
from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import Budget, Node
from ansible_collections.icann.imrs.plugins.module_utils._fleet.needed import Candidate

ENDED = Candidate("nbo01", "nbo", operational=False, function="node", serial="CLP-1", alike=(), least=0)
SERVES = ENDED._replace(operational=True)
OF_THREE = SERVES._replace(alike=("nbo01", "nbo02", "nbo03"), least=2)


@pytest.mark.parametrize(
    "node",
    [
        ENDED,
        OF_THREE,
        OF_THREE._replace(operational=False, alike=("nbo01", "nbo02")),
        ENDED._replace(function="router", alike=("nbo-r1",)),
    ],
)
def test_what_is_not_needed_may_go(node: Candidate) -> None:
    assert needed.beforehand([node], "clp-1 ", limited=True) == []


@pytest.mark.parametrize(
    ("node", "serial", "said"),
    [
        (ENDED, "", "imrs_confirm_serial is missing"),
        (ENDED, "CLP-2", "imrs_confirm_serial is CLP-2, and nbo01 has another serial number"),
        (ENDED._replace(serial=""), "CLP-1", "nbo01 has no serial number in its sheet"),
        (SERVES, "CLP-1", "the sheet of site nbo wants it to serve: write operational: false there"),
        (OF_THREE._replace(least=3), "CLP-1", "cluster nbo would have 2 nodes, and needs 3 (minimum_live)"),
        (OF_THREE._replace(alike=("nbo01",), least=0), "CLP-1", "cluster nbo would have 0 nodes, and needs 1"),
        (OF_THREE._replace(function="router"), "CLP-1", "is a router of cluster nbo, which goes on"),
    ],
)
def test_what_is_needed_or_not_meant_is_refused_before_any_contact(node: Candidate, serial: str, said: str) -> None:
    (found,) = needed.beforehand([node], serial, limited=True)
    assert said in found
    assert f"{node.serial} " not in found or not node.serial, "whoever has to give the number shall not read it here"


@pytest.mark.parametrize(("nodes", "limited"), [([ENDED, ENDED._replace(name="acc01")], True), ([ENDED], False)])
def test_one_is_named(nodes: list[Candidate], limited: bool) -> None:
    (found,) = needed.beforehand(nodes, "CLP-1", limited=limited)
    assert "name it with --limit" in found
    assert nodes[-1].name in found


def node(name: str, mode: str, cluster: str = "", *, wanted: bool = True) -> Node:
    sheet = effect.of_mode("live" if wanted else "dark")
    groups = {"fleet": "", "region": "africa"}
    families = dict.fromkeys(effect.FAMILIES, mode) if mode in (LIVE, DARK) else None
    least = 1 if cluster else 0
    return Node(name, groups, cluster, False, cluster, least, sheet, name == "nbo01", mode, families)


LIVE, DARK, SILENT = budget.LIVE, budget.DARK, budget.NO_ANSWER


def most(nodes: int, percent: int = 100) -> Budget:
    limits = [
        {"group_by": "fleet", "max_unavailable": nodes},
        {"group_by": "region", "max_unavailable_percent": percent},
    ]
    return budget.parse(limits)


@pytest.mark.parametrize(
    ("nodes", "limits", "goes_on", "said"),
    [
        # What it gives to the fleet is lost with it, whatever its sheet says by then.
        ([node("nbo01", LIVE, wanted=False), node("acc01", SILENT)], most(1), False, "0 of 2 nodes of fleet"),
        ([node("nbo01", SILENT, wanted=False), node("acc01", DARK)], most(1), False, "0 of 2 nodes of fleet"),
        ([node("nbo01", LIVE, wanted=False), node("acc01", SILENT)], most(9, 25), False, "nodes of region africa"),
        ([node("nbo01", LIVE, wanted=False), node("acc01", LIVE)], most(1), False, ""),
        # One that is dark gives nothing any more.
        ([node("nbo01", DARK, wanted=False), node("acc01", SILENT)], most(0, 0), False, ""),
        # A cluster that goes on keeps its minimum, also where a person has given a number.
        ([node("nbo01", LIVE, "nbo"), node("nbo02", LIVE, "nbo")], budget.parse(9), True, ""),
        ([node("nbo01", LIVE, "nbo"), node("nbo02", DARK, "nbo")], budget.parse(9), True, "only none would stay live"),
        ([node("nbo01", LIVE, "nbo"), node("nbo02", budget.CLAIMED, "nbo")], budget.parse(9), True, "only none would"),
        ([node("nbo01", LIVE, "nbo", wanted=False), node("nbo02", DARK, "nbo", wanted=False)], most(9), False, ""),
    ],
)
def test_what_the_fleet_cannot_spare(nodes: list[Node], limits: Budget, goes_on: bool, said: str) -> None:
    found = needed.refusals(nodes, limits, goes_on=goes_on)
    assert bool(found) == bool(said), found
    assert said in "; ".join(found)
    told = needed.words(nodes, limits, found)
    assert "-e imrs_budget=N" in told
    assert "at least" in told.splitlines()[4]
