# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's own router with the very files that role `routing` renders, two of its nodes, and the host's router.

The nodes have the files of the case `cluster`, at other addresses. Gates are BIRDs that say what a test tells them to:
they know ADD-PATH, and show what they are told.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import typing as t

from imrs_gate_bench import run
from imrs_gate_config import HOLD_TIME
from imrs_provider_bench import RENDERED, Node, suited, vtysh
from imrs_reload_bench import change

LAN = {"ipv4": "192.0.2.33", "ipv6": "2001:db8:0:21::1"}
MEMBERS = {
    "xlc01": {"ipv4": "192.0.2.37", "ipv6": "2001:db8:0:21::5"},
    "xlc02": {"ipv4": "192.0.2.38", "ipv6": "2001:db8:0:21::6"},
}
OF_NODES = ("probe", "zones", "masters", "service", "overload")
"""What the gate of a router is not told."""
OTHERS = {"ipv4": "198.51.100.0/24", "ipv6": "2001:db8:5::/48"}
"""What is nobody's business here; every gate tells it, too."""
MARKS = {"ipv4": "(20144,4,1)", "ipv6": "(20144,6,1)"}
GATE = """
log "{log}" all;
router id 127.0.0.2;
protocol device {{ }}
{statics}
protocol bgp router {{
  local 127.0.0.2 port 1790 as 20144;
  neighbor 127.0.0.1 as 20144;
  multihop;
  hold time {hold};
  connect delay time 1; connect retry time 1; error wait time 1, 2; error forget time 1;
  {channels}
}}
"""
CHANNEL = """
  {family} {{ {paths} import all; next hop keep; export filter {{
    if source != RTS_STATIC then reject;
    {next_hops}
    {dress}
    accept;
  }}; }};
"""


def gate_file(
    log: pathlib.Path,
    said: t.Mapping[str, t.Iterable[str]],
    paths: bool = False,
    marks: t.Collection[str] = (*MARKS,),
    leaving: t.Collection[str] = (),
) -> str:
    """A gate that says, of each member, these prefixes; with the marks of these families' sessions."""
    statics, channels = "", ""
    for family, mark in MARKS.items():
        next_hops = ""
        for name, prefixes in said.items():
            own = [each for each in prefixes if (":" in each) == (family == "ipv6")]
            routes = " ".join(f"route {each} blackhole;" for each in (*own, OTHERS[family]))
            statics += f"protocol static {name}_{family} {{ {family}; {routes} }}\n"
            next_hops += f'if proto = "{name}_{family}" then bgp_next_hop = {MEMBERS[name][family]};\n'
            if name in leaving:
                next_hops += f'if proto = "{name}_{family}" then bgp_community.add((65535,0));\n'
        dress = f"bgp_large_community.add({mark});" if family in marks else ""
        dress += "bgp_community.add((64500,666));"
        channels += CHANNEL.format(
            family=family, paths="add paths on;" if paths else "", next_hops=next_hops, dress=dress
        )
    return GATE.format(log=log, statics=statics, channels=channels, hold=HOLD_TIME)


class Router(Node):
    """``imrs-t-*-n`` is the router, ``imrs-t-*-r`` the host's; the nodes are on a network of their own."""

    def __init__(self, directory: pathlib.Path, routing: str) -> None:
        super().__init__(directory, routing, "router")
        nodes = [{"node": name, **addresses} for name, addresses in MEMBERS.items()]
        self.config = {key: value for key, value in self.config.items() if key not in OF_NODES}
        self.config["members"] = {"nodes": nodes, "minimum": 1, "below": "drained", "rise": 2}
        self.lan = f"{self.node}l"
        self.members = {name: f"{self.node}{name}" for name in MEMBERS}

    def start_bird(self) -> None:
        """Once everything is there that the daemons bind to."""
        self._cable()
        super().start_bird()

    def _cable(self) -> None:
        for name in (self.lan, *self.members.values()):
            run("ip", "netns", "add", name)
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):  # role `hardening` does that
            run("ip", "netns", "exec", self.node, "sh", "-c", f"echo 1 >/proc/sys/net/{path}")
        run("ip", "-n", self.lan, "link", "add", "lan", "type", "bridge")
        run("ip", "-n", self.lan, "link", "set", "lan", "up")
        ends = {"nodes": (self.node, LAN), **{name: (self.members[name], MEMBERS[name]) for name in MEMBERS}}
        for name, (namespace, addresses) in ends.items():
            run("ip", "-n", self.lan, "link", "add", name, "type", "veth", "peer", "name", "nodes", "netns", namespace)
            run("ip", "-n", self.lan, "link", "set", name, "master", "lan", "up")
            run("ip", "-n", namespace, "address", "add", f"{addresses['ipv4']}/28", "dev", "nodes")
            run("ip", "-n", namespace, "address", "add", f"{addresses['ipv6']}/64", "dev", "nodes", "nodad")
            for link in ("lo", "nodes"):
                run("ip", "-n", namespace, "link", "set", link, "up")

    def _clean(self) -> None:
        super()._clean()
        for name in (self.lan, *self.members.values()):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    # Nodes

    def start_member(self, name: str, bfd: bool = False, sound: bool = True) -> None:
        """A node, as role `routing` has it; with BFD towards the router, or with a filter that lets everything pass."""
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        for file in ("bird.conf", "policy.conf"):
            text = suited("cluster", (RENDERED / "cluster/etc/bird" / file).read_text())
            for old, new in (
                ("192.0.2.2", MEMBERS[name]["ipv4"]),
                ("192.0.2.1", LAN["ipv4"]),
                ("2001:db8::2", MEMBERS[name]["ipv6"]),
                ("2001:db8::1", LAN["ipv6"]),
                ("delay time 5", "delay time 1"),
            ):
                text = re.sub(rf"\b{re.escape(old)}\b(?![:.])", new, text)
            if bfd:
                text = text.replace(
                    "  ttl security on;\n", "  ttl security on;\n  bfd { interval 300 ms; multiplier 50; };\n"
                )
                text += "\nprotocol bfd { }\n" if file == "bird.conf" else ""
            if not sound:
                text = re.sub(r"return net ~ .*;", "return true;", text)
                text = re.sub(r"(define announced_\w+ =|import limit) \d+", r"\1 9", text)
            (folder / file).write_text(text)
        self._run_bird(name, self.members[name], folder / "bird.conf")

    def say(self, name: str, said: t.Mapping[str, t.Iterable[str]], **options: t.Any) -> None:
        """What a gate says from now on: ``gate`` is the router's, the others are the nodes'."""
        path, log = self.directory / f"{name}-gate.conf", self.directory / f"{name}-gate.log"
        path.write_text(gate_file(log, said, paths=name == "gate", **options))
        if f"{name}-gate" in self.processes:
            self.birdc(f"{name}-gate", "configure")
        else:
            self._run_bird(f"{name}-gate", self.node if name == "gate" else self.members[name], path)

    def take(self, row: str) -> None:
        """A change of docs/changes.md, as a bundle makes it."""
        change("router", self.routing, row)
        if self.routing == "bird":
            self.birdc("bird", "configure")
        else:
            self.reload_frr()

    # What came of it

    def told(self, name: str) -> set[tuple[str, str]]:
        """Prefix and next hop of every path that a gate is told."""
        return {(prefix, path["next_hop"].split()[0]) for prefix, path in self._paths(f"{name}-gate", "router")}

    def told_leaving(self) -> set[tuple[str, str]]:
        """Those of the router's gate that are about to go (RFC 8326)."""
        paths = self._paths("gate-gate", "router")
        return {(prefix, path["next_hop"]) for prefix, path in paths if "(65535,0)" in path.get("community", "")}

    def learned_by(self, name: str) -> set[tuple[str, str]]:
        """What a node has from its router: prefix and next hop."""
        return {(prefix, path["next_hop"].split()[0]) for prefix, path in self._paths(name, "as20144_")}

    def tells(self, name: str) -> set[str]:
        """What a node tells the router, over both families."""
        sessions = re.findall(r"(?m)^(as20144_\w+) .*Established", self.birdc(name, "show", "protocols"))
        said = "".join(self.birdc(name, "show", "route", "export", each) for each in sessions)
        return set(re.findall(r"(?m)^(\S+/\d+) ", said))

    def exported_to(self, name: str) -> set[str]:
        """What the router tells a node over IPv4."""
        if self.routing == "bird":
            said = self.birdc("bird", "show", "route", "export", f"{name}_ipv4")
            return set(re.findall(r"(?m)^(\S+/\d+) ", said))
        address = MEMBERS[name]["ipv4"]
        return set(
            json.loads(vtysh(f"show bgp ipv4 unicast neighbors {address} advertised-routes json"))["advertisedRoutes"]
        )

    def _paths(self, daemon: str, protocol: str) -> list[tuple[str, dict[str, str]]]:
        """Prefix and attributes of every path that a BIRD has from such a protocol."""
        found: list[tuple[str, dict[str, str]]] = []
        prefix, ours = "", False
        for line in self.birdc(daemon, "show", "route", "all").splitlines():
            if match := re.match(r"(\S+/\d+)?\s+(?:unicast|unreachable|blackhole) \[(\w+) ", line):
                prefix, ours = match[1] or prefix, match[2].startswith(protocol)
                if ours:
                    found.append((prefix, {}))
            elif ours and (match := re.match(r"\s+BGP\.(\w+): ?(.*)", line)):
                found[-1][1][match[1]] = match[2].strip()
        return found

    def hops(self, prefix: str) -> set[str]:
        """The kernel's next hops to a prefix, as the nodes' addresses; FRR's may be link-local ones."""
        return self.ways().get(prefix, set())

    def ways(self) -> dict[str, set[str]]:
        """The kernel's routes of the router: a prefix to its gateways, or to `blackhole`."""
        found: dict[str, set[str]] = {}
        for family in ("-4", "-6"):
            for route in self._ip(family, "route", "show", "table", "main"):
                if route["protocol"] in {"bird", "bgp", "static"}:
                    hops = route.get("nexthops") or [route]
                    kind = route.get("type", "unicast")
                    ways = {hop.get("gateway") or hop.get("via", {}).get("host", "") for hop in hops}
                    found.setdefault(route["dst"], set()).update(ways if kind == "unicast" else {kind})
        return found

    def sessions(self) -> dict[str, str]:
        """State of the router's sessions by neighbour or protocol."""
        if self.routing == "bird":
            lines = self.birdc("bird", "show", "protocols").splitlines()
            return {line.split()[0]: line.split()[-1] for line in lines if " BGP " in line}
        summary = json.loads(vtysh("show bgp summary json"))
        return {
            f"{address} {family}": peer["state"]
            for family in summary
            for address, peer in summary[family].get("peers", {}).items()
        }
