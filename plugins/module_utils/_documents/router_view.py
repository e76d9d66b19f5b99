# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A site record as the host's routers see it: which session stands where, and what is agreed on for it.

Everything that the texts of `router_*` print is worked out here and in `router_words`; templates only print.
Addresses are turned round: *neighbor* is the IMRS's address, *local* is the host's own.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t
import unicodedata

from .. import _addressing as addressing
from .._site.session import Bfd, HostSession

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord


PASSWORD = "<the-agreed-MD5-password>"  # noqa: S105 - what stands in its place
"""Stands where the password goes; one word, as most command lines take no more."""

RESTART_MINUTES = 15
"""How long a session rests after it exceeded its number of prefixes, where a system can come back by itself."""

ANYWHERE = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
"""The default route."""

KINDS = {
    "covering": "covering: announced in maintenance, too (modes drained and live)",
    "specific": "specific: announced only while the instance answers (mode live)",
}


@dataclasses.dataclass(frozen=True)
class Prefix:
    """One of the five prefixes."""

    network: str
    """``199.7.83.0/24``."""
    kind: str
    """``covering`` or ``specific``."""

    @property
    def address(self) -> str:
        """Without the length, for command lines that want the two apart."""
        return self.network.partition("/")[0]

    @property
    def length(self) -> str:
        """Prefix length as text."""
        return self.network.partition("/")[2]

    @property
    def meaning(self) -> str:
        """When it is announced, in words."""
        return KINDS[self.kind]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session(HostSession):
    """One BGP session as the host configures it. All that is agreed on has the names of `_site.session`."""

    name: str
    """Unique on the router, usable as an identifier: ``imrs_nbo01_ipv4``."""
    limit: int
    """Prefixes that the host accepts: all there are of the family."""

    @property
    def neighbor(self) -> str:
        """The IMRS's address."""
        return self.local_address

    @property
    def local(self) -> str:
        """The host's own address."""
        return self.address

    @property
    def neighbor_description(self) -> str:
        """Who the neighbour is, in the host's configuration."""
        return f"ICANN Managed Root Server (L-root) {self.our_name}"

    @property
    def default(self) -> str:
        """The default route of its family."""
        return ANYWHERE[self.family]

    @property
    def policy_in(self) -> str:
        """Name of the policy for what is accepted."""
        return f"IMRS-IN-{self.family.upper()}"

    @property
    def policy_out(self) -> str:
        """Name of the policy for what is sent."""
        return f"IMRS-OUT-{self.inbound.upper()}" + (f"-{self.family.upper()}" if self.inbound == "default" else "")


@dataclasses.dataclass(frozen=True)
class Family:
    """One address family on one router."""

    name: str
    prefixes: tuple[Prefix, ...]
    sessions: tuple[Session, ...]
    strangers: tuple[Session, ...]
    """Of the other family; several systems activate every session for IPv4 unless told otherwise."""

    @property
    def upper(self) -> str:
        """As in names of lists: ``IPV4``."""
        return self.name.upper()

    @property
    def title(self) -> str:
        """As in sentences: ``IPv4``."""
        return f"IPv{self.name[-1]}"

    @property
    def default(self) -> str:
        """The family's default route."""
        return ANYWHERE[self.name]

    @property
    def sends_default(self) -> bool:
        """Whether any session takes the default route."""
        return any(session.inbound == "default" for session in self.sessions)


@dataclasses.dataclass(frozen=True)
class BfdInterface:
    """Where a system keeps BFD's times at the interface: these go to the one that has these addresses."""

    bfd: Bfd
    addresses: tuple[str, ...]
    families: tuple[str, ...]

    @property
    def placeholder(self) -> str:
        """Stands where the interface's name goes."""
        return f"<interface-with-{self.addresses[0]}>"


@dataclasses.dataclass(frozen=True)
class HostRouter:
    """One router of a host, with all its sessions with the site."""

    description: str
    asn: int
    sessions: tuple[Session, ...]
    prefixes: c.Mapping[str, tuple[Prefix, ...]]

    @property
    def families(self) -> tuple[Family, ...]:
        """Those in use here."""
        found = []
        for name in addressing.FAMILIES:
            own = tuple(session for session in self.sessions if session.family == name)
            strangers = tuple(session for session in self.sessions if session.family != name == "ipv4")
            if own:
                found.append(Family(name, self.prefixes[name], own, strangers))
        return tuple(found)

    @property
    def sends(self) -> frozenset[str]:
        """What the sessions send, taken together."""
        return frozenset(session.inbound for session in self.sessions)

    @property
    def gtsm(self) -> bool:
        """Whether any session uses it."""
        return any(session.gtsm for session in self.sessions)

    @property
    def multihop(self) -> tuple[Session, ...]:
        """Sessions that are not with a direct neighbour."""
        return tuple(session for session in self.sessions if session.multihop)

    @property
    def passwords(self) -> bool:
        """Whether any session has one."""
        return any(session.md5 for session in self.sessions)

    @property
    def bfd_times(self) -> tuple[Bfd, ...]:
        """The different times in use, in order of appearance."""
        return tuple(dict.fromkeys(session.bfd for session in self.sessions if session.bfd))

    @property
    def bfd_interfaces(self) -> tuple[BfdInterface, ...]:
        """Interfaces of the direct sessions that use BFD."""
        found = []
        for bfd in self.bfd_times:
            direct = [session for session in self.sessions if session.bfd == bfd and not session.multihop]
            addresses = tuple(dict.fromkeys(session.local for session in direct))
            if direct:
                found.append(BfdInterface(bfd, addresses, tuple(dict.fromkeys(each.family for each in direct))))
        return tuple(found)

    @property
    def bfd_multihop(self) -> tuple[Session, ...]:
        """Sessions with BFD over several hops (RFC 5883)."""
        return tuple(session for session in self.multihop if session.bfd)

    @property
    def bfd_multihop_times(self) -> tuple[Bfd, ...]:
        """The different times in use over several hops."""
        return tuple(dict.fromkeys(session.bfd for session in self.bfd_multihop if session.bfd))


def plain(text: str, longest: int = 60) -> str:
    """A free text of the sheet, so that no command line reads more than a name in it: letters, digits, ``. , ( ) / -``.

    Letters lose their accents; what has no plain spelling is left out.
    """
    flat = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"\s+", " ", re.sub(r"[^A-Za-z0-9 .,()/-]", " ", flat)).strip()[:longest].strip()


def host_routers(record: SiteRecord) -> tuple[HostRouter, ...]:
    """The host's routers, in the record's order. Sessions of one description and AS stand on one router."""
    prefixes = {
        family: tuple(
            Prefix(network, kind) for kind in ("covering", "specific") for network in record["prefixes"][family][kind]
        )
        for family in addressing.FAMILIES
    }
    together: dict[tuple[str, int], list[HostSession]] = {}
    for session in record["sessions"]:
        together.setdefault((session.description, session.asn), []).append(session)
    routers = []
    for (description, asn), sessions in together.items():
        taken: dict[str, int] = {}
        views = tuple(_session(session, len(prefixes[session.family]), taken) for session in sessions)
        routers.append(HostRouter(plain(description) or "host router", asn, views, prefixes))
    return tuple(routers)


def _session(session: HostSession, limit: int, taken: dict[str, int]) -> Session:
    """One session with its name; ``taken`` counts names, so that each is given once."""
    name = "imrs_" + re.sub(r"[^a-z0-9]+", "_", f"{session.our_name}_{session.family}".lower())
    taken[name] = taken.get(name, 0) + 1
    return Session(**vars(session), name=name if taken[name] == 1 else f"{name}_{taken[name]}", limit=limit)
