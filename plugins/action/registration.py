# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.registration: reads what lies on the controller, and has the library judge it. Contacts nobody."""

from __future__ import annotations

import json
import os
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports
from ansible_collections.icann.imrs.plugins.module_utils._registration import report
from ansible_collections.icann.imrs.plugins.module_utils._registration.finding import Bounds, Wanted
from ansible_collections.icann.imrs.plugins.plugin_utils import registries

_OPTIONS: dict[str, dict[str, t.Any]] = {
    "nodes": {"type": "list", "elements": "str", "required": True},
    "inputs": {
        "type": "dict",
        "required": True,
        "options": {
            **{key: {"type": "path"} for key in report.KEYS},
            **{key: {"type": "int"} for key in Bounds._fields},
        },
    },
    "report_directory": {"type": "path"},
}


class ActionModule(ActionBase):
    """On the controller; nobody is contacted."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The report; what is found is no failure. It is written in check mode, too, as it is what the run is for."""
        super().run(tmp, task_vars)
        _checked, given = self.validate_argument_spec(_OPTIONS)
        found = registries.read(given["inputs"])
        try:
            wanted = _wanted([(task_vars or {})["hostvars"][name] for name in given["nodes"]])
            bounds = Bounds.parse(found["bounds"])
        except ValueError as error:
            return _failed(str(error))
        if not found["inputs"]:
            names = ", ".join(report.KEYS)
            return _failed(f"registration: there is no input; give acceptance_registration the path of one of {names}")
        judged = report.judge(found["inputs"], wanted, time.time(), bounds)
        try:
            return {**_said(judged), "reports": _write(judged, given["report_directory"])}
        except OSError as error:
            told = f"{error.filename}: {error.strerror}; give report_directory a place that can be written"
            return _failed(f"registration: {told}")


def _failed(message: str) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": message}


def _wanted(nodes: t.Sequence[t.Mapping[str, t.Any]]) -> Wanted:
    """What all these nodes announce; ValueError where they are not of one fleet."""
    every = {json.dumps([node["imrs_asn"], node["imrs_prefixes"], node["imrs_irr"]]): node for node in nodes}
    if len(every) != 1:
        raise ValueError("registration: the nodes are of fleets that are registered differently: take one by --limit")
    (node,) = every.values()
    prefixes = {family: [*kinds["covering"], *kinds["specific"]] for family, kinds in node["imrs_prefixes"].items()}
    return Wanted.of(node["imrs_asn"], prefixes, node["imrs_irr"])


def _write(judged: report.Report, directory: str | None) -> list[str]:
    if not directory:
        return []
    texts = {"registration.json": report.to_json(judged), "registration.txt": report.table(judged) + "\n"}
    return reports.write(directory, texts, os.replace)


def _said(judged: report.Report) -> dict[str, t.Any]:
    """What the caller goes on with."""
    return {
        "changed": False,
        "sound": judged.sound,
        "findings": judged.problems,
        "unreadable": judged.unreadable,
        "unchecked": judged.unchecked,
        "table": report.table(judged),
    }
