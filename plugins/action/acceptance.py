# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.acceptance: judges here, and has the module collect where the evidence is."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
import time
import typing as t

import jinja2
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils import _reports as reports
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import (
    judge,
    report_json,
    report_junit,
    report_markdown,
    since,
    table,
    unjudged,
    wire,
    words,
)
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.evidence import FORMAT
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._documents import acceptance_fleet, pages, withheld
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from ansible_collections.icann.imrs.plugins.plugin_utils import lines, records, registries

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._acceptance.judge import Report

_MODULE = "icann.imrs.acceptance"
_TEMPLATES = pathlib.Path(__file__).parents[2] / "roles" / "documents" / "templates"

_REPORTS = {
    "acceptance.json": report_json.render,
    "acceptance.xml": report_junit.render,
    "acceptance.md": report_markdown.render,
    "acceptance.txt": table.render,
}

_HISTORY = "history"
"""Folder beside the reports."""
_KEPT = 50
"""How many reports of a node."""

_WAIVER = {"check": {"type": "str", "required": True}, "reason": {"type": "str", "required": True}}
_ATTESTED = {key: {"type": "str", "required": True} for key in ("check", "by", "date", "what")}
_OPTIONS: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["judge"], "required": True},
    "stage": {"type": "str", "choices": [str(mode) for mode in Mode], "required": True},
    "expected": {"type": "dict", "required": True},
    "sessions": {"type": "list", "elements": "str", "default": []},
    "evidence": {"type": "list", "elements": "dict", "required": True},
    "absent": {"type": "dict", "default": {}},
    "waivers": {"type": "list", "elements": "dict", "default": [], "options": _WAIVER},
    "attestations": {"type": "list", "elements": "dict", "default": [], "options": _ATTESTED},
    "required_attestations": {"type": "list", "elements": "str", "default": []},
    "raised_checks": {"type": "list", "elements": "str", "default": []},
    "registration": {"type": "raw"},
    "fingerprint": {"type": "str", "default": ""},
    "report_directory": {"type": "path"},
}
"""Of the verb judge; the module knows those of the verb collect."""
_MARK_OPTIONS: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["mark"], "required": True},
    "status": {"type": "str", "choices": list(unjudged.WHY), "required": True},
    "node": {"type": "str", "required": True},
    "stage": {"type": "str", "default": ""},
    "result": {"type": "dict", "default": {}},
    "report_directory": {"type": "path", "required": True},
}
"""Of the verb mark."""
_OVERVIEW_OPTIONS: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["overview"], "required": True},
    "nodes": {"type": "list", "elements": "str", "required": True},
    "report_directory": {"type": "path", "required": True},
}
"""Of the verb overview."""

_KEPT_OPTIONS: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["kept"], "required": True},
    "report_directory": {"type": "path", "required": True},
}
"""Of the verb kept."""


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
        verbs: dict[str, tuple[dict[str, dict[str, t.Any]], t.Callable[..., dict[str, t.Any]]]] = {
            "judge": (_OPTIONS, self._judge),
            "mark": (_MARK_OPTIONS, self._mark),
            "kept": (_KEPT_OPTIONS, self._kept),
            "overview": (_OVERVIEW_OPTIONS, functools.partial(self._overview, (task_vars or {}).get("hostvars", {}))),
        }
        if self._task.args.get("verb") not in verbs:
            found: dict[str, t.Any] = self._execute_module(
                module_name=_MODULE, module_args=self._task.args, task_vars=task_vars
            )
            return found
        if not wire.HAS_DNSPYTHON:
            return _failed(missing_required_lib("dnspython"))
        options, act = verbs[self._task.args["verb"]]
        _checked, given = self.validate_argument_spec(options)
        try:
            return act(given)
        except ValueError as error:
            why = str(error)
        except jinja2.TemplateError as error:
            why = f"acceptance: {_TEMPLATES}: {type(error).__name__}: {error}; mend the template"
        except OSError as error:
            why = f"acceptance: {error.filename}: {error.strerror}; give report_directory a place that can be written"
        return _failed(why)

    def _judge(self, given: dict[str, t.Any]) -> dict[str, t.Any]:
        """The report, on disk and for the caller."""
        expected = Expected.parse(given["expected"])
        here, nothing = _here(given, expected.node_name)
        daemons = [given["expected"]["nameserver_provider"], given["expected"]["routing_provider"]]
        absent = {scope: judge.why_absent(result, scope) for scope, result in given["absent"].items()}
        report = judge.judge(
            [*given["evidence"], *here],
            expected,
            Mode.parse(given["stage"]),
            certified=given["sessions"],
            waivers=given["waivers"],
            attestations=given["attestations"],
            required=given["required_attestations"],
            tried=records.read(
                given["report_directory"], expected.node_name, daemons, records.machine(given["expected"])
            ),
            raised=given["raised_checks"],
            fingerprint=given["fingerprint"],
            absent={**absent, **nothing},
            now=time.time(),
            stopwatch=time.perf_counter,
        )
        directory = given["report_directory"]
        if not directory or self._task.check_mode:
            return _said(report, [])
        try:
            return _said(report, _written(report, expected, directory))
        except (OSError, jinja2.TemplateError, KeyError, TypeError, ValueError, AttributeError) as error:
            # The verdict counts all the same: a full disk here must not leave a good node dark there.
            told = f"{directory}: the reports could not be written ({type(error).__name__}: {error})"
            return {**_said(report, []), "warnings": [told]}

    def _mark(self, given: dict[str, t.Any]) -> dict[str, t.Any]:
        """Reports that say that there is no verdict of this run, in place of those of an earlier one."""
        directory = given["report_directory"]
        if self._task.check_mode:
            return {"changed": False, "reports": []}
        before = next(_history(directory, "*"), None)
        report = unjudged.report(
            str(given["node"]).rstrip("."),
            given["status"],
            time.time(),
            stage=given["stage"],
            why=judge.why_absent(given["result"]),
            since=None if before is None else since.last(before),
        )
        return {"changed": False, "reports": _write(report, withheld.NOTHING, directory)}

    def _kept(self, given: dict[str, t.Any]) -> dict[str, t.Any]:
        """The latest report is of the system that stays: an upgrade has kept it."""
        directory = given["report_directory"]
        try:
            found = json.loads((pathlib.Path(directory) / "acceptance.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            found = None
        if self._task.check_mode or not isinstance(found, dict) or not found.get("candidate"):
            return {"changed": False, "reports": []}
        texts = {"acceptance.json": report_json.text({**found, "candidate": False})}
        return {"changed": False, "reports": reports.write(directory, texts, os.replace)}

    def _overview(self, hostvars: t.Mapping[str, t.Any], given: dict[str, t.Any]) -> dict[str, t.Any]:
        """The page and the table of all nodes."""
        directory, names = given["report_directory"], given["nodes"]
        variables = {name: hostvars[name] for name in names}
        nodes = [
            acceptance_fleet.Node(name, str(each.get("imrs_state", "unknown")), str(each.get("imrs_mode", "")))
            for name, each in variables.items()
        ]
        everywhere = {name for name in hostvars if "imrs_node_name" in hostvars[name]}  # --limit makes no strangers
        others = {path.parent.name for path in pathlib.Path(directory).glob("*/acceptance.json")} - everywhere
        found = {name: report for name in names if (report := _found(directory, name)) is not None}
        fleet = next((str(each.get("imrs_fleet", "")) for each in variables.values()), "")
        page = acceptance_fleet.page(fleet, nodes, found, others, time.time())
        texts = pages.fleet_acceptance(page, jinja2.FileSystemLoader(_TEMPLATES))
        written = [] if self._task.check_mode else reports.write(directory, texts, os.replace)
        return {"changed": False, "reports": written, "rows": page["rows"]}


def _found(directory: str, name: str) -> acceptance_fleet.Document | str | None:
    """The latest report of a node, what is wrong with it, or None where there is none."""
    try:
        return acceptance_fleet.read((pathlib.Path(directory) / name / "acceptance.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except ValueError as error:
        return "is no text" if isinstance(error, UnicodeDecodeError) else str(error)


def _written(report: Report, expected: Expected, directory: str) -> list[str]:
    """The reports' paths, with what has changed since the one before; and one more in the history."""
    before = next(_history(directory, report.stage), None)
    if before is not None:
        report = dataclasses.replace(report, since=since.compare(before, report_json.document(report)))
    written = _write(report, withheld.of(expected), directory)
    at = (
        report_json.moment(time.time()).replace("-", "").replace(":", "")
    )  # this machine's clock: a node's may be wrong
    folder = os.path.join(directory, _HISTORY)
    reports.keep(folder, f"{at}-{report.stage}.json", report_json.render(report), _KEPT, os.replace)
    return written


def _write(report: Report, hidden: withheld.Withheld, directory: str) -> list[str]:
    """The reports' paths."""
    texts = {name: render(report) for name, render in _REPORTS.items()}
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    if report.certifiable:  # it stays until another one is
        texts["accepted.json"] = texts["acceptance.json"]
    texts["acceptance.html"] = pages.acceptance(report_json.document(report), hidden, loader)
    return reports.write(directory, texts, os.replace)


def _history(directory: str, stage: str) -> t.Iterator[dict[str, t.Any]]:
    """Earlier reports with a verdict, the newest first; what is no report of this format is passed over."""
    for text in reports.kept(os.path.join(directory, _HISTORY), f"*-{stage}.json"):
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict) and (found.get("format"), found.get("status")) == (report_json.FORMAT, words.JUDGED):
            yield found


def _here(given: t.Mapping[str, t.Any], node: str) -> tuple[list[dict[str, t.Any]], dict[str, str]]:
    """The evidence of this machine, the controller, and why there is none.

    Whatever is not as it should be there is told by the check and is no failure: a run that fails leaves a node dark.
    """
    found = registries.read(given["registration"])
    if not (found["inputs"] or found["bounds"]):
        return [], {"controller": "acceptance_registration names no file"}
    of = {"format": FORMAT, "scope": "controller", "stage": given["stage"], "node": node}
    return [{**of, "collected_at": time.time(), "registration": found}], {}


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
        "doubtful": list(report.doubtful),
        "results": every["results"],
        "sessions": every["sessions"],
        "ready": list(report.ready),
        "degraded": list(report.degraded),
        "unattested": list(report.unattested),
        "counts": report.counts,
        "stage": report.stage,
        "serial": report.serial,
        "serials": dict(report.serials),
        "versions": dict(report.versions),
        "table": table.render(report),
        "reports": written,
    }
