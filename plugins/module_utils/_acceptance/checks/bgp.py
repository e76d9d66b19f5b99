# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""BGP (requirements section 3.6): the sessions, what goes out, what comes in, and how they are protected."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from ..check import EVERY_STAGE, Verdict, check, verdict

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected, Peer

GATE = "gate"
"""Name of the gate's own session in the routing daemon: the one origin of routes."""

DEFAULTS = frozenset({"0.0.0.0/0", "::/0"})

Session = t.Mapping[str, t.Any]
Rule = t.Callable[["Peer", Session], "t.Iterable[str]"]


def _session(evidence: Evidence, peer: Peer) -> Session | None:
    """BIRD's session with this peer, found by the address: names are free."""
    for session in evidence.section("node", "bird")["sessions"]:
        if session.get("neighbor") == peer.address:
            return dict(session)
    return None


def _channel(session: Session, family: str) -> Session:
    """The channel of one family, or an empty one."""
    return next((channel for channel in session["channels"] if channel["family"] == family), {})


def _each(evidence: Evidence, expected: Expected, rule: Rule, good: str) -> Verdict:
    """Judge every session of the sheet with one rule; a session that is not there fails every check."""
    problems = [] if expected.peers else ["the sheet has no peer"]
    for peer in expected.peers:
        session = _session(evidence, peer)
        found = ["there is no such session"] if session is None else rule(peer, session)
        problems += [f"{peer.name}: {problem}" for problem in found]
    return verdict(problems, f"{len(expected.peers)} sessions: {good}")


def _options(evidence: Evidence, session: Session) -> Session | None:
    """The judged options of a session's configuration."""
    options = evidence.section("node", "bird").get("options") or {}
    found: Session | None = options.get(session["name"])
    return found


def _router_routes(evidence: Evidence, peer: Peer) -> list[Session] | None:
    """What the host's router has from this session, where its evidence exists."""
    if "router" not in evidence.scopes:
        return None
    routes: list[Session] = evidence.section("router", "frr")["routes"].get(peer.local_address, [])
    return routes


def _set(prefixes: t.Iterable[str]) -> str:
    """A set of prefixes in words."""
    return ", ".join(sorted(prefixes)) or "nothing"


@check("BG-01", "Every session is established", source="requirements BG-01; RFC 4271 section 8")
def established(evidence: Evidence, expected: Expected) -> Verdict:
    """Every session of the sheet: Established with the right AS numbers, and the channel of its family is up."""

    def rule(peer: Peer, session: Session) -> list[str]:
        problems = []
        if session.get("bgp_state") != "Established":
            why = f" ({session['last_error']})" if session.get("last_error") else ""
            return [f"{session.get('bgp_state') or session.get('state')}{why}"]
        if (session.get("local_as"), session.get("neighbor_as")) != (expected.asn, peer.asn):
            problems.append(f"AS{session.get('local_as')} to AS{session.get('neighbor_as')}")
        if session.get("source") != peer.local_address:
            problems.append(f"speaks from {session.get('source')}")
        if _channel(session, peer.family).get("state") != "UP":
            problems.append(f"the {peer.family} channel is not up")
        return problems

    return _each(evidence, expected, rule, "established")


@check("BG-02", "Exactly the right prefixes go out", source="ICANN FAQ q13; requirements BG-02")
def exported(evidence: Evidence, expected: Expected) -> Verdict:
    """The routes exported to every peer are exactly those of the stage's mode, of the peer's family."""
    wanted = expected.announced(evidence.stage)
    exports = evidence.section("node", "bird")["exports"]

    def rule(peer: Peer, session: Session) -> list[str]:
        routes = exports.get(session["name"])
        if routes is None and session.get("bgp_state") == "Established":
            return ["the exported routes could not be listed"]
        have = {route["to"] for route in routes or ()}
        return [] if have == set(wanted[peer.family]) else [f"exports {_set(have)}, not {_set(wanted[peer.family])}"]

    return _each(evidence, expected, rule, _set(p for family in wanted.values() for p in family))


@check("BG-03", "The counters agree with the mode", source="requirements BG-03; RSSAC024 answer 3.5.2")
def counted(evidence: Evidence, expected: Expected) -> Verdict:
    """Every peer was sent as many routes as the mode has, other families none; the host's router, if asked, agrees."""
    wanted = expected.announced(evidence.stage)

    def rule(peer: Peer, session: Session) -> list[str]:
        problems = []
        for channel in session["channels"]:
            due = len(wanted[peer.family]) if channel["family"] == peer.family else 0
            count = channel.get("routes", {}).get("exported", 0)
            if count != due:
                problems.append(f"{count} {channel['family']} routes exported, {due} in mode {evidence.stage}")
        routes = _router_routes(evidence, peer)
        have = {route["to"] for route in routes} if routes is not None else set(wanted[peer.family])
        extra = have - set(wanted[peer.family])
        return [*problems, f"the host's router also has {_set(extra)}"] if extra else problems

    return _each(evidence, expected, rule, f"as mode {evidence.stage} has it")


@check("BG-04", "Path attributes are right", source="requirements BG-04; RFC 4271 section 5")
def attributes(evidence: Evidence, expected: Expected) -> Verdict:
    """Origin IGP, AS path AS20144 and configured prepends only, communities as the sheet says, next hop the node."""
    exports = evidence.section("node", "bird")["exports"]

    def rule(peer: Peer, session: Session) -> list[str]:
        problems = []
        for route in exports.get(session["name"]) or []:
            found = route["attributes"]
            path = found.get("as_path", "").split()
            if path != [str(expected.asn)] * peer.prepend:  # BIRD adds its own AS when it sends
                problems.append(f"{route['to']} with AS path {' '.join(path) or 'empty'}")
            if found.get("origin", "IGP") != "IGP":
                problems.append(f"{route['to']} with origin {found['origin']}")
            have = found.get("community", "").replace("(", "").replace(")", "").replace(",", ":").split()
            if sorted(have) != sorted(peer.communities):
                problems.append(f"{route['to']} with communities {' '.join(have) or 'none'}")
        for route in _router_routes(evidence, peer) or []:
            if route["as_path"].split() != [str(expected.asn)] * (peer.prepend + 1):
                problems.append(f"the host's router has {route['to']} with AS path {route['as_path']}")
            if route["origin"] != "IGP":
                problems.append(f"the host's router has {route['to']} with origin {route['origin']}")
            if peer.local_address not in route["next_hops"]:
                problems.append(f"the host's router has {route['to']} by {_set(route['next_hops'])}")
        return problems

    return _each(evidence, expected, rule, "attributes as agreed")


@check("BG-05", "Nothing else goes out", harm=True, source="RFC 7454 section 6; requirements BG-05")
def leaks(evidence: Evidence, expected: Expected) -> Verdict:
    """No session but those of the sheet; none exports, nor the host's router holds, more than the stage's mode has."""
    wanted = expected.announced(evidence.stage)
    daemon = evidence.section("node", "bird")
    peers = {peer.address: peer for peer in expected.peers}
    problems = []
    for session in daemon["sessions"]:
        name, neighbor = session["name"], str(session.get("neighbor"))
        if neighbor not in peers and not neighbor.startswith("127."):
            problems.append(f"{name}: a session with {neighbor}, which is not in the sheet")
        allowed = set(wanted[peers[neighbor].family]) if neighbor in peers else set()
        routes = daemon["exports"].get(name)
        if routes is None and session.get("bgp_state") == "Established":
            problems.append(f"{name}: what it exports could not be listed")
        if sent := {route["to"] for route in routes or ()} - allowed:
            problems.append(f"{name}: exports {_set(sent)}")
        problems += [
            f"{name}: {route['to']} comes from {route['protocol']}, not from the gate"
            for route in routes or ()
            if route["protocol"] != GATE
        ]
    for peer in expected.peers:
        if held := {route["to"] for route in _router_routes(evidence, peer) or ()} - set(wanted[peer.family]):
            problems.append(f"{peer.name}: the host's router holds {_set(held)}")
    return verdict(problems, f"{len(expected.peers)} sessions: no leak")


@check("BG-06", "Filters stand both ways", source="RFC 8212 section 3")
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

    return _each(evidence, expected, rule, "filtered both ways")


@check("BG-07", "Nothing but a default route comes in", source="requirements BG-07; RFC 7454 section 6")
def received(evidence: Evidence, expected: Expected) -> Verdict:
    """From every peer: no route at all, or the default route only."""
    routes = evidence.section("node", "bird")["routes"]

    def rule(peer: Peer, session: Session) -> list[str]:
        have = {route["to"] for route in routes if route["protocol"] == session["name"]}
        imported = _channel(session, peer.family).get("routes", {}).get("imported", 0)
        if have - DEFAULTS or imported > 1:
            return [f"{max(imported, len(have))} routes, such as {_set(sorted(have - DEFAULTS)[:2])}"]
        return []

    return _each(evidence, expected, rule, "nothing foreign accepted")


@check("BG-10", "TTL security is on", source="RFC 5082 section 3")
def ttl_security(evidence: Evidence, expected: Expected) -> Verdict:
    """GTSM on every directly connected session; a multihop session has exactly the hops of the sheet instead."""

    def rule(peer: Peer, session: Session) -> list[str]:
        options = _options(evidence, session)
        if options is None:
            return ["not found in the configuration"]
        if peer.multihop:
            have = options.get("multihop")
            return [] if have == peer.multihop else [f"multihop {have or 'off'}, {peer.multihop} in the sheet"]
        return [] if options.get("ttl_security") else ["no TTL security"]

    return _each(evidence, expected, rule, "GTSM, or multihop as agreed")


@check("BG-11", "Sessions are authenticated as agreed", source="RFC 2385; RFC 5925")
def authenticated(evidence: Evidence, expected: Expected) -> Verdict:
    """A session has a password exactly where the sheet names one, and is established with it."""

    def rule(peer: Peer, session: Session) -> list[str]:
        options = _options(evidence, session)
        if options is None:
            return ["not found in the configuration"]
        have = bool(options.get("authentication"))
        if have != peer.authenticated:
            return [f"{'a' if have else 'no'} password, {'one' if peer.authenticated else 'none'} in the sheet"]
        return [] if session.get("bgp_state") == "Established" else ["not established with it"]

    return _each(evidence, expected, rule, f"{sum(p.authenticated for p in expected.peers)} with a password")


@check("BG-12", "The hold time is short enough", source="RFC 4271 section 4.2; requirements BG-12")
def hold_time(evidence: Evidence, expected: Expected) -> Verdict:
    """The negotiated hold time is not zero and not longer than the sheet's."""

    def rule(peer: Peer, session: Session) -> list[str]:
        have = session.get("hold_time")
        if not have:
            return ["no hold time negotiated"]
        return [f"{have} s, {peer.hold_time} s in the sheet"] if have > peer.hold_time else []

    return _each(evidence, expected, rule, "dead peers noticed in time")


@check("BG-13", "Graceful restart is not offered", source="RFC 4724; requirements BG-13", stages=EVERY_STAGE)
def graceful_restart(evidence: Evidence, expected: Expected) -> Verdict:
    """The node does not ask its peers to keep routes of a dead node; helping others to restart is allowed."""

    def rule(peer: Peer, session: Session) -> list[str]:
        if session.get("bgp_state") != "Established":
            return ["not established, so nothing was negotiated"]
        found = [f"offers {name.lower()}" for name in session["restarts"]]
        options = _options(evidence, session) or {}
        return (
            [*found, "graceful restart on in the configuration"] if options.get("graceful_restart") is True else found
        )

    return _each(evidence, expected, rule, "no stale routes kept")


CHECKS = (
    established,
    exported,
    counted,
    attributes,
    leaks,
    filters,
    received,
    ttl_security,
    authenticated,
    hold_time,
    graceful_restart,
)
