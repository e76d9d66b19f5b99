# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an appliance may be given up: a table of what is refused, and of what is not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, needed
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


def node(name: str, mode: str, cluster: str = "", **more: t.Any) -> Node:
    return Node(name, "africa", cluster, 1 if cluster else 0, more.pop("wanted", True), name == "nbo01", mode, **more)


LIVE, DARK, SILENT = budget.LIVE, "dark", budget.NO_ANSWER


@pytest.mark.parametrize(
    ("nodes", "limits", "goes_on", "said"),
    [
        # What it gives to the fleet is lost with it, whatever its sheet says by then.
        ([node("nbo01", LIVE, wanted=False), node("acc01", SILENT)], Budget(1, 100), False, "2 of 2 nodes of the"),
        ([node("nbo01", SILENT, wanted=False), node("acc01", DARK)], Budget(1, 100), False, "2 of 2 nodes of the"),
        ([node("nbo01", LIVE, wanted=False), node("acc01", SILENT)], Budget(9, 25), False, "nodes of region africa"),
        ([node("nbo01", LIVE, wanted=False), node("acc01", LIVE)], Budget(1, 100), False, ""),
        # One that is dark gives nothing any more.
        ([node("nbo01", DARK, wanted=False), node("acc01", SILENT)], Budget(0, 0), False, ""),
        # A cluster that goes on keeps its minimum, also where a person has given a number.
        ([node("nbo01", LIVE, "nbo"), node("nbo02", LIVE, "nbo")], Budget(9), True, ""),
        ([node("nbo01", LIVE, "nbo"), node("nbo02", DARK, "nbo")], Budget(9), True, "only none would stay live"),
        ([node("nbo01", LIVE, "nbo"), node("nbo02", budget.CLAIMED, "nbo")], Budget(9), True, "only none would stay"),
        ([node("nbo01", LIVE, "nbo", wanted=False), node("nbo02", DARK, "nbo", wanted=False)], Budget(9), False, ""),
    ],
)  # fmt: skip
def test_what_the_fleet_cannot_spare(nodes: list[Node], limits: Budget, goes_on: bool, said: str) -> None:
    found = needed.refusals(nodes, limits, goes_on=goes_on)
    assert len(found) == bool(said), found
    assert said in "; ".join(found)
    assert "-e imrs_budget=N" in needed.words(nodes, found)
