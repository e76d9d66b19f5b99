# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's verbs, as a drill needs them. What counts is what the host's router holds."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import json
import pathlib
import subprocess
import threading
import typing as t

from . import machine, shell, topology

ROOT = topology.ROOT

COVERING = {"199.7.82.0/23", "2001:500:9e::/47"}
ALL = COVERING | {"199.7.83.0/24", "2001:500:9f::/48", "2001:500:3::/48"}
INVENTORY = ROOT / "inventories/lab"


@dataclasses.dataclass(frozen=True)
class Play:
    """How a playbook ended: exit status, everything it printed, and ``changed=`` of the appliance."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        """The recap's own count."""
        return int(self.output.rpartition("changed=")[2].split()[0])


class Drill:
    """One lab, with its appliance live or on the way there."""

    def __init__(self) -> None:
        self.lab = topology.Lab()

    def inside(self, name: str, *command: str) -> str:
        """Run a command in a machine, as root; what it printed."""
        return shell.run(*machine.inside(self.lab, name, *command))

    def node(self, *command: str) -> str:
        """Run a command on the appliance."""
        return self.inside(topology.APPLIANCE, *command)

    def status(self) -> dict[str, t.Any]:
        """What the gate says of itself."""
        return json.loads(self.node("imrs", "status", "--json"))

    def neighbors(self) -> dict[str, dict[str, t.Any]]:
        """The appliance's sessions, as host-router sees them."""
        return json.loads(self.inside("host-router", "vtysh", "-c", "show bgp neighbors json"))

    def received(self) -> set[str]:
        """What host-router holds from the appliance."""
        prefixes: set[str] = set()
        for family, address in zip(("ipv4", "ipv6"), topology.APPLIANCE_UPLINK, strict=True):
            question = f"show bgp {family} unicast neighbors {address} routes json"
            prefixes |= set(json.loads(self.inside("host-router", "vtysh", "-c", question)).get("routes", {}))
        return prefixes

    @contextlib.contextmanager
    def watching(self, seen: t.Callable[[frozenset[str]], object]) -> t.Iterator[None]:
        """Meanwhile, again and again, what host-router holds."""
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                seen(frozenset(self.received()))
                over.wait(0.05)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            watching = pool.submit(watch)
            try:
                yield
            finally:
                over.set()
            watching.result()

    def host_variables(self) -> dict[str, t.Any]:
        """What the appliance's sheet comes to."""
        command = ["ansible-inventory", "-i", str(INVENTORY), "--host", topology.APPLIANCE]
        return json.loads(shell.run(*command, cwd=ROOT))

    def wait(self, prefixes: set[str], seconds: float) -> None:
        """Until host-router holds exactly these."""
        shell.wait_for(f"host-router holding {sorted(prefixes)}", lambda: self.received() == prefixes, seconds)

    def publish(self, variant: str) -> None:
        """Have the masters serve a variant of the zones."""
        subprocess.run([ROOT / "tests/lab/lab.py", "publish", variant], check=True, capture_output=True)

    def play(self, name: str, *arguments: str, inventory: pathlib.Path = INVENTORY) -> Play:
        """Run a playbook of the collection to its end."""
        command = ["ansible-playbook", f"icann.imrs.{name}", "-i", str(inventory), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
        return Play(done.returncode, done.stdout + done.stderr)

    def forget_falls(self) -> None:
        """Let the gate forget earlier falls: what one drill broke must not hold down the next."""
        if any(verdict["falls"] for verdict in self.status()["verdict"].values()):
            self.node("systemctl", "stop", "imrs-gate.service")
            self.node("rm", "-f", "/run/imrs/falls.json")
            self.node("systemctl", "start", "imrs-gate.service")

    def restore(self) -> None:
        """Bring the appliance back to live, whatever a drill did to it."""
        done = self.play("site")
        assert done.status == 0, done.output
        self.wait(ALL, 30)
