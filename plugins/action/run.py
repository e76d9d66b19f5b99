# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.run: says who this run is, and keeps what it knows of a host."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.icann.imrs.plugins.module_utils._bundle.record import Record, accepts, bundles_of
from ansible_collections.icann.imrs.plugins.plugin_utils import hold

_display = Display()


class ActionModule(ActionBase):
    """One question to the node, or none."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """What was asked for; the facts of the host then say whether this run holds it."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        host, facts = str(variables.get("inventory_hostname")), variables.get("ansible_facts", {})
        verb = self._task.args.get("verb")
        if verb == "review":
            return self._review(variables)
        if verb == "forget":
            record = Record.of(facts.get("imrs_planned", {}), hold.run_id())
            forgot = dataclasses.replace(record, seen={})
            return {"changed": False, "ansible_facts": {"imrs_planned": forgot.to_fact()}}
        idle = verb == "leave" and not self._task.args.get("command")
        if idle and (self._task.check_mode or not hold.had(facts)):
            return {"changed": False, "skipped": True, "msg": "this run does not hold the node"}
        looks = bool(variables.get("ansible_check_mode"))

        def ask(lease: dict[str, t.Any]) -> dict[str, t.Any]:
            arguments = {**self._task.args, "lease": {**lease, "look": looks}}
            found: dict[str, t.Any] = self._execute_module(
                module_name="icann.imrs.run", module_args=arguments, task_vars=variables
            )
            return found

        take_over = self._templar.template(variables.get(hold.TAKE_OVER, False))
        result, told = hold.hold(ask, host, facts, take_over=verb == "hold" and boolean(take_over, strict=False))
        if told:
            _display.warning(f"{host}: {told}; it is taken over")
        if result.get("lease"):
            result["ansible_facts"] = {hold.FACT: hold.run_id()}
        if verb in ("leave", "end") and not self._task.check_mode:
            result["ansible_facts"] = {hold.FACT: ""}
        return result

    def _review(self, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """From what the bundles of this run have left."""
        facts, clock = variables.get("ansible_facts", {}), bool(variables.get("imrs_time_sources"))
        every = bundles_of(str(variables.get("imrs_function", "node")), clock=clock)
        bundles = list(self._task.args.get("bundles") or every)
        record = Record.of(facts.get("imrs_planned", {}), hold.run_id())
        accepted = accepts(variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ()))
        dark = self._templar.template(variables.get(hold.LEAVE_DARK, False))
        return {
            "changed": False,
            "accepted": accepted,
            "dark": boolean(dark, strict=False),
            "held": hold.had(facts),
            "made": list(record.changed),
            "planned": record.planned(bundles),
            "missing": record.missing(bundles),
            "unrendered": record.unrendered(bundles),
            "refusal": record.refusal(bundles, accepted=accepted, dark=boolean(dark, strict=False)),
        }
