# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.load: keeps what came of it beside the node's acceptance reports."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.plugin_utils import records

_USUAL = {"rate": 0, "seconds": 5, "most": 5_000_000}
"""Other bounds prove less."""
_IDS = ("DN-52", "DN-55", "DN-56")


class ActionModule(ActionBase):
    """One module execution, and two files here."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """What the module returns, and ``reports``."""
        super().run(tmp, task_vars)
        given = dict(self._task.args)
        folder = given.pop("report_directory", "")
        usual = not any(given.get(name, value) not in (value, str(value)) for name, value in _USUAL.items())
        found: dict[str, t.Any] = self._execute_module(
            module_name="icann.imrs.load", module_args=given, task_vars=task_vars
        )
        results, table = found.get("results"), found.get("table")
        if found.get("asked"):  # and it broke off: no older record may stand
            table = str(found["msg"])
            results = [{"id": ident, "status": "error", "message": table} for ident in _IDS]
        if not folder or not usual or self._task.check_mode or not results:
            return found
        record = {**records.about(given["expected"]), "results": results}
        try:
            return {**found, "reports": records.write(str(folder), records.LOAD, record, str(table))}
        except OSError as error:
            told = f"load: {error.filename}: {error.strerror}; give report_directory a place that can be written"
            return {**found, "failed": True, "msg": told}
