# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Who answers: the node says its own name, everywhere (RFC 7108; requirements sections 3.4 and 3.7)."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

try:
    import dns.edns
    import dns.rdata
except ImportError:
    dns = None  # type: ignore[assignment]

from ..._routing.policy import Mode
from .. import plan, wire
from ..check import FUNCTIONS, ROUTER, Verdict, check, skipped, verdict

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected


def _nsid(answer: wire.Answer, names: t.Collection[str]) -> list[str]:
    """Differences from the NSIDs that may be given."""
    found = [option.to_wire() for option in answer.message.options if option.otype == dns.edns.OptionType.NSID]
    if not found:
        return ["no NSID"]
    if len(found) > 1 or found[0] not in {name.encode() for name in names}:
        return [f"NSID is {(found[0] or b'').decode('ascii', 'replace')!r}"]
    return []


@check("DN-26", "NSID is the name of the node", harm=True, source="RFC 7108 section 4.1; RFC 5001")
def nsid(evidence: Evidence, expected: Expected) -> Verdict:
    """Exactly the octets of the node's FQDN, on every service address over UDP and TCP."""
    return wire.each(evidence, "soa", lambda answer: _nsid(answer, [expected.node_name]), expected.node_name)


@check("DN-27", "hostname.bind and id.server are the name", harm=True, source="RFC 7108 sections 4.2, 4.3; RFC 4892")
def chaos(evidence: Evidence, expected: Expected) -> Verdict:
    """CH TXT hostname.bind and id.server: one string, the node's FQDN, on every service address."""

    def rule(answer: wire.Answer) -> list[str]:
        texts = [rdata.strings for rrset in answer.message.answer for rdata in rrset]
        problems = answer.wants()
        if texts != [(expected.node_name.encode(),)]:
            said = b" ".join(texts[0]).decode("ascii", "replace") if texts else "nothing"
            problems.append(f"{answer.exchange.name} says {said!r}")
        return problems

    exchanges = evidence.exchanges("hostname", "id")
    return verdict(wire.observed(exchanges, rule), f"{expected.node_name} in {len(exchanges)} answers")


@check("DN-28", "The version is not told", severity="W", source="RFC 4892 section 2; requirement DN-28")
def version(evidence: Evidence, expected: Expected) -> Verdict:
    """CH TXT version.bind and version.server: refused, or no text. The roles have both nameservers hide it."""

    def rule(answer: wire.Answer) -> list[str]:
        texts = [b" ".join(rdata.strings) for rrset in answer.message.answer for rdata in rrset]
        said = b" ".join(texts).decode("ascii", "replace")
        return [f"{answer.exchange.name} says {said!r}"] if said else []

    return wire.each(evidence, "version", rule, "no version")


@check(
    "DN-54",
    "The identity zone tells what the node is",
    source="RFC 7108 section 4.4",
    severity="W",
)
def identity_zone(evidence: Evidence, expected: Expected) -> Verdict:
    """Where the fleet has one: a TXT record of five strings, the node's FQDN first, and the A record with its own
    address, with aa=1, on each address of the zone's server. From outside, another node of the cluster may answer.
    """
    zone = expected.identity_zone
    if not zone:
        return skipped("the fleet has no identity zone")
    wanted = {"TXT": zone.text, "A": zone.address}

    def rule(answer: wire.Answer) -> list[str]:
        kind = answer.exchange.rdtype
        found = wire.find(answer.message.answer, zone.name, kind)
        said = [str(rdata) for rdata in found or ()]
        right = str(dns.rdata.from_text("IN", kind, wanted[kind]))
        problems = answer.wants(aa=True)
        if said != [right] and not (answer.exchange.scope == "vantage" and expected.siblings and said):
            problems.append(f"{kind} is {' and '.join(said) or 'nothing'}, not {right}")
        return problems

    exchanges = evidence.exchanges("identity_txt", "identity_a")
    return verdict(wire.observed(exchanges, rule), f"{zone.text} in {len(exchanges)} answers")


@check(
    "PR-01",
    "From outside, this node answers",
    source="RFC 7108 section 4.1; requirements section 5.1 (MBIX)",
    stages=(Mode.LIVE,),
    scopes=("vantage",),
    functions=FUNCTIONS,
)
def outside(evidence: Evidence, expected: Expected) -> Verdict:
    """Through the BGP route: SOA with NOERROR and aa=1, NSID of this node, on every announced service address.

    In a cluster, others answer some of the questions: asked again and again from other ports, this node does. Of a
    router of the cluster, any of its nodes.
    """
    names, unspread = [expected.node_name], ""
    if expected.function == ROUTER:
        names, unspread = list(expected.siblings), ", which is no node of the cluster"
    elif expected.siblings:
        unspread = ", however often asked: its routers send it nothing, or do not spread by port"

    def rule(answer: wire.Answer) -> list[str]:
        soa = [] if wire.find(answer.message.answer, ".", "SOA") else ["no SOA"]
        return answer.wants(aa=True) + soa + [f"{each}{unspread}" for each in _nsid(answer, names)]

    addresses = plan.reachable(expected, evidence.stage, "vantage")
    problems = wire.observed(evidence.exchanges("soa", scopes=["vantage"]), rule)
    return verdict(problems, f"answers on {', '.join(addresses)}")


CHECKS = (nsid, chaos, version, identity_zone, outside)
