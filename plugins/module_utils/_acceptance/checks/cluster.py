# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A cluster's own router: its sessions with the nodes, and the ways on which questions go to them."""

from __future__ import annotations

import typing as t

from ..._routing.policy import Mode, announced
from ..check import ANNOUNCED, ROUTER, Verdict, check, verdict
from ..evidence import Missing
from ..examples import DEFAULT
from .bgp import GATE

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected, Member

Session = t.Mapping[str, t.Any]
Rule = t.Callable[["Member", Session], t.Iterable[str]]

BY_PORT = "1"
"""``fib_multipath_hash_policy``: of several ways, the one of a packet follows from its addresses and ports."""
POLICIES = {"ipv4": "net.ipv4.fib_multipath_hash_policy", "ipv6": "net.ipv6.fib_multipath_hash_policy"}


def _sessions(evidence: Evidence) -> dict[str, Session]:
    """The daemon's sessions by the neighbour's address."""
    return {str(each.get("neighbor")): each for each in evidence.section("node", "routing")["sessions"]}


def _each(evidence: Evidence, expected: Expected, rule: Rule) -> list[str]:
    """What a rule says of each session with a node, and which of them the daemon does not know."""
    sessions, problems = _sessions(evidence), []
    for member in expected.members:
        session = sessions.get(member.address)
        found = ["there is no such session"] if session is None else rule(member, session)
        problems += [f"{member.name}: {problem}" for problem in found]
    return problems


def _told(evidence: Evidence, expected: Expected, family: str) -> dict[str, set[str]]:
    """What each node announces in a family, by the node's address; nothing where its session is down."""
    imports, sessions = evidence.section("node", "routing")["imports"], _sessions(evidence)
    found = {}
    for member in expected.members:
        if member.family != family:
            continue
        routes = imports.get(sessions.get(member.address, {}).get("name", ""))
        if routes is None and member.address in sessions:
            raise Missing(f"{member.name}: what it tells could not be listed")
        found[member.address] = {route["to"] for route in routes or ()} & set(expected.ours(family))
    return found


@check(
    "CL-01",
    "Enough nodes are there",
    stages=ANNOUNCED,
    functions=(ROUTER,),
    source="docs/gate.md, minimum of a cluster",
)
def enough(evidence: Evidence, expected: Expected) -> Verdict:
    """In each family, minimum_live nodes announce the specific prefixes (live), or one the covering ones (drained)."""
    least = expected.minimum_live if evidence.stage is Mode.LIVE else 1
    problems, counts = [], []
    for family, prefixes in expected.prefixes.items():
        wanted = set(announced(evidence.stage, prefixes))
        carry = [address for address, has in _told(evidence, expected, family).items() if wanted <= has]
        counts.append(f"{len(carry)} by {family}")
        if len(carry) < least:
            problems.append(f"{len(carry)} nodes by {family}, {least} have to be there")
    return verdict(problems, f"nodes: {', '.join(counts)}")


@check(
    "CL-02", "Every node is there", severity="W", functions=(ROUTER,), source="requirements BG-01; RFC 4271 section 8"
)
def complete(evidence: Evidence, expected: Expected) -> Verdict:
    """Every session with a node: Established, with a hold time not longer than the sheet's, and BFD where agreed."""
    watched = {each["address"]: each for each in evidence.section("node", "routing")["bfd"]}

    def rule(member: Member, session: Session) -> list[str]:
        if session.get("bgp_state") != "Established":
            return [str(session.get("bgp_state") or session.get("state"))]
        problems = []
        if not 0 < session.get("hold_time", 0) <= member.hold_time:
            problems.append(f"hold time {session.get('hold_time')} s, {member.hold_time} s in the sheet")
        if member.bfd and watched.get(member.address, {}).get("state") != "Up":
            problems.append(f"BFD is {watched.get(member.address, {}).get('state', 'not running')}")
        return problems

    return verdict(_each(evidence, expected, rule), f"{len(expected.members)} sessions with nodes")


@check(
    "CL-03", "Only what is agreed goes inwards", functions=(ROUTER,), source="RFC 7454 section 6; RFC 8212 section 3"
)
def inwards(evidence: Evidence, expected: Expected) -> Verdict:
    """Nodes tell nothing but our prefixes, and hear at most a default route. Their sessions have filters, GTSM, and a
    password where the sheet has one. The gate is there, and hears of our prefixes alone.
    """
    daemon = evidence.section("node", "routing")
    if daemon["options"] is None:
        raise Missing("the configuration of the routing daemon could not be read")

    def rule(member: Member, session: Session) -> list[str]:
        problems, name = [], session["name"]
        routes, heard = daemon["exports"].get(name), daemon["imports"].get(name)
        if session.get("bgp_state") == "Established" and (routes is None or heard is None):
            return ["what it is told, or tells, could not be listed"]
        if other := {route["to"] for route in routes or ()} - {DEFAULT[member.family]}:
            problems.append(f"is told {', '.join(sorted(other)[:2])}")
        if other := {route["to"] for route in heard or ()} - set(expected.ours(member.family)):
            problems.append(f"tells {', '.join(sorted(other)[:2])}")
        for channel in session["channels"]:
            names = [channel.get("filters", {}).get(way) for way in ("input", "output")]
            problems += [f"a filter is {each or 'missing'}" for each in names if each in {None, "ACCEPT"}]
        options = daemon["options"].get(name, {})
        if not options.get("ttl_security"):
            problems.append("no TTL security")
        if bool(options.get("authentication")) != member.md5:
            problems.append(f"{'no' if member.md5 else 'a'} password, against the sheet")
        return problems

    problems = [*_each(evidence, expected, rule), *_of_gate(daemon, expected)]
    return verdict(problems, "nodes and gate hear and tell what they may")


def _of_gate(daemon: Session, expected: Expected) -> list[str]:
    """What is wrong with the gate's own session."""
    if not any(each["name"] == GATE and each.get("bgp_state") == "Established" for each in daemon["sessions"]):
        return ["the gate has no session with the routing daemon"]
    ours = {prefix for family in expected.prefixes for prefix in expected.ours(family)}
    other = {route["to"] for route in daemon["exports"].get(GATE) or ()} - ours
    return [f"the gate is told {', '.join(sorted(other)[:2])}"] if other else []


@check(
    "CL-04",
    "What is announced leads to a node",
    stages=ANNOUNCED,
    harm=True,
    functions=(ROUTER,),
    source="RFC 4271 section 9.1.2.1",
)
def leads(evidence: Evidence, expected: Expected) -> Verdict:
    """The kernel sends every prefix of the stage's mode to a node that announces it, or to several, and to nobody else.

    Who can cause it from afar: nobody; the nodes' sessions are with our own AS, on our own link.
    """
    problems, ways = [], set()
    for family, prefixes in expected.prefixes.items():
        told = _told(evidence, expected, family)
        for prefix in announced(evidence.stage, prefixes):
            found = _ways(evidence, prefix)
            ways |= found
            if not found:
                problems.append(f"{prefix} leads nowhere")
            problems += [
                f"{prefix} goes to {via}, which does not announce it"
                for via in sorted(found)
                if prefix not in told.get(via, ())
            ]
    return verdict(problems, f"to {', '.join(sorted(ways))}")


@check(
    "CL-05",
    "Questions are spread over the nodes",
    stages=(Mode.LIVE,),
    functions=(ROUTER,),
    source="RFC 2992; RFC 7690",
)
def spread(evidence: Evidence, expected: Expected) -> Verdict:
    """The kernel has a way to each node that announces a specific prefix, and chooses by addresses and ports."""
    sysctls = evidence.section("node", "host")["sysctls"]
    problems = [
        f"{POLICIES[family]} is {sysctls.get(POLICIES[family])}"
        for family in expected.prefixes
        if sysctls.get(POLICIES[family]) != BY_PORT
    ]
    for family, prefixes in expected.prefixes.items():
        for address, has in _told(evidence, expected, family).items():
            problems += [
                f"{prefix} does not go to {address}"
                for prefix in prefixes.specific
                if prefix in has and address not in _ways(evidence, prefix)
            ]
    return verdict(problems, "every node has its share")


def _ways(evidence: Evidence, prefix: str) -> set[str]:
    """The gateways of the kernel's route to exactly this prefix."""
    routes = evidence.section("node", "host")["routes"]
    if routes is None:
        raise Missing("the kernel's routes could not be read")
    return {route["via"] for route in routes if route["to"] == prefix and route["via"]}


CHECKS = (enough, complete, inwards, leads, spread)
