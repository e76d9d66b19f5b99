# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's verbs, as a drill needs them. What counts is what the host's router holds."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import typing as t
import warnings

from . import host_daemons, image, machine, network, shell, topology
from .runs import Play, Run, cut_relays

ROOT = topology.ROOT

COVERING = set(topology.COVERING)
ALL = COVERING.union(topology.SPECIFIC)

PATIENCE = 120.0
SLOW = 600.0
"""Seconds in which what is waited for has to come about: nothing is called broken because a machine is slow."""

PATIENT: dict[str, t.Any] = {
    "gate_probe": {
        "interval": 0.6,
        "timeout": 1.5,
        "silence": 3,
        "busy": 30,
        "deaf": 30,
        "udp_every": 1,
        "tcp_every": 1,
        "rise": 3,
    },
    "gate_hold_time": 9,
    "routing_gate_hold_time": 9,
}
"""A gate that falls only after three seconds without a sign of life, its own or the nameserver's: for drills in which
it must not fall, and whose subject is something else. The product's own values take a slow machine for a broken node.
"""

UNLIMITED = ("-e", json.dumps({"nameserver_rate_limit": 0, "network_tcp_rate": 0}))
"""The limit of one source's questions, and of its new connections, must not be what loses them."""

WHY_SUSPENDED = "The instance is not operational."
SUSPENDED = (
    "-e",
    json.dumps(
        {
            "imrs_operational": False,
            "imrs_state": "suspended",
            "imrs_mode": "dark",
            "imrs_provisioning": {"allowed": False, "reason": WHY_SUSPENDED, "override": ""},
        }
    ),
)
"""What `operational: false` in its sheet comes to."""


def boot_again(lab: topology.Lab, found: topology.Machine) -> None:
    """Boot a machine that was cut off, from its own disk, until it lets in."""
    network.plug_in(lab, found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it outlives us, as it shall
        machine.boot(lab, found, image.build(lab, found.image))
    # Its cables are new, and so are their hardware addresses.
    shell.run("ip", "-n", lab.outer, "neighbour", "flush", "all")
    machine.await_ssh(lab, found, patience(found))


def patience(found: topology.Machine) -> float:
    """Seconds for what a machine does by itself: one with a kernel of its own may be translated, and boots it."""
    return SLOW if found.hardware else PATIENCE


class Drill:
    """One lab, with an appliance live or on the way there: that of a site, or in a cluster the one that is named."""

    def __init__(self, lab: topology.Lab | None = None, site: str = "xlb", name: str = "") -> None:
        self.lab, self.site, self._name = lab or topology.Lab(), site, name
        self._options: tuple[str, ...] = ()
        self._frozen: dict[tuple[str, ...], pathlib.Path] = {}

    @functools.cached_property
    def appliance(self) -> topology.Appliance:
        """What the lab knows of the appliance."""
        return self.lab.plan.of_site(self.site, self._name)

    def up(self, *others: str, host_router: str = host_daemons.USUAL) -> None:
        """Bring the lab up, unless it is, with other sites beside; ``host_router``: the hosts' routers' daemon."""
        self._lab("up", f"--host-router={host_router}", self.site, *others)

    def down(self) -> None:
        """Take the lab down."""
        self._lab("down")

    def _lab(self, *words: str, **options: t.Any) -> t.Any:
        environment = {**os.environ, "IMRS_LAB": self.lab.name}
        return subprocess.run([ROOT / "tests/lab/lab.py", *words], check=True, env=environment, **options).stdout

    def inside(self, name: str, *command: str) -> str:
        """Run a command in a machine, as root; what it printed."""
        return shell.run(*machine.inside(self.lab, name, *command))

    def node(self, *command: str) -> str:
        """Run a command on the appliance."""
        return self.inside(self.appliance.name, *command)

    def router(self, *command: str) -> str:
        """Run a command on the host's router."""
        return self.inside(self.appliance.router, *command)

    @property
    def way_in(self) -> list[str]:
        """What stands before a command that is to run on the appliance."""
        return machine.inside(self.lab, self.appliance.name)

    def status(self) -> dict[str, t.Any]:
        """What the gate says of itself."""
        return json.loads(self.node("imrs", "status", "--json"))

    def neighbors(self) -> dict[str, dict[str, t.Any]]:
        """The appliance's sessions, as the host's router sees them; it has to run FRR."""
        return json.loads(self.router("vtysh", "-c", "show bgp neighbors json"))

    def received(self) -> set[str]:
        """What the host's router holds from the appliance."""
        router = self.appliance.router
        sessions = [session for session in self.appliance.sessions if session.router == router]
        daemon = host_daemons.of(self.lab.plan.machine(router))
        return {route.prefix for route in daemon.held(self.router, sessions)}

    @contextlib.contextmanager
    def watching(self, seen: t.Callable[[frozenset[str]], object]) -> t.Iterator[None]:
        """Meanwhile, again and again, what the host's router holds."""
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                seen(frozenset(self.received()))
                over.wait(0.5)  # a look takes six processes, and leaves the machine to what it looks at

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            watching = pool.submit(watch)
            try:
                yield
            finally:
                over.set()
            watching.result()

    def host_variables(self) -> dict[str, t.Any]:
        """What the appliance's sheet comes to."""
        command = ["ansible-inventory", "-i", str(self.lab.inventory), "--host", self.appliance.name]
        return json.loads(shell.run(*command, cwd=ROOT))

    def wait(self, prefixes: set[str], seconds: float | None = None) -> None:
        """Until the host's router holds exactly these; ``seconds`` instead of those that the appliance needs."""
        what = f"{self.appliance.router} holding {sorted(prefixes)}"
        shell.wait_for(what, lambda: self.received() == prefixes, seconds or patience(self._appliance))

    def publish(self, variant: str) -> int:
        """Have the masters serve a variant of the zones; the serial of its root zone."""
        said = self._lab("publish", variant, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return int(re.findall(r"root zone (\d+)", said)[-1])

    def scenario(self, name: str, *arguments: str) -> Play:
        """Bring this lab up with bare appliances, and them live, as a scenario of molecule/ does; the lab stays.

        ``arguments`` are for ansible-playbook.
        """
        done = subprocess.run(
            [ROOT / "tests/scenario.sh", name, "--destroy", "never", "--", *arguments],
            check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "IMRS_LAB": self.lab.name},
        )  # fmt: skip
        return Play(done.returncode, done.stdout)

    def play(self, name: str, *arguments: str, inventory: pathlib.Path | None = None) -> Play:
        """Run a playbook of the collection to its end."""
        return self.begin(name, *arguments, inventory=inventory).end()

    def begin(self, name: str, *arguments: str, inventory: pathlib.Path | None = None) -> Run:
        """Run a playbook of the collection, meanwhile go on."""
        return Run(name, arguments, inventory or self.lab.inventory)

    @property
    def disk(self) -> pathlib.Path:
        """What the appliance has on its disk beyond its image, as a folder of this machine; of a container alone."""
        return machine.disk(self.lab, self.appliance.name)

    def journals(self) -> list[str]:
        """The open changes on the appliance, as ``network.changing``."""
        if self.disk.is_dir():  # which can be read while it is off
            names = [path.name for path in self.disk.glob("var/lib/imrs-bundle/*.journal")]
        else:
            names = self.node("find", "/var/lib/imrs-bundle", "-name", "*.journal", "-printf", r"%f\n").split()
        return sorted(name.removesuffix(".journal") for name in names)

    def lets_in(self) -> bool:
        """Whether the appliance answers a new SSH connection, from where Ansible comes."""
        return machine.ssh_answers(self.lab, self._appliance)

    @property
    def _appliance(self) -> topology.Machine:
        return self.lab.plan.machine(self.appliance.name)

    def cut_power(self) -> None:
        """The appliance stops at once; of its memory nothing stays, and that is also where its network lives."""
        machine.stop(self.lab, self.appliance.name)
        network.unplug(self.lab, self.appliance.name)

    def switch_off(self) -> None:
        """The appliance ends its services in order, and then stops."""
        name = self.appliance.name
        self.node("systemctl", "poweroff", "--no-block")
        shell.wait_for(
            "the end of the appliance", lambda: not machine.running(self.lab, name), patience(self._appliance)
        )
        self.cut_power()

    def switch_on(self) -> None:
        """Boot the appliance from its own disk, until it lets in."""
        boot_again(self.lab, self._appliance)

    def forget_falls(self) -> None:
        """Let the gate forget earlier falls: what one drill broke must not hold down the next."""
        try:
            status = self.status()
            fell = any([*status["falls"].values(), *(verdict["falls"] for verdict in status["verdict"].values())])
        except shell.LabError:  # it does not run
            fell = True
        if fell:
            # That it starts is not for here: one that was broken on purpose is mended by restore().
            again = "systemctl stop imrs-gate; rm -f /run/imrs/falls.json; systemctl start imrs-gate || true"
            self.node("sh", "-c", again)

    def freeze(self) -> None:
        """Keep the disk of the appliance, which is live: from now on restore() begins with a copy of it.

        The copy is made while the appliance is off. It belongs to these options of ``kept()``, and ends with the lab.
        """
        self.wait(ALL)
        self.switch_off()
        frozen = self.lab.state / "frozen" / str(len(self._frozen))
        shutil.rmtree(frozen, ignore_errors=True)  # of drills before, on the same lab
        frozen.parent.mkdir(exist_ok=True)
        machine.copy_disk(self.disk, frozen)
        self._start_again()
        self._frozen[self._options] = frozen
        self.wait(ALL)

    def mend(self) -> None:
        """Bring the appliance back to live as an engineer would, with site.yml, whatever was done to it."""
        done = self.play("site", "-e", "imrs_disrupt=true", *self._options)
        assert done.status == 0, done.output
        self.wait(ALL)

    def restore(self) -> None:
        """Bring the appliance back to live, whatever a drill did to it: from its frozen disk, or else with site.yml.

        From a frozen disk, its processes are new ones, and its journal ends where the disk was frozen: what was noted
        before is not to be compared.
        """
        if frozen := self._frozen.get(self._options):
            self._thaw(frozen)
            return
        self.mend()
        if self._frozen:
            self.freeze()

    def _thaw(self, frozen: pathlib.Path) -> None:
        self.cut_power()
        machine.put_disk(self.lab, self.appliance.name, frozen)
        self._start_again()
        self.wait(ALL)

    def _start_again(self) -> None:
        """Boot; nobody takes the appliance for the one from before, which said no farewell.

        The router's BFD would otherwise still be up, and end the new session when it hears that the other end is not.
        """
        cut_relays(lambda command, _: f"\0{self.lab.outer}\0{self._appliance.management}\0".encode() in command)
        down = ("configure terminal", "bfd", f"profile {self.appliance.name}", "shutdown", "no shutdown", "end")
        self.router("vtysh", *(f"-c{each}" for each in (*down, "clear bgp *")))
        self.switch_on()
        self.node("sh", "-c", "systemctl is-system-running --wait || true")  # a drill does not begin amid a boot
        self._watchdogs()

    def _watchdogs(self) -> None:
        """None of systemd's in an appliance whose gate is to be patient."""
        self.node("systemctl", "service-watchdogs", "no" if self._options else "yes")

    @contextlib.contextmanager
    def kept(self, *options: str) -> t.Iterator[None]:
        """Meanwhile an appliance with these options, which restore() gives it, too; and no watchdog of systemd's."""
        self._options = options
        self._watchdogs()
        try:
            self.restore()
            yield
        finally:
            self._options = ()
            self._watchdogs()
            self.restore()

    def cursor(self) -> str:
        """Where the appliance's journal ends at the moment."""
        return self.node("journalctl", "--lines=1", "--show-cursor", "--quiet").rpartition("-- cursor: ")[2].strip()

    def said_since(self, cursor: str) -> str:
        """What the gate has written since then, and systemd of it."""
        return self.node("journalctl", "--unit=imrs-gate", "--output=cat", "--no-pager", f"--after-cursor={cursor}")

    def undisturbed(self, story: t.Callable[[], None]) -> None:
        """Go through a story in which the gate must not fall; twice more, if the machine stood still and made it fall.

        Only the gate's own word for that counts. Whatever else makes it fall, or the story fail, is a failure at once.
        """
        for more in (True, True, False):
            since = self.cursor()
            try:
                story()
            except (AssertionError, shell.LabError):
                said = self.said_since(since)
                if not more or not ("the gate itself stood still for" in said or "Watchdog timeout" in said):
                    raise
                self.restore()
            else:
                return
