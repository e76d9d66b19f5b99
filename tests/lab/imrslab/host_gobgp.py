# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GoBGP, as a host's router (`host_router`) of one site. It has no BFD.

It tells the kernel nothing: tests/lab/forward.py does, beside it.
"""

from __future__ import annotations

import json
import typing as t

from . import topology
from .host_router import FORWARDING, FORWARDING_FILE, Ask, HostRouter, Neighbor, Route

NAME = "gobgp"
UNIT = "gobgpd.service"
LACKS = frozenset({"bfd", "default", "others"})

FORWARD = "lab-forward.service"
PROGRAM = "usr/local/lib/lab-forward.py"

_AS_PATH = 2
"""The type of that attribute (RFC 4271, section 5)."""


def settings(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """What it finds on its disk. Its configuration has passwords, so it is root's, and so is the daemon."""
    return {
        "etc/gobgpd.conf": _text(HostRouter.of(lab, machine)),
        FORWARDING_FILE: FORWARDING,
        PROGRAM: (topology.ROOT / "tests/lab/forward.py").read_text(encoding="utf-8"),
        f"etc/systemd/system/{UNIT}.d/lab.conf": f"""[Unit]
Wants={FORWARD}
[Service]
DynamicUser=no
Environment=GOBGPD_OPTIONS=--api-hosts=127.0.0.1:50051
""",
        f"etc/systemd/system/{FORWARD}": f"""[Unit]
Description=The kernel follows {UNIT}
BindsTo={UNIT}
After={UNIT}
[Service]
ExecStart=/usr/bin/python3 /{PROGRAM}
ExecStopPost=/bin/sh -c 'ip -4 route flush proto bgp; ip -6 route flush proto bgp'
Restart=on-failure
""",
    }


def held(ask: Ask, sessions: t.Iterable[topology.Session]) -> t.Iterator[Route]:
    """What it holds from these sessions of ours."""
    for session in sessions:
        table = json.loads(ask("gobgp", "-j", "global", "rib", "-a", session.family))
        for prefix, paths in sorted(table.items()):
            for path in paths:
                if path["neighbor-ip"] == session.address:
                    hop = next((each["nexthop"] for each in path["attrs"] if "nexthop" in each), "")
                    yield Route(prefix, hop, " ".join(_numbers(path["attrs"])))


def _numbers(attributes: t.Iterable[dict[str, t.Any]]) -> t.Iterator[str]:
    """The AS path."""
    for each in attributes:
        if each["type"] == _AS_PATH:
            for segment in each["as_paths"]:
                yield from map(str, segment["asns"])


def _text(router: HostRouter) -> str:
    """``gobgpd.conf``."""
    return f"""[global.config]
  as = {router.asn}
  router-id = "{router.router_id}"
[global.apply-policy.config]
  default-import-policy = "accept-route"
  default-export-policy = "reject-route"
{"".join(map(_session, router.ours))}"""


def _session(neighbor: Neighbor) -> str:
    """One session."""
    password = f'    auth-password = "{neighbor.password}"\n' if neighbor.password else ""
    return f"""[[neighbors]]
  [neighbors.config]
    neighbor-address = "{neighbor.address}"
    peer-as = {neighbor.asn}
    description = "{neighbor.name}"
{password}  [neighbors.transport.config]
    local-address = "{neighbor.local}"
  [neighbors.timers.config]
    hold-time = {neighbor.hold_time}
    keepalive-interval = {neighbor.keepalive_time}
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.ttl-security.config]
    enabled = true
    ttl-min = 255
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "{neighbor.family}-unicast"
"""
