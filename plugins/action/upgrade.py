# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.upgrade: has the library judge whether a node may be upgraded, and tell what an upgrade has changed."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._bundle import windows
from ansible_collections.icann.imrs.plugins.module_utils._upgrade import ready

_OPTIONS: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["ready", "changes"], "required": True},
    "systems": {"type": "str", "default": ""},
    "status": {"type": "str", "default": ""},
    "windows": {"type": "list", "elements": "dict", "default": []},
    "disrupt": {"type": "bool", "default": False},
    "packages": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):
    """On the controller; nothing is changed anywhere."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """What the verb returns."""
        super().run(tmp, task_vars)
        _checked, given = self.validate_argument_spec(_OPTIONS)
        machine = str((task_vars or {}).get("inventory_hostname"))
        try:
            if given["verb"] == "changes":
                return {"changed": False, "changes": [str(each) for each in ready.changes(given["packages"])]}
            return {"changed": False, **_ready(machine, given)}
        except ValueError as error:
            return {"failed": True, "changed": False, "msg": f"upgrade: {machine}: {error}"}


def _ready(machine: str, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    systems = ready.parse(given["systems"])
    answer = given["status"]
    # A node without a gate announces nothing; its upgrade disturbs nobody.
    modes = json.loads(answer[answer.index("{") :])["mode"] if "{" in answer else {}
    periods = [windows.window(each.get("day"), each.get("start"), each.get("end")) for each in given["windows"]]
    moment = datetime.datetime.now(datetime.UTC)
    why = ready.refusal(machine, systems, modes.values(), periods, moment, disrupt=given["disrupt"])
    return {"refusal": why, "candidate": systems.other}
