# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a node may be disturbed is said by two variables of each role, which no task hands on to the bundle."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.icann.imrs.plugins.action.bundle import ActionModule
from imrs_role_render import ROOT, defaults

WINDOW = {"day": "tuesday", "start": "18:00", "end": "22:00"}
OTHER = {"day": "friday", "start": "01:00", "end": "02:00"}
TASKS = sorted(
    (path.parts[-3], path.name)
    for path in (ROOT / "roles").glob("*/tasks/files*.yml")
    if "icann.imrs.bundle:" in path.read_text("utf-8")
)


def bundle(role: str, name: str) -> dict[str, t.Any]:
    """The arguments in a role's task."""
    (task,) = yaml.safe_load((ROOT / f"roles/{role}/tasks/{name}").read_text("utf-8"))
    arguments: dict[str, t.Any] = task["icann.imrs.bundle"]
    return arguments


def filled(arguments: dict[str, t.Any], **variables: t.Any) -> dict[str, t.Any]:
    """What the action plugin makes of them, for a host with these variables."""
    action = object.__new__(ActionModule)
    action._templar = Templar(loader=DataLoader(), variables=variables)
    return action._with_defaults(arguments, variables)


def test_there_are_all_roles() -> None:
    assert {role for role, _name in TASKS} == {"gate", "hardening", "nameserver", "network", "routing", "time"}


@pytest.mark.parametrize(("role", "name"), TASKS)
def test_a_role_s_variables_count_and_no_task_repeats_them(role: str, name: str) -> None:
    arguments = bundle(role, name)
    assert {"in_service", "windows", "disrupt", "foresee"} & set(arguments) == set()
    said = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text("utf-8"))
    everywhere = {"imrs_maintenance_windows": [WINDOW], "imrs_disrupt": True}
    others = {key: None for key in said if key not in (f"{role}_windows", f"{role}_disrupt")}
    by_default = defaults(role, {**everywhere, **others})
    made = filled(arguments, **by_default)
    assert (made["windows"], made["disrupt"]) == ([WINDOW], True)
    assert made["in_service"] == "imrs in-service"
    assert made["foresee"] == "/usr/lib/imrs/imrs-foresee {staged} {removed}"
    made = filled(arguments, **{f"{role}_windows": [OTHER], f"{role}_disrupt": False})
    assert (made["windows"], made["disrupt"]) == ([OTHER], False)


def test_what_a_task_says_goes_before() -> None:
    task = {"name": "my-own", "windows": [], "in_service": ""}
    made = filled(task, my_own_windows=[WINDOW], my_own_disrupt=True)
    assert (made["windows"], made["disrupt"], made["in_service"]) == ([], True, "")
    assert "windows" not in filled({"name": "another"}, my_own_windows=[WINDOW])
