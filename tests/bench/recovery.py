# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon a node with FRR announces again after its bgpd was killed, one death after another. As Markdown.

As root, in the lab's image: ``python3 tests/bench/recovery.py [RUNS]``. The clock runs from the kill until the host's
router has all five prefixes again. The gate says what it is told to: its hold-down after a fall is not measured.
"""

from __future__ import annotations

import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "daemons"))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))

from imrs_gate_bench import FIVE
from imrs_host_bench import Told


def measure(runs: int) -> list[float]:
    """Seconds, of each death."""
    found = []
    with tempfile.TemporaryDirectory() as directory, Told(pathlib.Path(directory), "frr", "plain") as node:
        node.say(FIVE)
        node.await_routes(FIVE)
        for _ in range(runs):
            start = time.monotonic()
            node.end_of_routing()
            node.await_routes(set())
            node.await_routes(FIVE)
            found.append(time.monotonic() - start)
    return found


if __name__ == "__main__":
    seconds = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    print("| deaths | median (s) | longest (s) |\n|--:|--:|--:|")
    print(f"| {len(seconds)} | {statistics.median(seconds):.1f} | {max(seconds):.1f} |")
