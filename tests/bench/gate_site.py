# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node, its host's router and the next instance of the service, each in a network namespace, and who asks them.

Routers know both instances; the node's routes win as long as they are there. The vantage is the router itself.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "daemons"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "plugins" / "module_utils"))

from _probes import way
from imrs_gate_bench import Bench, lengthened, run, until
from imrs_gate_config import NODE_BIRD, ROUTER_BIRD, SERVICE, SWIFT, ZONE

STRANGERS = pathlib.Path(__file__).resolve().parents[1] / "lab" / "imrslab" / "strangers.py"
NODE, SPARE = "host", "spare"
"""The router's devices: towards the node, and towards the next instance."""
ASKED_EVERY, LOOKED_EVERY = 0.005, 0.001
"""Seconds between two questions of the vantage, and between two looks at its routing table."""
BFD = 'protocol bfd {{ interface "*" {{ interval 300 ms; multiplier 3; }}; }}\n'
FALLBACK = """
protocol kernel kernel4 {{ ipv4 {{ import none; export all; }}; }}
protocol kernel kernel6 {{ ipv6 {{ import none; export all; }}; }}
protocol static spare {{
  ipv4 {{ preference 50; }};
  route 199.7.82.0/23 via 192.0.2.10;
  route 199.7.83.0/24 via 192.0.2.10;
}}
"""
"""Less preferred than what comes by BGP, and less specific than the /32 of ExaBGP and anycast-healthchecker."""
DIRECT = """
include "{directory}/anycast/prefixes.conf";
protocol direct {{ interface "lo"; ipv4; }}
protocol bgp host4 {{
  local as 20144;
  neighbor 192.0.2.1 as 64500;
  hold time 9;
  graceful restart off;
  ipv4 {{ import none; export where net ~ ANYCAST; next hop self; }};
}}
"""
SPARE_KNOT = """
server:
    rundir: {directory}
    pidfile: {directory}/spare.pid
    listen: [ 199.7.83.42@53 ]
zone:
  - domain: .
    storage: {directory}
    file: root.zone
"""
CHECK = "dig +short +time=1 +tries=1 @199.7.83.42 . SOA | grep -q ^a"


class Vantage(threading.Thread):
    """Asks the service address all the time, and sees which way the router would send a question."""

    def __init__(self, namespace: str) -> None:
        super().__init__(daemon=True)
        self._namespace = namespace
        self._over = threading.Event()
        self.device = ""
        self.changes: list[tuple[float, str]] = []
        self.asked: dict[int, float] = {}
        self.answered: dict[int, int] = {}
        """By number: the moment of a question, and the response code of its answer."""

    def run(self) -> None:
        """In a network namespace of its own, as a thread may have one."""
        with pathlib.Path("/run/netns", self._namespace).open("rb") as there:
            os.setns(there.fileno(), os.CLONE_NEWNET)
        with contextlib.ExitStack() as stack:
            out = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(8)]
            for one in out:
                one.bind(("192.0.2.1", 0))
                one.setblocking(False)
            due = 0.0
            while not self._over.is_set():
                now = time.monotonic()
                self._look(now)
                if now >= due:
                    self._ask(out[len(self.asked) % len(out)], now)
                    due = max(due + ASKED_EVERY, now)
                self._hear(out)
                time.sleep(LOOKED_EVERY)

    def _look(self, now: float) -> None:
        device = way.device("192.0.2.1", SERVICE[0])
        if device != self.device:
            self.device = device
            self.changes.append((now, device))

    def _ask(self, out: socket.socket, now: float) -> None:
        number = len(self.asked)
        self.asked[number] = now
        with contextlib.suppress(OSError):  # no route, or what ICMP says of one before
            question = struct.pack("!6H", number % 65536, 0, 1, 0, 0, 0) + b"\0" + struct.pack("!2H", 6, 1)
            out.sendto(question, (SERVICE[0], 53))

    def _hear(self, out: t.Iterable[socket.socket]) -> None:
        for one in out:
            with contextlib.suppress(OSError):
                while True:
                    answer = one.recv(4096)
                    near = len(self.asked) - 1
                    number = near - (near - int.from_bytes(answer[:2], "big")) % 65536
                    self.answered[number] = answer[3] & 15

    def stop(self) -> None:
        """End it."""
        self._over.set()
        self.join()

    def first_wrong(self, since: float) -> float:
        """When the first question was asked, after ``since``, that has got a wrong answer."""
        wrong = [self.asked[number] for number, code in list(self.answered.items()) if code]
        return min((moment for moment in wrong if moment >= since), default=0.0)

    def lost(self, since: float, until_then: float) -> tuple[int, int]:
        """Of the questions asked in that time, how many got no good answer, and how many there were."""
        asked = [number for number, moment in list(self.asked.items()) if since <= moment <= until_then]
        return sum(self.answered.get(number) != 0 for number in asked), len(asked)


class Site(Bench):
    """Everything of the gate's tests, the next instance, BFD, and others' gates in place of ours."""

    def __init__(self, directory: pathlib.Path) -> None:
        config = {**SWIFT, "hold_down": {"first": 0.1, "longest": 0.1, "forget_after": 1}, "graceful": 5}
        super().__init__(directory, config)
        self.spare = f"imrs-t-{os.getpid()}-s"
        self.vantage = Vantage(self.router)
        self._hung = threading.Event()

    def __enter__(self) -> t.Self:
        super().__enter__()
        with contextlib.ExitStack() as stack:
            stack.callback(self._clean)
            run("ip", "netns", "add", self.spare)
            ends = ("link", "add", SPARE, "type", "veth", "peer", "name", "uplink", "netns", self.spare)
            run("ip", "-n", self.router, *ends)
            for name, link, address in (
                (self.router, SPARE, "192.0.2.9/30"),
                (self.spare, "uplink", "192.0.2.10/30"),
                (self.spare, "lo", f"{SERVICE[0]}/32"),
            ):
                run("ip", "-n", name, "address", "add", address, "dev", link)
                run("ip", "-n", name, "link", "set", link, "up")
            run("ip", "-n", self.spare, "route", "add", "default", "via", "192.0.2.9")
            (self.directory / "root.zone").write_text(ZONE)
            path = self.directory / "spare.conf"
            path.write_text(SPARE_KNOT.format(directory=self.directory))
            self.start("spare", self.spare, "knotd", "-c", str(path))
            until((self.directory / "spare.pid").exists, what="the next instance")
            self.vantage.start()
            until(lambda: self.vantage.device == SPARE, what="the way to the next instance")
            stack.pop_all()
        return self

    def _clean(self) -> None:
        self._hung.set()
        if self.vantage.is_alive():
            self.vantage.stop()
        super()._clean()
        subprocess.run(["ip", "netns", "del", self.spare], check=False, capture_output=True)

    def start_bird(self) -> None:
        """The node's routing daemon, with BFD."""
        text = lengthened(NODE_BIRD, self.config["session"]["hold_time"]).replace(
            "  local as 20144;\n", "  local as 20144;\n  bfd on;\n  error wait time 1, 10;\n"
        )
        self._bird("bird", self.node, BFD + text)

    def start_router(self) -> None:
        """The host's router, with BFD and a way to the next instance."""
        self._bird(
            "router", self.router, BFD + ROUTER_BIRD.replace("local as 64500;", "local as 64500; bfd on;") + FALLBACK
        )

    def start_knot(self, nsid: str = "", zone: str = ".") -> None:
        """With as many TCP workers as the product."""
        del nsid, zone
        (self.directory / "knot.pid").unlink(missing_ok=True)
        if not (self.directory / "knot.conf").exists():
            super().start_knot()
            path = self.directory / "knot.conf"
            path.write_text(path.read_text().replace("tcp-workers: 1", "tcp-workers: 32"))
            self.kill("knot", signal.SIGTERM)
        self.start("knot", self.node, "knotd", "-c", str(self.directory / "knot.conf"))
        until((self.directory / "knot.pid").exists, what="Knot's process id")

    def start_helper(self) -> None:
        """What systemd and root do on a node for a routing daemon that hangs: kill it."""
        mark = self.directory / "run" / "routing-hung"

        def help_out() -> None:
            while not self._hung.wait(0.01):
                if mark.exists():
                    mark.unlink()
                    self.kill("bird", signal.SIGKILL)

        threading.Thread(target=help_out, daemon=True).start()

    def cut(self) -> None:
        """Nothing comes through the uplink any more, and its carrier stays."""
        for name, link in ((self.node, "uplink"), (self.router, NODE)):
            run("ip", "netns", "exec", name, "tc", "qdisc", "replace", "dev", link, "root", "pfifo", "limit", "0")

    def mend(self) -> None:
        """The end of it."""
        for name, link in ((self.node, "uplink"), (self.router, NODE)):
            run("ip", "netns", "exec", name, "tc", "qdisc", "del", "dev", link, "root")

    # Whose gate

    def ours(self) -> None:
        """The gate of this collection, with BIRD."""
        self.start_gate()
        self.start_helper()
        self.raise_to_live()

    def exabgp(self, *options: str) -> None:
        """ExaBGP and its own healthcheck, which without `--withdraw-on-down` never withdraws."""
        self.kill("bird", signal.SIGTERM)
        words = ["-m", "exabgp", "healthcheck", "--no-syslog", "--withdraw-on-down", "--ip", f"{SERVICE[0]}/32"]
        command = " ".join([sys.executable, *words, *options, "--cmd", f"'{CHECK}'"])
        path = self.directory / "exabgp.conf"
        path.write_text(
            f"process check {{ run {command}; encoder text; }}\n"
            "neighbor 192.0.2.1 { router-id 192.0.2.2; local-address 192.0.2.2; local-as 20144; peer-as 64500; "
            "hold-time 9; family { ipv4 unicast; } api { processes [ check ]; } }\n"
        )
        environment = ("exabgp_daemon_user=root", "exabgp_tcp_bind=", "exabgp_api_cli=false")
        self.start("gate", self.node, "env", *environment, sys.executable, "-m", "exabgp", "server", str(path))

    def healthchecker(self, **options: str) -> None:
        """anycast-healthchecker, which rewrites a list of prefixes and has BIRD read it."""
        self.kill("bird", signal.SIGTERM)
        folder = self.directory / "anycast"
        folder.mkdir()
        prefixes, configuration = folder / "prefixes.conf", folder / "checker.conf"
        prefixes.write_text("define ANYCAST = [ 10.189.200.255/32 ];\n")
        start = NODE_BIRD.index("router id"), NODE_BIRD.index("filter imrs_gate {{")
        self._bird("bird", self.node, NODE_BIRD[start[0] : start[1]] + DIRECT)
        daemon = {
            "bird_conf": str(prefixes),
            "bird_variable": "ANYCAST",
            "bird_reconfigure_cmd": f"birdc -s {self.directory}/bird.ctl configure",
            "pidfile": str(folder / "checker.pid"),
            "log_file": str(folder / "checker.log"),
            "stderr_file": str(folder / "stderr.log"),
            "loglevel": "info",
        }
        service = {
            "check_cmd": f'sh -c "{CHECK}"',
            "ip_prefix": f"{SERVICE[0]}/32",
            "check_disabled": "false",
            **options,
        }
        text = "".join(
            f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in section.items())
            for name, section in (("daemon", daemon), ("dns", service))
        )
        configuration.write_text(text)
        main = "from anycast_healthchecker.main import main; main()"
        (folder / "none").mkdir()
        arguments = ("-f", str(configuration), "-d", str(folder / "none"))
        self.start("gate", self.node, sys.executable, "-W", "ignore", "-c", main, *arguments)


class Flood:
    """Strangers' traffic of one kind for as long as the context lasts; each of its processes ends by itself, too."""

    def __init__(self, site: Site, kind: str, count: int) -> None:
        self._command = ["ip", "netns", "exec", site.router, sys.executable, str(STRANGERS), kind, SERVICE[0]]
        self._command += ["--count", str(count), "--seconds", "60"]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.is_set():
            process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
            while process.poll() is None and not self._over.wait(0.05):
                pass
            process.kill()
            process.wait()

    def __enter__(self) -> t.Self:
        self._thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._over.set()
        self._thread.join()
