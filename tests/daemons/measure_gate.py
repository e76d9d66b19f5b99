# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print how fast the host's router loses the routes, by fault, and what the gate costs.

As root: ``python tests/daemons/measure_gate.py [RUNS]``. The clock runs from just before the fault until
``birdc`` on the router shows no route, and so includes up to one poll of it (some 10 ms).
"""

from __future__ import annotations

import os
import pathlib
import signal
import statistics
import sys
import tempfile
import time
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from imrs_gate_bench import FIVE, Bench, run
from imrs_gate_config import SWIFT


def cpu(process: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(bench: Bench, fault: t.Callable[[], object], seconds: float = 10) -> float:
    """Milliseconds from the fault until the router holds nothing."""
    start = time.monotonic()
    fault()
    bench.await_routes(set(), seconds)
    return (time.monotonic() - start) * 1000


def expire(bench: Bench) -> None:
    """Make the nameserver answer SERVFAIL."""
    run("knotc", "-s", str(bench.directory / "knot.sock"), "-f", "zone-purge", "+expire", "--", ".")


FAULTS: dict[str, t.Callable[[Bench], object]] = {
    "nameserver killed": lambda bench: bench.signal("knot", signal.SIGKILL),
    "nameserver hangs": lambda bench: bench.signal("knot", signal.SIGSTOP),
    "SERVFAIL": expire,
    "gate killed": lambda bench: bench.signal("gate", signal.SIGKILL),
    "gate hangs": lambda bench: bench.signal("gate", signal.SIGSTOP),
    "gate stopped (SIGTERM)": lambda bench: bench.signal("gate", signal.SIGTERM),
}


def main() -> None:
    """One fresh bench for each run."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for name, fault in FAULTS.items():
        found = []
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as directory, Bench(pathlib.Path(directory), SWIFT) as bench:
                ready(bench)
                time.sleep(0.3)
                found.append(timed(bench, lambda fault=fault, bench=bench: fault(bench)))
        print(
            f"{name:<24} {statistics.median(found):8.1f} ms [{min(found):.1f} - {max(found):.1f}] n={runs}", flush=True
        )
    with tempfile.TemporaryDirectory() as directory, Bench(pathlib.Path(directory), SWIFT) as bench:
        ready(bench)
        process = bench.processes["gate"].pid
        before = cpu(process)
        time.sleep(20)
        memory = next(
            line for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines() if "VmRSS" in line
        )
        print(f"gate, 3 addresses: {(cpu(process) - before) / 20:.2%} of a core, {memory}")


def ready(bench: Bench) -> None:
    """A node that announces everything."""
    bench.start_knot()
    bench.start_gate()
    bench.raise_to_live()
    bench.await_routes(FIVE)


if __name__ == "__main__":
    main()
