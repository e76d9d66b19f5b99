# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.acceptance: judges here, and has the module collect where the evidence is."""

from __future__ import annotations

import os
import time
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    judge,
    report_json,
    report_junit,
    report_markdown,
    table,
    wire,
)
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from ansible_collections.icann.imrs.plugins.plugin_utils import lines

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._acceptance.judge import Report

_MODULE = "icann.imrs.acceptance"

_REPORTS = {
    "acceptance.json": report_json.render,
    "acceptance.xml": report_junit.render,
    "acceptance.md": report_markdown.render,
    "acceptance.txt": table.render,
}

_WAIVER = {"check": {"type": "str", "required": True}, "reason": {"type": "str", "required": True}}
_OPTIONS: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["judge"], "required": True},
    "stage": {"type": "str", "choices": [str(mode) for mode in Mode], "required": True},
    "expected": {"type": "dict", "required": True},
    "sessions": {"type": "list", "elements": "str", "default": []},
    "evidence": {"type": "list", "elements": "dict", "required": True},
    "absent": {"type": "dict", "default": {}},
    "waivers": {"type": "list", "elements": "dict", "default": [], "options": _WAIVER},
    "fingerprint": {"type": "str", "default": ""},
    "report_directory": {"type": "path"},
}
"""Of the verb judge; the module knows those of the verb collect."""


class ActionModule(ActionBase):
    """One module execution to collect, none to judge or to open a line."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The evidence, or the report on it; a judgement is no failure, whatever it is."""
        super().run(tmp, task_vars)
        if self._task.args.get("verb") == "open":
            return {"changed": False, "opening": lines.open_ahead(self._connection)}
        if self._task.args.get("verb") != "judge":
            found: dict[str, t.Any] = self._execute_module(
                module_name=_MODULE, module_args=self._task.args, task_vars=task_vars
            )
            return found
        _checked, given = self.validate_argument_spec(_OPTIONS)
        if not wire.HAS_DNSPYTHON:
            return _failed(missing_required_lib("dnspython"))
        try:
            report = judge.judge(
                given["evidence"],
                Expected.parse(given["expected"]),
                Mode.parse(given["stage"]),
                certified=given["sessions"],
                waivers=given["waivers"],
                fingerprint=given["fingerprint"],
                absent={scope: judge.why_absent(result, scope) for scope, result in given["absent"].items()},
                stopwatch=time.perf_counter,
            )
            return _said(report, self._write(report, given["report_directory"]))
        except ValueError as error:
            return _failed(str(error))
        except OSError as error:
            return _failed(
                f"acceptance: {error.filename}: {error.strerror}; give report_directory a place that can be written"
            )

    def _write(self, report: Report, directory: str | None) -> list[str]:
        """The reports' paths; none in check mode. ``accepted.json`` stays until another report is accepted."""
        if not directory or self._task.check_mode:
            return []
        texts = {name: render(report) for name, render in _REPORTS.items()}
        if report.certifiable:
            texts["accepted.json"] = texts["acceptance.json"]
        return reports.write(directory, texts, os.replace)


def _failed(message: str) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": message}


def _said(report: Report, written: list[str]) -> dict[str, t.Any]:
    """What the caller goes on with."""
    every = report.as_dict()
    return {
        "changed": False,
        "certifiable": report.certifiable,
        "reasons": list(report.reasons),
        "harmful": list(report.harmful),
        "results": every["results"],
        "sessions": every["sessions"],
        "ready": list(report.ready),
        "degraded": list(report.degraded),
        "counts": report.counts,
        "stage": report.stage,
        "serial": report.serial,
        "versions": dict(report.versions),
        "table": table.render(report),
        "reports": written,
    }
