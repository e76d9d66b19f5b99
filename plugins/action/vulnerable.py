# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.vulnerable: reads what lies on the controller, and has the library judge it. Contacts nobody."""

from __future__ import annotations

import os
import pathlib
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils import _products as products
from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports
from ansible_collections.icann.imrs.plugins.module_utils._vulnerabilities import judge, report, tracker

_OPTIONS: dict[str, dict[str, t.Any]] = {
    "nodes": {"type": "list", "elements": "str", "required": True},
    "file": {"type": "path", "required": True},
    "acceptance_reports": {"type": "path", "required": True},
    "inventory": {"type": "list", "elements": "str", "default": []},
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
        hostvars = (task_vars or {})["hostvars"]
        try:
            return _found(given, [_node(name, hostvars[name], given["acceptance_reports"]) for name in given["nodes"]])
        except ValueError as error:
            return _failed(f"vulnerable: {error}")
        except OSError as error:
            told = f"{error.filename}: {error.strerror}; give report_directory a place that can be written"
            return _failed(f"vulnerable: {told}")


def _found(given: t.Mapping[str, t.Any], nodes: t.Sequence[judge.Node]) -> dict[str, t.Any]:
    """All of it, on disk and for the caller. ValueError and OSError as the library and the disk have them."""
    assessed = nodes[0].variables["imrs_vulnerabilities"] if nodes else []
    if any(node.variables["imrs_vulnerabilities"] != assessed for node in nodes):
        raise ValueError("the nodes are of fleets that assess vulnerabilities differently: take one by --limit")
    text, modified = _file(given["file"])
    software, unknown = judge.known(nodes)
    names = {package.source for each in software.values() for package in each.packages}
    sources = tracker.read(text, given["file"], names, products.CODENAME) if names else {}
    found = judge.judge(nodes, software, unknown, sources, assessed)
    about = report.About(given["file"], modified, time.time(), products.CODENAME, tuple(given["inventory"]))
    lines = report.lines(found, about)
    texts = {"vulnerabilities.json": report.to_json(found, about), "vulnerabilities.txt": "\n".join(lines) + "\n"}
    directory = given["report_directory"]
    return {
        "changed": False,
        "sound": found.sound,
        "summary": report.summary(found),
        "commands": report.commands(found, about),
        "table": "\n".join(lines),
        "reports": reports.write(directory, texts, os.replace) if directory else [],
    }


def _failed(message: str) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": message}


def _file(name: str) -> tuple[str, float]:
    """The tracker's file: its text, and the time of its last change. ValueError that says what is wrong."""
    path = pathlib.Path(name)
    try:
        if path.exists() and not path.is_file():
            raise ValueError(f"{name}: is no file; give the one that was downloaded from {tracker.ADDRESS}")
        with path.open("rb") as file:
            data = file.read(tracker.MOST + 1)
        return tracker.text_of(data, name), path.stat().st_mtime
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}; download it from {tracker.ADDRESS}") from None


def _node(name: str, variables: t.Mapping[str, t.Any], directory: str) -> judge.Node:
    """An appliance, with its latest report."""
    try:
        text = (pathlib.Path(directory) / name / "acceptance.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return judge.Node(name, variables, None)
    except OSError as error:
        return judge.Node(name, variables, None, f"cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        return judge.Node(name, variables, None, "is no text")
    return judge.Node(name, variables, text)
