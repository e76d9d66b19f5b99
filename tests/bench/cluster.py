#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What those outside lose while a node or a router of a cluster is taken away, at 1,000 questions a second; Markdown.

The lab's site xlc: xlc01 has Knot and FRR, xlc02 NSD and BIRD; its routers FRR and BIRD. Here BFD looks three times in
300 ms each, and where there is none the hold time is 3 s. Needs root. Run it with ``.venv/bin/python``.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import sys
import tempfile
import typing as t

import line
import measure
from imrslab import shell, topology
from imrslab.cluster import NODES, RATE, ROUTERS, Cluster
from imrslab.drill import UNLIMITED

TITLES = ("what", "asked", "lost", "of that over UDP", "lost, in seconds of a half's questions")
AFTER = 3 * RATE
"""Questions that are asked at least once the others have taken over."""

Story = t.Callable[[contextlib.ExitStack], object]


class Bench:
    """The table, as it grows."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.rows = cluster, list[str]()

    def note(self, what: str, story: Story, *, whole: bool = True) -> None:
        """Have a story told amid the stream. Half of the questions, as the routers spread them, go to each machine."""
        if whole:
            self.whole()
        with contextlib.ExitStack() as back, self.cluster.stream() as questions:
            questions.await_more(RATE)
            story(back)
            questions.await_more(AFTER)
            found = questions.end()
        seconds = found["lost"] / (RATE / 2)
        self.rows.append(f"| {what} | {found['sent']} | {found['lost']} | {found['udp']['lost']} | {seconds:.2f} |")
        print(self.rows[-1], file=sys.stderr, flush=True)

    def whole(self) -> None:
        """All nodes answer, by all routers."""
        self.cluster.wait(*NODES)
        self.cluster.wait_for_ways(*ROUTERS)

    def node(self, name: str, *command: str, comes_back: bool = False) -> Story:
        """Run a command on a node; the others take over, or it comes back by itself."""
        (other,) = set(NODES) - {name}

        def story(_back: contextlib.ExitStack) -> None:
            self.cluster.nodes[name].node(*command)
            self.cluster.wait(*(NODES if comes_back else (other,)))

        return story

    def power(self, name: str) -> Story:
        """A machine's."""

        def story(back: contextlib.ExitStack) -> None:
            back.enter_context(self.cluster.without_power(name))
            if name in NODES:
                self.cluster.wait(*(set(NODES) - {name}))
            else:
                self.cluster.wait_for_ways(*(set(ROUTERS) - {name}))

        return story

    def link(self, name: str) -> Story:
        """A router's, to the host."""

        def story(back: contextlib.ExitStack) -> None:
            back.enter_context(self.cluster.parted(name, "uplink"))
            self.cluster.wait_for_ways(*(set(ROUTERS) - {name}))

        return story

    def changed(self, _back: contextlib.ExitStack) -> None:
        """A change that has both nameservers start again, one after the other."""
        done = self.cluster.first.play("site", *UNLIMITED, "-e", "imrs_disrupt=true", "-e", "nameserver_workers=2")
        if done.status:
            raise shell.LabError(done.output[-3000:])


def measure_all(bench: Bench) -> None:
    """Planned first."""
    for name in NODES:
        bench.note(f"{name} is drained", bench.node(name, "imrs", "drain"))
        bench.note(f"{name} comes back", bench.node(name, "imrs", "live", comes_back=True), whole=False)
    bench.note("`site.yml` has both nameservers start again", bench.changed)
    for name, unit in (("xlc01", "knot"), ("xlc02", "nsd")):
        killed = ("systemctl", "kill", "--signal=KILL", f"{unit}.service")
        bench.note(f"{unit} of {name} is killed", bench.node(name, *killed, comes_back=True))
    for name in NODES:
        bench.note(f"{name} loses its power", bench.power(name))
    bench.note("xlc-r1 loses its power", bench.power("xlc-r1"))
    bench.note("xlc-r2 loses its link to the host", bench.link("xlc-r2"))


def impatient(folder: pathlib.Path) -> pathlib.Path:
    """The lab's sheets, with the times that real routers have."""
    shutil.copytree(topology.SOURCE, folder)
    sheet = folder / "sites/xlc.yml"
    text = re.sub(r"bfd: .*", "bfd: {interval_ms: 300, multiplier: 3}\\n      hold_time: 3", sheet.read_text("utf-8"))
    routers, peers = text.split("\npeers:\n")
    sheet.write_text(f"{routers}\npeers:\n" + peers.replace("      hold_time", "    hold_time"), "utf-8")
    return folder


def main() -> None:
    """Print the table, and leave no lab."""
    cluster = Cluster(topology.Lab(os.environ.get("IMRS_LAB", "imrsbench")))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IMRS_LAB_SHEETS"] = str(impatient(pathlib.Path(folder) / "lab"))
        try:
            cluster.first.up()
            done = cluster.first.play("site", *UNLIMITED)
            if done.status:
                raise shell.LabError(done.output[-3000:])
            bench = Bench(cluster)
            measure_all(bench)
            print(line.table(TITLES, bench.rows))
        finally:
            cluster.first.down()


if __name__ == "__main__":
    measure.end_orderly()
    try:
        main()
    except shell.LabError as problem:
        sys.exit(f"bench: {problem}")
