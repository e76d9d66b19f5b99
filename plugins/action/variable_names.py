# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.variable_names: Ansible itself ignores a misspelt variable, and the default counts."""

from __future__ import annotations

import pathlib
import typing as t

import yaml
from ansible.plugins.action import ActionBase

ROLES = pathlib.Path(__file__).parents[2] / "roles"


class ActionModule(ActionBase):
    """On the controller; nobody is contacted."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Fails when a variable has a role's prefix, and the role has no such option."""
        super().run(tmp, task_vars)
        variables, role = task_vars or {}, self._task._role
        roles = self._task.args.get("roles") or ([role.get_name(include_role_fqcn=False)] if role else [])
        if not roles:
            return {"failed": True, "changed": False, "msg": "variable_names: name the roles, outside of a role"}
        nodes = self._task.args.get("nodes")
        used = {name for node in nodes for name in variables["hostvars"][node]} if nodes else set(variables)
        wrong = [told for name in roles if (told := _unknown(str(name), used))]
        if wrong:
            return {"failed": True, "changed": False, "msg": "; ".join(wrong)}
        return {"changed": False}


def _unknown(role: str, used: t.Collection[str]) -> str:
    """What is wrong, and what there is; empty when nothing is wrong."""
    specs = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    known = sorted(specs["argument_specs"]["main"]["options"])
    unknown = sorted(name for name in used if name.startswith(f"{role}_") and name not in known)
    if not unknown:
        return ""
    return f"{role}: no such variable: {', '.join(unknown)}; known are {', '.join(known)} (meta/argument_specs.yml)"
