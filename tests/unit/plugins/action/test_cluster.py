# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether enough nodes of a cluster are live for one to be changed; the nodes are directories of this machine."""

from __future__ import annotations

import json
import typing as t

import pytest
from imrs_nodes import World

NODES = ("xaa01", "xaa02", "xaa03")
PLAY = [
    {
        "hosts": "xaa01",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": {"name": "icann.imrs.gate", "tasks_from": "cluster"}}],
    }
]


class Asked(t.NamedTuple):
    """How a run ended, and which nodes it asked."""

    status: int
    said: str
    nodes: set[str]
    claims: list[str]
    """What xaa01 was told of claims."""


@pytest.fixture
def ask(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> t.Any:
    """Run the tasks for xaa01, with these of the others live; xaa03 cannot be reached when it is ``gone``."""

    def run(live: set[str], *options: str, gone: bool = False, minimum: int | None = 1) -> Asked:
        world = World(fleet, make_node)
        cluster = minimum and {"nodes": list(NODES), "minimum_live": minimum, "routers": ["xaa-r1"]}
        for name in NODES:
            marks = ["gone"] if gone and name == "xaa03" else []
            world.node(name, "live" if name in live else "drained", *marks, imrs_cluster=cluster)
        play = fleet.base / "play.yml"
        play.write_text(json.dumps(PLAY), encoding="utf-8")
        done = world.run(str(play), *options)
        return Asked(done.status, done.said, world.asked(), world.claims("xaa01"))

    return run


def test_others_that_are_live_carry_on(ask: t.Any) -> None:
    asked = ask({"xaa02", "xaa03"}, minimum=2)
    assert asked.status == 0, asked.said
    assert asked.nodes == set(NODES)
    assert asked.claims == ["claim"]


@pytest.mark.parametrize(("gone", "why"), [(False, "xaa03: drained, asked for by alice"), (True, "xaa03: no answer, ")])
def test_too_few_others_keep_a_node_from_being_changed(ask: t.Any, gone: bool, why: str) -> None:
    asked = ask({"xaa02"}, minimum=2, gone=gone)
    assert asked.status == 2, asked.said
    assert (
        "xaa01 goes dark while it is changed, and of cluster xaa only xaa02 would stay live, and 2 have" in asked.said
    )
    assert why in asked.said
    assert asked.claims == ["claim", "release"]


def test_one_that_cannot_be_reached_is_no_harm_when_enough_are_live(ask: t.Any) -> None:
    assert ask({"xaa02"}, gone=True).status == 0


def test_it_is_refused_unless_somebody_says_so(ask: t.Any) -> None:
    asked = ask(set(), "-e", "imrs_disrupt=true")
    assert (asked.status, asked.nodes) == (0, set()), asked.said


def test_a_single_asks_nobody(ask: t.Any) -> None:
    asked = ask(set(), minimum=None)
    assert (asked.status, asked.nodes) == (0, set()), asked.said
