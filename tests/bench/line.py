#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long one appliance takes over a long line, and how that compares with one task a file; Markdown.

    tests/bench/line.py [RTT ...]      round-trip times in milliseconds; without any: 0 100 250

On a lab of its own (IMRS_LAB, or imrsbench), with a fresh appliance for each round-trip time: first converge, no-op,
a change of one line, one that the gate foresees, render only; then the play of tests/bench/plain.py, which has to find
nothing to change: the files are the same. Needs root. Run it with ``.venv/bin/python``.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import sys
import tempfile

import fleets
import lab as switchboard
import measure
import plain
from imrslab import shell, topology

RTTS = (0, 100, 250)
LINE = "nameserver_rate_limit"
"""A number in the nameserver's file."""

# What a run may do to a node that serves, outside of maintenance windows, is not what is measured here.
NODE = "xlb01"
ALLOWED = ("-e", "imrs_disrupt=true")

FORESEEING = ("-e", "gate_foresee=300")
"""The operator's wish that a node stays announced through a change that takes no more than a reload."""


@dataclasses.dataclass
class Row:
    """One line of the table."""

    rtt: int
    what: str
    run: measure.Run

    def markdown(self) -> str:
        """Its cells."""
        run, node = self.run, NODE
        accepted = run.spent("acceptance")
        return (
            f"| {self.rtt} | {self.what} | {run.wall:.1f} | {run.wall - accepted:.1f} | {accepted:.1f} | {run.cpu:.1f} "
            f"| {run.reached(node)} | {run.elsewhere(node)} | {run.connections} | {run.round_trips} "
            f"| {run.up / 1e6:.1f} | {run.down / 1e6:.2f} |"
        )


TITLES = ("RTT (ms)", "run", "time (s)", "of that configuration (s)", "acceptance (s)", "controller's CPU (s)",
          "tasks on the node", "on others", "connections", "round trips", "MB sent", "MB received")  # fmt: skip


def table(titles: tuple[str, ...], rows: list[str]) -> str:
    """Markdown."""
    return "\n".join([f"| {' | '.join(titles)} |", f"|{'--:|' * len(titles)}", *rows])


def appliance(lab: topology.Lab, rtt: int, both: bool) -> list[Row]:
    """All measurements of one round-trip time, from a bare machine on."""
    switchboard.up(lab, fresh=True)
    here = fleets.place(lab, lab.state / "bench/xlb")
    site = ("icann.imrs.site", "-i", str(here), *ALLOWED)
    rows = []

    def note(what: str, *arguments: str) -> measure.Run:
        run = measure.play(lab, *arguments, rtt=rtt)
        rows.append(Row(rtt, what, run))
        print(rows[-1].markdown(), file=sys.stderr, flush=True)
        return run

    note("first converge", *site)
    nothing(note("no-op", *site))
    something(note("one line", *site, "-e", f"{LINE}=201"))
    something(measure.play(lab, *site, *FORESEEING, "-e", f"{LINE}=201"))  # starts the gate anew, so it is no line
    something(note("one line, foreseen", *site, *FORESEEING, "-e", f"{LINE}=202"))
    with tempfile.TemporaryDirectory() as rendered:
        note("render only", "icann.imrs.render", "-i", str(here), "-e", f"documents_directory={rendered}/rendered")
    with tempfile.TemporaryDirectory() as rendered:
        plain.write(lab, here, pathlib.Path(rendered) / "rendered")
    theirs = (str(plain.PLAY), "-i", str(here), *FORESEEING, "-e")
    nothing(note("plain, no-op", *theirs, f"{LINE}=202"))
    if both:
        something(note("plain, one line", *theirs, f"{LINE}=203"))
    return rows


def nothing(run: measure.Run) -> None:
    """Refuse a run that changed something."""
    if run.changed():
        raise shell.LabError(f"a run that must change nothing changed something: {', '.join(run.changed())}")


def something(run: measure.Run) -> None:
    """Refuse a run that changed nothing."""
    if not run.changed():
        raise shell.LabError("a run that must change a line changed nothing")


def ratios(rows: list[Row]) -> list[str]:
    """Ours in proportion to theirs."""
    found = {(row.rtt, row.what): row.run for row in rows}
    lines = []
    for (rtt, what), run in found.items():
        theirs = found.get((rtt, f"plain, {what}"))
        if theirs:
            configuration = run.wall - run.spent("acceptance")
            lines.append(
                f"| {rtt} | {what} | {run.wall:.1f} | {configuration:.1f} | {theirs.wall:.1f} "
                f"| {run.wall / theirs.wall:.2f} | {configuration / theirs.wall:.2f} "
                f"| {run.round_trips / theirs.round_trips:.2f} | {run.up / theirs.up:.2f} |"
            )
    return lines


def kinds(rows: list[Row]) -> str:
    """Where the seconds of the no-ops went, by round-trip time."""
    runs = {row.rtt: row.run.kinds(NODE) for row in rows if row.what == "no-op"}
    names = dict.fromkeys(name for found in runs.values() for name in found)
    titles = ("tasks of the no-op", "count", *(f"{rtt} ms (s)" for rtt in runs))
    lines = []
    for name in names:
        cells = [found.get(name, (0, 0.0)) for found in runs.values()]
        lines.append(f"| {name} | {cells[0][0]} | {' | '.join(f'{seconds:.1f}' for _, seconds in cells)} |")
    return table(titles, lines)


RATIOS = ("RTT (ms)", "run", "site.yml (s)", "without acceptance (s)", "plain (s)", "ratio", "without acceptance",
          "round trips", "bytes sent")  # fmt: skip


def main() -> None:
    """Read the command line, and leave no lab."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rtts", type=int, nargs="*", default=RTTS)
    rtts = parser.parse_args().rtts
    lab = topology.Lab(os.environ.get("IMRS_LAB", "imrsbench"))
    rows: list[Row] = []
    try:
        for rtt in rtts:
            # Of the plain play, the long ones: one line is its no-op and two handlers.
            rows += appliance(lab, rtt, both=rtt in (min(rtts), max(rtts)))
    finally:
        switchboard.down(lab)
    print(table(TITLES, [row.markdown() for row in rows]))
    print()
    print(table(RATIOS, ratios(rows)))
    print()
    print(kinds(rows))


if __name__ == "__main__":
    measure.end_orderly()
    try:
        main()
    except shell.LabError as problem:
        sys.exit(f"bench: {problem}")
