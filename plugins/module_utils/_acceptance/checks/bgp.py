# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""BGP (requirements section 3.6): the sessions, what goes out, and how they are protected."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from ..._routing.policy import Mode
from ..check import EVERY_STAGE, FUNCTIONS, Verdict, check, verdict
from ..evidence import Missing
from ..peering import Session, at_router, bfd_of, communities, dressing, session_of
from ..standing import Standing, absence, all_of, due, place

if t.TYPE_CHECKING:
    from ..._site.session import Bfd, Peer
    from ..evidence import Evidence
    from ..expected import Expected

GATE = "gate"
"""Name of the gate's own session in the routing daemon: the one origin of routes."""

Rule = t.Callable[["Peer", Session], "t.Iterable[str]"]


def each_session(evidence: Evidence, expected: Expected, rule: Rule, good: str, *, there: bool = False) -> Verdict:
    """Judge every session of the sheet with one rule; a session that the daemon does not know fails every check.

    ``there``: leave out those that wait for their router. One at least must not.
    """
    problems = [] if expected.peers else ["the sheet has no peer"]
    judged = [peer for peer in expected.peers if not there or place(evidence, peer).standing is not Standing.WAITING]
    if expected.peers and not judged:
        problems = [f"{placed.peer.name}: {placed.why}" for placed in all_of(evidence, expected)]
    for peer in judged:
        session = session_of(evidence, peer)
        found = ["there is no such session"] if session is None else rule(peer, session)
        problems += [f"{peer.name}: {problem}" for problem in found]
    waiting = len(expected.peers) - len(judged)
    of = f"{len(judged)} of {len(expected.peers)}" if waiting else f"{len(judged)}"
    return verdict(problems, f"{of} sessions: {good}")


def _next_hops(peer: Peer, expected: Expected) -> set[str]:
    """What a router may have as next hop: the node's end of the session.

    Over link-local addresses it is told a global one as well (RFC 2545 section 3): one of the uplink's.
    """
    if addressing.is_link_local(peer.local_address):
        return {address for address in expected.notify_addresses if addressing.family_of(address) == peer.family}
    return {peer.local_address}


def options_of(evidence: Evidence, session: Session) -> Session | None:
    """The judged options of a session's configuration."""
    options = evidence.section("node", "routing").get("options") or {}
    found: Session | None = options.get(session["name"])
    return found


def named(prefixes: t.Iterable[str]) -> str:
    """A set of prefixes in words."""
    return ", ".join(sorted(prefixes)) or "nothing"


@check("BG-01", "Sessions are established", source="requirements BG-01; RFC 4271 section 8", functions=FUNCTIONS)
def established(evidence: Evidence, expected: Expected) -> Verdict:
    """Every certified session, and one at least: Established, the right AS numbers, its channel up, BFD where agreed.

    A session that is not certified may wait for its router: it gets nothing until then (BG-20).
    """
    if evidence.stage is not Mode.DARK and not any(peer.mark in evidence.certified for peer in expected.peers):
        return verdict(["no session is certified, so nothing is announced"], "")

    def rule(peer: Peer, session: Session) -> list[str]:
        if why := absence(evidence, peer):
            return [why]
        problems = []
        if (session.get("local_as"), session.get("neighbor_as")) != (expected.asn, peer.asn):
            problems.append(f"AS{session.get('local_as')} to AS{session.get('neighbor_as')}")
        if session.get("source") != peer.local_address:
            problems.append(f"speaks from {session.get('source')}")
        return problems

    return each_session(evidence, expected, rule, "established", there=True)


@check("BG-02", "Exactly the right prefixes go out", source="ICANN FAQ q13; requirements BG-02", functions=FUNCTIONS)
def exported(evidence: Evidence, expected: Expected) -> Verdict:
    """To a certified peer exactly the routes of the stage's mode are exported, of its family; to others none."""
    wanted = expected.announced(evidence.stage)
    exports = evidence.section("node", "routing")["exports"]

    def rule(peer: Peer, session: Session) -> list[str]:
        routes = exports.get(session["name"])
        if routes is None and session.get("bgp_state") == "Established":
            return ["the exported routes could not be listed"]
        have, want = {route["to"] for route in routes or ()}, set(due(evidence, expected, peer))
        return [] if have == want else [f"exports {named(have)}, not {named(want)}"]

    return each_session(evidence, expected, rule, named(p for family in wanted.values() for p in family))


@check(
    "BG-03",
    "The counters agree with the mode",
    source="requirements BG-03; RSSAC024 answer 3.5.2",
    also=("router",),
    functions=FUNCTIONS,
)
def counted(evidence: Evidence, expected: Expected) -> Verdict:
    """Every certified peer was sent as many routes as the mode has, others none, nor of other families; the host's
    router, if asked, agrees.
    """

    def rule(peer: Peer, session: Session) -> list[str]:
        problems, wanted = [], set(due(evidence, expected, peer))
        for channel in session["channels"]:
            many = len(wanted) if channel["family"] == peer.family else 0
            count = channel.get("routes", {}).get("exported", 0)
            if count != many:
                problems.append(f"{count} {channel['family']} routes exported, {many} in mode {evidence.stage}")
        extra = {route["to"] for route in at_router(evidence, peer) or ()} - wanted
        return [*problems, f"the host's router also has {named(extra)}"] if extra else problems

    return each_session(evidence, expected, rule, f"as mode {evidence.stage} has it")


@check(
    "BG-04",
    "Path attributes are right",
    source="requirements BG-04; RFC 4271 section 5",
    also=("router",),
    functions=FUNCTIONS,
)
def attributes(evidence: Evidence, expected: Expected) -> Verdict:
    """Origin IGP, next hop the node, AS path AS20144 alone; agreed prepends and communities on specific prefixes only.

    A router of our own AS sees an empty path: only a border adds an AS number.
    """
    exports = evidence.section("node", "routing")["exports"]

    def rule(peer: Peer, session: Session) -> list[str]:
        problems = []
        for route in exports.get(session["name"]) or []:
            found = route["attributes"]
            prepends, agreed = dressing(expected, peer, route["to"])
            path = found.get("as_path", "").split()
            if path != [str(expected.asn)] * prepends:  # its own AS is added when it sends
                problems.append(f"{route['to']} with AS path {' '.join(path) or 'empty'}")
            if found.get("origin", "IGP") != "IGP":
                problems.append(f"{route['to']} with origin {found['origin']}")
            if (have := communities(found)) != agreed:
                instead = f", not {' '.join(agreed)}" if agreed else ""
                problems.append(f"{route['to']} with communities {' '.join(have) or 'none'}{instead}")
        for route in at_router(evidence, peer) or []:
            times = dressing(expected, peer, route["to"])[0] + (not peer.internal)
            if route["as_path"].split() != [str(expected.asn)] * times:
                problems.append(f"the host's router has {route['to']} with AS path {route['as_path'] or 'empty'}")
            if route["origin"] != "IGP":
                problems.append(f"the host's router has {route['to']} with origin {route['origin']}")
            if not _next_hops(peer, expected) & set(route["next_hops"]):
                problems.append(f"the host's router has {route['to']} by {named(route['next_hops'])}")
        return problems

    return each_session(evidence, expected, rule, "attributes as agreed")


@check(
    "BG-05",
    "Nothing else goes out",
    harm=True,
    source="RFC 7454 section 6; requirements BG-05",
    also=("router",),
    functions=FUNCTIONS,
)
def leaks(evidence: Evidence, expected: Expected) -> Verdict:
    """No session but those of the sheet; none exports, nor the host's router holds, more than the stage's mode has, and
    one that is not certified exports nothing. What goes inwards from a router is judged by CL-03.
    """
    wanted = expected.announced(evidence.stage)
    daemon = evidence.section("node", "routing")
    peers = {peer.address: peer for peer in expected.peers}
    inwards = {member.address for member in expected.members}
    problems = []
    for session in daemon["sessions"]:
        name, neighbor = session["name"], str(session.get("neighbor"))
        if neighbor in inwards or (inwards and name == GATE):
            continue
        if neighbor not in peers and not neighbor.startswith("127."):
            problems.append(f"{name}: a session with {neighbor}, which is not in the sheet")
        allowed = set(due(evidence, expected, peers[neighbor])) if neighbor in peers else set()
        routes = daemon["exports"].get(name)
        if routes is None and session.get("bgp_state") == "Established":
            problems.append(f"{name}: what it exports could not be listed")
        if sent := {route["to"] for route in routes or ()} - allowed:
            problems.append(f"{name}: exports {named(sent)}")
        problems += [
            f"{name}: {route['to']} comes from {route['protocol']}, not from the gate"
            for route in routes or ()
            if route["protocol"] != GATE
        ]
    # What goes out by the node's own word does harm, whether or not the host's router can be read.
    if "router" in evidence.scopes and (not problems or evidence.readable("router", "host_router")):
        announced = {prefix for family in wanted.values() for prefix in family}
        for address, routes in evidence.section("router", "host_router")["routes"].items():
            if held := {route["to"] for route in routes} - announced:
                problems.append(f"the host's router holds {named(held)} from {address}")
    return verdict(problems, f"{len(expected.peers)} sessions: no leak")


@check("BG-06", "Filters stand both ways", source="RFC 8212 section 3", functions=FUNCTIONS)
def filters(evidence: Evidence, expected: Expected) -> Verdict:
    """Every channel has an import and an export filter, and neither is ACCEPT."""

    def rule(peer: Peer, session: Session) -> list[str]:
        found = []
        for channel in session["channels"]:
            for way in ("input", "output"):
                name = channel.get("filters", {}).get(way)
                if name in {None, "ACCEPT"}:
                    found.append(f"{channel['family']} {way} filter {name or 'missing'}")
        return found if session["channels"] else ["no channel"]

    return each_session(evidence, expected, rule, "filtered both ways")


@check("BG-10", "TTL security is on", source="RFC 5082 section 3", functions=FUNCTIONS)
def ttl_security(evidence: Evidence, expected: Expected) -> Verdict:
    """GTSM on every directly connected session; a multihop one has the sheet's hops, or 255 for 3 and more with BFD."""

    def rule(peer: Peer, session: Session) -> list[str]:
        options = options_of(evidence, session)
        if options is None:
            return ["not found in the configuration"]
        if peer.multihop:
            have = options.get("multihop")
            # A daemon may take in BFD from that many hops only, by a TTL that few routers send; with 255, from all.
            allowed = {peer.multihop, 255} if peer.bfd and peer.multihop > 2 else {peer.multihop}
            return [] if have in allowed else [f"multihop {have or 'off'}, {peer.multihop} in the sheet"]
        if have := options.get("multihop"):
            return [f"multihop {have}, directly connected in the sheet"]
        return [] if options.get("ttl_security") else ["no TTL security"]

    return each_session(evidence, expected, rule, "GTSM, or multihop as agreed")


@check("BG-11", "Sessions are authenticated as agreed", source="RFC 2385; RFC 5925", functions=FUNCTIONS)
def authenticated(evidence: Evidence, expected: Expected) -> Verdict:
    """A session has a password exactly where the sheet names one, and is established with it, unless it waits for its
    router.
    """

    def rule(peer: Peer, session: Session) -> list[str]:
        options = options_of(evidence, session)
        if options is None:
            return ["not found in the configuration"]
        have = bool(options.get("authentication"))
        if have != peer.md5:
            return [f"{'a' if have else 'no'} password, {'one' if peer.md5 else 'none'} in the sheet"]
        up = session.get("bgp_state") == "Established" or place(evidence, peer).standing is Standing.WAITING
        return [] if up else ["not established with it"]

    return each_session(evidence, expected, rule, f"{sum(p.md5 for p in expected.peers)} with a password")


@check(
    "BG-12",
    "A dead peer is noticed in time",
    source="RFC 4271 section 4.2; RFC 5880; requirements BG-12",
    functions=FUNCTIONS,
)
def hold_time(evidence: Evidence, expected: Expected) -> Verdict:
    """Hold time, keepalive time and BFD's detection time where agreed: negotiated, not longer than the sheet's."""

    def rule(peer: Peer, session: Session) -> list[str]:
        have = session.get("hold_time")
        if not have:
            return ["no hold time negotiated"]
        problems = [f"{have} s, {peer.hold_time} s in the sheet"] if have > peer.hold_time else []
        if not 0 < session.get("keepalive_time", 0) <= peer.keepalive_time:
            problems.append(f"keepalive {session.get('keepalive_time')} s, {peer.keepalive_time} s in the sheet")
        if peer.bfd:
            watched = bfd_of(evidence, peer)
            times = watched.get("timeout_ms") if watched.get("state") == "Up" else None
            if not times or times > peer.bfd.detection_ms:
                told = f"after {times} ms" if times else "nothing"
                problems.append(f"BFD notices {told}, within {peer.bfd.detection_ms} ms in the sheet")
        return problems

    return each_session(evidence, expected, rule, "dead peers noticed in time", there=True)


@check(
    "BG-13",
    "Graceful restart is not offered",
    source="RFC 4724; requirements BG-13",
    stages=EVERY_STAGE,
    functions=FUNCTIONS,
)
def graceful_restart(evidence: Evidence, expected: Expected) -> Verdict:
    """The node does not ask its peers to keep routes of a dead node; helping others to restart is allowed."""

    def rule(peer: Peer, session: Session) -> list[str]:
        if session.get("bgp_state") != "Established":
            return ["not established, so nothing was negotiated"]
        found = [f"offers {name.lower()}" for name in session["restarts"]]
        options = options_of(evidence, session) or {}
        return (
            [*found, "graceful restart on in the configuration"] if options.get("graceful_restart") is True else found
        )

    return each_session(evidence, expected, rule, "no stale routes kept", there=True)


@check(
    "BG-14",
    "BFD is as agreed, both ways",
    severity="W",
    source="requirements BG-14; RFC 5880 sections 6.8.2 and 6.8.4",
    functions=FUNCTIONS,
)
def bfd(evidence: Evidence, expected: Expected) -> Verdict:
    """Where the sheet agrees on BFD it is up; either way packets are sent no more often than agreed, and as many may be
    lost, so that a short pause ends no session; and the peer notices a dead node as soon as agreed. That the node
    notices a dead peer is BG-12's.
    """

    def rule(peer: Peer, _session: Session) -> list[str]:
        if not (agreed := peer.bfd):
            return []
        watched = bfd_of(evidence, peer)
        if (state := watched.get("state", "not running")) != "Up":
            return [f"BFD is {state}"]
        if not watched.get("receive") or not watched.get("send"):
            raise Missing(f"{peer.name}: the routing daemon does not tell its BFD's intervals and multipliers")
        problems = []
        for way, who in (("receive", "the peer"), ("send", "the node")):
            interval, many = watched[way]["interval_ms"], watched[way]["multiplier"]
            if interval < agreed.interval_ms or many < agreed.multiplier:
                problems.append(f"{who} sends every {interval} ms, {many} times, {_times(agreed)} in the sheet")
        detection = watched["send"]["interval_ms"] * watched["send"]["multiplier"]
        if detection > agreed.detection_ms:
            problems.append(f"the peer notices after {detection} ms, within {agreed.detection_ms} ms in the sheet")
        return problems

    many = sum(peer.bfd is not None for peer in expected.peers)
    return each_session(
        evidence, expected, rule, f"{many} with BFD, as agreed" if many else "no BFD agreed", there=True
    )


def _times(agreed: Bfd) -> str:
    return f"{agreed.interval_ms} ms and {agreed.multiplier} times"


@check(
    "BG-20",
    "No session waits for its router",
    severity="W",
    source="docs/architecture.md, contract: acceptance",
    functions=FUNCTIONS,
)
def complete(evidence: Evidence, expected: Expected) -> Verdict:
    """Every session of the sheet is certified, or at stage dark ready to be. Others keep nobody from serving."""
    good = {Standing.CERTIFIED, Standing.READY} if evidence.stage is Mode.DARK else {Standing.CERTIFIED}
    placed = [place(evidence, peer) for peer in expected.peers]
    waiting = [each.words for each in placed if each.standing not in good]
    return verdict(waiting, f"{len(placed)} sessions: none waits")


CHECKS = (
    established,
    exported,
    counted,
    attributes,
    leaks,
    filters,
    ttl_security,
    authenticated,
    hold_time,
    graceful_restart,
    bfd,
    complete,
)
