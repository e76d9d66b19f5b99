# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet that names no sources of time has its clocks left alone, and is told so: nobody is contacted."""

from __future__ import annotations

import json
import typing as t


def test_role_time_without_sources_says_so_and_does_nothing(
    fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]
) -> None:
    fleet.write({"xaa01": make_node("xaa01")})
    playbook = fleet.base / "clock.yml"
    role = {"name": "Set the clock", "ansible.builtin.import_role": {"name": "icann.imrs.time"}}
    playbook.write_text(json.dumps([{"name": "Clock", "hosts": "all", "gather_facts": False, "tasks": [role]}]))
    done = fleet.run(str(playbook))
    assert done.returncode == 0, done.stdout
    assert "the clock is left alone" in done.stdout
    assert not fleet.called.exists()
