# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of icann.imrs.drill: whether a node may be drilled, and what came of it."""

from __future__ import annotations

import json
import operator
import secrets
import time
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.judge import why_absent
from ansible_collections.icann.imrs.plugins.module_utils._drill import faults, judge, ready, record
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from ansible_collections.icann.imrs.plugins.plugin_utils import records

_MODULE = "icann.imrs.drill"
_CLOCK_LOOKS = 5
"""The quickest of so many answers says a machine's time: what it may be off is half of what it took."""
_NODE: dict[str, dict[str, t.Any]] = {
    "expected": {"type": "dict", "required": True},
    "uplink": {"type": "str", "required": True},
    "management": {"type": "str", "required": True},
    "faults": {"type": "list", "elements": "str", "default": []},
    "report_directory": {"type": "path", "required": True},
}
_READY: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["ready"], "required": True},
    "status": {"type": "str", "required": True},
    **_NODE,
}
_JUDGE: dict[str, dict[str, t.Any]] = {
    "verb": {"type": "str", "choices": ["judge"], "required": True},
    "performed": {"type": "dict", "required": True},
    "watched": {"type": "dict", "required": True},
    "clocks": {"type": "dict", "default": {}},
    "fingerprint": {"type": "str", "default": ""},
    **_NODE,
}


class ActionModule(ActionBase):
    """One module execution to watch and to make faults, none to judge, a few commands to read a clock."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """What the verb returns; a drill that was not passed is no failure, the caller says so."""
        super().run(tmp, task_vars)
        verb, machine = self._task.args.get("verb"), str((task_vars or {}).get("inventory_hostname"))
        if verb == "clock":
            return self._clock()
        if verb not in ("ready", "judge"):
            found: dict[str, t.Any] = self._execute_module(
                module_name=_MODULE, module_args=self._task.args, task_vars=task_vars, wrap_async=self._task.async_val
            )
            return found
        _checked, given = self.validate_argument_spec(_READY if verb == "ready" else _JUDGE)
        try:
            if verb == "ready":
                return {"changed": False, **_ready(machine, given, quietly=self._task.check_mode)}
            return {"changed": False, **_judged(machine, given)}
        except ValueError as error:
            return {"failed": True, "changed": False, "msg": f"drill: {error}"}
        except OSError as error:
            told = f"drill: {error.filename}: {error.strerror}; give report_directory a place that can be written"
            return {"failed": True, "changed": False, "msg": told}

    def _clock(self) -> dict[str, t.Any]:
        """The time of the machine, and between which two of ours it was."""
        looks = []
        for _look in range(_CLOCK_LOOKS):
            asked = time.time()
            said = self._low_level_execute_command("date +%s.%N", sudoable=False)
            answered = time.time()
            try:
                looks.append((answered - asked, {"asked": asked, "answered": answered, "now": float(said["stdout"])}))
            except ValueError:
                return {"failed": True, "changed": False, "msg": f"drill: date printed no time: {said['stdout']!r}"}
        return {"changed": False, **min(looks, key=operator.itemgetter(0))[1]}


def _chosen(given: t.Mapping[str, t.Any]) -> tuple[faults.Fault, ...]:
    node = faults.Node.parse(given["expected"], given["uplink"], given["management"])
    return faults.chosen(node, given["faults"])


def _write(given: t.Mapping[str, t.Any], found: dict[str, t.Any]) -> list[str]:
    """The record, but not one of some faults, which would stand for all."""
    if given["faults"]:
        return []
    return records.write(given["report_directory"], records.DRILL, found, record.table(found))


def _ready(machine: str, given: t.Mapping[str, t.Any], *, quietly: bool) -> dict[str, t.Any]:
    """Whether it may be, and what is going to be done."""
    chosen, answer = _chosen(given), given["status"]
    if "{" not in answer:
        told = "has no gate, or one that gives no answer: look at it, or provision it first (icann.imrs.site)"
        return {"refusal": f"{machine} {told}", "plan": [], "token": ""}
    status = json.loads(answer[answer.index("{") :])
    why, fingerprint = ready.refusal(machine, status, time.time()), str(status.get("fingerprint") or "")
    if not why and not quietly:
        _write(given, record.begun(records.about(given["expected"], fingerprint), chosen))
    return {
        "refusal": why,
        "plan": [f"{', '.join(fault.ids)}: {fault.what}" for fault in chosen],
        "fingerprint": fingerprint,
        "token": secrets.token_hex(16),
    }


def _judged(machine: str, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The results, on disk and for the caller."""
    chosen, expected = _chosen(given), Expected.parse(given["expected"])
    timeline, why = _timeline(given)
    if given["performed"].get("records") is None:
        raise ValueError(f"nothing is known of the faults: {why_absent(given['performed']) or 'there are no records'}")
    by_fault = judge.by_fault(chosen, given["performed"], timeline, expected.announced(Mode.DRAINED), why)
    results = judge.by_requirement(chosen, by_fault)
    found = record.document(records.about(given["expected"], given["fingerprint"]), results, by_fault)
    tried = [each for each in by_fault if each.status != judge.SKIPPED]
    read = timeline is not None or bool(given["watched"].get("skipped"))  # the sheet names no router
    proven = timeline is not None and not given["faults"]
    return {
        "results": found["results"],
        # One that broke off has not passed.
        "passed": bool(tried) and read and not given["performed"]["why"] and all(e.status == judge.PASS for e in tried),
        "table": record.table(found),
        "attestations": record.attestations(found, machine) if proven else "",
        "reports": _write(given, found),
    }


def _timeline(given: t.Mapping[str, t.Any]) -> tuple[judge.Timeline | None, str]:
    """What the router had, by the node's clock; or None, and why."""
    watched, clocks = given["watched"], given["clocks"]
    if not watched.get("seen"):
        return None, str(watched.get("error") or "") or why_absent(watched, "router")
    ahead, uncertainty = 0.0, 0.0
    for name, sign in (("router", 1), ("node", -1)):
        try:
            asked, answered, now = (float(clocks[name][key]) for key in ("asked", "answered", "now"))
        except (KeyError, TypeError, ValueError):
            return None, f"the clock of the {name} is not known"
        ahead += sign * (now - (asked + answered) / 2)
        uncertainty += (answered - asked) / 2
    return judge.Timeline.parse(watched, ahead, uncertainty), ""
