# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that has no nodes, or not the whole inventory, never looks like a success, whatever ansible.cfg says."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

PLAYBOOKS = pathlib.Path(__file__).resolve().parents[4] / "playbooks"
PARTS = ("lower", "nodes", "permit")
"""Playbooks that others import."""
VERBS = sorted({path.stem for path in PLAYBOOKS.glob("*.yml")} - set(PARTS))
GUARD = "nodes.yml"


def first(name: str) -> str:
    """The playbook that a playbook imports before anything else, down to the last one."""
    plays = yaml.safe_load((PLAYBOOKS / name).read_text(encoding="utf-8"))
    imported = plays[0].get("ansible.builtin.import_playbook")
    return first(imported) if imported else name


@pytest.mark.parametrize("name", [f"{name}.yml" for name in (*VERBS, *PARTS)])
def test_every_playbook_begins_with_the_same_question(name: str) -> None:
    assert first(name) == GUARD


@pytest.mark.parametrize("playbook", VERBS)
def test_a_wrong_sheet_never_looks_like_a_success_l_3(fleet: t.Any, playbook: str) -> None:
    """Without an ansible.cfg, Ansible only warns of it, and goes on without nodes."""
    fleet.write({})
    fleet.inventory.write_text("plugin: icann.imrs.sites\n")
    done = fleet.run(playbook, config=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert f"{fleet.inventory}: 3 problems in the site data, so there are no hosts." in said
    assert "fleet.yml: cannot be read" in said


def test_a_fleet_that_cannot_be_parsed_stops_another_that_can(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    sound = fleet.inventory.rename(fleet.base / "sound.yml")
    fleet.inventory.write_text("plugin: icann.imrs.sites\nfleets: there\n")
    done = fleet.run("render", "-i", str(sound), "--limit", "xaa01", config=False)
    assert done.returncode != 0
    assert "could not be parsed; the warnings above" in done.stdout + done.stderr
    assert "imrs.yml: unknown options fleets;" in done.stdout + done.stderr
    assert not (fleet.base / "rendered").exists()


def test_it_does_not_keep_nodes_from_going_down(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    sound = fleet.inventory.rename(fleet.base / "sound.yml")
    fleet.inventory.write_text("plugin: icann.imrs.sites\nfleets: there\n")
    said = ["-e", "imrs_reason=test", "-e", "imrs_emergency=true"]
    done = fleet.run("dark", "-i", str(sound), "--limit", "xaa01", *said, config=False)
    assert "could not be parsed" not in done.stdout
    assert fleet.called.exists(), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("playbook", "limit", "said"),
    [
        ("render", None, "There are no nodes in {}: nothing in it is in the group appliances."),
        (
            "site",
            "vantage",
            "There are no nodes in {} within --limit vantage: nothing in it is in the group appliances.",
        ),
        ("drift", None, "There are no nodes in {}: nothing in it is in the group provisionable."),
    ],
)
def test_an_inventory_without_nodes_is_refused(fleet: t.Any, playbook: str, limit: str | None, said: str) -> None:
    groups: dict[str, t.Any] = {"vantages": {"hosts": {"vantage": {}}}}
    if playbook != "render":
        groups["appliances"] = {"hosts": {"xaa01": {}}}
    fleet.write({})
    fleet.inventory.write_text(yaml.safe_dump({"all": {"children": groups}}))
    done = fleet.run(playbook, *(["--limit", limit] if limit else []))
    assert done.returncode != 0
    assert said.format(fleet.inventory) in " ".join((done.stdout + done.stderr).split())
    assert not fleet.called.exists()
