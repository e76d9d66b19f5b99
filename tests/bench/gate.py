# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon questions go to the next instance after a fault, by fault and by gate, and what the gate costs. As Markdown.

As root, in the lab's image: ``python tests/bench/gate.py [RUNS] [NAME…]``, NAME of a gate in `GATES`; FLOODS in the
environment names the floods, or all are tried. Others' gates are in .lab/rivals, where `make bench-gate` puts them.
The clock runs from just before a fault, or from the first wrong answer, until the router's own routing table shows
another way. Hold-downs are set to 0.1 s, so that they are not measured. Everything is in network namespaces; strangers'
traffic is bounded.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import statistics
import sys
import tempfile
import time
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from gate_site import NODE, SPARE, Flood, Site
from imrs_gate_bench import until

RIVALS = pathlib.Path(__file__).resolve().parents[2] / ".lab" / "rivals"
PATIENCE = 60.0
"""Seconds after which a fault counts as never noticed."""
SETTLED, AFTERWARDS = 0.5, 1.0
"""Seconds before a fault, and after the change of the way, in which questions are counted."""


class Fault(t.NamedTuple):
    """What breaks, and how it is mended; ``answers`` when the clock runs from the first wrong answer."""

    strike: t.Callable[[Site], object]
    mend: t.Callable[[Site], object]
    answers: bool = False


def _kill(name: str) -> t.Callable[[Site], object]:
    return lambda site: site.signal(name, signal.SIGKILL)


def _stop(name: str) -> t.Callable[[Site], object]:
    return lambda site: site.signal(name, signal.SIGSTOP)


def _resume(name: str) -> t.Callable[[Site], object]:
    return lambda site: site.signal(name, signal.SIGCONT)


def _purge(site: Site) -> None:
    site.knotc("-f", "zone-purge", "+expire", "--", ".")


def _restart(site: Site) -> None:
    site.kill("knot", signal.SIGTERM)
    site.start_knot()


def _start_again(site: Site) -> None:
    """As systemd does: BFD is sooner than root's helper, which must not find the new daemon in place of the old one."""
    until(lambda: "bird" not in site.processes, PATIENCE, "the end of the daemon that hangs")
    site.start_bird()


NAMESERVER = {
    "nameserver killed": Fault(_kill("knot"), lambda site: site.start_knot()),
    "nameserver hangs": Fault(_stop("knot"), _resume("knot")),
    "SERVFAIL": Fault(_purge, _restart, answers=True),
}
NODE_FAULTS = {
    **NAMESERVER,
    "gate killed": Fault(_kill("gate"), lambda site: site.start_gate()),
    "gate hangs": Fault(_stop("gate"), _resume("gate")),
    "routing daemon killed": Fault(_kill("bird"), lambda site: site.start_bird()),
    "routing daemon hangs": Fault(_stop("bird"), _start_again),
    "uplink cut, BFD 3 times 300 ms": Fault(Site.cut, Site.mend),
    "dark, as planned": Fault(lambda site: site.imrs("dark", "--planned"), lambda site: site.imrs("live")),
}
FLOODS: dict[str, tuple[str, tuple[str, int] | None]] = {
    "none": ("none", None),
    "udp": ("UDP questions", ("udp", 1)),
    "half": ("half TCP messages", ("half", 300)),
}
ONE_SECOND = {"check_interval": "1", "check_timeout": "1", "check_rise": "1", "check_fail": "1"}
GATES: dict[str, tuple[str, t.Callable[[Site], None], dict[str, Fault]]] = {
    "ours": ("icann.imrs", Site.ours, NODE_FAULTS),
    "exabgp": ("ExaBGP healthcheck", Site.exabgp, NAMESERVER),
    "exabgp-1s": (
        "ExaBGP, 1 s",
        lambda site: site.exabgp("--interval 1 --fast-interval 1 --timeout 1 --rise 1 --fall 1"),
        NAMESERVER,
    ),
    "ahc": ("anycast-healthchecker", Site.healthchecker, NAMESERVER),
    "ahc-1s": ("anycast-healthchecker, 1 s", lambda site: site.healthchecker(**ONE_SECOND), NAMESERVER),
}


class Result(t.NamedTuple):
    """Of one run: seconds until the way changed and until it was back, questions lost and asked meanwhile."""

    withdrawn: float
    again: float
    lost: int


def once(site: Site, fault: Fault) -> Result:
    """One fault, and its end."""
    vantage = site.vantage
    until(lambda: vantage.device == NODE, PATIENCE, "the node to be announced")
    time.sleep(SETTLED)
    start = time.monotonic()
    fault.strike(site)
    if fault.answers:
        until(lambda: bool(vantage.first_wrong(start)), PATIENCE, "a wrong answer")
        start = vantage.first_wrong(start)
    until(lambda: vantage.device == SPARE, PATIENCE, "another way")
    changed = vantage.changes[-1][0]
    time.sleep(AFTERWARDS)
    mended = time.monotonic()
    lost = vantage.lost(start, changed + AFTERWARDS / 2)[0]
    fault.mend(site)
    until(lambda: vantage.device == NODE, PATIENCE, "the way back")
    return Result(changed - start, vantage.changes[-1][0] - mended, lost)


def row(gate: str, fault: str, flood: str, results: t.Sequence[Result]) -> str:
    """A line of the table."""
    withdrawn = [1000 * result.withdrawn for result in results]
    again = [result.again for result in results]
    lost = [result.lost for result in results]
    return (
        f"| {gate} | {fault} | {flood} | {statistics.median(withdrawn):.0f} | {max(withdrawn):.0f} "
        f"| {statistics.median(lost):.0f} | {max(lost)} | {statistics.median(again):.1f} | {len(results)} |"
    )


def quiet(site: Site, seconds: float) -> str:
    """What happens without any fault: how often the way changed, and the share of lost questions."""
    start, before = time.monotonic(), len(site.vantage.changes)
    time.sleep(seconds)
    lost, asked = site.vantage.lost(start, time.monotonic() - AFTERWARDS / 2)
    return f"{len(site.vantage.changes) - before} | {100 * lost / asked:.1f}"


def cost(site: Site, seconds: float = 20) -> str:
    """Processor time and memory of the gate at rest."""
    process = site.processes["gate"].pid

    def used() -> float:
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(seconds)
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    memory = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return f"{(used() - before) / seconds:.2%} of a core, {memory / 1024:.0f} MiB"


def main(runs: int, names: t.Sequence[str], floods: t.Sequence[str]) -> None:
    """All gates named, each under every flood that is named."""
    print(
        "| gate | fault | flood | way changed after (ms), median | max "
        "| questions lost, median | max | back after (s) | runs |"
    )
    print("|---|---|---|--:|--:|--:|--:|--:|--:|", flush=True)
    said = []
    for name in names:
        title, start, faults = GATES[name]
        for flood, kind in map(FLOODS.__getitem__, floods):
            with contextlib.ExitStack() as stack:
                site = stack.enter_context(Site(pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))))
                site.start_knot()
                start(site)
                until(lambda site=site: site.vantage.device == NODE, PATIENCE, "the way to the node")
                time.sleep(SETTLED)
                if kind is None:
                    said.append(f"{title} at rest: {cost(site)}")
                else:
                    stack.enter_context(Flood(site, *kind))
                said.append(f"| {title} | {flood} | {quiet(site, 15)} |")
                for fault, how in faults.items():
                    try:
                        print(row(title, fault, flood, [once(site, how) for _ in range(runs)]), flush=True)
                    except AssertionError as error:
                        print(f"| {title} | {fault} | {flood} | {error} |", flush=True)
                        break
    print(
        "\nWithout any fault, in 15 s:\n\n| gate | flood | changes of the way | questions lost (%) |\n|---|---|--:|--:|"
    )
    print("\n".join(line for line in said if line.startswith("|")))
    print("\n" + "\n".join(f"- {line}" for line in said if not line.startswith("|")))


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(RIVALS)
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 5,
        sys.argv[2:] or list(GATES),
        os.environ.get("FLOODS", "").split() or list(FLOODS),
    )
