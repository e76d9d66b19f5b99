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

import pytest
import yaml
from imrs_nodes import SSH, Done, World

ROOT = pathlib.Path(__file__).resolve().parents[4]
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


@pytest.fixture
def world(fleet: t.Any, make_node: t.Callable[..., dict[str, t.Any]]) -> Upgrades:
    return Upgrades(fleet, make_node)


KEPT = ["make 45", "install", "once", "keep"]


def test_a_fleet_is_upgraded_in_waves_and_a_second_run_leaves_it_alone(world: Upgrades) -> None:
    for name in ("xaa01", "xab01", "xac01"):
        world.node(name)
    world.node("xad01", "live", "done")
    done = world.upgrade("--check")
    assert done.status == 0, done.said
    assert "wave 1: xaa01" in done.said
    assert "wave 2: xab01, xac01" in done.said
    assert "knot 3.4.6-1 → 3.4.7-1" in done.said
    assert not any(world.did(name) or world.told(name) for name in world.nodes)

    done = world.upgrade()
    assert done.status == 0, done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT, KEPT, []]
    for name in ("xaa01", "xab01", "xac01"):
        dark, again, reboot = world.told(name)
        assert dark == again, "it stays dark until the reboot"
        assert dark.endswith("--reason upgrade --planned --for 300")
        assert reboot == "reboot"
    assert "nothing: all is as new as it can be, and the node is left alone" in done.said

    done = world.upgrade()
    assert done.status == 0, done.said
    assert "no wave: there is nothing to be upgraded" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT, KEPT, []]


def test_after_a_red_one_its_wave_ends_well_and_no_other_begins(world: Upgrades) -> None:
    """And the next run goes on with what is left."""
    for name in ("xaa01", "xab01", "xac01", "xad01"):
        world.node(name)
    world.change("xab01", bad="")
    done = world.upgrade()
    assert done.status != 0
    assert "xab01 was not upgraded: " in done.said
    assert "It runs the system before, and announces what it did." in done.said
    assert (
        "No further wave. xab01: it was not upgraded, or cannot be reached, as is told above. Not begun: xad01"
        in done.said
    )
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT[:-1], KEPT, []]
    assert world.told("xad01") == []
    assert (world.at("xab01") / "running").read_text() == "root\n"

    world.change("xab01", bad=None)
    done = world.upgrade()
    assert done.status == 0, done.said
    assert "wave 1: xab01" in done.said
    assert "wave 2: xad01" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, [*KEPT[:-1], *KEPT], KEPT, KEPT]


def test_one_that_vanishes_stops_what_comes_after(world: Upgrades) -> None:
    """Ansible itself would go on, as long as another node of the wave is there."""
    for name in ("xaa01", "xab01", "xac01", "xad01"):
        world.node(name)
    world.change("xab01", vanishes="")
    done = world.upgrade()
    assert done.status != 0
    assert "No further wave. xab01: it was not upgraded, or cannot be reached" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT[:-1], KEPT, []]


def test_what_cannot_be_upgraded_is_left_out_by_name_and_the_others_are(world: Upgrades) -> None:
    """Who keeps the controller from one node keeps no other from its upgrade, and no node is taken for a new one."""
    limits = [*TWO, {"group_by": "country", "min_available": 1}]
    for name in ("xaa01", "xab01"):
        world.node(name, imrs_budget=limits)
    world.node("xac01", imrs_budget=limits, imrs_location={"iata": "xac", "region": "europe", "country": "FR"})
    for name, mark in (("xad01", "gone"), ("xae01", "deaf"), ("xaf01", "unkept")):
        world.node(name, "dark", mark, imrs_budget=limits, imrs_mode="dark")
    done = world.upgrade()
    assert done.status != 0
    assert "xac01 is left out, and nothing is done there: 0 of 1 nodes of country FR would announce" in done.said
    assert "It is left out, and nothing is done there. xaf01 runs a candidate that was never kept" in done.said
    assert [world.did(name) for name in world.nodes] == [KEPT, KEPT, [], [], [], []]


def test_a_wave_that_the_fleet_cannot_spare_any_more_is_refused_and_all_serve(world: Upgrades) -> None:
    """While the first node was upgraded, another one was lost."""
    for name in ("xaa01", "xab01", "xac01"):
        world.node(name)
    world.node("xad01", "live", "done")
    world.change("xaa01", cuts="xad01")
    done = world.upgrade()
    assert done.status != 0
    assert "Nothing is changed: 1 of 4 nodes of fleet test would announce" in done.said
    for name in ("xab01", "xac01"):
        assert f"{name} was not upgraded: Nothing is changed" in done.said
        assert world.told(name) == []
        assert world.did(name) == KEPT[:2]


def test_others_wait_until_what_is_new_has_served(world: Upgrades) -> None:
    """Also those of the next run."""
    for name in ("xaa01", "xab01"):
        world.node(name)
    world.change("xaa01", restless="")
    done = world.upgrade(upgrade_soak_minutes=30)
    assert done.status != 0
    assert (world.at("xab01") / "waited").read_text() == "1800\n"
    assert "No further wave. xaa01: it has rebooted once more since it was upgraded. Not begun: xab01" in done.said
    assert world.did("xab01") == []

    world.change("xaa01", restless=None, seconds="600.0", boot="last")
    done = world.upgrade(upgrade_soak_minutes=30)
    assert done.status == 0, done.said
    assert (world.at("xab01") / "waited").read_text() == "1800\n1200\n"
    assert world.did("xab01") == KEPT
