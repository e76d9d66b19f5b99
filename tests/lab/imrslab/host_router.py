# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's router has to know, whichever daemon it runs; each daemon's file (`host_<daemon>.py`) spells it.

It takes whatever we send, so that a leak would be seen here, and sends nothing, or a default route where the sheet
wants one. Hosts' routers tell each other all they know, as in an internet: what one has lost, it has from another.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from . import keys, topology

FORWARDING = "".join(
    f"{line}=1\n"
    for line in (
        "net.ipv4.ip_forward",
        "net.ipv6.conf.all.forwarding",
        # Of several ways, each flow keeps to one: packets are spread by addresses and ports.
        "net.ipv4.fib_multipath_hash_policy",
        "net.ipv6.fib_multipath_hash_policy",
    )
)
"""Settings of a router's kernel, for sysctl.d."""
FORWARDING_FILE = "etc/sysctl.d/50-router.conf"

Ask = t.Callable[..., str]
"""Runs a command inside the router; what it printed. LabError when it fails."""


class Route(t.NamedTuple):
    """What a router holds from one of our sessions."""

    prefix: str
    next_hop: str
    as_path: str


@dataclasses.dataclass(frozen=True)
class Neighbor:
    """The other end of a session of a host's router: one of ours, or another host's router."""

    name: str
    """Of the machine, for people, and for what a daemon wants a name for."""
    address: str
    local: str
    """The router's own address, or empty where it may choose."""
    asn: int
    hold_time: int
    keepalive_time: int
    ours: bool = True
    password: str = ""
    bfd: dict[str, int] | None = None
    default_route: bool = False

    @property
    def family(self) -> str:
        """``ipv4`` or ``ipv6``: a session carries the routes of its own family alone."""
        return "ipv6" if ":" in self.address else "ipv4"


@dataclasses.dataclass(frozen=True)
class HostRouter:
    """A host's router."""

    asn: int
    router_id: str
    ours: tuple[Neighbor, ...]
    others: tuple[Neighbor, ...]
    """Other hosts' routers, which have no password, and are told everything."""
    networks: tuple[str, ...]
    """Its clients and its links to us, which other hosts' routers are told of."""
    ways: tuple[tuple[str, str], ...]
    """Networks of a cluster's nodes, each with a router of the cluster by which it is reached."""

    @classmethod
    def of(cls, lab: topology.Lab, machine: topology.Machine) -> HostRouter:
        """That of a machine of the lab; its keys are made by then."""
        plan = lab.plan
        sessions = plan.sessions(machine.name)
        others = [
            Neighbor(other.name, address.partition("/")[0], "", plan.asns[other.name], 9, 3, ours=False)
            for other in plan.machines
            if other.name in plan.asns and other.name != machine.name
            for address in other.link("dist").addresses
        ]
        return cls(
            asn=plan.asns[machine.name],
            router_id=router_id(machine),
            ours=tuple(_ours(lab, speaker, session) for speaker, session in sessions),
            others=tuple(others),
            networks=tuple(_networks(machine)) if others else (),
            ways=tuple(_ways(sessions)),
        )


def _ours(lab: topology.Lab, speaker: topology.Appliance, session: topology.Session) -> Neighbor:
    """Our end, as its neighbour is told of it."""
    return Neighbor(
        name=speaker.name,
        address=session.address,
        local=session.peer,
        asn=session.asn,
        hold_time=session.hold_time,
        keepalive_time=session.keepalive_time,
        password=keys.read(lab, session.secret) if session.secret else "",
        bfd=session.bfd,
        default_route=session.default_route,
    )


def router_id(machine: topology.Machine) -> str:
    """The first address of a router's first link to an appliance."""
    return next(address for address in machine.links[1].addresses if ":" not in address).partition("/")[0]


def _networks(machine: topology.Machine) -> t.Iterator[str]:
    """What a router tells other hosts' routers of."""
    links = [link for link in machine.links if link.interface not in ("mgmt", "dist")]
    yield from dict.fromkeys(str(ipaddress.ip_interface(each).network) for link in links for each in link.addresses)


def _ways(sessions: t.Sequence[tuple[topology.Appliance, topology.Session]]) -> t.Iterator[tuple[str, str]]:
    """How a host's router reaches the nodes of a cluster: by the cluster's routers."""
    for router, session in sessions:
        for address in router.inside:
            if (":" in address) == (session.family == "ipv6"):
                yield str(ipaddress.ip_interface(address).network), session.address


def own(path: str, owner: str, group: str) -> dict[str, str]:
    """A tmpfiles.d line that gives a path to its daemon at boot: accounts exist only inside the image."""
    name = path.replace("/", "-")
    return {f"etc/tmpfiles.d/{name}.conf": f"Z /{path} - {owner} {group}\n"}
