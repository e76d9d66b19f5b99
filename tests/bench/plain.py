#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes .lab/bench/plain.yml: the play that we are compared with, in the way that most collections work.

One task a file (``ansible.builtin.template`` or ``copy``, with ``validate`` where a daemon's parser takes one file),
one a directory and a unit, one installation of packages a role, handlers. The files are those of the roles' bundles,
from the same templates with the same variables; a run after ``site.yml`` therefore changes nothing, which the bench
insists on.
"""

from __future__ import annotations

import fnmatch
import pathlib
import shlex
import sys
import typing as t

import measure
import yaml

sys.path.insert(0, str(measure.ROOT / "plugins/module_utils"))

from _products import BIRD, KNOT

if t.TYPE_CHECKING:
    from imrslab import topology

PLAY = measure.ROOT / ".lab/bench/plain.yml"
ROLES = ("hardening", "gate", "network", "nameserver", "routing")
PROVIDERS = ("knot", "bird")
"""Those of the lab's appliance."""
HEAD = """---
# Made by tests/bench/plain.py, at every `make bench`. What site.yml puts on a node of the lab, put there as most
# collections do: one task a file, a directory, a unit. It is measured in docs/performance.md and used for nothing else.
"""
Task = dict[str, t.Any]


def bundles(lab: topology.Lab, inventory: pathlib.Path, directory: pathlib.Path) -> dict[str, tuple[str, Task]]:
    """Of each bundle of the appliance its role, and its arguments as the render playbook resolved them."""
    run = measure.play(lab, "icann.imrs.render", "-i", str(inventory), "-e", f"documents_directory={directory}")
    found = [task for task in run.tasks if "arguments" in task]
    return {task["arguments"]["name"]: (task["role"], task["arguments"]) for task in found}


def _raw(role: str, name: str) -> list[Task]:
    return yaml.safe_load((measure.ROOT / f"roles/{role}/tasks/{name}").read_text(encoding="utf-8")) or []


def variables() -> dict[str, t.Any]:
    """What the roles' tasks give to their templates beside the defaults, unresolved."""
    found: dict[str, t.Any] = {"role_path": "{{ playbook_dir }}/../../roles/gate"}
    for role in ROLES:
        for path in sorted((measure.ROOT / f"roles/{role}/tasks").glob("files*.yml")):
            if "_" in path.stem and path.stem.partition("_")[2] not in PROVIDERS:
                continue
            for task in _raw(role, path.name):
                # The lists of files are tasks of the play.
                found |= {key: value for key, value in task.get("vars", {}).items() if not key.endswith("_files")}
    return found


def _files(role: str, bundle: Task, handlers: list[Task]) -> list[Task]:
    tasks: list[Task] = []
    for folder in bundle.get("directories") or []:
        place = {"path": folder["path"], "state": "directory", "mode": folder.get("mode", "0755")}
        owners = {"owner": folder.get("owner", "root"), "group": folder.get("group", "root")}
        tasks.append({"name": f"{role} | Make {folder['path']}", "ansible.builtin.file": place | owners})
    for file in bundle["files"]:
        template = "src" in file
        if template:
            source = f"{{{{ playbook_dir }}}}/../../roles/{role}/templates/{file['src']}"
        else:
            source = str(file["copy"]).replace(str(measure.ROOT), "{{ playbook_dir }}/../..")
            source = source.replace("{{ playbook_dir }}/../../roles/gate/../..", "{{ playbook_dir }}/../..")
        placed = {
            "src": source,
            "dest": file["dest"],
            "owner": file.get("owner", "root"),
            "group": file.get("group", "root"),
            "mode": file.get("mode") or ("0640" if file.get("secret") else "0644"),
        } | _validate(bundle, file["dest"])
        notified = [handler["name"] for handler in handlers if _matches(handler, file["dest"])]
        action = "ansible.builtin.template" if template else "ansible.builtin.copy"
        secret = {"no_log": True} if file.get("secret") else {}
        tasks.append(
            {"name": f"{role} | Write {file['dest']}", action: placed}
            | secret
            | ({"notify": notified} if notified else {})
        )
    return tasks


def _matches(handler: Task, dest: str) -> bool:
    patterns = handler["patterns"]
    return not patterns or any(fnmatch.fnmatch(dest, pattern) for pattern in patterns)


def _validate(bundle: Task, dest: str) -> Task:
    """The check that looks at this file and at no other one."""
    for check in bundle.get("check") or []:
        words = check if isinstance(check, list) else shlex.split(check)
        if words.count("{staged}" + dest) == 1 and " ".join(words).count("{staged}") == 1:
            return {"validate": shlex.join(word.replace("{staged}" + dest, "%s") for word in words)}
    return {}


def _line(command: str | list[str]) -> str:
    """A command as a bundle has it, as one types it."""
    return command if isinstance(command, str) else shlex.join(command)


def _handlers(role: str, bundle: Task) -> list[Task]:
    return [
        {
            "name": f"{role} | Run {line}",
            "ansible.builtin.command": line,
            "changed_when": True,
            "patterns": activation.get("when_changed") or [],
        }
        for activation in bundle.get("activate") or []
        for line in [_line(activation["command"])]
    ]


def _system(role: str) -> list[Task]:
    """Accounts, and whatever else of the role is a task of its own and no bundle."""
    tasks: list[Task] = []
    for task in _raw(role, "main.yml"):
        kept = {key: task[key] for key in task if key in ("ansible.builtin.user", "ansible.builtin.group")}
        if kept:
            tasks.append({"name": f"{role} | {task['name']}"} | kept)
    return tasks


def _packages() -> list[Task]:
    """One installation and one task of held versions for each of the usual roles: the base, nameserver, routing."""
    data = yaml.safe_load((measure.ROOT / "roles/packages/defaults/main.yml").read_text(encoding="utf-8"))
    options = {"state": "present", "update_cache": True, "cache_valid_time": 86400, "install_recommends": False}
    sets: dict[str, tuple[t.Sequence[str], t.Sequence[str]]] = {"base": (data["packages_common"], ())}
    sets |= {product.name: (product.packages, product.held) for product in (KNOT, BIRD)}
    tasks: list[Task] = []
    for name, (installed, held) in sets.items():
        tasks.append({"name": f"{name} | Install packages", "ansible.builtin.apt": {"name": installed} | options})
        tasks += [
            {"name": f"{name} | Hold {one}", "ansible.builtin.dpkg_selections": {"name": one, "selection": "hold"}}
            for one in held
        ]
    return tasks


def compose(found: dict[str, tuple[str, Task]]) -> list[Task]:
    """The play."""
    tasks = _packages()
    handlers: list[Task] = []
    for role, bundle in found.values():
        own = _handlers(role, bundle)
        tasks += _system(role) + _files(role, bundle, own)
        handlers += [{key: value for key, value in handler.items() if key != "patterns"} for handler in own]
        for unit in bundle.get("ensure") or []:
            wanted = {"name": unit["unit"]} | {key: unit[key] for key in ("enabled",) if key in unit}
            if "started" in unit:
                wanted["state"] = "started" if unit["started"] else "stopped"
            task: Task = {"name": f"{role} | See to {unit['unit']}", "ansible.builtin.systemd_service": wanted}
            if unit.get("started") is False:  # of the other provider, which is not installed
                task["failed_when"] = False
            tasks.append(task)
    files = [f"../../roles/{role}/{kind}/main.yml" for role in ROLES for kind in ("defaults", "vars")]
    return [
        {
            "name": "Put the same files there, one by one",
            "hosts": "appliances",
            "become": True,
            "gather_facts": True,
            "gather_subset": ["virtual", "!all", "!min"],
            "vars_files": [path for path in files if (measure.ROOT / "tests/bench" / path).exists()],
            "vars": variables(),
            "tasks": tasks,
            "handlers": handlers,
        }
    ]


def write(lab: topology.Lab, inventory: pathlib.Path, directory: pathlib.Path) -> int:
    """Write the play; how many files it is about."""
    found = bundles(lab, inventory, directory)
    play = compose(found)
    text = yaml.safe_dump(play, sort_keys=False, width=150, allow_unicode=True, default_flow_style=None)
    PLAY.parent.mkdir(parents=True, exist_ok=True)
    PLAY.write_text(HEAD + text, encoding="utf-8")
    return sum(len(bundle["files"]) for _, bundle in found.values())
