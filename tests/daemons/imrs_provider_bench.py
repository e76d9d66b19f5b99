# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with the very files that the roles render, and its host's router: NSD or Knot, BIRD or FRR, and the gate.

These files stand below /etc on a node, so they do here too: run it on the lab image, where that is thrown away.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import typing as t

from imrs_gate_bench import PATIENCE, Bench, lengthened, run, until
from imrs_gate_config import CONFIG, HOLD_TIME, SERVICE, ZONE
from imrs_provider_config import FAR, HEAD, LOST, MASTER, ROUTERS, SIGN, SOUND, SPOILT

RENDERED = pathlib.Path(__file__).parent / "rendered"
FRR = pathlib.Path("/usr/lib/frr")
RELOAD = ("/usr/lib/frr/frr-reload.py",)
BURY = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
subprocess.run(sys.argv[1:], check=True)
while True:
    os.wait()
"""
FAR_AWAY = ("198.51.100.9/32", "2001:db8:0:7::9/128")
MASTERS = ("203.0.113.1/32", "2001:db8:0:3::1/128")
REFUSING = ("203.0.113.2/32", "2001:db8:0:3::2/128")
"""The other master, which refuses: Knot does not end before it has given up on a master that says nothing."""


def suited(case: str, text: str, hold_time: int = HOLD_TIME) -> str:
    """A routing daemon's file, for machines that stall: with the gate's hold time, with one that BFD has to beat where
    that is the subject, and with a BFD that takes no stall for an end where it is not.
    """
    text = lengthened(text, hold_time)
    if case == "bfd":
        return text.replace("hold time 9;", f"hold time {HOLD_TIME};").replace(
            "timers 3 9\n", f"timers 3 {HOLD_TIME}\n"
        )
    return text.replace("multiplier 3", "multiplier 50")


def install(case: str, *folders: str, hold_time: int = HOLD_TIME) -> None:
    """Put rendered files where a node has them; ``hold_time`` is that of the gate's session."""
    assert not pathlib.Path("/run/systemd/system").exists(), "these tests write below /etc: tests/lab/lab.py in-image"
    for folder in folders:
        shutil.copytree(RENDERED / case / "etc" / folder, pathlib.Path("/etc", folder), dirs_exist_ok=True)
        owner = {"frr": "frr:frr", "nsd": "root:nsd", "bird": "root:bird", "knot": "root:knot"}[folder]
        run("chown", "-R", owner, f"/etc/{folder}")
        if folder in {"bird", "frr"}:
            path = pathlib.Path(f"/etc/{folder}/{folder}.conf")
            path.write_text(suited(case, path.read_text(), hold_time))


class Node(Bench):
    """One case; ``routing`` is bird or frr. Of the zones only the root comes from the master here."""

    metric = LOST

    def __init__(self, directory: pathlib.Path, routing: str, case: str, config: dict[str, t.Any] = CONFIG) -> None:
        super().__init__(directory, {**config, "zones": config["zones"][:1]})
        self.routing, self.case = routing, case
        self.said = ROUTERS[case]

    def __enter__(self) -> t.Self:
        super().__enter__()
        for address in (*FAR_AWAY, *MASTERS, *REFUSING):
            run("ip", "-n", self.router, "address", "add", address, "dev", "lo")
        if self.case == "local":
            run("ip", "-n", self.node, "address", "add", "fe80::2/64", "dev", "uplink", "nodad")
            run("ip", "-n", self.router, "address", "add", "fe80::1/64", "dev", "host", "nodad")
        if self.case == "options":
            self._start_bird("far", self.router, FAR.format(directory=self.directory))
        return self

    def _clean(self) -> None:
        if "frr" in self.processes:
            with contextlib.suppress(OSError, subprocess.SubprocessError):  # may not even have started
                self.stop_frr()
        super()._clean()

    # Routing

    def start_bird(self) -> None:
        """The node's routing daemon, whichever it is."""
        if self.routing == "frr":
            install(self.case, "frr", hold_time=self.config["session"]["hold_time"])
            self.start_frr()
            return
        install(self.case, "bird", hold_time=self.config["session"]["hold_time"])
        self._run_bird("bird", self.node, pathlib.Path("/etc/bird/bird.conf"))

    def start_router(self) -> None:
        """The host's router is a BIRD, always."""
        self._start_bird("router", self.router, self._router())

    def _start_bird(self, name: str, namespace: str, text: str) -> None:
        path = self.directory / f"{name}.conf"
        path.write_text(text)
        self._run_bird(name, namespace, path)

    def _run_bird(self, name: str, namespace: str, path: pathlib.Path) -> None:
        socket = self.directory / f"{name}.ctl"
        socket.unlink(missing_ok=True)
        self.start(name, namespace, "bird", "-f", "-c", str(path), "-s", str(socket))
        until(socket.exists, what=f"{name} to listen")

    def reconfigure_router(self, text: str) -> None:
        """The host's router says something else from now on."""
        self.said = text
        (self.directory / "router.conf").write_text(self._router())
        self.birdc("router", "configure")

    def _router(self) -> str:
        return suited(self.case, (HEAD + self.said).format(directory=self.directory))

    def hold_time(self, name: str = "bird", protocol: str = "gate") -> int:
        """Seconds of silence that end a session, as both ends agreed."""
        if (name, self.routing) != ("bird", "frr"):
            return super().hold_time(name, protocol)
        neighbors = json.loads(vtysh("show bgp neighbors 127.0.0.2 json"))
        return int(neighbors["127.0.0.2"]["bgpTimerHoldTimeMsecs"]) // 1000

    def start_frr(self) -> None:
        """As the unit does, below a process that buries what ends: watchfrr waits for a daemon's very last sign."""
        self.start("frr", self.node, sys.executable, "-c", BURY, str(FRR / "frrinit.sh"), "start")
        until(lambda: b"Started watchfrr" in (self.directory / "frr.out").read_bytes(), what="FRR to start")

    def stop_frr(self) -> None:
        """As the unit does."""
        for file in pathlib.Path("/run/frr").glob("*.pid"):
            subprocess.run(["kill", "-CONT", file.read_text().strip()], check=False, capture_output=True)
        with (self.directory / "frr.out").open("ab") as out:
            command = ["ip", "netns", "exec", self.node, str(FRR / "frrinit.sh"), "stop"]
            subprocess.run(command, check=True, stdout=out, stderr=out, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        self.kill("frr")
        (self.directory / "frr.out").unlink()

    def reload_frr(self) -> None:
        """As the bundle does; CalledProcessError when it did not work."""
        run(*RELOAD, "--reload", "--stdout", "--log-level", "error", "/etc/frr/frr.conf")

    def frr_differences(self) -> list[str]:
        """Lines in which what FRR runs and its file differ, but for defaults that it does not show."""
        said = subprocess.run(
            [*RELOAD, "--test", "/etc/frr/frr.conf"], check=True, capture_output=True, text=True
        ).stdout
        harmless = re.compile(
            r"Lines To |=+$|no hostname|(no )?bfd$| profile |  (detect-multiplier|\w+-interval) | ?exit$|$"
        )
        return [line for line in said.splitlines() if not harmless.match(line)]

    def connections(self) -> dict[str, list[str]]:
        """The TCP connections of BGP, by namespace: another session is another connection.

        The time since when BIRD has a session would not do: it is computed anew from two clocks, and is a millisecond
        off now and then.
        """
        command = ["ss", "-Htn", "state", "established", "( sport = :179 or dport = :179 )"]
        found = {}
        for name, namespace in (("node", self.node), ("router", self.router)):
            lines = subprocess.run(
                ["ip", "netns", "exec", namespace, *command], check=True, capture_output=True, text=True
            ).stdout.splitlines()
            found[name] = sorted(" ".join(line.split()[-2:]) for line in lines)
        return found

    def attribute(self, prefix: str, name: str) -> str:
        """A BGP attribute of a route that the host's router holds from the node; empty when it has none."""
        return self.received().get(prefix, {}).get(name, "")

    def end_of_routing(self) -> None:
        """Kill the routing daemon; watchfrr starts FRR's again, as systemd would BIRD."""
        if self.routing == "frr":
            run("kill", "-9", pathlib.Path("/run/frr/bgpd.pid").read_text().strip())
        else:
            self.kill("bird", signal.SIGKILL)

    def freeze_routing(self) -> None:
        """Hang everything that speaks to the host; FRR's BFD alone would not notice a BGP daemon that hangs."""
        if self.routing == "frr":
            for name in ("watchfrr", "bgpd", "bfdd"):
                run("kill", "-STOP", pathlib.Path(f"/run/frr/{name}.pid").read_text().strip())
        else:
            self.signal("bird", signal.SIGSTOP)

    # Seen from the host's router, and in the node's kernel

    def received(self) -> dict[str, dict[str, str]]:
        """What the host's router holds from the node: attributes by prefix, once for each session that has it."""
        found: dict[str, dict[str, str]] = {}
        prefix, kept = "", False
        for line in self.birdc("router", "show", "route", "all").splitlines():
            if match := re.match(r"(\S+/\d+)?\s+\w+ \[(\w+) ", line):
                prefix = match[1] or prefix
                kept = match[2].startswith("imrs")
                if kept:
                    found[prefix] = {}
            elif kept and (match := re.match(r"\s+BGP\.(\w+): ?(.*)", line)):
                found[prefix][match[1]] = match[2].strip()
        return found

    def routes(self) -> dict[str, str]:
        """Prefix to AS path."""
        return {prefix: attributes["as_path"] for prefix, attributes in self.received().items()}

    def state(self, protocol: str) -> str:
        """State of one of the router's sessions."""
        return self.birdc("router", "show", "protocols", protocol).split()[-1]

    def far_away(self) -> set[str]:
        """Prefixes that the router of another network has."""
        return set(re.findall(r"(?m)^(\S+/\d+) .*\[far", self.birdc("far", "show", "route")))

    def bfd(self, name: str) -> dict[str, str]:
        """A router's BFD sessions: state by neighbour."""
        lines = self.birdc(name, "show", "bfd", "sessions").splitlines()
        return {
            fields[0]: fields[2]
            for fields in map(str.split, lines)
            if len(fields) > 3 and fields[2] in {"Up", "Down", "Init"}
        }

    def limits(self) -> str:
        """What the node's BIRD does at the limits that it has reached."""
        lines = self.birdc("bird", "show", "protocols", "all").splitlines()
        return " ".join(lines[at + 1] for at, line in enumerate(lines) if "[HIT]" in line)

    def kernel(self) -> list[dict[str, t.Any]]:
        """The node's routes that a routing daemon made, but for FRR's own static ones."""
        return [
            {**route, "dst": everywhere if route["dst"] == "default" else route["dst"]}
            for family, everywhere in (("-4", "0.0.0.0/0"), ("-6", "::/0"))
            for route in self._ip(family, "route")
            if route["protocol"] in {"bird", "bgp"}
        ]

    def blackholes(self) -> set[str]:
        """Destinations that end on the node."""
        return {route["dst"] for route in self.kernel() if route["type"] == "blackhole"}

    def learned(self) -> set[tuple[str, str]]:
        """Destination and gateway of what was learned; a gateway that is a link-local address is the router's."""
        return {
            (route["dst"], "2001:db8::1" if route["gateway"].startswith("fe80:") else route["gateway"])
            for route in self.kernel()
            if route["type"] == "unicast"
        }

    def used(self, address: str) -> tuple[str, bool]:
        """The gateway to an address, and whether a routing daemon made the route that is used."""
        (route,) = self._ip("route", "get", "fibmatch", address)
        gateway = "2001:db8::1" if route["gateway"].startswith("fe80:") else route["gateway"]
        return gateway, route["protocol"] in {"bird", "bgp"}

    def _ip(self, *words: str) -> list[dict[str, t.Any]]:
        command = ["ip", "-n", self.node, "-j", "-d", *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return t.cast("list[dict[str, t.Any]]", json.loads(done.stdout))

    # NSD

    def start_master(self, serial: int = 2026010100, spoilt: str = "", port: int = 53, more: str = "") -> None:
        """A signed root zone, handed out to the node; once it runs, another version of it, or another port.

        ``spoilt``: what is wrong with it, one of SPOILT. ``more``: other settings of the master.
        """
        self.sign(serial, spoilt)
        path = self.directory / "master.conf"
        text = MASTER.format(directory=self.directory) + more
        path.write_text(text if port == 53 else re.sub(r"(?m)^( +ip-address: .*)$", rf"\1@{port}", text))
        if "master" in self.processes and port == 53 and not more:
            run("nsd-control", "-c", str(path), "reload")
            return
        if "master" in self.processes:
            self.kill("master")
            (self.directory / "master.ctl").unlink()
        self.start("master", self.router, "nsd", "-d", "-c", str(path))
        until((self.directory / "master.ctl").exists, what="the master")

    def sign(self, serial: int, spoilt: str = "") -> None:
        """Make the file of that zone, `root.signed`."""
        (self.directory / "root.zone").write_text(ZONE.replace("2026010100", str(serial)))
        run("sh", "-c", SIGN + (SPOILT[spoilt] if spoilt else SOUND), "sign", str(self.directory))

    def start_nsd(self) -> None:
        """The node's nameserver, as its unit starts it."""
        install(self.case, "nsd")
        self.ready_nsd()
        self.run_nsd()

    def ready_nsd(self) -> None:
        """What its files need here: a log that can be read, and the anchor of our own zone."""
        configuration = pathlib.Path("/etc/nsd/nsd.conf")
        configuration.write_text(configuration.read_text().replace("log-only-syslog: yes", "log-only-syslog: no"))
        pathlib.Path("/etc/nsd/trust-anchors").write_bytes((self.directory / "key.ds").read_bytes())

    def run_nsd(self) -> None:
        """Start NSD with the files that are there."""
        pathlib.Path("/run/nsd").mkdir(exist_ok=True)
        shutil.chown("/run/nsd", "nsd", "nsd")
        self.before_nsd()
        command = ("nsd", "-d", "-P", str(self.directory / "knot.pid"))  # where the gate looks
        self.start("nsd", self.node, "env", *self.environment(), *command)
        until(self.nsd_answers, what="NSD")

    def environment(self) -> list[str]:
        """What NSD's unit has beside what every unit has."""
        unit = RENDERED / self.case / "etc/systemd/system/nsd.service.d/10-imrs.conf"
        (found,) = re.findall("(?m)^Environment=(.*)$", unit.read_text())
        return str(found).split()

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """As systemd ends a unit: NSD is gone with the last of its processes, which would keep its addresses."""
        status = super().kill(name, number)
        if name == "nsd":
            for pid in self.nsd_processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            until(lambda: not self.nsd_processes(), what=lambda: f"the end of NSD's processes {self.nsd_processes()}")
        return status

    def nsd_processes(self) -> list[int]:
        """The processes of NSD that live on the node."""
        pids = subprocess.run(["ip", "netns", "pids", self.node], check=True, capture_output=True, text=True).stdout
        states = ("ps", "-o", "pid=,state=,comm=", "-p", ",".join([*pids.split(), "1"]))
        lines = subprocess.run(states, check=True, capture_output=True, text=True).stdout.splitlines()
        fields = (line.split(None, 2) for line in lines)
        return [int(pid) for pid, state, name in fields if name.startswith("nsd") and state != "Z"]

    def before_nsd(self) -> None:
        """What the unit runs first."""
        drop_in = RENDERED / self.case / "etc/systemd/system/nsd.service.d/20-verify.conf"
        for line in drop_in.read_text().splitlines():
            if line.startswith("ExecStartPre=+"):
                run(*shlex.split(line.removeprefix("ExecStartPre=+")))

    def nsd_answers(self) -> bool:
        """Whether it can be controlled; AssertionError, with what it printed, when it has ended."""
        assert self.processes["nsd"].poll() is None, self.said_by("nsd")[-2000:]
        return subprocess.run(["nsd-control", "status"], check=False, capture_output=True).returncode == 0

    def serial(self) -> str:
        """The serial of the root zone that NSD serves, or none."""
        said = subprocess.run(["nsd-control", "zonestatus", "."], check=False, capture_output=True, text=True).stdout
        match = re.search(r'served-serial: "?(\w+)', said)
        return match[1] if match else ""

    def said_by(self, name: str) -> str:
        """What a daemon has printed."""
        return (self.directory / f"{name}.out").read_text(errors="replace")

    def dig(self, *words: str) -> str:
        """Ask the node."""
        command = ["ip", "netns", "exec", self.node, "dig", "+norec", "+time=10", "+tries=1", f"@{SERVICE[0]}", *words]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def vtysh(*commands: str) -> str:
    """What FRR's console says to some commands, one after the other."""
    words = [word for command in commands for word in ("-c", command)]
    return subprocess.run(["vtysh", *words], check=True, capture_output=True, text=True).stdout
