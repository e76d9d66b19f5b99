# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node and its host's router, each in a network namespace: Knot, BIRD and the gate here, a second BIRD there."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import typing as t

from imrs_gate_config import (
    ARPA,
    CONFIG,
    HOLD_TIME,
    KNOT,
    MARKS,
    NODE_BIRD,
    NODE_NAME,
    ROUTER_BIRD,
    SERVICE,
    TCP_CLIENTS,
    ZONE,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIVE = {"199.7.82.0/23", "199.7.83.0/24", "2001:500:9e::/47", "2001:500:9f::/48", "2001:500:3::/48"}
COVERING = {"199.7.82.0/23", "2001:500:9e::/47"}
PYTHON = os.environ.get("IMRS_GATE_PYTHON", sys.executable)
"""Runs the gate; set it to the system's own to try the distribution's dnspython."""
TOOLS = ("ip", "bird", "birdc", "knotd", "knotc")
PATIENCE = 120.0
"""Seconds to wait for what has to come: nothing is wrong because a machine is slow."""


STRANGER = """
import socket, struct, time
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
end, port = time.monotonic() + {seconds}, 32768
while time.monotonic() < end:
    for address in ('127.0.0.3', '199.7.83.42'):
        packed = socket.inet_aton(address)
        quoted = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 60, 0, 0, 64, 17, 0, packed, packed)
        quoted += struct.pack('!HHHH', port, 53, 40, 0)
        error = struct.pack('!BBHI', 3, 3, 0, 0) + quoted
        error = error[:2] + struct.pack('!H', checksum(error)) + error[4:]
        raw.sendto(error, ('192.0.2.2', 0))
    port = port + 1 if port < 60999 else 32768
"""


class Bench:
    """Everything of one run; leave the context and nothing is left. ``config`` is what the gate is told; the routing
    daemon has its hold time, too.
    """

    metric = 1024
    """Of the way out."""

    def __init__(self, directory: pathlib.Path, config: dict[str, t.Any] = CONFIG) -> None:
        self.directory = directory
        self.node, self.router = f"imrs-t-{os.getpid()}-n", f"imrs-t-{os.getpid()}-r"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.config: dict[str, t.Any] = json.loads(json.dumps(config))
        self.trusted: list[str] = []

    def __enter__(self) -> t.Self:
        with contextlib.ExitStack() as stack:
            stack.callback(self._clean)
            for name in (self.node, self.router):
                run("ip", "netns", "add", name)
            run(
                "ip",
                "-n",
                self.node,
                "link",
                "add",
                "uplink",
                "type",
                "veth",
                "peer",
                "name",
                "host",
                "netns",
                self.router,
            )
            for name, link, addresses in (
                (self.node, "uplink", ("192.0.2.2/29", "2001:db8::2/64")),
                (self.router, "host", ("192.0.2.1/29", "2001:db8::1/64")),
                (self.node, "lo", SERVICE),
                (self.router, "lo", ()),
            ):
                for address in addresses:
                    run(
                        "ip", "-n", name, "address", "add", address, "dev", link, *(["nodad"] if ":" in address else [])
                    )
                run("ip", "-n", name, "link", "set", link, "up")
            for family, gateway in (("-4", "192.0.2.1"), ("-6", "2001:db8::1")):
                way = ("route", "add", "default", "via", gateway, "metric", str(self.metric))
                run("ip", "-n", self.node, family, *way)
            for name in ("state", "run", "lib", "knot"):
                (self.directory / name).mkdir()
            package = self.directory / "lib" / "imrs"
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "plugins" / "module_utils", package, ignore=ignore)
            self.start_bird()
            self.start_router()
            stack.pop_all()
        return self

    def __exit__(self, *_details: object) -> None:
        self._clean()

    def _clean(self) -> None:
        for name in list(self.processes):
            self.kill(name, signal.SIGKILL)
        for name in (self.node, self.router):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def start(self, name: str, namespace: str, *command: str) -> None:
        """Run a daemon in a namespace, and remember it by name."""
        with (self.directory / f"{name}.out").open("ab") as out:
            full = ["ip", "netns", "exec", namespace, *command]
            self.processes[name] = subprocess.Popen(full, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Signal a daemon of ours and wait until it is gone."""
        process = self.processes.pop(name)
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        return process.wait(PATIENCE)

    def signal(self, name: str, number: int) -> None:
        """Signal a daemon that stays."""
        self.processes[name].send_signal(number)

    def start_bird(self) -> None:
        """The node's routing daemon."""
        self._bird("bird", self.node, lengthened(NODE_BIRD, self.config["session"]["hold_time"]))

    def start_router(self) -> None:
        """The host's router."""
        self._bird("router", self.router, ROUTER_BIRD)

    def _bird(self, name: str, namespace: str, text: str) -> None:
        path = self.directory / f"{name}.conf"
        path.write_text(text.format(directory=self.directory))
        socket = self.directory / f"{name}.ctl"
        socket.unlink(missing_ok=True)
        self.start(name, namespace, "bird", "-f", "-c", str(path), "-s", str(socket), "-P", str(self._pid_file(name)))
        until(socket.exists, what=f"{name} to listen")

    def start_knot(self, nsid: str = NODE_NAME, zone: str = ".") -> None:
        """The nameserver; with another zone it refuses the root."""
        (self.directory / "root.zone").write_text(ZONE)
        (self.directory / "arpa.zone").write_text(ARPA)
        path = self.directory / "knot.conf"
        path.write_text(KNOT.format(directory=self.directory, nsid=nsid, zone=zone, clients=TCP_CLIENTS))
        (self.directory / "knot.pid").unlink(missing_ok=True)
        self.start("knot", self.node, "knotd", "-c", str(path))
        until((self.directory / "knot.pid").exists, what="Knot's process id")

    def knotc(self, *words: str) -> None:
        """Tell the nameserver something."""
        run("knotc", "-s", str(self.directory / "knot.sock"), *words)

    def anchors(self, zone: str) -> list[str]:
        """DS records of the key that the nameserver signs a zone with."""
        command = ["keymgr", "-c", str(self.directory / "knot.conf"), zone, "ds"]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return [line.replace(" DS ", " IN DS ") for line in said.splitlines() if " 2 " in line]

    def forget_keys(self) -> None:
        """Before the nameserver's next start: it signs with new ones then, which no anchor knows."""
        shutil.rmtree(self.directory / "knot")
        (self.directory / "knot").mkdir()

    def icmp_errors(self) -> int:
        """How many ICMP errors of the kind `port unreachable` the node has received."""
        said = subprocess.run(
            ["ip", "netns", "exec", self.node, "cat", "/proc/net/snmp"], check=True, capture_output=True, text=True
        ).stdout
        names, values = (line.split() for line in said.splitlines() if line.startswith("Icmp:"))
        return int(values[names.index("InDestUnreachs")])

    def quote_the_gate(self, seconds: int) -> None:
        """From the host's side, `port unreachable` for questions that the gate may just have asked, of all ports."""
        code = STRANGER.format(seconds=seconds)
        run("ip", "netns", "exec", self.router, sys.executable, "-c", code)

    def fill_tcp(self) -> None:
        """Clients that connect over TCP, more than Knot takes, and never ask."""
        code = (
            "import socket, time\n"
            f"clients = [socket.create_connection(({SERVICE[0]!r}, 53)) for _ in range({2 * TCP_CLIENTS})]\n"
            "time.sleep(300)"
        )
        self.start("clients", self.node, sys.executable, "-c", code)

    def start_gate(self) -> None:
        """The gate, as it would be installed."""
        config = self.directory / "gate.json"
        if "masters" in self.config:
            upstream = self.directory / "upstream.json"
            upstream.write_text(json.dumps({"masters": [], "trust_anchors": self.trusted}))
            self.config["masters"]["path"] = str(upstream)
        (self.directory / "judged.conf").touch()
        runtime = str(self.directory / "run")
        self.config["fingerprint_paths"] = [str(self.directory / "judged.conf")]
        config.write_text(json.dumps(self.config))
        self.fingerprint_command = [
            sys.executable,
            "-c",
            self._code("fingerprint"),
            "--config",
            str(config),
            "--runtime",
            runtime,
        ]
        run(*self.fingerprint_command)
        arguments = ["--config", str(config), "--state", str(self.directory / "state"), "--runtime", runtime]
        for option, name in (("--service-pid-file", "knot"), ("--routing-pid-file", "bird")):
            arguments += [option, str(self._pid_file(name))]
        self.start("gate", self.node, PYTHON, "-c", self._code("main"), *arguments)
        until((self.directory / "run" / "gate.sock").exists, what="the gate's socket")

    def foresee(self, staged: pathlib.Path) -> str:
        """What a bundle does before it puts the files of a staged tree in place; the one line of the answer."""
        places = ("--config", str(self.directory / "gate.json"), "--runtime", str(self.directory / "run"))
        command = [PYTHON, "-c", self._code("foresee"), *places, str(staged)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout.strip()

    def _pid_file(self, name: str) -> pathlib.Path:
        return self.directory / f"{name}.pid"

    def _code(self, module: str) -> str:
        """What the entry point of that name does on a node."""
        library = str(self.directory / "lib")
        return f"import sys; sys.path.insert(0, {library!r}); from imrs._gate.{module} import main; sys.exit(main())"

    def imrs(self, *arguments: str) -> tuple[int, dict[str, t.Any]]:
        """One verb of the command line; exit status and decoded answer."""
        socket = str(self.directory / "run" / "gate.sock")
        command = [PYTHON, "-c", self._code("cli"), "--socket", socket, *arguments, "--json"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=2 * PATIENCE)
        return done.returncode, json.loads(done.stdout or "{}")

    def status(self) -> dict[str, t.Any]:
        """What ``imrs status`` says."""
        return self.imrs("status")[1]

    def fingerprint(self) -> str:
        """Of the configuration that is there."""
        return (self.directory / "run" / "fingerprint").read_text().strip()

    def raise_to_live(self, *arguments: str) -> None:
        """Certify the configuration that is there for every session, ask for live, and wait for it."""
        sessions = [word for mark in MARKS for word in ("--session", mark)]
        assert self.imrs("certify", "live", "--fingerprint", self.fingerprint(), *sessions, *arguments)[0] == 0
        assert self.imrs("live")[0] == 0
        code, answer = self.imrs("wait", "live", "--timeout", f"{PATIENCE:g}")
        assert code == 0, answer

    def routes(self) -> dict[str, str]:
        """What the host's router holds: prefix to AS path."""
        found: dict[str, str] = {}
        prefix = ""
        for line in self.birdc("router", "show", "route", "all").splitlines():
            if match := re.match(r"(\S+/\d+)\s", line):
                prefix = match[1]
            elif match := re.match(r"\s+BGP.as_path: ?(.*)", line):
                found[prefix] = match[1].strip()
        return found

    def birdc(self, name: str, *words: str) -> str:
        """What ``router``, or a ``bird`` on the node, says."""
        command = ["birdc", "-s", str(self.directory / f"{name}.ctl"), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def hold_time(self, name: str = "bird", protocol: str = "gate") -> int:
        """Seconds of silence that end a session, as both ends agreed."""
        return self._number(name, protocol, r"Hold timer: .*/(\d+)")

    def withdrawals(self, protocol: str, name: str = "router") -> int:
        """How often the host's router was told of a prefix less, in the session that there is."""
        return self._number(name, protocol, r"Import withdraws: +(\d+)")

    def _number(self, name: str, protocol: str, pattern: str) -> int:
        said = self.birdc(name, "show", "protocols", "all", protocol)
        match = re.search(pattern, said)
        assert match, said
        return int(match[1])

    def why_dark(self) -> str:
        """What the gate itself gave as the reason when it last stopped announcing IPv4."""
        said = (self.directory / "gate.out").read_text()
        found = re.findall(r"WARNING ipv4 dark \((.*?)\)", said[said.rindex("WARNING ipv4 live") :])
        assert found, said
        return str(found[0])

    def await_routes(self, prefixes: set[str], seconds: float = PATIENCE) -> float:
        """Wait until the router holds exactly these prefixes; the seconds that it took."""
        return until(lambda: set(self.routes()) == prefixes, seconds, lambda: f"routes {prefixes}, not {self.routes()}")


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, capture_output=True)


def lengthened(text: str, hold_time: int = HOLD_TIME) -> str:
    """A routing daemon's file with another hold time for the gate's session than the product's."""
    return text.replace("\n  hold time 3;", f"\n  hold time {hold_time};").replace(
        "timers 1 3\n", f"timers 1 {hold_time}\n"
    )


def until(condition: t.Callable[[], bool], seconds: float = PATIENCE, what: str | t.Callable[[], str] = "") -> float:
    """Wait for a condition; the seconds that it took. AssertionError when it does not come.

    A command that fails is a condition that is not there yet: a daemon's socket is there before it listens.
    """
    start = time.monotonic()
    while True:
        with contextlib.suppress(subprocess.CalledProcessError):
            if condition():
                return time.monotonic() - start
        if time.monotonic() - start > seconds:
            raise AssertionError(f"waited {seconds} s in vain for {what() if callable(what) else what}")
        time.sleep(0.01)
