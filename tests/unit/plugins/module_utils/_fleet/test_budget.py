# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How few nodes may announce a prefix at a time: a table."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, effect
from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import Accepted, Budget, Limit, Node

SOUND = Budget((Limit("fleet", max_unavailable=2), Limit("region", max_unavailable_percent=50)))
FLOOR = Budget((Limit("region", min_available=2),))


def fleet(*texts: str) -> list[Node]:
    """``africa1* live``: a node of that region, targeted, live. ``!`` dark by its sheet; ``?`` no answer;
    ``live/dark``: IPv4 and IPv6.
    """
    found = []
    for number, text in enumerate(texts):
        name, mode = text.split()
        region, _, size = name.rstrip("*!0123456789").partition("/")
        variables: dict[str, t.Any] = {
            "imrs_location": {"region": region},
            "imrs_mode": "dark" if "!" in name else "live",
        }
        found.append(
            budget.node(f"n{number}", variables, targeted="*" in name)._replace(
                cluster=region if size else "", minimum_live=len(size)
            )
        )
        if mode != "?":
            modes = (mode.split("/") * 2)[:2]
            found[-1] = found[-1]._replace(mode=min(modes), families=dict(zip(effect.FAMILIES, modes, strict=True)))
    return found


def refused(nodes: list[Node], limits: Budget, keeps: str = "dark") -> list[str]:
    rows = effect.rows(budget.lowered(nodes, effect.of_mode(keeps)), limits.groupings)
    return [*budget.refusals(rows, limits), *budget.too_few_anywhere(nodes, limits)]


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        # the fleet
        (["a* live", "a live", "b live", "b live"], []),
        (["a* live", "b* live", "a live", "b live"], []),
        (["a* live", "b* live", "c* live", "a live", "b live", "c live"], ["3 of 6 nodes of fleet would announce 199"]),
        (["a* live", "b dark", "c drained", "a live"], ["1 of 4 nodes of fleet", "(now 2), and 2 have to"]),
        (["a* live", "b ?", "c ?", "a live"], ["1 of 4 nodes of fleet"]),
        (["a* ?", "b ?", "c ?", "a live"], ["1 of 4 nodes of fleet"]),  # it may be live, and be reached
        # each prefix for itself
        (["a* live", "b live/dark", "c live/dark", "a live"], ["1 of 4 nodes of fleet would announce 2001:"]),
        (["a* dark/live", "b live/dark", "c live/dark", "a live"], ["1 of 4 nodes of fleet would announce 2001:"]),
        (["a* live/dark", "b live/dark", "c live/dark", "a live"], []),
        # what the sheets do not want live is not counted
        (["a* live", "b! dark", "c! ?", "d! dark", "a live"], []),
        (["a!* dark", "b ?", "c ?", "d dark"], []),
        # what announces nothing may be taken down, whatever else is wrong
        (["a* dark", "b ?", "c ?", "d dark"], []),
        (["a* drained", "b ?", "c ?", "d dark"], ["0 of 4 nodes of fleet would announce 199.7.82.0/23, 2001:500:9e::"]),
        (["a* drained", "b* live", "c ?", "d live"], ["1 of 4 nodes of fleet"]),
        # a region
        (["a* live", "a dark", "a live", "a live"], []),
        (["a* live", "a* live", "a live", "b live"], ["1 of 3 nodes of region a", "max_unavailable_percent: 50"]),
        (["a* live", "b ?"], []),  # one of a region always may
        (["a* live", "a ?", "b live"], ["0 of 2 nodes of region a"]),
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
    found = "; ".join(refused(fleet(*nodes), SOUND))
    assert bool(found) == bool(why), found
    for part in why:
        assert part in found


@pytest.mark.parametrize(
    ("nodes", "keeps", "why"),
    [
        (["a* live", "a live", "a live"], "dark", ""),
        (["a* live", "a live"], "dark", "1 of 2 nodes of region a would announce"),
        (["a* live", "a live", "a ?"], "dark", "1 of 3 nodes of region a would announce"),
        (["a* live"], "drained", "(now 1), and 2 have to (min_available: 2)"),
        (["a* drained", "a live"], "drained", ""),  # nothing is taken from it
        (["b* dark", "a live"], "dark", ""),
    ],
)
def test_a_floor_holds_whatever_the_share(nodes: list[str], keeps: str, why: str) -> None:
    found = "; ".join(refused(fleet(*nodes), FLOOR, keeps))
    assert bool(found) == bool(why), found
    assert why in found


def test_to_drain_takes_the_specific_prefixes_alone() -> None:
    (found,) = refused(fleet("a* live", "a live"), FLOOR, "drained")
    assert "announce 199.7.83.0/24, 2001:500:9f::/48, 2001:500:3::/48 (now 2)" in found


def test_what_is_drained_by_its_sheet_counts_for_the_covering_prefixes() -> None:
    drained = budget.node("n9", {"imrs_mode": "drained", "imrs_location": {"region": "a"}}, targeted=False)
    nodes = [
        *fleet("a* live", "a live"),
        drained._replace(mode="drained", families=dict.fromkeys(effect.FAMILIES, "drained")),
    ]
    (found,) = refused(nodes, FLOOR)
    assert "1 of 2 nodes of region a would announce 199.7.83.0/24" in found
    assert "199.7.82.0/23" not in found


@pytest.mark.parametrize(("number", "allowed"), [(1, False), (2, True), (3, True)])
def test_a_bare_number_is_the_word_for_one_run(number: int, allowed: bool) -> None:
    nodes = fleet("a/x* live", "a/x* live", "b live")
    assert refused(nodes, SOUND)
    assert (not refused(nodes, budget.parse(number))) == allowed
    assert (not refused(nodes, budget.parse(f" {number} "))) == allowed


def test_the_number_that_a_refusal_names_is_enough() -> None:
    nodes = fleet("a* live", "a* live", "b ?", "c! dark", "d live")
    rows = effect.rows(budget.lowered(nodes, effect.NONE), SOUND.groupings)
    assert "imrs_budget=3" in budget.words(nodes, rows, budget.refusals(rows, SOUND))
    assert refused(nodes, budget.parse(3)) == []
    assert refused(nodes, budget.parse(2))


def test_a_refusal_has_names() -> None:
    down = fleet("a dark")[0]._replace(name="xaa01", note="by bob")
    nodes = [*fleet("a* live", "a* live", "b* live"), down]
    rows = effect.rows(budget.lowered(nodes, effect.NONE), SOUND.groupings)
    said = budget.words(nodes, rows, budget.refusals(rows, SOUND))
    assert said.startswith("Nothing is changed: 0 of 4 nodes of fleet would announce 199.7.83.0/24, ")
    assert "To be taken down: n0, n1, n2." in said
    assert "Not live already: xaa01: dark, by bob." in said
    assert "-e imrs_emergency=true" in said
    by_sheets = budget.words(nodes, rows, budget.refusals(rows, SOUND), sheets=True)
    assert "To be taken down by their sheets: n0, n1, n2." in by_sheets
    assert "imrs_emergency" not in by_sheets
    assert "risk: fewer_nodes" in by_sheets


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([{"group_by": "site", "max_unavailable": 5}], "group_by is one of fleet, region, country, nameserver"),
        ([{"max_unavailable": 5}], "group_by is one of"),
        ([{"group_by": "fleet"}], "max_unavailable_percent or min_available, not nothing"),
        ([{"group_by": "fleet", "nodes": 1}], "not nodes"),
        ([{"group_by": "fleet", "max_unavailable": True}], "max_unavailable is a number, such as 5, not True"),
        ([{"group_by": "region", "max_unavailable_percent": "a lot"}], "max_unavailable_percent is a number"),
        ({"nodes": 5, "region_percent": 25}, "imrs_budget is a number, such as 5, or a list of limits"),
        ([5], "imrs_budget is a number, such as 5, or a list of limits"),
        (-1, "imrs_budget is a number"),
        ("", "imrs_budget is a number"),
        (None, "imrs_budget is a number"),
        ("٣", "imrs_budget is a number"),
    ],
)
def test_what_is_no_budget_is_said(data: t.Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        budget.parse(data)


def test_the_fleets_own() -> None:
    loss = {"group_by": "region", "group": "africa", "least": 2, "reason": "They move"}
    given = [{"group_by": "fleet", "max_unavailable": "5"}, {"group_by": "region", "min_available": 3}]
    assert budget.parse(given, [loss]) == Budget(
        (Limit("fleet", max_unavailable=5), Limit("region", min_available=3)),
        accepted=(Accepted("region", "africa", 2, "They move"),),
    )


def test_what_is_accepted_lowers_the_floor_of_that_group_alone() -> None:
    accepted = Budget((Limit("region", min_available=2),), accepted=(Accepted("region", "a", 1, "They move"),))
    assert refused(fleet("a* live", "a live"), accepted) == []
    assert refused(fleet("a* live", "a* live"), accepted)
    assert refused(fleet("b* live", "b live"), accepted)


@pytest.mark.parametrize(
    ("variables", "touched"),
    [
        ({}, False),
        ({"imrs_provisioning": {"allowed": True}}, True),
        ({"imrs_provisioning": {"allowed": False}}, False),  # it is not installed yet
        ({"imrs_provisioning": {"allowed": False}, "imrs_operational": False}, True),
    ],
)
def test_a_run_brings_down_what_it_provisions_and_what_is_not_to_serve(
    variables: dict[str, t.Any], touched: bool
) -> None:
    assert budget.touched(variables) == touched


@pytest.mark.parametrize(
    ("nodes", "lost"),
    [
        (["a* live", "a live"], []),
        (["a!* dark", "a live"], []),
        (["a!* live", "a live"], ["n0"]),
        (["a! live", "a live"], []),  # another run's
        (["a!* ?", "a live"], ["n0"]),
    ],
)
def test_what_the_sheets_take_is_what_is_announced_beyond_them(nodes: list[str], lost: list[str]) -> None:
    found = fleet(*nodes)
    rows = effect.rows(budget.as_sheets_say(found))
    assert budget.losing(rows) == lost
    assert bool(refusals := budget.refusals(rows, Budget((Limit("fleet", min_available=2),)))) == bool(lost), refusals


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


@pytest.mark.parametrize(
    ("routers", "stay"),
    [
        (["live", "live"], ["n1"]),
        (["live*", "live"], ["n1"]),
        (["live*", "live*"], []),
        (["live*", "?"], []),
        (["live*"], []),
        (["?*"], []),
        (["dark*", "live"], ["n1"]),
    ],
)
def test_a_node_announces_what_one_of_its_routers_passes_on(routers: list[str], stay: list[str]) -> None:
    site = {"imrs_site": "xlc", "imrs_location": {"region": "a"}}
    nodes = [
        budget.node("n1", site, targeted=False)._replace(mode="live", families=dict.fromkeys(effect.FAMILIES, "live"))
    ]
    for number, text in enumerate(routers):
        variables = {**site, "imrs_function": "router"}
        router, mode = budget.node(f"r{number}", variables, targeted="*" in text), text.rstrip("*")
        nodes.append(
            router if mode == "?" else router._replace(families=dict.fromkeys(effect.FAMILIES, mode), mode=mode)
        )
    rows = effect.rows(budget.lowered(nodes, effect.NONE))
    assert sorted({name for row in rows for name in row.stay}) == stay
    if not stay and routers != ["?*"]:
        assert budget.losing(rows) == ["n1"]
    assert {name for row in rows for name in row.wanted} == {"n1"}


@pytest.mark.parametrize(
    ("routers", "lost"),
    [(["live"], ["n1"]), (["dark", "live"], ["n1"]), (["dark"], []), (["?"], ["n1"]), (["dark", "?"], ["n1"])],
)
def test_what_the_sheet_takes_from_a_node_is_seen_whatever_it_wants_of_the_routers(
    routers: list[str], lost: list[str]
) -> None:
    """The run is about the node alone, and the whole site is not to serve any more."""
    site = {"imrs_site": "xlc", "imrs_mode": "dark"}
    nodes = [budget.node("n1", site, targeted=True)._replace(families=dict.fromkeys(effect.FAMILIES, "live"))]
    for number, mode in enumerate(routers):
        router = budget.node(f"r{number}", {**site, "imrs_function": "router"}, targeted=False)
        nodes.append(router if mode == "?" else router._replace(families=dict.fromkeys(effect.FAMILIES, mode)))
    assert budget.losing(effect.rows(budget.as_sheets_say(nodes))) == lost
