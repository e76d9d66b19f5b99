# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR, as a host's router (`host_router`) and as a router of a cluster, which the lab has for now."""

from __future__ import annotations

import json
import typing as t

from . import keys, topology
from .host_router import FORWARDING, FORWARDING_FILE, Ask, HostRouter, Route, own

NAME = "frr"
UNIT = "frr.service"
LACKS: frozenset[str] = frozenset()


def settings(lab: topology.Lab, machine: topology.Machine) -> dict[str, str]:
    """A host's router, or one of a cluster."""
    site_router = next((each for each in lab.plan.site_routers if each.name == machine.name), None)
    text = _site_router(lab, site_router) if site_router else _host_router(lab, machine)
    return {
        "etc/frr/frr.conf": text,
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
    neighbors = "".join(_direct(lab, speaker, session) for speaker, session in sessions)
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


def _site_router(lab: topology.Lab, own: topology.SiteRouter) -> str:
    """A router of a cluster: to the host go the five prefixes that its nodes announce; queries go to those nodes."""
    nodes = lab.plan.sessions(own.name)
    asn, numbered = own.sessions[0].asn, list(enumerate((*topology.SPECIFIC, *topology.COVERING), 1))
    neighbors = "".join(_direct(lab, speaker, session) for speaker, session in nodes)
    for session in own.sessions:
        neighbors += _neighbor(lab, session.peer, lab.plan.asns[session.router], own.name, session)
    families = "".join(
        _family(
            family,
            {
                session.address: ("everything", "default" if session.default_route else "nothing", "next-hop-self")
                for _, session in nodes
            }
            | {session.peer: ("default" if session.default_route else "nothing", "imrs") for session in own.sessions},
        )
        for family in ("ipv4", "ipv6")
    )
    lists = "".join(
        f"{'ipv6' if ':' in prefix else 'ip'} prefix-list imrs seq {number} permit {prefix}\n"
        for number, prefix in numbered
    )
    return f"""frr defaults traditional
log syslog informational
bfd
{_profiles([*nodes, *((own, session) for session in own.sessions)])}exit
{lists}ip prefix-list default seq 1 permit 0.0.0.0/0
ipv6 prefix-list default seq 1 permit ::/0
router bgp {asn}
 bgp router-id {next(each.address for each in own.sessions if each.family == "ipv4")}
 no bgp default ipv4-unicast
 neighbor inside peer-group
 neighbor direct peer-group
 neighbor direct ttl-security hops 1
{neighbors}{families}route-map everything permit 10
{_only("imrs")}{_only("default")}route-map nothing deny 10
"""


def _only(prefix_list: str) -> str:
    """A route-map that lets pass what a prefix list of the same name has."""
    return "".join(
        f"route-map {prefix_list} permit {number}\n match {ip} address prefix-list {prefix_list}\n"
        for number, ip in ((10, "ip"), (20, "ipv6"))
    )


def _profiles(sessions: t.Iterable[tuple[topology.Speaker, topology.Session]]) -> str:
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


def _direct(lab: topology.Lab, speaker: topology.Speaker, session: topology.Session) -> str:
    """Our end as a neighbour."""
    inside = session.router not in lab.plan.asns
    return _neighbor(lab, session.address, session.asn, speaker.name, session, inside=inside)


def _neighbor(
    lab: topology.Lab, address: str, asn: int, profile: str, session: topology.Session, *, inside: bool = False
) -> str:
    """One end of a session as the other one's neighbour; ``inside`` of one AS, TTLs are 255 anyway."""
    words = [
        f"remote-as {asn}",
        f"peer-group {'inside' if inside else 'direct'}",
        *([f"password {keys.read(lab, session.secret)}"] if session.secret else []),
        f"timers {session.keepalive_time} {session.hold_time}",
        "timers connect 1",
        *(["bfd", f"bfd profile {profile}"] if session.bfd else []),
    ]
    return "".join(f" neighbor {address} {each}\n" for each in words)


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
