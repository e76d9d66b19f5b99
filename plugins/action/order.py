# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.order: asks the fleet's nodes how they are, and has the library judge whether an order may be given."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import time
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, order, told
from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import Node
from ansible_collections.icann.imrs.plugins.module_utils._fleet.order import Order
from ansible_collections.icann.imrs.plugins.plugin_utils import hold, many

COMMAND = "imrs status --json"
CHANGE = 300.0
"""Seconds from the question whether one node of a cluster may be changed until it is dark, at most."""
_OPTIONS = (
    *("verb", "nodes", "reason", "by", "end", "lift", "stray", "cluster", "budget", "emergency", "patience", "planned"),
    *("word", "options", "asked", "again", "wait", "unit"),
)


class ActionModule(ActionBase):
    """On the controller, but for the question to the nodes. Nothing is changed anywhere."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """One call for the whole run."""
        super().run(tmp, task_vars)
        given = dict(self._task.args)
        if unknown := sorted(set(given) - set(_OPTIONS)):
            return _failed(f"order: unknown options {', '.join(unknown)}; the options are {', '.join(_OPTIONS)}")
        if given["verb"] in ("told", "change"):
            return _told(given) if given["verb"] == "told" else self._change(task_vars or {}, given)
        said = Order(
            given["verb"],
            _text(given, "reason"),
            _text(given, "by") or _user(),
            _text(given, "end"),
            _text(given, "stray"),
        )
        wrong = order.refusals(said, time.time())
        limits = budget.Budget(0)
        try:
            limits = limits if said.verb == "live" else budget.parse(given.get("budget"))
        except ValueError as error:
            wrong.append(str(error))
        if wrong:
            return _failed("Nothing is changed: " + "; ".join(wrong))
        nodes = _nodes(task_vars or {}, given["nodes"])
        asks = not boolean(given.get("emergency", False))
        if asks:
            patience, names = float(given.get("patience", 20)), _to_ask(nodes, said.verb)
            means = [node.name for node in nodes if node.targeted] if said.verb != "live" else []
            answers = self._claim(task_vars or {}, means, said.by, 60 + 3 * patience, patience)
            answers |= self._ask(task_vars or {}, [name for name in names if name not in answers], patience)
            nodes = [node._replace(**_known(answers.get(node.name), claims=not node.targeted)) for node in nodes]
            if said.verb == "live":
                lift = _text(given, "lift").replace(",", " ").split()
                if refused := [text for node in nodes if (text := _not_up(node, answers, said.by, lift))]:
                    return _failed("\n".join(["Nothing is changed:", *refused, "Or leave these nodes out: --limit"]))
            elif found := budget.refusals(nodes, limits):
                self._release(task_vars or {}, means, patience)
                return _failed(budget.words(nodes, found))
        modes = {node.name: node.mode for node in nodes if node.targeted}
        plan = order.plan(said, nodes, asked=asks)
        options = order.options(said, planned=boolean(given.get("planned", False)))
        return {"changed": False, "by": said.by, "asked": asks, "plan": plan, "options": options, "modes": modes}

    def _change(self, task_vars: dict[str, t.Any], given: dict[str, t.Any]) -> dict[str, t.Any]:
        """One node of a cluster is about to go dark while it is changed: the others have to carry on."""
        (name,), variables = given["nodes"], dict(task_vars["hostvars"][given["nodes"][0]])
        site, least, alike = budget.alike({**variables, "imrs_cluster": given["cluster"]})
        others = [other for other in alike if other != name]
        patience = float(given.get("patience", 20))
        self._claim(task_vars, [name], f"{_user() or 'somebody'} (site.yml)", CHANGE, patience)
        answers = self._ask(task_vars, others, patience)
        nodes = [Node(other, "", site, least, True, False, **_known(answers[other])) for other in others]
        found = budget.too_few([Node(name, "", site, least, True, True), *nodes])
        if not found:
            return {"changed": False}
        self._release(task_vars, [name], patience)
        return _failed(
            f"{name} goes dark while it is changed, and {found[0]}. {'; '.join(budget.not_live(nodes))}. "
            "Take others live first (icann.imrs.live, icann.imrs.accept), or set gate_disrupt"
        )

    def _claim(
        self, task_vars: dict[str, t.Any], names: t.Sequence[str], by: str, lasts: float, seconds: float
    ) -> dict[str, t.Any]:
        """Claim these nodes for this run, before others are asked. What they say now; an older gate says no more."""
        words = ["imrs", "claim", "--json", "--run", hold.run_id(), "--by", by, "--for", f"{lasts:g}"]
        command = COMMAND if self._task.check_mode else f"{shlex.join(words)} || {COMMAND}"
        return self._ask(task_vars, names, seconds, command)

    def _release(self, task_vars: dict[str, t.Any], names: t.Sequence[str], seconds: float) -> None:
        """This run does not go on. Where that does not arrive, the claim ends by itself."""
        if not self._task.check_mode:
            self._ask(task_vars, names, seconds, shlex.join(["imrs", "release", "--json", "--run", hold.run_id()]))

    def _ask(
        self, task_vars: dict[str, t.Any], names: t.Sequence[str], seconds: float, command: str = COMMAND
    ) -> dict[str, t.Any]:
        """What they say now: the status, or why there is none."""
        asker = many.Asker(self._task, self._play_context, task_vars["hostvars"])
        return {name: _status(said) for name, said in asker.ask(names, command, seconds).items()}


def _told(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What came of telling one node, from the results of the tasks that did."""
    (name,) = given["nodes"]
    asked, again = _result(given.get("asked")), _result(given.get("again"))
    options = tuple(str(option) for option in given.get("options") or ())
    word = told.Word(str(name), str(given["word"]), options, int(given["wait"]), str(given["unit"]))
    return {"changed": False, **told.outcome(word, asked, again)._asdict()}


def _result(given: t.Mapping[str, t.Any] | None) -> told.Result | None:
    """How a command ended on the node; None where the node cannot be reached, and where it was not to be run."""
    if not given or given.get("unreachable") or given.get("skipped"):
        return None
    return told.Result(str(given.get("stdout") or ""), str(given.get("stderr") or ""))


def _nodes(task_vars: dict[str, t.Any], targeted: t.Collection[str]) -> list[Node]:
    """All nodes of the fleet, as their sheets have them; an inventory without sheets wants all of them live."""
    found = []
    for name in task_vars["groups"].get("appliances", []):
        variables = task_vars["hostvars"][name]
        cluster, least, _names = budget.alike(variables)
        found.append(
            Node(
                name=str(name),
                region=str(variables.get("imrs_location", {}).get("region", "")),
                cluster=cluster,
                minimum_live=least,
                wanted=variables.get("imrs_mode", "live") == "live",
                targeted=name in targeted,
            )
        )
    return found


def _to_ask(nodes: t.Iterable[Node], verb: str) -> list[str]:
    """On the way up, those that are meant; on the way down, all that count."""
    return [node.name for node in nodes if node.targeted or (verb != "live" and (node.wanted or node.cluster))]


def _status(said: many.Said) -> dict[str, t.Any] | str:
    try:
        found = json.loads(said.output[said.output.index("{") :]) if not said.error else said.error
        return found if isinstance(found, dict) else str(found)
    except ValueError:
        return "its gate's answer is not understood"


def _known(answer: dict[str, t.Any] | str | None, *, claims: bool = True) -> dict[str, t.Any]:
    """Mode and note of a node; ``claims``: whether it counts that another run is about to take it down."""
    if not isinstance(answer, dict):
        return {"mode": budget.NO_ANSWER, "note": answer or ""}
    try:
        mode, note = order.of_status(answer)
        if claims and mode == budget.LIVE and (other := order.claimed(answer, hold.run_id())):
            mode, note = budget.CLAIMED, other
    except ValueError as error:
        return {"mode": budget.NO_ANSWER, "note": str(error)}
    return {"mode": mode, "note": note}


def _not_up(node: Node, answers: t.Mapping[str, t.Any], by: str, lift: t.Collection[str]) -> str:
    """Why a node that is meant may not go up, with its name; empty when it may."""
    if not node.targeted:
        return ""
    answer = answers.get(node.name)
    if not node.wanted:
        why = "its sheet does not want it live: change that first, and have it accepted (icann.imrs.accept)"
    elif not isinstance(answer, dict):
        why = f"no answer ({answer})"
    else:
        try:
            why = order.cannot_go_up(answer, by, lift)
        except ValueError as error:
            why = str(error)
    return f"{node.name}: {why}" if why else ""


def _text(given: t.Mapping[str, t.Any], key: str) -> str:
    return str(given.get(key) or "").strip()


def _user() -> str:
    """Who runs this, on the controller, also by sudo; empty when the system does not say."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return ""


def _failed(message: str) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": message}
