# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dark.yml, drain.yml and live.yml over a fleet; the nodes are directories of this machine, where SSH finds them."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from imrs_nodes import World

HOUR = f"{datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=5):%Y-%m-%dT%H:%MZ}"


@pytest.fixture
def world(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> World:
    return World(fleet, make_node)


BY = "--json --by alice --wait 35"


def test_nodes_are_drained_for_a_while_and_the_others_are_asked(world: World) -> None:
    for name in ("xaa01", "xab01", "xac01", "xad01"):
        world.node(name)
    done = world.run("drain", "--limit", "xaa01", "-e", f"imrs_until={HOUR}")
    assert done.status == 0, done.said
    assert world.told("xaa01") == [f"drain {BY} --reason fibre work --until {HOUR} --lower-only"]
    assert f"xaa01: live -> drained until {HOUR}" in done.said
    assert world.asked() == {"xaa01", "xab01", "xac01", "xad01"}
    assert all(not world.told(name) for name in ("xab01", "xac01", "xad01"))


def test_more_than_the_fleet_can_spare_is_refused_before_any_node_is_told(world: World) -> None:
    for name in ("xaa01", "xab01", "xac01", "xad01", "xae01"):
        world.node(name)
    world.node("xaf01", "live", "gone")
    world.node("xag01", "drained")
    world.node("xah01", "dark", imrs_mode="dark")  # by its sheet
    done = world.run("dark", "--limit", "xaa01", "-e", '{"imrs_budget": [{"group_by": "fleet", "max_unavailable": 2}]}')
    assert done.status != 0
    assert "Nothing is changed: 4 of 7 nodes of fleet test would announce 199.7.83.0/24, " in done.said
    assert "(now 5), and 5 have to (max_unavailable: 2)" in done.said
    assert "xaf01: no answer, " in done.said
    assert "No route to host" in done.said
    assert "xag01: drained, asked for by alice" in done.said
    assert "-e imrs_budget=3" in done.said
    assert world.told("xaa01") == []
    assert "xah01" not in world.asked()
    done = world.run("dark", "--limit", "xaa01", "-e", "imrs_budget=3")
    assert done.status == 0, done.said
    assert world.told("xaa01") == [f"dark {BY} --reason fibre work"]


def test_a_cluster_keeps_its_minimum(world: World) -> None:
    cluster = {"nodes": ["xaa01", "xaa02"], "minimum_live": 1, "routers": ["xaa-r1"]}
    for name in ("xaa01", "xaa02"):
        world.node(name, imrs_cluster=cluster)
    generous = ("-e", '{"imrs_budget": [{"group_by": "fleet", "max_unavailable": 9}]}')
    done = world.run("drain", *generous)
    assert done.status != 0
    assert "of cluster xaa only none would stay live, and 1 have to" in done.said
    assert world.run("drain", "--limit", "xaa02", *generous).status == 0


BOB = {"run": "another", "by": "bob", "age": 12.3}


def test_what_another_run_is_about_to_take_down_does_not_count_as_live(world: World) -> None:
    """Two operators at once: each would find the other's node live."""
    cluster = {"nodes": ["xaa01", "xaa02"], "minimum_live": 1, "routers": ["xaa-r1"]}
    world.node("xaa01", imrs_cluster=cluster)
    world.node("xaa02", imrs_cluster=cluster, status={"claims": [BOB]})
    generous = ("-e", '{"imrs_budget": [{"group_by": "fleet", "max_unavailable": 9}]}')
    done = world.run("drain", "--limit", "xaa01", *generous)
    assert done.status != 0
    assert "of cluster xaa only none would stay live" in done.said
    assert "xaa02: claimed, bob is about to take it down, since 12 s" in done.said
    assert world.told("xaa01") == []
    assert world.claims("xaa01") == ["claim", "release"]
    assert world.claims("xaa02") == []
    # Whoever means the same node takes it down as well.
    assert world.run("drain", "--limit", "xaa02", *generous).status == 0


def test_nodes_are_claimed_before_the_others_are_asked(world: World) -> None:
    """Otherwise two runs could each have asked before the other's claim."""
    for name in ("xaa01", "xab01", "xac01", "xad01"):
        world.node(name)
    assert world.run("drain", "--limit", "xac01").status == 0
    assert world.claims("xac01") == ["claim"]
    assert world.asked_in_turn()[0] == "xac01"


def test_an_old_gate_knows_no_claim(world: World) -> None:
    world.node("xaa01", "live", "old")
    world.node("xab01")
    done = world.run("dark", "--limit", "xaa01", "--check")
    assert done.status == 0, done.said
    done = world.run("dark", "--limit", "xaa01")
    assert "xaa01: live -> dark" in done.said
    assert done.status == 0, done.said


def test_in_an_emergency_nobody_else_is_asked(world: World) -> None:
    world.node("xaa01")
    for name in ("xab01", "xac01"):
        world.node(name, "live", "gone")
    assert world.run("dark", "--limit", "xaa01").status != 0
    asked = world.asked()
    assert asked == {"xaa01", "xab01", "xac01"}
    (world._fleet.base / "asked").unlink()
    done = world.run("dark", "--limit", "xaa01", "-e", "imrs_emergency=true")
    assert done.status == 0, done.said
    assert "EMERGENCY: no other node was asked" in done.said
    assert world.asked() == {"xaa01"}
    assert len(world.told("xaa01")) == 1


def test_one_that_cannot_be_reached_keeps_no_other_from_going_down(world: World) -> None:
    world.node("xaa01", "live", "gone")
    world.node("xab01")
    world.node("xac01", "live", "silent")
    world.node("xad01")
    world.says("xad01", "dark", changed=True, mode="dark", reached=False)
    world.node("xae01")
    world.says("xae01", "dark", changed=False, refused="it is past")
    world.node("xaf01")
    world.says(
        "xaf01", "dark", changed=True, mode="dark", reached=True, error="in force, but cannot be remembered: full"
    )
    done = world.run("dark", "-e", "imrs_budget=6")
    assert done.status != 0
    assert "xaa01: IT IS AS IT WAS: it cannot be reached" in done.said
    assert '"xab01: dark"' in done.said
    assert "xac01: NOT DONE: its gate gives no answer (imrs: no answer from the gate)" in done.said
    assert "stop bird.service" in done.said
    assert "xad01: ASKED FOR, BUT NOT DARK within 35 s" in done.said
    assert "xae01: IT IS AS IT WAS: it is past" in done.said
    assert "xaf01: NOT DONE: in force, but cannot be remembered: full" in done.said


def test_one_that_hangs_is_not_waited_for(world: World) -> None:
    world.node("xaa01")
    world.node("xab01", "live", "hangs")
    done = world.run("drain", "--limit", "xaa01", "-e", "imrs_ask_seconds=2")
    assert "xab01: no answer, no answer within 2 s" in done.said


def test_an_old_gate_is_dark_all_the_same(world: World) -> None:
    world.node("xaa01", "live", "old")
    done = world.run("dark", "-e", f"imrs_until={HOUR}")
    assert done.status == 0, done.said
    assert world.told("xaa01") == [f"dark {BY}"]
    assert "xaa01: dark, WITHOUT AN END: its gate knows none" in done.said


def test_what_is_dark_is_not_drained(world: World) -> None:
    world.node("xaa01", "dark")
    world.says("xaa01", "drain", changed=False, mode="dark", kept="dark", reason="asked for by bob", reached=True)
    done = world.run("drain")
    assert done.status == 0
    assert "xaa01: stays dark: asked for by bob" in done.said


@pytest.mark.parametrize("verb", ["drain", "live"])
def test_a_check_changes_nothing(world: World, verb: str) -> None:
    world.node("xaa01", "live" if verb != "live" else "dark")
    done = world.run(verb, "--check")
    assert done.status == 0, done.said
    assert "xaa01: live -> d" in done.said or "xaa01: dark (asked for by alice) -> live" in done.said
    assert world.told("xaa01") == []
    assert world.claims("xaa01") == []


@pytest.mark.parametrize(
    ("verb", "options", "why"),
    [
        (
            "drain",
            ("-e", "imrs_reason=fibre work imrs_by=site.yml imrs_until=2001-01-01T00:00Z imrs_budget=many"),
            (
                "'work' belongs to no variable",
                "imrs_by is site.yml, which is a playbook's name",
                "imrs_until: 2001-01-01T00:00Z is past",
                "imrs_budget is a number, such as 5, not 'many'",
            ),
        ),
        ("live", ("-e", f"imrs_until={HOUR}"), ("imrs_reason is missing", "live has no end")),
        ("dark", ("--skip-tags", "always"), ("Nothing is changed: take --skip-tags always out",)),
        ("live", ("--skip-tags", "always"), ("Nothing is changed: take --skip-tags always out",)),
    ],
)
def test_all_that_makes_no_sense_is_refused_at_once_before_any_contact(
    world: World, verb: str, options: tuple[str, ...], why: tuple[str, ...]
) -> None:
    world.node("xaa01")
    done = world.run(verb, *options, reason="")
    assert done.status != 0
    for text in why:
        assert text in done.said
    assert world.asked() == set()


def test_up_goes_one_after_the_other_covering_first_and_none_after_one_that_fails(world: World) -> None:
    for name, mode in (("xaa01", "dark"), ("xab01", "drained"), ("xac01", "drained"), ("xad01", "dark")):
        world.node(name, mode)
    world.says("xac01", "live", changed=True, mode="live", reached=False)
    done = world.run("live")
    assert done.status != 0
    words = f"{BY} --reason fibre work"
    assert world.told("xaa01") == [f"drain {words}", f"live {words}"]
    assert world.told("xab01") == [f"live {words}"]
    assert world.told("xac01") == [f"live {words}"]
    assert world.told("xad01") == []
    assert "xac01: ASKED FOR, BUT NOT LIVE within 35 s" in done.said


def test_a_node_whose_covering_prefixes_do_not_come_is_not_made_live(world: World) -> None:
    world.node("xaa01", "dark")
    world.says("xaa01", "drain", changed=True, mode="drained", reached=False)
    done = world.run("live")
    assert done.status != 0
    assert len(world.told("xaa01")) == 1
    assert "ASKED FOR, BUT NOT DRAINED" in done.said


def test_what_may_not_go_up_is_refused_by_name_and_no_other_goes(world: World) -> None:
    world.node("xaa01", "drained")
    void = {"mode": "live", "valid": False, "reason": "revoked", "expires_at": None}
    world.node("xab01", "dark", status={"certificate": void})
    world.node("xac01", "drained", status={"certificate": {**void, "valid": True, "reason": "", "mode": "drained"}})
    world.node("xad01", "drained", status={"certificate": {**void, "valid": True, "reason": "", "expires_at": 1.0}})
    asked = {"mode": "dark", "by": "bob", "note": "disk", "until": None}
    world.node("xae01", "dark", status={"intent": asked})
    world.node("xaf01", "drained", "gone")
    world.node("xag01", "dark", imrs_mode="dark")
    world.node("xah01", "dark", "gone")  # not meant
    done = world.run("live", "--limit", "!xah01")
    assert done.status != 0
    for said in (
        "xab01: revoked: have it accepted (icann.imrs.accept)",
        "xac01: its certificate is for drained: have it accepted",
        "xad01: it is being accepted now",
        "xae01: bob has asked for dark: disk. Ask there, or say -e imrs_lift=bob",
        "xaf01: no answer (",
        "xag01: its sheet does not want it live",
    ):
        assert said in done.said
    assert "xaa01: " not in done.said.partition("Nothing is changed:")[2].partition("Or leave")[0]
    assert world.told("xaa01") == []
    assert "xah01" not in world.asked()
    assert world.run("live", "--limit", "xaa01,xae01", "-e", "imrs_lift=bob").status == 0
    assert len(world.told("xae01")) == 2
