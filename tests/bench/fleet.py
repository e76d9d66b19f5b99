#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long many appliances take at once, and what the controller needs for them; Markdown.

    tests/bench/fleet.py [COUNT]       20 appliances, or fewer

One appliance is provisioned; the others are machines over its disk, with names, keys and addresses of their own. The
play is site.yml without its acceptance, as they have no host's router, and with as many nodes at a time as is
measured. Needs root. Run it with ``.venv/bin/python``.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import typing as t

import fleets
import lab as switchboard
import line
import measure
import yaml
from imrslab import guests, image, keys, machine, network, shell, topology

TITLES = ("nodes", "RTT (ms)", "run", "`forks`", "`serial`", "strategy", "time (s)", "per node (s)",
          "controller's CPU (s)", "controller's memory (MiB)")  # fmt: skip
COUNTS = (1, 5, 10, 20)
STRATEGIES = ("free", "host_pinned")
FAR = 250
"""Milliseconds."""

WATCHES = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")
"""How many watchers of files root may have, on all machines together: each systemd takes some, and 128 are too few."""
ENOUGH = 4096
ACCEPTANCE = "icann.imrs.acceptance"


def playbook(path: pathlib.Path) -> pathlib.Path:
    """The play of site.yml, but for acceptance, with ``serial`` to be chosen."""
    play: dict[str, t.Any] = yaml.safe_load((measure.ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))[-1]
    tasks = [task for task in play["tasks"] if task.get("ansible.builtin.import_role", {}).get("name") != ACCEPTANCE]
    if tasks == play["tasks"]:
        raise shell.LabError("site.yml has no acceptance any more")
    play["tasks"] = [*tasks, {"name": "Give the node back", "icann.imrs.run": {"verb": "leave"}}]
    play["serial"] = "{{ bench_serial }}"
    shell.write(path, yaml.safe_dump([play], sort_keys=False))
    return path


class Fleet:
    """Machines over the disk of one that was provisioned."""

    def __init__(self, lab: topology.Lab, count: int) -> None:
        self.lab, self.machines = lab, tuple(fleets.machine(number) for number in range(count))
        self._before = 0

    def up(self) -> None:
        """Provision one, end it and all others of the lab, and boot the copies."""
        lab = self.lab
        self.down()  # what a bench that was killed has left
        if (before := int(WATCHES.read_text())) < ENOUGH:
            self._before = before
            WATCHES.write_text(str(ENOUGH))
        switchboard.up(lab, fresh=True)
        plan, (template,) = lab.plan, lab.plan.appliances
        keys.make(lab, plan, self.machines)
        here = fleets.place(lab, lab.state / "bench/xlb")
        measure.play(lab, "icann.imrs.site", "-i", str(here))
        for each in plan.machines:
            machine.stop(lab, each.name)
        below = lab.machine_state(template.name) / "upper", image.build(lab, "base")
        (below[0] / "etc/machine-id").unlink(missing_ok=True)  # each copy makes one of its own
        for each in self.machines:
            network.plug_in(lab, each)
            guests.lay_out(lab, each)
            machine.boot(lab, each, *below)
        for each in self.machines:
            shell.wait_for(f"SSH on {each.name}", lambda each=each: machine.ssh_answers(lab, each), 300)
        shell.say(f"up: {len(self.machines)} copies of {template.name}")

    def down(self) -> None:
        """Leave nothing."""
        for each in self.machines:
            machine.stop(self.lab, each.name)
            network.unplug(self.lab, each.name)
        switchboard.down(self.lab)
        if self._before:
            WATCHES.write_text(str(self._before))
            self._before = 0


class Bench:
    """The table, as it grows."""

    def __init__(self, lab: topology.Lab, count: int) -> None:
        self.lab, self.rows = lab, list[str]()
        self.inventory = fleets.many(lab, lab.state / "bench/fleet", count)
        self.play = playbook(lab.state / "bench/fleet.yml")

    def note(
        self, nodes: int, forks: int, serial: int, strategy: str = "linear", rtt: int = 0, what: str = "no-op"
    ) -> None:
        """Measure one way of going through the fleet."""
        limit = ":".join(fleets.node(number) for number in range(nodes))
        run = measure.play(
            self.lab, str(self.play), "-i", str(self.inventory), "--limit", limit, "--forks", str(forks),
            "-e", f"bench_serial={serial}", *line.ALLOWED, rtt=rtt, ANSIBLE_STRATEGY=f"ansible.builtin.{strategy}",
        )  # fmt: skip
        if what == "no-op":
            line.nothing(run)
        self.rows.append(
            f"| {nodes} | {rtt} | {what} | {forks} | {serial} | {strategy} | {run.wall:.1f} | {run.wall / nodes:.1f} "
            f"| {run.cpu:.1f} | {run.memory:.0f} |"
        )
        print(self.rows[-1], file=sys.stderr, flush=True)


def measure_all(lab: topology.Lab, count: int) -> list[str]:
    """From copies that are to be configured on; one after the other is measured on few, as it is long."""
    bench = Bench(lab, count)
    bench.note(count, count, count, what="first configuration")
    for nodes in (each for each in COUNTS if each <= count):
        bench.note(nodes, nodes, nodes)
    few, some = min(5, count), min(10, count)
    bench.note(few, 1, few)
    bench.note(few, few, 1)
    bench.note(some, few, some)
    for strategy in STRATEGIES:
        bench.note(some, few, some, strategy)
    bench.note(few, few, 1, rtt=FAR)
    for forks in (few, some):
        bench.note(some, forks, some, rtt=FAR)
    return bench.rows


def main() -> None:
    """Read the command line, and leave no lab."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=max(COUNTS))
    count = parser.parse_args().count
    lab = topology.Lab(os.environ.get("IMRS_LAB", "imrsbench"))
    fleet = Fleet(lab, count)
    try:
        fleet.up()
        print(line.table(TITLES, measure_all(lab, count)))
    finally:
        fleet.down()


if __name__ == "__main__":
    measure.end_orderly()
    try:
        main()
    except shell.LabError as problem:
        sys.exit(f"bench: {problem}")
