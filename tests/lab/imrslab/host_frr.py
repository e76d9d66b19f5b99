# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR, as a host's router (`host_router`)."""

from __future__ import annotations

import json
import typing as t

from . import keys, topology
from .host_router import FORWARDING, FORWARDING_FILE, Ask, HostRouter, Route, own

NAME = "frr"
UNIT = "frr.service"
LACKS: frozenset[str] = frozenset()


def settings(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """A host's router."""
    return {
        "etc/frr/frr.conf": _host_router(lab, machine),
        "etc/frr/daemons": "bgpd=yes\nbfdd=yes\nvtysh_enable=yes\n"
        + "".join(f'{daemon}_options="-A 127.0.0.1"\n' for daemon in ("zebra", "bgpd", "bfdd")),
        FORWARDING_FILE: FORWARDING,
    } | own("etc/frr", "frr", "frr")


def held(ask: Ask, sessions: t.Iterable[topology.Session]) -> t.Iterator[Route]:
    """What it holds from these sessions of ours."""
    sessions = list(sessions)
    said = ask(
        "vtysh", *(f"-cshow bgp {each.family} unicast neighbors {each.address} routes json" for each in sessions)
    ).lstrip()
    for _session in sessions:  # one document after the other; a missing one is an error, not "no route"
        answer, end = json.JSONDecoder().raw_decode(said)
        said = said[end:].lstrip()
        for prefix, paths in sorted(answer.get("routes", {}).items()):
            for path in paths:
                hops = [hop["ip"] for hop in path["nexthops"] if hop.get("scope") != "link-local"]
                yield Route(prefix, ", ".join(hops), path["path"])


def _host_router(lab: topology.Lab, machine: topology.Machine) -> str:
    """A host's router."""
    sessions, told = lab.plan.sessions(machine.name), HostRouter.of(lab, machine)
    neighbors = "".join(_neighbor(lab, speaker, session) for speaker, session in sessions)
    for each in told.others:
        timers = f"{each.keepalive_time} {each.hold_time}"
        neighbors += f" neighbor {each.address} remote-as {each.asn}\n neighbor {each.address} timers {timers}\n"
    families = "".join(
        _family(
            family,
            {session.address: _told(session) for _, session in sessions}
            | {each.address: ("everything", "everything") for each in told.others},
            told.networks,
        )
        for family in ("ipv4", "ipv6")
    )
    ways = "".join(f"{'ipv6' if ':' in network else 'ip'} route {network} {by}\n" for network, by in told.ways)
    # TTL security comes by a group: set on a neighbour itself, FRR runs its BFD as if over several hops.
    return f"""frr defaults traditional
log syslog informational
{ways}bfd
{_profiles(sessions)}exit
router bgp {told.asn}
 bgp router-id {told.router_id}
 no bgp default ipv4-unicast
 neighbor direct peer-group
 neighbor direct ttl-security hops 1
{neighbors}{families}route-map everything permit 10
route-map nothing deny 10
"""


def _profiles(sessions: t.Iterable[tuple[topology.Appliance, topology.Session]]) -> str:
    """BFD as each sheet agrees on it, under the name of our end."""
    found = {each.name: session.bfd for each, session in sessions if session.bfd}
    return "".join(
        f""" profile {name}
  detect-multiplier {bfd["multiplier"]}
  transmit-interval {bfd["interval_ms"]}
  receive-interval {bfd["interval_ms"]}
 exit
"""
        for name, bfd in found.items()
    )


def _neighbor(lab: topology.Lab, speaker: topology.Appliance, session: topology.Session) -> str:
    """Our end as a neighbour."""
    words = [
        f"remote-as {session.asn}",
        "peer-group direct",
        *([f"password {keys.read(lab, session.secret)}"] if session.secret else []),
        f"timers {session.keepalive_time} {session.hold_time}",
        "timers connect 1",
        *(["bfd", f"bfd profile {speaker.name}"] if session.bfd else []),
    ]
    return "".join(f" neighbor {session.address} {each}\n" for each in words)


def _told(session: topology.Session) -> tuple[str, ...]:
    """What a host's router does with one of our sessions: takes all, tells nothing or a default route of its own."""
    return ("everything", "nothing", *(["default-originate"] if session.default_route else []))


def _family(family: str, neighbors: dict[str, tuple[str, ...]], networks: t.Iterable[str] = ()) -> str:
    """One address family: sessions carry the routes of their own family alone.

    ``neighbors``: by address, the route-maps in and out, and what else is said of it.
    """

    def mine(text: str) -> bool:
        return (":" in text) == (family == "ipv6")

    lines = [f"network {each}" for each in networks if mine(each)]
    for address, (inwards, outwards, *more) in neighbors.items():
        words = [
            "activate",
            f"route-map {inwards} in",
            f"route-map {outwards} out",
            "soft-reconfiguration inbound",
            *more,
        ]
        if mine(address):
            lines += [f"neighbor {address} {each}" for each in words]
    return "\n".join(
        [f" address-family {family} unicast", *(f"  {each}" for each in lines), " exit-address-family", ""]
    )
