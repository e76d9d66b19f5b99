# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tasks of a run reached a machine, and when; one JSON document into the file that IMRS_REACHED names."""

from __future__ import annotations

DOCUMENTATION = r"""
name: imrs_reached
type: aggregate
short_description: Say which tasks reached a machine
description:
  - Counts every execution, an item of a loop and another try of a task for one each. Skipped ones reach nobody.
  - The resolved arguments of M(icann.imrs.bundle) are there, too: the play that we are compared with is made of them.
"""

import json
import os
import pathlib
import time
import typing as t

from ansible.plugins.callback import CallbackBase

ON_THE_CONTROLLER = {
    *(
        "add_host",
        "assert",
        "debug",
        "fail",
        "group_by",
        "include_role",
        "include_tasks",
        "include_vars",
        "import_role",
    ),
    *("import_tasks", "meta", "pause", "set_fact", "set_stats", "validate_argument_spec", "icann.imrs.course"),
    *("icann.imrs.documents", "icann.imrs.permit", "icann.imrs.variable_names"),
}
"""Actions that open no connection."""


def short(action: str) -> str:
    """An action without the name of Ansible's own collections."""
    return action.removeprefix("ansible.builtin.").removeprefix("ansible.legacy.")


class CallbackModule(CallbackBase):
    """Silent; writes its document when the run ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "imrs_reached"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(*arguments, **options)
        self.begun: dict[tuple[str, str], float] = {}
        self.done: list[dict[str, t.Any]] = []

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        """A worker takes the task up, for one host."""
        self.begun[host.get_name(), task._uuid] = time.time()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """The task was executed."""
        self._note(result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:  # noqa: ARG002 - Ansible's signature
        """The task was executed, in vain."""
        self._note(result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        """It was tried."""
        self._note(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:  # noqa: ARG002 - Ansible's signature
        """The run ends."""
        path = os.environ.get("IMRS_REACHED")
        if path:
            pathlib.Path(path).write_text(json.dumps(self.done, default=str), encoding="utf-8")

    def _note(self, result: t.Any) -> None:
        task, host = result._task, result._host.get_name()
        action = short(task.action)
        target = task.delegate_to or host
        local = action in ON_THE_CONTROLLER or task.connection == "local" or target == "localhost"
        local = local or "rendered" in result._result  # a bundle that was written on the controller
        local = local or bool(result._result.get("seen"))  # a bundle that need not be sent
        local = local or task.args.get("verb") in (
            "review",
            "forget",
            "judge",
            "mark",
            "open",
            "overview",
        )  # nobody is contacted
        items = result._result.get("results") if task.loop is not None else None
        tries = items if isinstance(items, list) else [result._result]
        noted = {
            "task": task.get_name(),
            "role": task._role.get_name(include_role_fqcn=False) if task._role else "",
            "action": action,
            "host": host,
            "target": "" if local else str(target),
            "times": sum(each.get("attempts", 1) for each in tries if not each.get("skipped")),
            "changed": bool(result._result.get("changed")),
            "begun": self.begun.get((host, task._uuid), 0.0),
            "ended": time.time(),
        }
        if action == "icann.imrs.bundle":
            noted["arguments"] = task.args
        self.done.append(noted)
