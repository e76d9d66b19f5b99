# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A misspelt variable is refused before anybody is contacted: real runs against nodes that nobody can reach."""

from __future__ import annotations

import json
import typing as t

import pytest

ROLES = ["acceptance", "documents", "gate", "hardening", "nameserver", "network", "packages", "routing", "time"]


@pytest.mark.parametrize("misspelt", [True, False])
def test_every_role_refuses_its_own_misspelt_variables(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]], misspelt: bool
) -> None:
    fleet.write({"xaa01": make_node("xaa01", **({f"{name}_pth": "x" for name in ROLES} if misspelt else {}))})
    tried = [
        {
            "name": f"Role {name}",
            "block": [{"name": "Guard", "ansible.builtin.import_role": {"name": f"icann.imrs.{name}"}}],
            "rescue": [{"name": "Said", "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}],
        }
        for name in ROLES
    ]
    playbook = fleet.base / "guards.yml"
    play = {"name": "Guards", "hosts": "all", "gather_facts": False, "tasks": tried}
    playbook.write_text(json.dumps([play]))
    done = fleet.run(str(playbook), "--check")
    for name in ROLES:
        told = f"{name}: no such variable: {name}_pth; known are {name}_"
        assert (told in done.stdout) == misspelt, done.stdout
    if misspelt:
        assert not fleet.called.exists()


def test_outside_of_a_role_the_roles_have_to_be_named(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    task = {"name": "Guard", "icann.imrs.variable_names": {}}
    playbook = fleet.base / "guard.yml"
    playbook.write_text(json.dumps([{"name": "Guard", "hosts": "all", "gather_facts": False, "tasks": [task]}]))
    done = fleet.run(str(playbook))
    assert done.returncode != 0
    assert "variable_names: name the roles, outside of a role" in done.stdout + done.stderr
