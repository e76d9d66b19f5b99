#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long icann.imrs.upgrade takes for a fleet, beside what its nodes do; a Markdown table.

    tests/bench/upgrade.py [COUNT] [RTT]       195 nodes, 250 ms

The nodes are directories of this machine, one of each site, all live and all to be upgraded. Playbook, roles and
modules are the collection's own, but for the reboot, acceptance and what makes and boots copies, which take no time
here; nobody soaks. Each command takes as long as three round trips, as many as a task took over a real line
(docs/performance.md). Run it with ``.venv/bin/python``.
"""

from __future__ import annotations

import argparse
import pathlib
import resource
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / ".cache"), str(ROOT / "tests/support")]

import imrs_upgrades  # noqa: E402 - what tests share is no installed package
from imrs_fleet import Fleet, node  # noqa: E402

TITLES = ("nodes", "RTT (ms)", "run", "waves", "time (min)", "per wave (s)", "commands", "CPU (min)")
ROUND_TRIPS = 3
FORKS = "10"
REGIONS = {"africa": "KE", "asia_pacific": "JP", "europe": "FR", "latin_america": "BR", "north_america": "US"}
BUDGET = [{"group_by": "fleet", "max_unavailable": 5}, {"group_by": "region", "max_unavailable_percent": 25}]
"""What a fleet has that says nothing else (docs/operation.md)."""
LONGEST = 7200.0


class Far(imrs_upgrades.Upgrades):
    """Nodes that are so many milliseconds away."""

    def __init__(self, fleet: Fleet, rtt: int) -> None:
        super().__init__(fleet, node)
        seconds = ROUND_TRIPS * rtt / 1000
        self.ssh = self.ssh.replace("for command; do", f"sleep {seconds}\nfor command; do")
        self.fleet = fleet

    def take(self, *options: str) -> tuple[float, float, int, str]:
        """Run the playbook: seconds, seconds of CPU, commands, and what it said."""
        (self.fleet.base / "asked").unlink(missing_ok=True)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = self.upgrade("--forks", FORKS, *options)
        took, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.status:
            sys.exit(f"bench: exit status {done.status}: {done.said[-4000:]}")
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        return took, cpu, len(self.asked_in_turn()), done.said


def main() -> None:
    """Read the command line, make the nodes, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=195)
    parser.add_argument("rtt", type=int, nargs="?", default=250)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imrs-") as top:
        world = Far(Fleet(pathlib.Path(top), LONGEST), told.rtt)
        for number in range(told.count):
            region, country = list(REGIONS.items())[number % len(REGIONS)]
            site = f"x{chr(97 + number // 26)}{chr(97 + number % 26)}"
            where = {"iata": site, "region": region, "country": country}
            world.node(f"{site}01", imrs_location=where, imrs_budget=BUDGET)
        print(f"| {' | '.join(TITLES)} |\n|{'--:|' * len(TITLES)}")
        for run, options in (("`--check`", ["--check"]), ("upgrade", []), ("nothing to do", [])):
            took, cpu, commands, said = world.take(*options)
            waves = said.count("wave | Refuse to go on after what did not go well")
            each = f"{took / waves:.1f}" if waves else ""
            print(
                f"| {told.count} | {told.rtt} | {run} | {waves or ''} | {took / 60:.1f} | {each} | {commands} "
                f"| {cpu / 60:.1f} |",
                flush=True,
            )
        if left := [name for name in world.nodes if world.did(name)[-1:] != ["keep"]]:
            sys.exit(f"bench: not upgraded: {', '.join(left)}")


if __name__ == "__main__":
    main()
