# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.order: asks the fleet's nodes how they are, and has the library judge whether an order may be given."""

from __future__ import annotations

import shlex
import time
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget, effect, order, told
from ansible_collections.icann.imrs.plugins.module_utils._fleet.order import Order
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet, hold, many

if t.TYPE_CHECKING:
    from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import Node

COMMAND = "imrs status --json"
CHANGE = 300.0
"""Seconds from the question whether one node of a cluster may be changed until it is dark, at most."""
_OPTIONS = (
    *("verb", "nodes", "reason", "by", "end", "lift", "stray", "cluster", "budget", "accepted", "emergency"),
    *("patience", "planned", "word", "options", "asked", "again", "wait", "unit"),
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
        if given["verb"] == "told":
            return _told(given)
        ways = {"change": self._change, "provision": self._provision}
        return ways.get(given["verb"], self._by_person)(task_vars or {}, given)

    def _by_person(self, task_vars: dict[str, t.Any], given: dict[str, t.Any]) -> dict[str, t.Any]:
        """A person's word to many nodes."""
        said = Order(
            given["verb"],
            _text(given, "reason"),
            _text(given, "by") or hold.account(),
            _text(given, "end"),
            _text(given, "stray"),
        )
        wrong = order.refusals(said, time.time())
        limits = budget.Budget(())
        try:
            limits = limits if said.verb == "live" else budget.parse(given.get("budget"))
        except ValueError as error:
            wrong.append(str(error))
        if wrong:
            return _failed("Nothing is changed: " + "; ".join(wrong))
        nodes, table = fleet.nodes(task_vars, given["nodes"]), list[str]()
        asks = not boolean(given.get("emergency", False))
        if asks:
            patience, names = float(given.get("patience", 20)), _to_ask(nodes, said.verb)
            means = [node.name for node in nodes if node.targeted] if said.verb != "live" else []
            answers = self._claim(task_vars, means, said.by, 60 + 3 * patience, patience)
            answers |= self._ask(task_vars, [name for name in names if name not in answers], patience)
            nodes = fleet.answered(nodes, answers)
            if said.verb == "live":
                lift = _text(given, "lift").replace(",", " ").split()
                if refused := [text for node in nodes if (text := _not_up(node, answers, said.by, lift))]:
                    return _failed("\n".join(["Nothing is changed:", *refused, "Or leave these nodes out: --limit"]))
            else:
                rows = effect.rows(budget.lowered(nodes, effect.of_mode(order.VERBS[said.verb])), limits.groupings)
                table = effect.table(rows, limits.floor)
                if found := [*budget.refusals(rows, limits), *budget.too_few_anywhere(nodes, limits)]:
                    self._release(task_vars, means, patience)
                    return _failed("\n".join([budget.words(nodes, rows, found), *table]))
        modes = {node.name: node.mode for node in nodes if node.targeted}
        plan = order.plan(said, nodes, asked=asks)
        options = order.options(said, planned=boolean(given.get("planned", False)))
        results = {"by": said.by, "asked": asks, "plan": plan, "effect": table, "options": options, "modes": modes}
        return {"changed": False, **results}

    def _provision(self, task_vars: dict[str, t.Any], given: dict[str, t.Any]) -> dict[str, t.Any]:
        """Nodes are about to be brought down to their sheets; most runs take nothing from any, and ask nobody."""
        try:
            limits = budget.parse(given.get("budget"), given.get("accepted") or ())
        except ValueError as error:
            return _failed(f"Nothing is changed: {error}")
        hosts, patience = task_vars["hostvars"], float(given.get("patience", 20))
        touched = [name for name in given["nodes"] if budget.touched(hosts[name])]
        nodes = [budget.node(name, hosts[name], targeted=True) for name in touched]
        answers = self._ask(task_vars, budget.below_live(nodes), patience)
        losing = budget.losing(effect.rows(budget.as_sheets_say(fleet.answered(nodes, answers))))
        if not losing:
            return {"changed": False, "effect": self._sheets(task_vars, limits) if len(given["nodes"]) > 1 else []}
        nodes = fleet.nodes(task_vars, touched)
        others = [name for name in _to_ask(nodes, "dark") if name not in answers]
        self._claim(task_vars, losing, f"{hold.account() or 'somebody'} (the sheets)", CHANGE, patience)
        nodes = fleet.answered(nodes, answers | self._ask(task_vars, others, patience))
        rows = effect.rows(budget.as_sheets_say(nodes), limits.groupings)
        table = effect.table(rows, limits.floor)
        if found := budget.refusals(rows, limits):
            self._release(task_vars, losing, patience)
            return _failed("\n".join([budget.words(nodes, rows, found, sheets=True), *table]))
        return {"changed": False, "effect": table}

    def _sheets(self, task_vars: dict[str, t.Any], limits: budget.Budget) -> list[str]:
        """What the fleet is to announce, before and after: nobody is asked."""
        rows = effect.rows(budget.by_sheets(fleet.nodes(task_vars, ())), limits.groupings)
        return [budget.NOTHING_TAKEN, *effect.table(rows, limits.floor)]

    def _change(self, task_vars: dict[str, t.Any], given: dict[str, t.Any]) -> dict[str, t.Any]:
        """One node of a cluster is about to go dark while it is changed: the others have to carry on."""
        (name,), variables = given["nodes"], dict(task_vars["hostvars"][given["nodes"][0]])
        site, least, alike = budget.alike({**variables, "imrs_cluster": given["cluster"]})
        others = [other for other in alike if other != name]
        patience = float(given.get("patience", 20))
        self._claim(task_vars, [name], f"{hold.account() or 'somebody'} (site.yml)", CHANGE, patience)
        answers = self._ask(task_vars, others, patience)
        nodes = fleet.answered([_one(other, site, least, targeted=False) for other in others], answers)
        found = budget.too_few([_one(name, site, least, targeted=True), *nodes])
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
        return {name: many.status(said) for name, said in asker.ask(names, command, seconds).items()}


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


def _one(name: str, cluster: str, least: int, *, targeted: bool) -> Node:
    """One node of a cluster, of which nothing else matters."""
    return budget.node(name, {}, targeted=targeted)._replace(cluster=cluster, minimum_live=least)


def _to_ask(nodes: t.Iterable[Node], verb: str) -> list[str]:
    """On the way up, those that are meant; on the way down, all that count."""
    return [node.name for node in nodes if node.targeted] if verb == "live" else fleet.counted(nodes)


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


def _failed(message: str) -> dict[str, t.Any]:
    return {"failed": True, "changed": False, "msg": message}
