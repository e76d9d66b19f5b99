# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BIRD 2, as a host's router (`host_router`)."""

from __future__ import annotations

import re
import typing as t

from . import shell
from .host_router import FORWARDING, FORWARDING_FILE, Ask, HostRouter, Neighbor, Route, own

if t.TYPE_CHECKING:
    from . import topology

NAME = "bird"
UNIT = "bird.service"
LACKS: frozenset[str] = frozenset()

_DEFAULTS = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
_ROUTE = re.compile(r"^(?P<to>[0-9a-f.:]+/\d+)\s")


def settings(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """What it finds on its disk."""
    return {
        "etc/bird/bird.conf": _text(HostRouter.of(lab, machine)),
        FORWARDING_FILE: FORWARDING,
    } | own("etc/bird", "bird", "bird")


def held(ask: Ask, sessions: t.Iterable[topology.Session]) -> t.Iterator[Route]:
    """What it holds from these sessions of ours."""
    for session in sessions:
        found: list[dict[str, str]] = []
        said = ask("birdc", "-r", "show", "route", "protocol", _protocol(session.address), "all")
        if not said.startswith("BIRD "):  # what did not answer holds nobody knows what
            raise shell.LabError(f"birdc says nothing of {session.address}")
        for line in said.splitlines():
            if match := _ROUTE.match(line):
                found.append({"to": match["to"]})
            elif found:
                key, _, value = line.strip().partition(": ")
                found[-1][key] = value
        for each in sorted(found, key=lambda route: route["to"]):
            next_hop = each.get("BGP.next_hop", "").partition(" ")[0]  # of IPv6, a link-local one may follow
            yield Route(each["to"], next_hop, each.get("BGP.as_path", ""))


def _protocol(address: str) -> str:
    """The name of the session with this neighbour."""
    return "with_" + re.sub(r"\W", "_", address)


def _text(router: HostRouter) -> str:
    """``bird.conf``. Several ways are one route to the kernel; a default route is only told, and is none of its own."""
    neighbors = [*router.ours, *router.others]
    families = "".join(_family(router, family) for family in _DEFAULTS)
    direct = 'protocol direct { ipv4; ipv6; interface "uplink*", "client"; }\n' if router.others else ""
    return f"""log syslog all;
router id {router.router_id};
protocol device {{ }}
protocol bfd {{ }}
{direct}{families}{"".join(map(_session, [router.asn] * len(neighbors), neighbors))}"""


def _family(router: HostRouter, family: str) -> str:
    """What there is once for each address family."""
    ways: dict[str, list[str]] = {}
    for network, by in router.ways:
        if (":" in network) == (family == "ipv6"):
            ways.setdefault(network, []).append(by)
    routes = "".join(f" route {each} {' '.join(f'via {by}' for by in found)};" for each, found in ways.items())
    default = f"protocol static default_{family} {{ {family}; route {_DEFAULTS[family]} unreachable; }}\n"
    if not any(each.default_route for each in router.ours if each.family == family):
        default = ""
    return f"""protocol kernel kernel_{family} {{
  merge paths on;
  {family} {{ import none; export where source ~ [ RTS_BGP, RTS_STATIC ] && proto != "default_{family}"; }};
}}
{default}protocol static ways_{family} {{ {family};{routes} }}
"""


def _session(asn: int, neighbor: Neighbor) -> str:
    """One session: all is taken; told is nothing, a default route, or to another host's router everything."""
    if not neighbor.ours:
        told = "where source ~ [ RTS_BGP, RTS_DEVICE ]"
    elif neighbor.default_route:
        told = f'where proto = "default_{neighbor.family}"'
    else:
        told = "none"
    words = [
        f"local {neighbor.local} as {asn}".replace("  ", " "),
        f"neighbor {neighbor.address} as {neighbor.asn}",
        "direct",
        *(["ttl security on"] if neighbor.ours else []),
        *([f'authentication md5; password "{neighbor.password}"'] if neighbor.password else []),
        f"hold time {neighbor.hold_time}; keepalive time {neighbor.keepalive_time}",
        "connect delay time 1; connect retry time 1; error wait time 1, 2",
    ]
    if bfd := neighbor.bfd:
        words.append(f"bfd {{ interval {bfd['interval_ms']} ms; multiplier {bfd['multiplier']}; }}")
    lines = "".join(f"  {each};\n" for each in words)
    channel = f"  {neighbor.family} {{ import all; export {told}; }};\n"
    return f'protocol bgp {_protocol(neighbor.address)} {{\n  description "{neighbor.name}";\n{lines}{channel}}}\n'
