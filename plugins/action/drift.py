# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.drift: reads what was rendered, and compares; the module looks at the node."""

from __future__ import annotations

import os
import pathlib
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils import _manifest as manifest
from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import wire
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.checks import host
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._drift import report, wanted
from ansible_collections.icann.imrs.plugins.module_utils._drift.intent import Intent

_MODULE = "icann.imrs.drift"

_REPORTS: dict[str, t.Callable[[report.Report], str]] = {
    "drift.json": report.to_json,
    "drift.txt": lambda found: report.table(found) + "\n",
}

_DICT = {"type": "dict", "required": True}
_INTENT: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["collect"], "required": True},
    "scope": {"type": "str", "choices": ["intent"], "required": True},
    "directory": {"type": "path", "required": True},
    "expected": _DICT,
    "packages": _DICT,
}
_COMPARE: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["compare"], "required": True},
    "intent": _DICT,
    "evidence": _DICT,
    "expected": _DICT,
    "known": {"type": "list", "elements": "str", "default": []},
    "keys": {"type": "list", "elements": "dict", "default": []},
    "report_directory": {"type": "path"},
}
"""Of what happens on the controller; the module knows the options of the scope node."""


class ActionModule(ActionBase):
    """One module execution to look at the node, else none."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The intent, the evidence, or the report; drift is no failure."""
        super().run(tmp, task_vars)
        asked = self._task.args.get("verb"), self._task.args.get("scope")
        options = {("collect", "intent"): _INTENT, ("compare", None): _COMPARE}.get(asked)
        if options is None:
            found: dict[str, t.Any] = self._execute_module(
                module_name=_MODULE, module_args=self._task.args, task_vars=task_vars
            )
            return found
        _checked, given = self.validate_argument_spec(options)
        if not wire.HAS_DNSPYTHON:
            return _failed(missing_required_lib("dnspython"))
        try:
            return {"changed": False, **(_intent(given) if options is _INTENT else _compared(given))}
        except ValueError as error:
            return _failed(str(error))
        except OSError as error:
            return _failed(f"drift: {error.filename}: {error.strerror}; see that it is there and can be written")


def _failed(message: str) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": message}


def _intent(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What was rendered, and what follows for the questions to the node."""
    root, expected = pathlib.Path(given["directory"]), Expected.parse(given["expected"])
    text = (root / manifest.NAME).read_text(encoding="utf-8")
    intent = Intent.parse(
        text, lambda path: (root / path.lstrip("/")).read_bytes(), given["packages"], host.bundles(expected)
    )
    request = wanted.request(intent, expected.nameserver, expected.routing)
    return {
        "intent": intent.to_wire(),
        "request": {**request, "node": expected.node_name},
        "secrets": sorted(set(intent.placeholders().values())),
    }


def _compared(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The report; it is written in check mode, too, as it is what the run is for."""
    found = report.compare(given["intent"], given["evidence"], given["expected"], given["known"], given["keys"])
    written = []
    if given["report_directory"]:
        texts = {name: render(found) for name, render in _REPORTS.items()}
        written = reports.write(given["report_directory"], texts, os.replace)
    return {
        "drift": bool(found.findings),
        "findings": [finding.as_dict() for finding in found.findings],
        "counts": found.counts,
        "table": report.table(found),
        "reports": written,
    }
