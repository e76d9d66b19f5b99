# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many nodes may be not live at a time: a table."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget
from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import Budget, Node

SOUND = Budget(2, 50)


def fleet(*texts: str) -> list[Node]:
    """``africa1* live``: a node of that region, targeted, live. ``!`` not wanted live; ``?`` no answer."""
    found = []
    for number, text in enumerate(texts):
        name, mode = text.split()
        region = name.rstrip("*!0123456789")
        site, _, size = region.partition("/")
        found.append(
            Node(
                name=f"n{number}",
                region=site,
                cluster=site if size else "",
                minimum_live=len(size),
                wanted="!" not in name,
                targeted="*" in name,
                mode="" if mode == "?" else mode,
            )
        )
    return found


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        # the fleet
        (["a* live", "a live", "b live", "b live"], []),
        (["a* live", "b* live", "a live", "b live"], []),
        (["a* live", "b* live", "c* live", "a live", "b live", "c live"], ["3 of 6 nodes of the fleet"]),
        (["a* live", "b dark", "c drained", "a live"], ["3 of 4 nodes of the fleet"]),
        (["a* live", "b ?", "c ?", "a live"], ["3 of 4 nodes of the fleet"]),
        (["a* ?", "b ?", "c ?", "a live"], ["3 of 4 nodes of the fleet"]),  # it may be live, and be reached
        # what the sheets do not want live is not counted
        (["a* live", "b! dark", "c! ?", "d! dark", "a live"], []),
        (["a!* dark", "b ?", "c ?", "d dark"], []),
        # what is not live already may be taken down further, whatever else is wrong
        (["a* drained", "b ?", "c ?", "d dark"], []),
        (["a* drained", "b* live", "c ?", "d live"], ["3 of 4 nodes of the fleet"]),
        # a region
        (["a* live", "a dark", "a live", "a live"], []),
        (["a* live", "a* live", "a live", "b live"], ["2 of 3 nodes of region a", "50 %, or 1"]),
        (["a* live", "b ?"], []),  # one of a region always may
        (["a* live", "a ?", "b live"], ["2 of 2 nodes of region a"]),
        (["a* live", "b* live", "b live"], []),
        # a cluster: its minimum stays live
        (["a/x* live", "a/x live"], []),
        (["a/x* live", "a/x drained", "b live", "b live"], ["of cluster a only none would stay live, and 1 have to"]),
        (["a/x* live", "a/x ?", "b live", "b live"], ["of cluster a only none would stay live"]),
        (["a/xx* live", "a/xx live", "a/xx live", "b live"], []),
        (["a/xx* live", "a/xx live", "b live", "b live"], ["of cluster a only n1 would stay live, and 2 have to"]),
        (["a/xx* dark", "a/xx live", "b live", "b live"], []),
    ],
)
def test_what_a_budget_allows(nodes: list[str], why: list[str]) -> None:
    found = "; ".join(budget.refusals(fleet(*nodes), SOUND))
    assert bool(found) == bool(why), found
    for part in why:
        assert part in found


@pytest.mark.parametrize(("number", "allowed"), [(1, False), (2, True), (3, True)])
def test_a_bare_number_is_the_word_for_one_run(number: int, allowed: bool) -> None:
    nodes = fleet("a/x* live", "a/x* live", "b live")
    assert budget.refusals(nodes, SOUND)
    assert (not budget.refusals(nodes, budget.parse(number))) == allowed
    assert (not budget.refusals(nodes, budget.parse(f" {number} "))) == allowed


def test_the_number_that_a_refusal_names_is_enough() -> None:
    nodes = fleet("a* live", "a* live", "b ?", "c! dark", "d live")
    said = budget.words(nodes, budget.refusals(nodes, SOUND))
    assert "imrs_budget=3" in said
    assert budget.refusals(nodes, budget.parse(3)) == []
    assert budget.refusals(nodes, budget.parse(2))


def test_a_refusal_has_names() -> None:
    nodes = [*fleet("a* live", "a* live", "b* live"), Node("xaa01", "a", "", 0, True, False, "drained", "by bob")]
    said = budget.words(nodes, budget.refusals(nodes, SOUND))
    assert said.startswith("Nothing is changed: 4 of 4 nodes of the fleet would not be live, and the budget is 2; ")
    assert "To be taken down: n0, n1, n2." in said
    assert "Not live already: xaa01: drained, by bob." in said
    assert "-e imrs_emergency=true" in said


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"nodes": 5}, "nodes and region_percent, not nodes"),
        ({}, "not nothing"),
        ({"nodes": 5, "region_percent": 25, "more": 1}, "not nodes, region_percent, more"),
        ({"nodes": True, "region_percent": 25}, "nodes is a number, such as 5, not True"),
        ({"nodes": 5, "region_percent": "a lot"}, "region_percent is a number"),
        (-1, "imrs_budget is a number"),
        ("", "imrs_budget is a number"),
        (None, "imrs_budget is a number"),
        ("٣", "imrs_budget is a number"),
        ([5], "imrs_budget is a number"),
    ],
)
def test_what_is_no_budget_is_said(data: t.Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        budget.parse(data)


def test_the_fleets_own() -> None:
    assert budget.parse({"nodes": "5", "region_percent": 25}) == Budget(5, 25)


@pytest.mark.parametrize(
    ("function", "routers", "found"),
    [
        ("node", ["r1", "r2"], ("xlc", 2, ["n1", "n2", "n3"])),
        ("router", ["r1", "r2"], ("xlc (routers)", 1, ["r1", "r2"])),
        ("router", ["r1"], ("xlc (routers)", 0, ["r1"])),  # it has nobody to carry on for it
    ],
)
def test_nodes_and_routers_of_a_cluster_are_counted_apart(
    function: str, routers: list[str], found: tuple[str, int, list[str]]
) -> None:
    cluster = {"minimum_live": 2, "nodes": ["n1", "n2", "n3"], "routers": routers}
    variables = {"imrs_site": "xlc", "imrs_function": function, "imrs_cluster": cluster}
    assert budget.alike(variables) == found


def test_a_single_has_nobody_beside_it() -> None:
    assert budget.alike({"imrs_site": "xlb", "imrs_function": "node", "imrs_cluster": None}) == ("", 0, [])
