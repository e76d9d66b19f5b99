# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions a second that a nameserver answers as the role sets it up, and as its package does. As Markdown.

As root, in the lab's image: ``python tests/bench/nameservers.py [RUNS [STATE]]``. Both serve the same signed root zone,
in one of the states of docs/zone-states.md, each in turn (ours, the package's, ours, …), on one processor, with dnsperf
on another one. Questions are as at a root server: most are for names that do not exist. Everything is in network
namespaces, and bounded in time.
"""

from __future__ import annotations

import contextlib
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import typing as t

from imrs_gate_bench import until
from imrs_gate_config import SERVICE
from imrs_parity_bench import CASE, COMMANDS, Nameserver, sign
from imrslab import zone_states, zones

SECONDS = 5
QUESTIONS = 100_000
SERVER, CLIENT = "0", "1"
"""The processors of the two."""
CLIENTS = 20
LIMITS = {"knot": "/etc/knot/answers.conf", "nsd": "/etc/nsd/nsd.conf.d/limits.conf"}
TRANSPORTS = {"UDP": ("-m", "udp", "-q", "200"), "TCP": ("-m", "tcp", "-q", "100")}
"""How CLIENTS ask, over TCP on connections that stay; and how many questions may wait for their answers."""
STOCK = {
    "knot": {
        "knot/knot.conf": """server:
    rundir: "/run/knot"
    user: knot:knot
    listen: [ {listen} ]
log:
  - target: syslog
    any: info
database:
    storage: "/var/lib/knot"
template:
  - id: default
    storage: "/var/lib/knot"
    file: "%s.zone"
zone:
  - domain: .
    file: root.zone
"""
    },
    "nsd": {
        "nsd/nsd.conf": """server:
{listen}
    zonesdir: "/var/lib/nsd"
    rrl-ratelimit: 0
remote-control:
    control-enable: yes
    control-interface: /run/nsd.ctl
zone:
    name: "."
    zonefile: root.zone
"""
    },
}
"""The packages' own settings, with where to listen and what to serve; without NSD's limit: dnsperf is one source."""


class Got(t.NamedTuple):
    """Answers a second; what was lost, in percent; latencies in ms, of the half and of 99 %; memory in MiB."""

    answers: float
    lost: float
    half: float
    most: float
    memory: float


class Stock(Nameserver):
    """As its package sets it up."""

    def serve(self, signed: pathlib.Path) -> None:
        """Start it, and wait until it answers."""
        folder = pathlib.Path("/etc", self.provider)
        shutil.rmtree(folder)
        folder.mkdir()
        each = ", ".join(f"{address}@53" for address in SERVICE)
        lines = "\n".join(f"    ip-address: {address}@53" for address in SERVICE)
        for path, text in STOCK[self.provider].items():
            pathlib.Path("/etc", path).write_text(text.format(listen={"knot": each, "nsd": lines}[self.provider]))
        self.forget()
        shutil.copy(signed / zones.FILES["."], f"/var/lib/{self.provider}/root.zone")
        self.start(self.provider, self.node, "taskset", "--cpu-list", SERVER, *COMMANDS[self.provider])
        until(lambda: "SOA" in self.dig(".", "SOA"), what=lambda: self.dig(".", "SOA"))


class Ours(Nameserver):
    """As the role sets it up, without a limit for one source: dnsperf is one."""

    role_case = CASE

    def start(self, name: str, namespace: str, *command: str) -> None:
        """On its processor."""
        pinned = ("taskset", "--cpu-list", SERVER) if name == self.provider else ()
        super().start(name, namespace, *pinned, *command)


class Counted(Ours):
    """It counts what each source gets, as on a node, with a limit that dnsperf does not reach."""

    role_case = "limited"

    def start(self, name: str, namespace: str, *command: str) -> None:
        """With that limit in its file."""
        path = pathlib.Path(LIMITS[self.provider])
        if name == self.provider:
            pattern = r"(?m)^(\s+)(rrl-ratelimit|rate-limit): \d+$"
            more = r"\n\1instant-limit: 100000" if self.provider == "knot" else ""  # a thousandth of the limit at least
            text, number = re.subn(pattern, rf"\1\2: 1000000{more}", path.read_text())
            assert number == 1, text
            path.write_text(text)
        super().start(name, namespace, *command)


KINDS: dict[str, type[Nameserver]] = {"ours": Ours, "stock": Stock, "counted": Counted}
"""In this order, again and again."""


def questions(root: str) -> str:
    """One a line, as dnsperf reads them: 65 % for no such names, 30 % below TLDs, the rest of the root."""
    chance = random.Random(1)  # noqa: S311 - the same in every run
    tlds = zones.tlds(root)
    weights = [1 / (number + 1) for number in range(len(tlds))]
    lines = []
    for tld in chance.choices(tlds, weights, k=QUESTIONS):
        label = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(7, 15)))
        kind = chance.choices(("A", "AAAA", "NS", "DS"), (60, 30, 6, 4))[0]
        name = chance.choices((f"{label}.", f"www.{label}.{tld}", ".", tld), (65, 30, 2, 3))[0]
        lines.append(f"{name} {'NS' if name == '.' else kind}")
    return "\n".join(lines) + "\n"


def measure(nameserver: Nameserver, asked: pathlib.Path, transport: str) -> Got:
    """One run of dnsperf."""
    inside = ("ip", "netns", "exec", nameserver.router)
    command = (
        *(*inside, "taskset", "--cpu-list", CLIENT, "dnsperf", "-s", SERVICE[0], "-d", str(asked)),
        *("-l", str(SECONDS), "-c", str(CLIENTS), "-T", "1", "-e", "-D", "-O", "latency-histogram"),
        *TRANSPORTS[transport],
    )
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lost = float(re.findall(r"Queries lost:\s+\d+ \(([\d.]+)%\)", said)[0])
    half, most = (1000 * latency(said, share) for share in (0.5, 0.99))
    return Got(float(re.findall(r"Queries per second:\s+([\d.]+)", said)[0]), lost, half, most, memory())


def latency(said: str, share: float) -> float:
    """Seconds within which this share of the answers came, from dnsperf's histogram; another one is of connections."""
    buckets = list[tuple[float, int]]()
    for end, count in re.findall(r"[\d.]+ - ([\d.]+):\s+(\d+)", said):
        if buckets and float(end) < buckets[-1][0]:
            break
        buckets.append((float(end), int(count)))
    due, seen = share * sum(count for _end, count in buckets), 0
    for end, count in buckets:
        seen += count
        if seen >= due:
            return end
    raise ValueError(f"no histogram in {said}")


def memory() -> float:
    """Of all processes of the one that runs, in MiB; what they share is counted once (PSS)."""
    found = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if (process / "comm").read_text().strip().partition(":")[0] in {"knotd", "nsd"}:
                found += int(re.findall(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.MULTILINE)[0])
    return found / 1024


def main(runs: int, state: str) -> None:
    """Print the table."""
    print(
        "| nameserver | over | answers a second: role (package) | role / package | lost | half within (ms) "
        "| 99 % within (ms) | memory (MiB) |"
    )
    print("|---|---|--:|--:|--:|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        asked, costs = folder / "questions", list[tuple[str, str, str]]()
        asked.write_text(questions(sign(folder, zone_states.STATES[state])))
        for provider in COMMANDS:
            got: dict[tuple[str, str], list[Got]] = {}
            for number in range(runs):
                for name, kind in KINDS.items():
                    room = folder / f"{provider}-{name}-{number}"
                    room.mkdir()
                    with kind(room, provider, getattr(kind, "role_case", CASE)) as nameserver:
                        nameserver.serve(folder)
                        for transport in TRANSPORTS:
                            got.setdefault((name, transport), []).append(measure(nameserver, asked, transport))
            for transport in TRANSPORTS:
                print(row(provider, transport, got["ours", transport], got["stock", transport]), flush=True)
                costs.append((provider, transport, ratio(got["counted", transport], got["ours", transport])))
    print("\n| nameserver | over | with a limit for each source / without |\n|---|---|--:|")
    for cost in costs:
        print(f"| {' | '.join(cost)} |")


def ratio(some: list[Got], others: list[Got]) -> str:
    """Of answers, pair by pair: the median, the least and the most."""
    each = sorted(one.answers / other.answers for one, other in zip(some, others, strict=True))
    return f"{statistics.median(each):.2f} ({each[0]:.2f} to {each[-1]:.2f})"


def row(provider: str, transport: str, ours: list[Got], stock: list[Got]) -> str:
    """One of the table: medians; of the ratio also the least and the most of all pairs."""

    def both(field: str, digits: int) -> str:
        values = [statistics.median(getattr(each, field) for each in of) for of in (ours, stock)]
        return f"{values[0]:.{digits}f} ({values[1]:.{digits}f})"

    return (
        f"| {provider} | {transport} | {both('answers', 0)} | {ratio(ours, stock)} | {both('lost', 1)} % "
        f"| {both('half', 2)} | {both('most', 2)} | {both('memory', 0)} |"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2] if len(sys.argv) > 2 else zones.USUAL)
