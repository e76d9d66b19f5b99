# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Anycast addresses on the node, and what the host's side made of the announcement (requirements section 3.7)."""

from __future__ import annotations

import ipaddress
import typing as t

from ..._routing.policy import Mode
from .. import plan
from ..check import ANNOUNCED, FUNCTIONS, Verdict, check, failed, skipped, verdict
from ..evidence import Missing
from ..peering import at_router
from ..standing import due

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

SINKS = frozenset({"blackhole", "unreachable", "prohibit"})
TRUNCATED = 0x02
"""The bit TC in the third octet of a message."""
FORWARDING = {"ipv4": "net.ipv4.ip_forward", "ipv6": "net.ipv6.conf.all.forwarding"}


def _inert(device: str, kind: str) -> bool:
    """A loopback or dummy interface: no wire behind it."""
    return device == "lo" or kind in {"dummy", "loopback"}


@check("AR-01", "Service addresses are on a dummy or loopback", source="requirements AR-01; RFC 4862 section 5.4")
def present(evidence: Evidence, expected: Expected) -> Verdict:
    """Every service address: on a dummy or loopback interface, /32 or /128, scope global, not tentative."""
    problems = []
    rows = evidence.section("node", "host")["addresses"]
    for address in expected.addresses:
        found = [row for row in rows if row["address"] == address]
        if not found:
            problems.append(f"{address} is on no interface")
        for row in found:
            length = 128 if ":" in address else 32
            if not _inert(row["device"], row["kind"]):
                problems.append(f"{address} is on {row['device']}")
            if row["length"] != length or row["scope"] != "global":
                problems.append(f"{address}/{row['length']} scope {row['scope']}")
            problems += [f"{address} is {flag}" for flag in row["flags"]]
    return verdict(problems, f"{len(expected.addresses)} addresses in place")


@check(
    "AR-02",
    "No wire answers for the service addresses",
    source="requirements AR-02; RFC 4861 section 7.2.8",
    functions=FUNCTIONS,
)
def unproxied(evidence: Evidence, expected: Expected) -> Verdict:
    """No anycast address is on an interface with a wire; none answers ARP or neighbour discovery for other addresses.

    A host that found an address of ours on its link would send there what BGP is to lead to the nearest instance.
    """
    machine = evidence.section("node", "host")
    if machine["proxied"] is None:
        raise Missing("for whom this machine answers could not be listed (ip neigh show proxy)")
    anycast = {*expected.addresses, *(expected.identity_zone.addresses if expected.identity_zone else ())}
    problems = [
        f"{row['address']} is on {row['device']}"
        for row in machine["addresses"]
        if row["address"] in anycast and not _inert(row["device"], row["kind"])
    ]
    problems += [f"/proc/sys/{setting} is on" for setting in machine["proxied"]["on"]]
    problems += [f"{row['device']} answers for {row['address']}" for row in machine["proxied"]["addresses"]]
    return verdict(problems, "no proxy ARP, no proxy NDP")


@check("AR-03", "Announced prefixes do not lead back out", source="requirements AR-03", functions=FUNCTIONS)
def contained(evidence: Evidence, expected: Expected) -> Verdict:
    """No route inside an IMRS prefix leaves by a wire; a prefix without a route is fine while nothing forwards.

    A router has routes to the nodes of its cluster.
    """
    machine = evidence.section("node", "host")
    if machine["routes"] is None:
        raise Missing("the kernel's routes could not be read")
    nodes = {member.address for member in expected.members}
    kinds = {row["device"]: row["kind"] for row in machine["addresses"]}
    problems = []
    for family, prefixes in expected.prefixes.items():
        for prefix in (*prefixes.covering, *prefixes.specific):
            network = ipaddress.ip_network(prefix)
            inside = [route for route in machine["routes"] if _within(route["to"], network)]
            problems += [
                f"{route['to']} leads to {route['device'] or route['via']}"
                for route in inside
                if route["type"] not in SINKS
                and route["via"] not in nodes
                and not _inert(route["device"], kinds.get(route["device"], ""))
            ]
            held = any(_within(prefix, ipaddress.ip_network(route["to"])) for route in inside)
            if not held and machine["sysctls"].get(FORWARDING[family]) != "0":
                problems.append(f"{prefix} has no route of its own and the node forwards {family}")
    return verdict(problems, "no way back out")


def _within(text: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Is this destination inside ``network``? ``default`` is not."""
    try:
        destination = ipaddress.ip_network(text)
    except ValueError:
        return False
    if isinstance(destination, ipaddress.IPv4Network):
        return isinstance(network, ipaddress.IPv4Network) and destination.subnet_of(network)
    return isinstance(network, ipaddress.IPv6Network) and destination.subnet_of(network)


@check(
    "AR-04",
    "What is unused in the prefixes leads nowhere",
    severity="W",
    source="requirements AR-04; RFC 4786 section 4.5",
)
def unused(evidence: Evidence, expected: Expected) -> Verdict:
    """No interface of the node passes on what comes in, or a route for the whole prefix drops it: a packet to an
    address that nobody has must not go back to the host's router, which would send it here again.
    """
    machine = evidence.section("node", "host")
    if machine["routes"] is None:
        raise Missing("the kernel's routes could not be read")
    problems = []
    for family in expected.prefixes:
        passing = [setting for setting in machine["forwarding"] if setting.startswith(f"net/{family}/")]
        sinks = {route["to"] for route in machine["routes"] if route["type"] in SINKS}
        problems += [
            f"{prefix} has no route that drops, and /proc/sys/{passing[0]} is on"
            for prefix in expected.ours(family)
            if passing and prefix not in sinks
        ]
    return verdict(problems, "dropped here")


@check(
    "PR-02",
    "The host's router accepted every prefix",
    source="requirements PR-02 and section 5.1 (MBIX)",
    stages=ANNOUNCED,
    scopes=("router",),
    functions=FUNCTIONS,
)
def accepted(evidence: Evidence, expected: Expected) -> Verdict:
    """The host's router has a valid route for every prefix of the mode, and no other, over each certified session that
    it has; over others none.
    """
    if not expected.peers:
        return skipped("the sheet has no peer")
    problems = []
    own = [(peer, routes) for peer in expected.peers if (routes := at_router(evidence, peer)) is not None]
    if not own:
        return failed("the router that was read has none of the sheet's sessions")
    for peer, routes in own:
        have, wanted = {route["to"] for route in routes if route["valid"]}, due(evidence, expected, peer)
        problems += [f"{peer.name}: {prefix} missing" for prefix in wanted if prefix not in have]
        problems += [f"{peer.name}: {prefix} too many" for prefix in sorted(have - set(wanted))]
    judged = sum(peer.mark in evidence.certified for peer, _routes in own)
    if not judged and not problems:
        return skipped("the router that was read has no certified session yet")
    return verdict(problems, f"every prefix accepted over {judged} of {len(expected.peers)} sessions")


@check(
    "PR-04",
    "Long answers arrive whole",
    source="requirements PR-04; ICANN FAQ q16; RFC 4821 section 2",
    stages=(Mode.LIVE,),
    scopes=("vantage",),
)
def whole(evidence: Evidence, expected: Expected) -> Verdict:
    """On every service address, more than a round trip's segments of answers over one TCP connection arrive whole; of
    each family, so does the longest answer over UDP, the one to the priming question, with tc=0.

    So nobody on the way back drops packets that are longer than the way without saying so. Which the longest segment
    was is told: with 1448 octets (1428 over IPv6) the MTU is 1500; a nameserver that keeps to 1208 needs one of 1280
    alone. Nothing is fragmented, as DN-50 proves, and no ping is sent: who drops one need not drop answers.
    """
    addresses = plan.reachable(expected, evidence.stage, "vantage")
    rows = {row["server"]: row for row in evidence.section("vantage", "whole")}
    if missing := [address for address in addresses if address not in rows]:
        raise Missing(f"{missing[0]} tcp: not asked for long answers")
    problems, sizes = [], []
    for row in map(rows.__getitem__, addresses):
        if row["error"]:
            came = f"{row['answered']} of {row['asked']} answers, {row['octets']} octets ({row['error']})"
            problems.append(f"{row['server']} tcp from vantage: {came}")
        elif row["by"] in expected.siblings:
            raise Missing(f"{row['server']} tcp: answered by {row['by']}, however often asked")
    for each in evidence.exchanges("priming_1232", scopes=["vantage"]):
        if each.answer is None or each.answer[2] & TRUNCATED:
            problems.append(f"{each.where}: {each.error or 'cut short'}")
        sizes.append(each.size)
    most, longest = min(rows[address]["octets"] for address in addresses), [rows[a]["segment"] for a in addresses]
    told = f"{most} octets over TCP, in segments of up to {', '.join(map(str, longest))}"
    return verdict(problems, f"{told}; {min(sizes)} over UDP")


CHECKS = (present, unproxied, contained, unused, accepted, whole)
