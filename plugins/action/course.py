# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.course: hands the library's course of a node to the role, as plain data."""

from __future__ import annotations

import time
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import course, gate, withdrawal
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.course import Course, Order, Report
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from ansible_collections.icann.imrs.plugins.module_utils._statement import Seal
from ansible_collections.icann.imrs.plugins.plugin_utils import hold, signing


class ActionModule(ActionBase):
    """On the controller; nobody is contacted."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """The course after one more step; the course that was given is kept where the step cannot be made."""
        super().run(tmp, task_vars)
        variables, given = task_vars or {}, dict(self._task.args)
        before = dict(given.get("course") or {})
        try:
            if given["verb"] == "left":
                why = _left(variables, given)
                return {"failed": True, "changed": False, "msg": why} if why else {"changed": False}
            if given["verb"] == "able":
                return {"changed": False, "signer": self._signer(variables, given)}
            return {**before, "changed": False, **self._step(variables, given)}
        except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
            told = (
                f"course: {error}"
                if isinstance(error, (ValueError, OSError))
                else f"course: {type(error).__name__} {error}"
            )
            return {**before, "failed": True, "changed": False, "msg": told}

    def _signer(self, variables: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
        """The name of the key that signs; empty where none has to, or nothing is going to be certified."""
        certificate = given.get("certificate") or {}
        if not certificate or boolean(variables.get("ansible_check_mode", False)):
            return ""
        return signing.signer(str(given.get("signing_key") or ""), certificate["signers"], self._loader)

    def _seal(self, known: Course, report: t.Mapping[str, t.Any]) -> gate.Seal:
        """How a grant becomes a command: signed where the fleet has keys."""
        order = known.order
        if not order.signing_key:
            return gate.unsigned

        def seal(grant: gate.Grant) -> gate.Command:
            about = gate.about(report, hold.whoever(), signing.collection())
            text = grant.statement(order.node_name, about, time.time(), order.days).text()
            return gate.sealed(Seal(text, signing.sign(text, order.signing_key, self._loader)))

        return seal

    def _step(self, variables: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What the library says to the verb."""
        verb = given["verb"]
        if verb == "plot":
            return _plotted(variables, given)
        if verb == "silent":
            return {"silent": _is_silent(given)}
        if verb == "withdrawn":
            return _withdrawn(given)
        stage, known, said = Mode.parse(given["stage"]), Course.from_wire(given["course"]), given.get("report") or {}
        ready, harmful, doubtful = (tuple(said.get(name, ())) for name in ("ready", "harmful", "doubtful"))
        judged = "harmful" in said and not said.get("certifiable")  # else something else failed
        report, seal = Report(ready, harmful, doubtful, judged), self._seal(known, said)
        if verb == "failed":
            end = course.failed(known, stage, report, seal)
            return {"stays": end.stays, "command": list(end.command), "outcome": end.outcome}
        steps: dict[str, t.Callable[[], Course]] = {
            "judged": lambda: course.judged(known, stage, report, seal),
            "tried": lambda: course.tried(known, seal),
            "admitted": lambda: course.admitted(known, stage, seal),
        }
        if verb not in steps:
            every = "able, plot, judged, tried, admitted, failed, silent, withdrawn, left"
            raise ValueError(f"{verb!r} is no verb ({every})")
        return steps[verb]().to_wire()


def _plotted(variables: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The course of a node from what its gate says."""
    certificate = given.get("certificate") or {}
    return course.plot(
        str(given["answer"]),
        Order(
            node=str(variables["inventory_hostname"]),
            mode=Mode.parse(given["mode"]),
            caller=str(given["caller"]),
            patience=int(given["patience"]),
            lease=int(given["lease"]),
            peers=int(given["peers"]),
            node_name=str(given.get("node_name") or ""),
            signing_key=str(given.get("signing_key") or "") if certificate else "",
            days=certificate.get("days"),
            check=boolean(variables.get("ansible_check_mode", False)),
            unrendered=tuple(given.get("unrendered", (course.NOT_COMPARED,))),
        ),
        time.time(),
    ).to_wire()


def _left(variables: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> str:
    """Why a run that left acceptance out is a failure, or nothing."""
    made, wanted = [str(name) for name in given["made"]], boolean(given["wanted"])
    return course.left_out(str(variables["inventory_hostname"]), made, str(given["answer"]), wanted=wanted)


def _is_silent(given: t.Mapping[str, t.Any]) -> bool:
    """From the results of two tasks; what was skipped, or could not be reached, has none."""
    asked, report = dict(given.get("asked") or {}), dict(given.get("report") or {})
    return withdrawal.is_silent([each.get("rc") for each in asked.get("results", ())], report.get("results", ()))


def _withdrawn(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What came of taking a node dark, and which units tell of it."""
    found = withdrawal.outcome(
        reached=boolean(given.get("reached", False)),
        silent=boolean(given.get("silent", False)),
        states=[str(state) for state in given.get("states", ())],
        unit=str(given["unit"]),
    )
    return {**found._asdict(), "units": withdrawal.units()}
