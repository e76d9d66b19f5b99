# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.permit: reads the nodes' variables, and has the library judge whether they may be provisioned."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._bundle.record import accepts
from ansible_collections.icann.imrs.plugins.module_utils._fleet import permit
from ansible_collections.icann.imrs.plugins.module_utils._fleet.permit import Node
from ansible_collections.icann.imrs.plugins.plugin_utils import records

PROVIDERS = ("nameserver_provider", "routing_provider")
"""The roles' variables beside which the sheet has its own word, ``imrs_`` and the same name."""


class ActionModule(ActionBase):
    """On the controller; nobody is contacted."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """One call for the whole run."""
        super().run(tmp, task_vars)
        variables, given = task_vars or {}, self._task.args
        check = boolean(variables.get("ansible_check_mode", False))
        nodes = [_node(str(name), variables["hostvars"][name]) for name in given["nodes"]]
        if given["verb"] == "compare":
            tags = [list(variables.get(f"ansible_{which}_tags", ())) for which in ("run", "skip")]
            renders = any("imrs_render_directory" in variables["hostvars"][name] for name in given["nodes"])
            return _said(permit.incomparable(nodes, whole=tags == [["all"], []] and not renders))
        if given["verb"] == "withdraw":
            return _said("", withdrawn=permit.withdrawals(nodes, check=check))
        accepted = accepts(variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ()))
        why = permit.refusal(nodes, accepted=accepted, check=check)
        return _said(why, remarks=permit.remarks(nodes, accepted=accepted, check=check))


def _said(why: str, **more: t.Any) -> dict[str, t.Any]:
    """The result of the task: a failure when there is a reason for one."""
    return {"failed": True, "changed": False, "msg": why} if why else {"changed": False, **more}


def _node(name: str, variables: t.Mapping[str, t.Any]) -> Node:
    """What the inventory and the command line say of one node."""
    provisioning = variables.get("imrs_provisioning", {})
    return Node(
        name,
        operational=bool(variables.get("imrs_operational", True)),
        allowed=bool(provisioning["allowed"]) if "allowed" in provisioning else None,
        reason=str(provisioning.get("reason") or ""),
        override=str(provisioning.get("override") or ""),
        withdrawn=str(variables.get("__acceptance_withdrawn", {}).get("said", "")),
        renders=bool(variables.get("imrs_render_directory")),
        plans="imrs_plan" in variables,
        unattested=_unattested(variables),
        others=tuple(
            f"{provider} is {variables[provider]}, the sheet has {variables.get(f'imrs_{provider}', 'none')}"
            for provider in PROVIDERS
            if provider in variables and variables[provider] != variables.get(f"imrs_{provider}", "")
        ),
    )


def _unattested(variables: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """What has to be attested of a node that is to be live, or to have passed its drill, and is not."""
    required = variables.get("imrs_required_attestations", ())
    if variables.get("imrs_mode") != "live" or not required:
        return ()
    said = {each["check"]: str(each.get("date", "")) for each in variables.get("imrs_attestations", ())}
    daemons = [str(variables.get(f"imrs_{provider}", "")) for provider in PROVIDERS]
    name, serial = str(variables.get("imrs_node_name", "")).rstrip("."), str(variables.get("imrs_serial") or "")
    tried = records.read(records.directory(variables), name, daemons, serial)
    missing = []
    for check in required:
        if check in tried and tried[check].counts(said.get(check, "")):
            missing += [] if tried[check].status == "pass" else [f"{check} (its drill has not passed)"]
        elif check not in said:
            missing.append(check)
    return tuple(missing)
