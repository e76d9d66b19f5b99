# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Who answers: the node says its own name, everywhere (RFC 7108; requirements sections 3.4 and 3.7)."""

from __future__ import annotations

import typing as t

try:
    import dns.edns
except ImportError:
    dns = None  # type: ignore[assignment]

from ..._routing.policy import Mode
from .. import plan, wire
from ..check import FUNCTIONS, ROUTER, Verdict, check, verdict

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


CHECKS = (nsid, chaos, outside)
