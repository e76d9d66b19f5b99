# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""upgrade.yml over a fleet of directories."""

from __future__ import annotations

import typing as t

import pytest
from imrs_upgrades import TWO, Upgrades


@pytest.fixture
def world(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> Upgrades:
    return Upgrades(fleet, make_node)


KEPT = ["make 45", "install", "once 300", "keep"]
BACK = [*KEPT[:-1], "forget"]


def test_a_fleet_is_upgraded_in_waves_and_a_second_run_leaves_it_alone(world: Upgrades) -> None:
    for name in ("xaa01", "xab01", "xac01"):
        world.node(name)
    world.node("xad01", "live", "done")
    done = world.upgrade("--check")
    assert done.status == 0, done.said
    assert "wave 1: xaa01" in done.said
    assert "wave 2: xab01, xac01" in done.said
    assert "knot 3.4.6-1 → 3.4.7-1" in done.said
    assert not any(world.did(name) or world.told(name) for name in world.nodes)

    done = world.upgrade()
    assert done.status == 0, done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT, KEPT, []]
    for name in ("xaa01", "xab01", "xac01"):
        dark, again, reboot = world.told(name)
        assert dark == again, "it stays dark until the reboot"
        assert dark.endswith("--reason upgrade --planned --for 300")
        assert reboot == "reboot"
    assert "nothing: all is as new as it can be, and the node is left alone" in done.said

    done = world.upgrade()
    assert done.status == 0, done.said
    assert "no wave: there is nothing to be upgraded" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT, KEPT, []]


def test_after_a_red_one_its_wave_ends_well_and_no_other_begins(world: Upgrades) -> None:
    """And the next run goes on with what is left."""
    for name in ("xaa01", "xab01", "xac01", "xad01"):
        world.node(name)
    world.change("xab01", bad="")
    done = world.upgrade()
    assert done.status != 0
    assert "xab01 was not upgraded: " in done.said
    assert "It runs the system before, and announces what it did." in done.said
    assert (
        "No further wave. xab01: it was not upgraded, or cannot be reached, as is told above. Not begun: xad01"
        in done.said
    )
    assert [world.did(name) for name in world.nodes] == [KEPT, BACK, KEPT, []]
    assert world.told("xad01") == []
    assert (world.at("xab01") / "running").read_text() == "root\n"

    world.change("xab01", bad=None)
    done = world.upgrade()
    assert done.status == 0, done.said
    assert "wave 1: xab01" in done.said
    assert "wave 2: xad01" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, [*BACK, *KEPT], KEPT, KEPT]


def test_one_that_vanishes_stops_what_comes_after(world: Upgrades) -> None:
    """Ansible itself would go on, as long as another node of the wave is there."""
    for name in ("xaa01", "xab01", "xac01", "xad01"):
        world.node(name)
    world.change("xab01", vanishes="")
    done = world.upgrade()
    assert done.status != 0
    assert "No further wave. xab01: it was not upgraded, or cannot be reached" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT[:-1], KEPT, []]


def test_what_cannot_be_upgraded_is_left_out_by_name_and_the_others_are(world: Upgrades) -> None:
    """Who keeps the controller from one node keeps no other from its upgrade, and no node is taken for a new one."""
    limits = [*TWO, {"group_by": "country", "min_available": 1}]
    for name in ("xaa01", "xab01"):
        world.node(name, imrs_budget=limits)
    world.node("xac01", imrs_budget=limits, imrs_location={"iata": "xac", "region": "europe", "country": "FR"})
    for name, mark in (("xad01", "gone"), ("xae01", "deaf"), ("xaf01", "unkept")):
        world.node(name, "dark", mark, imrs_budget=limits, imrs_mode="dark")
    done = world.upgrade()
    assert done.status != 0
    assert "xac01 is left out, and nothing is done there: 0 of 1 nodes of country FR would announce" in done.said
    assert "It is left out, and nothing is done there. xaf01 runs a candidate that was never kept" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT, [], [], [], []]


def test_a_wave_that_the_fleet_cannot_spare_any_more_is_refused_and_all_serve(world: Upgrades) -> None:
    """While the first node was upgraded, another one was lost."""
    for name in ("xaa01", "xab01", "xac01"):
        world.node(name)
    world.node("xad01", "live", "done")
    world.change("xaa01", cuts="xad01")
    done = world.upgrade()
    assert done.status != 0
    assert "Nothing is changed: 1 of 4 nodes of fleet test would announce" in done.said
    for name in ("xab01", "xac01"):
        assert f"{name} was not upgraded: Nothing is changed" in done.said
        assert world.told(name) == []
        assert world.did(name) == [*KEPT[:2], "forget"]


def test_others_wait_until_what_is_new_has_served(world: Upgrades) -> None:
    """Also those of the next run."""
    for name in ("xaa01", "xab01"):
        world.node(name)
    world.change("xaa01", restless="")
    done = world.upgrade(upgrade_soak_minutes=30)
    assert done.status != 0
    assert (world.at("xab01") / "waited").read_text() == "1800\n"
    assert "No further wave. xaa01: it has rebooted once more since it was upgraded. Not begun: xab01" in done.said
    assert world.did("xab01") == []

    world.change("xaa01", restless=None, seconds="600.0", boot="last")
    done = world.upgrade(upgrade_soak_minutes=30)
    assert done.status == 0, done.said
    assert (world.at("xab01") / "waited").read_text() == "1800\n1200\n"
    assert world.did("xab01") == KEPT


def test_what_announces_again_before_the_reboot_is_not_rebooted(world: Upgrades) -> None:
    """Another verb, or its own end, has brought it back while the nodes of a wave waited for each other."""
    world.node("xaa01")
    world.change("xaa01", again='{"changed": true, "mode": "live", "reached": false}')
    done = world.upgrade()
    assert done.status != 0
    assert "xaa01 was not upgraded: " in done.said
    assert "reboot" not in world.told("xaa01")
    assert world.did("xaa01") == BACK, "and the firmware forgets it"


def test_others_wait_for_a_boot_no_longer_than_was_said(world: Upgrades) -> None:
    """Who is late goes back, for which nobody waits: that has all the time that a candidate's own end takes."""
    world.node("xaa01")
    world.change("xaa01", bad="")
    assert world.upgrade(upgrade_boot_minutes=3, upgrade_minutes=6).status != 0
    entered, back = map(int, (world.at("xaa01") / "patience").read_text().split())
    assert entered == 3 * 60
    assert back > 6 * 60
