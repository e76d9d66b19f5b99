#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Mitogen makes a no-op of site.yml faster over a long line; Markdown.

    tests/bench/mitogen.py [RTT ...]      round-trip times in milliseconds; without any: 0 250

It is installed from PyPI into a virtual environment that goes with the lab, beside the Python packages that this
checkout is locked to. Nothing of the collection needs it. Needs root. Run it with ``.venv/bin/python``.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import tempfile

import fleets
import lab as switchboard
import line
import measure
from imrslab import shell, topology

TITLES = ("RTT (ms)", "strategy", "time (s)", "controller's CPU (s)", "round trips", "MB sent")


def install(directory: pathlib.Path) -> str:
    """The virtual environment, and which version it got."""
    shell.run(sys.executable, "-m", "venv", str(directory))
    pip = (str(directory / "bin/python"), "-m", "pip", "--disable-pip-version-check")
    locked = measure.ROOT / "tests/requirements/live.txt"
    shell.run(*pip, "install", "--quiet", "--require-hashes", "-r", str(locked))
    shell.run(*pip, "install", "--quiet", "mitogen")
    return next(row for row in shell.run(*pip, "freeze").splitlines() if row.startswith("mitogen"))


def rows(lab: topology.Lab, rtts: list[int], directory: pathlib.Path) -> list[str]:
    """A no-op, with Ansible's own strategy and with Mitogen's, at each round-trip time."""
    here = fleets.place(lab, lab.state / "bench/xlb")
    # Mitogen obeys this for tasks on the controller, too, where Ansible obeys the task's `become: false`.
    connection = here / "group_vars/all/connection.yml"
    kept = [row for row in connection.read_text(encoding="utf-8").splitlines() if "ansible_become:" not in row]
    shell.write(connection, "\n".join(kept) + "\n")
    site = ("icann.imrs.site", "-i", str(here), *line.ALLOWED)
    measure.play(lab, *site)
    strategies = directory.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy")
    theirs = {"ANSIBLE_STRATEGY_PLUGINS": str(next(strategies)), "ANSIBLE_STRATEGY": "mitogen_linear"}
    found = []
    for rtt in rtts:
        for name, more in (("linear", {}), ("mitogen_linear", theirs)):
            run = measure.play(
                lab, *site, rtt=rtt, PATH=f"{directory / 'bin'}:{os.environ['PATH']}", **more
            )  # fmt: skip
            line.nothing(run)
            found.append(
                f"| {rtt} | {name} | {run.wall:.1f} | {run.cpu:.1f} | {run.round_trips} | {run.up / 1e6:.1f} |"
            )
            print(found[-1], file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Read the command line, and leave no lab."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rtts", type=int, nargs="*", default=[0, 250])
    rtts = parser.parse_args().rtts
    lab = topology.Lab(os.environ.get("IMRS_LAB", "imrsbench"))
    with tempfile.TemporaryDirectory(prefix="imrs-bench-") as top:
        directory = pathlib.Path(top, "venv")
        version = install(directory)
        try:
            switchboard.up(lab, fresh=True)
            found = rows(lab, rtts, directory)
        finally:
            switchboard.down(lab)
    print(f"{version}:\n")
    print(line.table(TITLES, found))


if __name__ == "__main__":
    measure.end_orderly()
    try:
        main()
    except shell.LabError as problem:
        sys.exit(f"bench: {problem}")
