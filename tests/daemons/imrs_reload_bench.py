# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that runs, whose configuration changes as a bundle would change it: files, then the role's own commands."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import typing as t

from imrs_gate_bench import FIVE, run, until
from imrs_gate_config import CONFIG, SERVICE
from imrs_provider_bench import RENDERED, Node, install, suited, vtysh
from imrslab import stream

CASE = "changes"
PROVIDERS = ("knot", "nsd", "bird", "frr")
CHANGES: dict[str, dict[str, t.Any]] = {
    provider: json.loads((pathlib.Path(__file__).parent / f"changes/{provider}.json").read_text())
    for provider in PROVIDERS
}
"""By provider and row of docs/changes.md: the files that change, what that does, and the commands that do it."""
SOFT = ("none", "reload")
TOLD = {"192.0.32.0/20", "2620:0:2d0::/48"}
"""What is learned of what the peers tell."""
CLIENTS = """
import socket, sys
held = [socket.create_connection((sys.argv[1], 53), 2) for _ in range(int(sys.argv[2]))]
held[-1].settimeout(2)
held[-1].sendall(bytes.fromhex("0011 0001 0000 0001 0000 0000 0000 00 0006 0001"))
try:
    sys.exit(not held[-1].recv(100))
except OSError:
    sys.exit(1)
"""

IDLE = """
import socket, sys
held = socket.create_connection((sys.argv[1], 53), 2)
held.settimeout(float(sys.argv[2]))
try:
    sys.exit(held.recv(1) != b"")
except TimeoutError:
    sys.exit(1)
"""


def rows(provider: str, *disruptions: str) -> list[str]:
    """The rows whose change does one of these."""
    return [row for row, change in CHANGES[provider].items() if change["disruption"] in disruptions]


def change(case: str, provider: str, row: str | None) -> None:
    """The files of a case where a node has them, with a row's change."""
    install(case, provider)
    edits = CHANGES[provider][row]["files"] if row else {}
    for path, lines in edits.items():
        text = (RENDERED / case / path).read_text().splitlines()
        for first, last, new in lines:
            text[first:last] = new
        pathlib.Path("/", path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path("/", path).write_text(suited(case, "\n".join(text) + "\n"))


class Changing(Node):
    """Every change starts from the case's own files, and ``back`` leads there."""

    def __init__(self, directory: pathlib.Path, routing: str, case: str) -> None:
        # One node sees every row: what falls must not stay down for longer each time.
        short = {**CONFIG["hold_down"], "first": 0.1, "longest": 0.1}
        super().__init__(directory, routing, case, {**CONFIG, "hold_down": short})

    def put(self, provider: str, row: str | None) -> None:
        """The files of a row's change, or those of the case; no daemon is told."""
        change(CASE, provider, row)
        if provider == "nsd":
            self.ready_nsd()
        if provider == "knot":
            # What waits after a stall is more at once than Knot, if not told, takes from one address.
            answers = pathlib.Path("/etc/knot/answers.conf")
            rate = "    rate-limit: 100000\n"
            answers.write_text(answers.read_text().replace(rate, f"{rate}    instant-limit: 10000\n"))

    def tell(self, provider: str, row: str) -> None:
        """What the bundle does after the swap, as far as it takes a running daemon: systemd's part is done by hand."""
        for command in CHANGES[provider][row]["commands"]:
            if command[0] != "systemctl":
                run(*command)
            elif command[1] in {"try-reload-or-restart", "reload-or-restart"}:
                self.birdc("bird", "configure")  # ExecReload= of its unit
            else:
                assert command[1] in {"daemon-reload", "start", "restart", "try-restart"}, command

    # Routing

    def watched(self) -> dict[str, t.Any]:
        """What changes when a session ends, the gate's own or the host's, or when a prefix goes."""
        found: dict[str, t.Any] = {"connections": self.connections()}
        for name in ("imrs4", "imrs6"):
            said = self.birdc("router", "show", "protocols", "all", name)
            withdrawn = re.search(r"Import withdraws:\s+(\d+)", said)
            found[name] = f"{self.state(name)}, withdrawn: {withdrawn[1] if withdrawn else said}"
        return found

    def take_in(self) -> None:
        """Have the routing daemon read its files, whatever changed."""
        if self.routing == "frr":
            self.reload_frr()
        else:
            self.birdc("bird", "configure")

    def rest(self) -> None:
        """Until all sessions are up, all prefixes announced, and all is learned that the peers tell."""
        until(lambda: set(self.routes()) == FIVE, what=lambda: f"routes {FIVE}, not {self.routes()}; {self.why()}")
        until(lambda: {prefix for prefix, _gateway in self.learned()} == TOLD, what=lambda: f"routes: {self.learned()}")

    def why(self) -> str:
        """What both ends say of their sessions, for a failure."""
        ends = [self.birdc("router", "show", "protocols", "all", name) for name in ("imrs4", "imrs6")]
        if self.routing == "bird":
            return "\n".join([*ends, self.birdc("bird", "show", "protocols", "all")])
        sessions = ("show bgp neighbors", "show bfd peers", "show running-config")
        said = [output("vtysh", "-c", each) for each in sessions]  # its BFD may not run
        return "\n".join([*ends, *said, *self.frr_differences()])

    def limit(self) -> str:
        """The limit of what a session may tell."""
        if self.routing == "frr":
            neighbors = json.loads(vtysh("show bgp neighbors json"))
            return str(neighbors["192.0.2.1"]["addressFamilyInfo"]["ipv4Unicast"].get("prefixAllowedMax"))
        return self.birdc("bird", "show", "protocols", "all", "as64500_ipv4_1")

    # Nameservers

    def serve(self, provider: str) -> None:
        """The nameserver with the case's files, and the zone that a master hands out."""
        run("ip", "-n", self.router, "route", "add", f"{SERVICE[0]}/32", "via", "192.0.2.2")
        self.start_master()
        self.put(provider, None)
        if provider == "knot":
            shutil.rmtree("/var/lib/knot", ignore_errors=True)
            for folder in ("/run/knot", "/var/lib/knot"):
                pathlib.Path(folder).mkdir(exist_ok=True)
                shutil.chown(folder, "knot", "knot")
        self.begin(provider)
        until(lambda: self.serial_served() == "2026010100", what=lambda: f"the zone, not {self.dig('.', 'SOA')}")

    def serial_served(self) -> str:
        """The root's serial, as it is answered."""
        words = self.dig(".", "SOA", "+short").split()
        return words[2] if len(words) > 2 else ""

    def answers_at(self, address: str) -> bool:
        """Whether there is an answer at one of the node's addresses."""
        words = ["ip", "netns", "exec", self.node, "dig", "+norec", "+time=10", "+tries=1", f"@{address}", ".", "SOA"]
        return "status:" in output(*words)

    def reload(self, provider: str) -> None:
        """What the bundle would do for a change that takes no more."""
        run(*{"knot": ("knotc", "reload"), "nsd": ("nsd-control", "reconfig")}[provider])

    def begin(self, provider: str) -> None:
        """As its unit does."""
        if provider == "nsd":
            self.run_nsd()
        else:
            self.start("knot", self.node, "knotd", "-c", "/etc/knot/knot.conf")

    def restart(self, provider: str) -> None:
        """As systemd does; answers again when it returns."""
        self.kill(provider, signal.SIGTERM)
        self.begin(provider)
        until(lambda: self.serial_served() != "", what="answers")

    def dropped(self) -> int:
        """Datagrams that came in since a stream began, and for which a socket of the node had no room: those of a
        nameserver that the machine does not let run.
        """
        return self.without_room() - self.before

    def without_room(self) -> int:
        """The same, of all times."""
        said = output("ip", "netns", "exec", self.node, "cat", "/proc/net/snmp").splitlines()
        names, numbers = (line.split() for line in said if line.startswith("Udp:"))
        return int(numbers[names.index("RcvbufErrors")])

    def takes(self, clients: int) -> bool:
        """Whether the last of so many TCP clients at once is answered."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.router, sys.executable, "-c", CLIENTS, SERVICE[0], str(clients)], check=False
        )
        return done.returncode == 0

    def closes_within(self, seconds: float) -> bool:
        """Whether a TCP connection that says nothing is closed by then."""
        inside = ("ip", "netns", "exec", self.router, sys.executable)
        return subprocess.run([*inside, "-c", IDLE, SERVICE[0], str(seconds)], check=False).returncode == 0

    def ask_from_outside(self) -> stream.Running:
        """A stream of questions from the host's side."""
        self.before = self.without_room()
        return stream.Running(SERVICE[0], ("ip", "netns", "exec", self.router))


def output(*command: str) -> str:
    """What a command prints, whether it works or not."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr
