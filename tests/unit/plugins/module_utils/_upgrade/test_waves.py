# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are upgraded together. What a wave takes away is counted here once more, and in other words."""

from __future__ import annotations

import os
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, effect
from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import Budget, Limit, Node
from ansible_collections.icann.imrs.plugins.module_utils._upgrade import waves
from hypothesis import given, settings
from hypothesis import strategies as st

SETTINGS = settings(
    derandomize=True, max_examples=int(os.environ.get("IMRS_EXAMPLES", "300")), deadline=None, database=None
)
WIDE = Budget((Limit("fleet", max_unavailable=100),))


def node(name: str, mode: str = "live", region: str = "africa", country: str = "KE", **more: t.Any) -> Node:
    """One appliance; its site are the first letters of its name. ``?``: it gives no answer."""
    location = {"region": region, "country": country}
    found = budget.node(name, {"imrs_site": name[:3], "imrs_location": location, **more}, targeted=False)
    return found if mode == "?" else found._replace(mode=mode, families=dict.fromkeys(effect.FAMILIES, mode))


def fleet(count: int) -> list[Node]:
    return [node(f"x{chr(97 + number // 26)}{chr(97 + number % 26)}01") for number in range(count)]


def names(nodes: t.Iterable[Node]) -> list[str]:
    return [each.name for each in nodes]


def test_the_first_wave_is_one_node_and_the_others_as_large_as_was_said() -> None:
    nodes = fleet(8)
    made = waves.plan(nodes, names(nodes), WIDE, most=3)
    assert made.waves == [["xaa01"], ["xab01", "xac01", "xad01"], ["xae01", "xaf01", "xag01"], ["xah01"]]
    assert made.refused == {}


def test_a_wave_is_no_larger_than_the_fleet_can_spare_beside_what_is_down() -> None:
    nodes = [node("xaz01", "dark"), *fleet(6)]
    made = waves.plan(nodes, names(nodes[1:]), Budget((Limit("fleet", max_unavailable=3),)), most=9)
    assert made.waves == [["xaa01"], ["xab01", "xac01"], ["xad01", "xae01"], ["xaf01"]]


def test_regions_take_turns_where_one_can_spare_no_more() -> None:
    nodes = [*fleet(3), *(node(f"y{letter}a01", region="europe") for letter in "abc")]
    made = waves.plan(nodes, names(nodes), Budget((Limit("region", max_unavailable=1),)), most=9)
    assert made.waves == [["xaa01"], ["xab01", "yaa01"], ["xac01", "yba01"], ["yca01"]]


def test_what_announces_nothing_takes_nothing_and_comes_last() -> None:
    nodes = [node("xaa01", "dark"), node("xab01"), node("xac01")]
    made = waves.plan(nodes, names(nodes), Budget((Limit("fleet", max_unavailable=2),)), most=9)
    assert made.waves == [["xab01"], ["xac01", "xaa01"]]


def test_the_one_to_begin_with_may_be_named() -> None:
    nodes = fleet(3)
    assert waves.plan(nodes, names(nodes), WIDE, most=9, first="xac01").waves == [["xac01"], ["xaa01", "xab01"]]
    # It is upgraded already: the same words go on with the rest.
    assert waves.plan(nodes, ["xaa01", "xab01"], WIDE, most=9, first="xac01").waves == [["xaa01"], ["xab01"]]
    with pytest.raises(ValueError, match="upgrade_first is xzz01, which is no appliance of the inventory"):
        waves.plan(nodes, names(nodes), WIDE, most=9, first="xzz01")


def test_a_wave_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="upgrade_wave is 0: a wave has one node at least"):
        waves.plan(fleet(1), ["xaa01"], WIDE, most=0)


def test_of_one_site_one_at_a_time() -> None:
    """Also where a bare number is said, which leaves clusters out."""
    cluster = {"nodes": ["xca01", "xca02", "xca03"], "minimum_live": 1, "routers": []}
    nodes = [*fleet(1), *(node(name, imrs_cluster=cluster) for name in cluster["nodes"])]
    for limits in (WIDE, budget.parse(9)):
        made = waves.plan(nodes, names(nodes), limits, most=9)
        assert made.waves == [["xaa01"], ["xca01"], ["xca02"], ["xca03"]]


def test_what_no_limit_allows_is_refused_by_name_and_the_others_go() -> None:
    nodes = [node("xaa01"), node("xab01"), node("xba01", country="FR", region="europe")]
    made = waves.plan(nodes, names(nodes), Budget((Limit("country", min_available=1),)), most=9)
    assert made.waves == [["xaa01"], ["xab01"]]
    assert set(made.refused) == {"xba01"}
    assert "0 of 1 nodes of country FR would announce 199.7.83.0/24" in made.refused["xba01"]
    assert "(min_available: 1)" in made.refused["xba01"]
    assert waves.words(made)[0] == "wave 1: xaa01"
    assert waves.words(made)[-1].startswith("left out: xba01: 0 of 1 nodes of country FR")


def test_a_cluster_that_needs_its_node_refuses_it() -> None:
    cluster = {"nodes": ["xca01", "xca02"], "minimum_live": 1, "routers": []}
    nodes = [node("xca01", imrs_cluster=cluster), node("xca02", "dark", imrs_cluster=cluster)]
    made = waves.plan(nodes, ["xca01"], WIDE, most=9)
    assert made.waves == []
    assert "of cluster xca only none would stay live" in made.refused["xca01"]


def test_nothing_to_do_is_no_wave() -> None:
    made = waves.plan(fleet(3), [], WIDE, most=9)
    assert made == waves.Plan([], {})
    assert waves.words(made) == ["no wave: there is nothing to be upgraded"]


def test_which_wave_was_before() -> None:
    made = [["a"], ["b", "c"], ["d"]]
    assert waves.before(made, "a") == ([], ["a", "b", "c", "d"])
    assert waves.before(made, "c") == (["a"], ["b", "c", "d"])
    assert waves.before(made, "d") == (["b", "c"], ["d"])
    with pytest.raises(ValueError, match="e is in no wave of the plan"):
        waves.before(made, "e")


NODES = st.lists(
    st.tuples(st.sampled_from(["live", "live", "live", "drained", "dark", "?"]), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=14,
)
LIMITS = st.lists(
    st.builds(
        Limit,
        st.sampled_from(["fleet", "region", "country"]),
        st.none() | st.integers(1, 4),
        st.none() | st.sampled_from([10, 25, 50]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=3,
)


@SETTINGS
@given(NODES, LIMITS, st.integers(1, 5))
def test_no_wave_is_below_the_floor_and_each_node_is_in_one(
    drawn: list[tuple[str, int, bool]], limits: list[Limit], most: int
) -> None:
    nodes = [
        node(f"x{chr(97 + number)}a01", mode, region=f"r{place // 2}", country=f"c{place}")
        for number, (mode, place, _due) in enumerate(drawn)
    ]
    due = [each.name for each, (_mode, _place, is_due) in zip(nodes, drawn, strict=True) if is_due]
    made = waves.plan(nodes, due, Budget(tuple(limits)), most=most)
    assert sorted([*(name for wave in made.waves for name in wave), *made.refused]) == sorted(due)
    assert all(0 < len(wave) <= most for wave in made.waves)
    assert len(made.waves[0]) == 1 if made.waves else True
    for wave in made.waves:
        for limit in limits:
            groups = {each.groups[limit.grouping] for each in nodes if each.name in wave and each.mode != "dark"}
            for group in groups:
                members = [each for each in nodes if each.groups[limit.grouping] == group]
                left = [each.name for each in members if each.mode == "live" and each.name not in wave]
                taken = [each.name for each in members if each.mode in ("live", "") and each.name in wave]
                if taken:
                    assert len(left) >= limit.floor(len(members)), (wave, limit, group)
    for name in made.refused:  # and rightly so: by itself it is too much
        assert next(each for each in nodes if each.name == name).mode != "dark"
    assert waves.plan(list(reversed(nodes)), due[::-1], Budget(tuple(limits)), most=most) == made
