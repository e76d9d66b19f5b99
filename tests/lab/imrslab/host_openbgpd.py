# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenBGPD, as a host's router (`host_router`) of one site. It has no BFD."""

from __future__ import annotations

import json
import typing as t

from .host_router import FORWARDING, FORWARDING_FILE, Ask, HostRouter, Neighbor, Route

if t.TYPE_CHECKING:
    from . import topology

NAME = "openbgpd"
UNIT = "openbgpd.service"
LACKS = frozenset({"bfd", "default", "others"})


def settings(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """What it finds on its disk."""
    return {"etc/bgpd.conf": _text(HostRouter.of(lab, machine)), FORWARDING_FILE: FORWARDING}


def held(ask: Ask, sessions: t.Iterable[topology.Session]) -> t.Iterator[Route]:
    """What it holds from these sessions of ours."""
    for session in sessions:
        table = json.loads(ask("bgpctl", "-j", "show", "rib", "neighbor", session.address))
        for each in table["rib"] if table else ():
            yield Route(each["prefix"], each["exit_nexthop"], each["aspath"])


def _text(router: HostRouter) -> str:
    """``bgpd.conf``. Nothing is told unless a rule allows it (RFC 8212)."""
    return f"""AS {router.asn}
router-id {router.router_id}
{"".join(map(_session, router.ours))}allow from any
"""


def _session(neighbor: Neighbor) -> str:
    """One session. It sends keepalives three times in a hold time."""
    password = f'\ttcp md5sig password "{neighbor.password}"\n' if neighbor.password else ""
    return f"""neighbor {neighbor.address} {{
\tremote-as {neighbor.asn}
\tdescr "{neighbor.name}"
\tlocal-address {neighbor.local}
{password}\tttl-security yes
\tholdtime {neighbor.hold_time}
}}
"""
