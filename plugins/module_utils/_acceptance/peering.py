# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Sessions of the sheet, found in what the node's routing daemon and the host's router say."""

from __future__ import annotations

import ipaddress
import re
import typing as t

if t.TYPE_CHECKING:
    from .._site.session import Peer
    from .evidence import Evidence
    from .expected import Expected

Session = t.Mapping[str, t.Any]

NO_EXPORT = "65535:65281"
"""RFC 1997, as a number: the spelling of evidence."""

_COMMUNITY = re.compile(r"\(([^)]*)\)")


def session_of(evidence: Evidence, peer: Peer) -> Session | None:
    """The daemon's session with this peer, found by the address: names are free."""
    for session in evidence.section("node", "routing")["sessions"]:
        if session.get("neighbor") == peer.address:
            return dict(session)
    return None


def bfd_of(evidence: Evidence, peer: Peer) -> Session:
    """BFD's session with this peer, or an empty one."""
    sessions = evidence.section("node", "routing")["bfd"]
    return next((session for session in sessions if session["address"] == peer.address), {})


def at_router(evidence: Evidence, peer: Peer) -> list[Session] | None:
    """What the host's router has from this session; null where there is no evidence of it, or it is another's session.

    A node's sessions start from one address, whatever the peer, and one router can be read. It is known by its own end
    of the session, or by its AS number alone while the session is down.
    """
    if "router" not in evidence.scopes:
        return None
    seen = evidence.section("router", "host_router")
    session = seen["sessions"].get(peer.local_address, {})
    if not _may_be(session, peer):
        return None
    if not session.get("address"):
        # Of several routers of one AS it is one with which the node has no session either, if there is such a one.
        same = [each for each in evidence.expected.peers if each.local_address == peer.local_address]
        candidates = [each for each in same if _may_be(session, each)]
        down = [each for each in candidates if len(candidates) > 1 and not _established(evidence, each)]
        if down and peer not in down:
            return None
    routes: list[Session] = seen["routes"].get(peer.local_address, [])
    return routes


def _may_be(session: Session, peer: Peer) -> bool:
    """Whether this can be the router's session with the node."""
    return session.get("address") in {None, "", peer.address} and session.get("local_as") in {None, peer.asn}


def _established(evidence: Evidence, peer: Peer) -> bool:
    return (session_of(evidence, peer) or {}).get("bgp_state") == "Established"


def communities(attributes: t.Mapping[str, str]) -> list[str]:
    """All communities of a route as the sheet spells them (``64500:1``, ``64500:1:2``), sorted."""
    kinds = ("community", "large_community", "ext_community")
    found = [group for kind in kinds for group in _COMMUNITY.findall(attributes.get(kind, ""))]
    return sorted(":".join(part.strip() for part in group.split(",")) for group in found)


def dressing(expected: Expected, peer: Peer, prefix: str) -> tuple[int, list[str]]:
    """Prepends and communities that were agreed for this prefix: the specific ones only, never those that cover."""
    if prefix not in expected.prefixes[peer.family].specific:
        return 0, []
    return peer.prepend, sorted((*peer.every_community, *((NO_EXPORT,) if peer.no_export else ())))


def inside(text: str, prefixes: t.Iterable[str]) -> bool:
    """Is this destination one of these prefixes, or part of one? All are of one family."""
    network = ipaddress.ip_network(text)
    return any(network.subnet_of(ipaddress.ip_network(prefix)) for prefix in prefixes)  # type: ignore[arg-type]
