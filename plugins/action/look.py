# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.look: says who this run is, and keeps what was seen of the bundles."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.icann.imrs.plugins.module_utils._bundle.record import Record
from ansible_collections.icann.imrs.plugins.plugin_utils import hold

_display = Display()


class ActionModule(ActionBase):
    """One question to the node."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """What stands on the node; the facts of the host then say whether this run holds it, and what it has seen."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        host, facts = str(variables.get("inventory_hostname")), variables.get("ansible_facts", {})

        def ask(lease: dict[str, t.Any]) -> dict[str, t.Any]:
            arguments = {**self._task.args, "lease": lease}
            found: dict[str, t.Any] = self._execute_module(
                module_name="icann.imrs.look", module_args=arguments, task_vars=variables
            )
            return found

        take_over = self._templar.template(variables.get(hold.TAKE_OVER, False))
        result, told = hold.hold(ask, host, facts, take_over=boolean(take_over, strict=False))
        if told:
            _display.warning(f"{host}: {told}; it is taken over")
        if "intact" in result:
            record = Record.of(facts.get("imrs_planned", {}), hold.run_id())
            record = dataclasses.replace(record, seen=dict(result["intact"]))
            result["ansible_facts"] = {**result.get("ansible_facts", {}), "imrs_planned": record.to_fact()}
            if not self._task.check_mode:
                result["ansible_facts"][hold.FACT] = hold.run_id()
        return result
