# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cable between a node and a host's router, which runs FRR, BIRD, OpenBGPD or GoBGP. Needs root and these daemons."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import typing as t

from imrs_gate_bench import PATIENCE, run, until

PARSERS: dict[str, tuple[str, list[str]]] = {
    "frr": ("", ["vtysh", "-C", "-f"]),
    "bird": ("router id 192.0.2.1;\nprotocol device { }\n", ["bird", "-p", "-c"]),
    "openbgpd": ("AS 64500\nrouter-id 192.0.2.1\n", ["/usr/sbin/bgpd", "-n", "-f"]),
}
"""What a router that runs already has of its own, and the parser."""
COUNT = itertools.count()
"""FRR keeps sockets by name: no two runs have one."""

GOBGP = """[global.config]
  as = 64500
  router-id = "192.0.2.1"
[global.apply-policy.config]
  import-policy-list = ["refused"]
  default-import-policy = "accept-route"
  default-export-policy = "reject-route"
[[defined-sets.prefix-sets]]
  prefix-set-name = "refused"
  [[defined-sets.prefix-sets.prefix-list]]
    ip-prefix = "192.0.2.128/25"
[[policy-definitions]]
  name = "refused"
  [[policy-definitions.statements]]
    [policy-definitions.statements.conditions.match-prefix-set]
      prefix-set = "refused"
    [policy-definitions.statements.actions]
      route-disposition = "reject-route"
""" + "".join(
    f"""[[neighbors]]
  [neighbors.config]
    neighbor-address = "{address}"
    peer-as = 20144
    auth-password = "secret"
  [neighbors.timers.config]
    connect-retry = 1
  [neighbors.ttl-security.config]
    enabled = true
    ttl-min = 255
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "{family}-unicast"
"""
    for family, address in (("ipv4", "192.0.2.2"), ("ipv4", "192.0.2.6"), ("ipv6", "2001:db8:0:1::2"))
)
"""A router with GoBGP, for which hosts are given no text. One of its neighbours is not there."""


class Side(t.NamedTuple):
    """One end of the cable between the host's router and the node."""

    namespace: str
    link: str
    addresses: tuple[str, ...]


NODE_BIRD = """router id 192.0.2.2;
protocol device {{ scan time 1; }}
protocol static static4 {{ ipv4; {ipv4} }}
protocol static static6 {{ ipv6; {ipv6} }}
filter announced {{ {prepends} accept; }}
template bgp host {{
  local as 20144;
  direct;
  ttl security on;
  password "secret";
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 2;
}}
protocol bgp host4 from host {{ neighbor 192.0.2.1 as 64500; ipv4 {{ import none; export filter announced; }}; }}
protocol bgp host6 from host {{ neighbor 2001:db8:0:1::1 as 64500; ipv6 {{ import none; export filter announced; }}; }}
"""


class Wire:
    """A host's router that runs a generated text, and a node of AS 20144 that announces what a test wants."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        name = f"imrs-h-{os.getpid()}-{next(COUNT)}"
        self.host = Side(f"{name}-r", "host", ("192.0.2.1/29", "2001:db8:0:1::1/64"))
        self.node = Side(f"{name}-n", "uplink", ("192.0.2.2/29", "2001:db8:0:1::2/64"))
        self.processes: list[subprocess.Popen[bytes]] = []
        self.table: t.Callable[[], set[str]] = set
        self.control: tuple[str, ...] = ()
        """The command that asks the host's router."""

    def __enter__(self) -> t.Self:
        for side in (self.host, self.node):
            run("ip", "netns", "add", side.namespace)
        plug, far = self.host, self.node
        peer = ("type", "veth", "peer", "name", far.link, "netns", far.namespace)
        run("ip", "-n", plug.namespace, "link", "add", plug.link, *peer)
        for side in (self.host, self.node):
            for address in side.addresses:
                run("ip", "-n", side.namespace, "address", "add", address, "dev", side.link, "nodad")
            for link in (side.link, "lo"):
                run("ip", "-n", side.namespace, "link", "set", link, "up")
        return self

    def __exit__(self, *_details: object) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
        for side in (self.host, self.node):
            run("ip", "netns", "del", side.namespace)

    def start(self, side: Side, *command: str) -> None:
        """Run a daemon at one end."""
        with (self.directory / "out").open("ab") as out:
            self.processes.append(
                subprocess.Popen(
                    ["ip", "netns", "exec", side.namespace, *command], stdout=out, stderr=out, stdin=subprocess.DEVNULL
                )
            )

    def ask(self, *command: str) -> str:
        """Ask the host's router; nothing while it does not answer."""
        return str(self.run_there(command)["stdout"])

    def run_there(self, command: t.Sequence[str]) -> dict[str, t.Any]:
        """A command at the host's router."""
        full = ["ip", "netns", "exec", self.host.namespace, *command]
        done = subprocess.run(full, check=False, capture_output=True, text=True)
        return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}

    def announce(self, *networks: str, prepends: str = "") -> None:
        """Start the node, or have it announce something else. ``prepends`` are lines of a BIRD filter."""
        lines = dict.fromkeys(("ipv4", "ipv6"), "")
        for network in networks:
            lines["ipv6" if ":" in network else "ipv4"] += f"route {network} blackhole; "
        path, control = self.directory / "node.conf", str(self.directory / "node.ctl")
        path.write_text(NODE_BIRD.format(prepends=prepends, **lines))
        self.start(self.node, "bird", "-f", "-c", str(path), "-s", control)

    def run(self, system: str, text: str) -> None:
        """Start the host's router with this text."""
        {"frr": self._frr, "bird": self._bird, "openbgpd": self._openbgpd, "gobgp": self._gobgp}[system](text)

    def _frr(self, text: str) -> None:
        """The text is pasted into a FRR that runs."""
        name = self.host.namespace
        for folder in (pathlib.Path("/etc/frr", name), pathlib.Path("/run/frr", name)):
            folder.mkdir(parents=True)
            shutil.chown(folder, "frr", "frr")
            shutil.chown(folder.parent, "frr", "frr")
        for daemon in ("zebra", "bgpd"):
            self.start(self.host, f"/usr/lib/frr/{daemon}", "-N", name, "-A", "127.0.0.1")
        until(lambda: all(pathlib.Path("/run/frr", name, f"{each}.vty").exists() for each in ("zebra", "bgpd")))
        path = self.directory / "frr.conf"
        path.write_text(text)
        done = subprocess.run(["vtysh", "-N", name, "-f", str(path)], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

        def table() -> set[str]:
            found: set[str] = set()
            for family in ("ipv4", "ipv6"):
                answer = self.ask("vtysh", "-N", name, "-c", f"show bgp {family} unicast json")
                found |= set(json.loads(answer or "{}").get("routes", {}))
            return found

        self.table, self.control = table, ("vtysh", "-N", name)

    def _bird(self, text: str) -> None:
        path, control = self.directory / "bird.conf", str(self.directory / "bird.ctl")
        path.write_text(PARSERS["bird"][0] + text)
        self.start(self.host, "bird", "-f", "-c", str(path), "-s", control)
        self.control = ("birdc", "-r", "-s", control)
        self.table = lambda: set(re.findall(r"(?m)^(\S+/\d+)", self.ask(*self.control, "show", "route")))

    def _openbgpd(self, text: str) -> None:
        path, control = self.directory / "bgpd.conf", str(self.directory / "bgpd.sock")
        path.touch(mode=0o600)
        path.write_text(f'{PARSERS["openbgpd"][0]}socket "{control}"\n{text}')
        pathlib.Path("/run/openbgpd").mkdir(exist_ok=True)
        self.start(self.host, "/usr/sbin/bgpd", "-d", "-f", str(path))

        self.control = ("bgpctl", "-s", control)

        def table() -> set[str]:
            answer = self.ask(*self.control, "-j", "show", "rib")
            return {route["prefix"] for route in json.loads(answer or "{}").get("rib", [])}

        self.table = table

    def _gobgp(self, text: str) -> None:
        path = self.directory / "gobgpd.conf"
        path.write_text(text)
        socket = f"unix://{self.directory}/gobgp.sock"
        self.start(self.host, "gobgpd", "-f", str(path), f"--api-hosts={socket}", "--pprof-disable")
        self.control = ("gobgp", "--target", socket)

        def table() -> set[str]:
            found: set[str] = set()
            for family in ("ipv4", "ipv6"):
                found |= set(json.loads(self.ask(*self.control, "-j", "global", "rib", "-a", family) or "{}"))
            return found

        self.table = table

    def await_too_many(self) -> None:
        """Until the node was told that it sent too many IPv4 prefixes (RFC 4486, section 4)."""
        question = ["birdc", "-r", "-s", str(self.directory / "node.ctl"), "show", "protocols", "all", "host4"]

        def told() -> bool:
            said = subprocess.run(question, check=False, capture_output=True, text=True).stdout
            return "Maximum number of prefixes reached" in said

        until(told, what="too many prefixes")

    def await_table(self, wanted: set[str]) -> None:
        """Until the host's router has accepted exactly these."""
        until(lambda: self.table() == wanted, what=lambda: f"{sorted(wanted)}, not {sorted(self.table())}")
