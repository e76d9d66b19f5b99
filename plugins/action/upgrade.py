# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.upgrade: has the library judge which nodes are upgraded, when and together, and what came of it."""

from __future__ import annotations

import datetime
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.icann.imrs.plugins.module_utils._bundle import windows
from ansible_collections.icann.imrs.plugins.module_utils._fleet import budget
from ansible_collections.icann.imrs.plugins.module_utils._upgrade import due, outcome, ready, soak, waves
from ansible_collections.icann.imrs.plugins.plugin_utils import fleet, many

COMMAND = "imrs status --json"
WATCH = f"echo boot $(cat /proc/sys/kernel/random/boot_id) $(cat /proc/uptime); {COMMAND}"
FACTS = {"due": "__upgrade_due", "status": "__upgrade_status", "boot": "__upgrade_boot", "end": "__upgrade_end"}
"""What role ``upgrade`` has left in each node's variables."""
_OPTIONS: dict[str, dict[str, t.Any]] = {
    "verb": {
        "type": "str",
        "choices": ["ready", "due", "changes", "plan", "soak", "withdrawn", "entered", "back"],
        "required": True,
    },
    "systems": {"type": "str", "default": ""},
    "candidate": {"type": "str", "default": ""},
    "status": {"type": "str", "default": ""},
    "windows": {"type": "list", "elements": "dict", "default": []},
    "disrupt": {"type": "bool", "default": False},
    "due": {"type": "bool", "default": True},
    "packages": {"type": "str", "default": ""},
    "nodes": {"type": "list", "elements": "str", "default": []},
    "budget": {"type": "raw"},
    "most": {"type": "int", "default": 1},
    "forks": {"type": "int", "default": 1},
    "first": {"type": "str", "default": ""},
    "minutes": {"type": "int", "default": 0},
    "waves": {"type": "list", "elements": "list", "default": []},
    "young": {"type": "dict", "default": {}},
    "results": {"type": "list", "elements": "dict", "default": []},
    "why": {"type": "str", "default": ""},
    "patience": {"type": "float", "default": 20.0},
}
Answer = dict[str, t.Any]


class ActionModule(ActionBase):
    """On the controller, but for questions to nodes; nothing is changed anywhere."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Answer:
        """What the verb returns."""
        super().run(tmp, task_vars)
        _checked, given = self.validate_argument_spec(_OPTIONS)
        variables = task_vars or {}
        verbs: dict[str, t.Callable[[dict[str, t.Any], dict[str, t.Any]], Answer]] = {
            "ready": _ready,
            "due": _due,
            "changes": lambda _variables, said: {"changes": [str(each) for each in ready.changes(said["packages"])]},
            "withdrawn": lambda _variables, said: {"refusal": outcome.withdrawn(said["results"])},
            "entered": lambda _variables, said: {"entered": outcome.entered(said["systems"], said["candidate"])},
            "plan": self._plan,
            "soak": self._soak,
            "back": self._back,
        }
        try:
            return {"changed": False, **verbs[given["verb"]](variables, given)}
        except ValueError as error:
            return {
                "failed": True,
                "changed": False,
                "msg": f"upgrade: {variables.get('inventory_hostname')}: {error}",
            }

    def _plan(self, variables: dict[str, t.Any], given: dict[str, t.Any]) -> Answer:
        """The waves of all nodes of the run for which there is something; without any, nobody is asked."""
        limits, hosts = budget.parse(given["budget"]), variables["hostvars"]
        seen = {name: hosts[name][FACTS["due"]] for name in given["nodes"]}
        wanted = [name for name, each in seen.items() if each["due"]]
        young = {
            name: each["boot"]
            for name, each in seen.items()
            if not each["due"] and each["seconds"] < given["minutes"] * 60
        }
        made = waves.Plan([], {})
        if wanted:
            nodes = fleet.nodes(variables, wanted)
            nodes = fleet.answered(nodes, self._statuses(variables, fleet.counted(nodes), given["patience"]))
            # A node that reboots takes one of Ansible's forks for minutes, in which others would come up by themselves.
            most = min(given["most"], given["forks"])
            made = waves.plan(nodes, wanted, limits, most=most, first=given["first"])
        return {
            **made._asdict(),
            "sizes": [len(wave) for wave in made.waves],
            "young": young,
            "said": waves.words(made),
        }

    def _soak(self, variables: dict[str, t.Any], given: dict[str, t.Any]) -> Answer:
        """Whether the next wave may begin, and how many seconds are missing. Before the first: of other runs' nodes."""
        former, left = waves.before(given["waves"], given["nodes"][0])
        hosts = variables["hostvars"]
        found = soak.ended({name: str(hosts[name].get(FACTS["end"], "")) for name in former})
        watched = [soak.Watched(name, boot) for name, boot in given["young"].items()]
        if former:
            watched = [
                soak.Watched(
                    name, _printed(hosts[name], "boot").strip(), outcome.modes(_printed(hosts[name], "status"))
                )
                for name in former
                if hosts[name].get(FACTS["end"]) == soak.UPGRADED
            ]
        said = self._ask(variables, [each.name for each in watched], WATCH, given["patience"])
        seconds = []
        for each in watched:
            answer = said[each.name]
            boot, up = ("", 0.0) if answer.error else due.up(answer.output)
            seconds.append(up)
            if wrong := soak.wrong(each, boot, many.status(answer)):
                found.append(wrong)
        if found:
            return {
                "failed": True,
                "msg": f"No further wave. {'; '.join(found)}. Not begun: {', '.join(left)}. When that is cleared up, "
                "run it again: it goes on with what is left",
            }
        return {"seconds": soak.missing(seconds, given["minutes"]), "watched": [each.name for each in watched]}

    def _back(self, variables: dict[str, t.Any], given: dict[str, t.Any]) -> Answer:
        """What the node announces now, and whether it is what it was."""
        name = str(variables["inventory_hostname"])
        said = self._ask(variables, [name], COMMAND, given["patience"])[name]
        told = outcome.back(name, given["systems"], given["candidate"], given["status"], said.output, why=given["why"])
        return told._asdict()

    def _statuses(self, variables: dict[str, t.Any], names: t.Sequence[str], seconds: float) -> dict[str, t.Any]:
        return {name: many.status(said) for name, said in self._ask(variables, names, COMMAND, seconds).items()}

    def _ask(
        self, variables: dict[str, t.Any], names: t.Sequence[str], command: str, seconds: float
    ) -> dict[str, many.Said]:
        return many.Asker(self._task, self._play_context, variables["hostvars"]).ask(names, command, seconds)


def _printed(host: t.Mapping[str, t.Any], what: str) -> str:
    """What a command has printed whose result the role has kept."""
    return str(host[FACTS[what]].get("stdout") or "")


def _ready(variables: dict[str, t.Any], given: dict[str, t.Any]) -> Answer:
    systems = ready.parse(given["systems"])
    modes = outcome.modes(given["status"])
    periods = [windows.window(each.get("day"), each.get("start"), each.get("end")) for each in given["windows"]]
    moment = datetime.datetime.now(datetime.UTC)
    machine = str(variables.get("inventory_hostname"))
    disrupt = given["disrupt"] or not given["due"]
    why = ready.refusal(machine, systems, modes.values(), periods, moment, disrupt=disrupt)
    return {"refusal": why, "candidate": systems.other}


def _due(_variables: dict[str, t.Any], given: dict[str, t.Any]) -> Answer:
    found = due.parse(given["packages"])
    return {
        "due": bool(found.changes),
        "changes": [str(each) for each in found.changes],
        "boot": found.boot,
        "seconds": found.seconds,
    }
