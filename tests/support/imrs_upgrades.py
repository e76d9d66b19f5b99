# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""upgrade.yml over a fleet. The nodes are directories of this machine, with two systems each and a gate.

Their roles are the collection's own, but for what only a machine has: the reboot, the proof that nothing goes out of
it, and acceptance, which here is a program of the node.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import typing as t

import yaml
from imrs_nodes import SSH, Done, World

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOOT_ID = "/proc/sys/kernel/random/boot_id"

CANDIDATE = r"""#!/bin/sh
# Stands for roles/upgrade/files/candidate. The system that runs is in `running`, what there is to come in `new`.
set -eu
cd "$(dirname "$(command -v imrs)")"
echo "$*" >> candidate-did
case $1 in
  look) printf '{"running": "%s", "booted": "%s", "kept": %s, "wrong": ""}\n' "$(cat running)" "$(cat booted)" \
    "$(if [ -e unkept ]; then echo false; else echo true; fi)" ;;
  make) if [ -e full ]; then echo "candidate: no room" >&2; exit 1; fi ;;
  install) cat new ;;
  once) [ ! -e again ] || cp again dark ;;
  keep) cp running booted; : > new ;;
esac
"""
DUE = r"""#!/bin/sh
cd "$(dirname "$(command -v imrs)")"
echo "due $*" >> due-did
[ ! -e deaf ] || exit 100
echo "boot $(cat boot) $(cat seconds)"
cat new
"""
CAT = rf"""#!/bin/sh
# What the kernel of the node says.
here=$(dirname "$0")
for each; do
  case $each in
    {BOOT_ID}) /bin/cat "$here/boot" ;;
    /proc/uptime) /bin/cat "$here/seconds" ;;
    *) exec /bin/cat "$@" ;;
  esac
done
[ $# -gt 0 ] || exec /bin/cat
"""
ACCEPTS = """#!/bin/sh
# Stands for acceptance: judges the system that was booted.
cd "$(dirname "$0")"
[ -e bad ] && { echo "it crashes"; exit 1; }
cp live.status status
"""
REBOOT = [
    {
        "name": "reboot | Reboot at once",
        "ansible.builtin.shell": """
            cd "$(dirname "$(command -v imrs)")"
            echo reboot >> told
            echo {{ __upgrade_patience }} >> patience
            [ ! -e vanishes ] || touch gone
            [ ! -e cuts ] || touch "../$(cat cuts).example/gone"
            date +%s%N > boot
            echo 0 > seconds
            if [ "$(cat running)" = "$(cat booted)" ]; then echo second > running; cp dark.status status
            else cp booted running; cp live.status status; fi
        """,
    },
    {
        "name": "reboot | See which system that is",
        "ansible.builtin.script": {"cmd": "candidate look"},
        "register": "__upgrade_systems",
    },
]
WAIT = """
    cd "$(dirname "$(command -v imrs)")"
    echo {{ __upgrade_soak.seconds }} >> waited
    for each in ../*/restless; do [ ! -e "$each" ] || echo another > "${each%restless}boot"; done
"""
"""Instead of a pause: what nodes do meanwhile."""
ACCEPTANCE = [{"name": "Accept", "ansible.builtin.command": "accepts"}]
NOTHING = [{"name": "withdrawn | Take it for granted", "ansible.builtin.assert": {"that": True, "quiet": True}}]


TWO = [{"group_by": "fleet", "max_unavailable": 2}]


class Upgrades(World):
    """A world with a collection of its own, in which some files stand for what only machines have."""

    ssh = SSH.replace("exec sh -c", 'IMRS_BUNDLE_STATE="{base}/at/$host/state" exec sh -c')

    def __init__(self, fleet: t.Any, make_node: t.Any) -> None:
        super().__init__(fleet, make_node)
        ours = fleet.base / "ansible_collections/icann/imrs"
        (ours / "roles").mkdir(parents=True)
        for path in (*ROOT.iterdir(), *(ROOT / "roles").iterdir()):
            if path.name not in ("roles", "upgrade", "acceptance", ".git", ".cache", ".venv", ".lab"):
                (ours / path.relative_to(ROOT)).symlink_to(path)
        shutil.copytree(ROOT / "roles/upgrade", ours / "roles/upgrade")
        for name, text in (
            ("upgrade/files/candidate", CANDIDATE),
            ("upgrade/files/due", DUE),
            ("upgrade/tasks/reboot.yml", json.dumps(REBOOT)),
            ("upgrade/tasks/withdrawn.yml", json.dumps(NOTHING)),
            ("acceptance/tasks/main.yml", json.dumps(ACCEPTANCE)),
            ("acceptance/tasks/withdraw.yml", json.dumps(NOTHING)),
        ):
            path = ours / "roles" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name in ("look", "main", "wave"):
            path = ours / f"roles/upgrade/tasks/{name}.yml"
            tasks = [task for task in yaml.safe_load(path.read_text()) if "ansible.builtin.apt" not in task]
            for task in tasks:
                if task.pop("ansible.builtin.pause", None):
                    task |= {"ansible.builtin.shell": WAIT, "run_once": True}
            path.write_text(json.dumps(tasks).replace("/usr/sbin/imrs", "{{ ansible_remote_tmp }}/../imrs"))

    def at(self, name: str) -> pathlib.Path:
        return pathlib.Path(self._fleet.base) / "at" / f"{name}.example"

    def node(self, name: str, mode: str = "live", *marks: str, status: t.Any = None, **more: t.Any) -> None:
        """A node with an upgrade to come, unless it is marked ``done``."""
        local = {"ansible_ssh_transfer_method": "piped", "ansible_remote_tmp": str(self.at(name) / "tmp")}
        super().node(name, mode, *marks, status=status, **{"imrs_budget": TWO, **local, **more})
        place = self.at(name)
        shutil.copy(place / "status", place / "live.status")
        dark = json.loads((place / "status").read_text())
        dark |= {"mode": {"ipv4": "dark", "ipv6": "dark"}, "certificate": {**dark["certificate"], "valid": False}}
        (place / "dark.status").write_text(json.dumps(dark))
        for file, text in {
            "cat": CAT,
            "accepts": ACCEPTS,
            "running": "root\n",
            "booted": "root\n",
            "boot": f"boot-of-{name}\n",
            "seconds": "86400.5\n",
            "new": "" if "done" in marks else "knot 3.4.6-1 3.4.7-1\n",
        }.items():
            (place / file).write_text(text)
            (place / file).chmod(0o755)

    def change(self, name: str, **files: str | None) -> None:
        """Give a node these files, or take them away."""
        for file, text in files.items():
            (self.at(name) / file).unlink(missing_ok=True)
            if text is not None:
                (self.at(name) / file).write_text(text)

    def did(self, name: str) -> list[str]:
        """What was done to its systems, but for looks."""
        path = self.at(name) / "candidate-did"
        return [line for line in path.read_text().splitlines() if line != "look"] if path.exists() else []

    def upgrade(self, *options: str, **more: t.Any) -> Done:
        """Run the playbook; nothing is waited for unless that is said."""
        words = {"upgrade_soak_minutes": 0, "imrs_disrupt": True, "__upgrade_tries": 1, "upgrade_router": ""} | more
        return self.run("upgrade", "-e", json.dumps(words), *options)
