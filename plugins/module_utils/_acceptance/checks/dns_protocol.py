# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""DNS protocol behaviour (requirements section 3.4); nameservers differ in places, and all their ways pass."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

try:
    import dns.name
    import dns.rdatatype
except ImportError:
    dns = None  # type: ignore[assignment]

from ..._correctness import compare
from .. import wire
from ..check import Verdict, check, verdict

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

ROOT_SERVERS = tuple(f"{letter}.root-servers.net." for letter in "abcdefghijklm")


def _root_ns(answer: wire.Answer) -> list[str]:
    """Differences from the thirteen signed NS records."""
    problems = wire.signed(answer.message.answer, ".", "NS")
    rrset = wire.find(answer.message.answer, ".", "NS")
    if rrset is not None and sorted(str(rdata.target).lower() for rdata in rrset) != sorted(ROOT_SERVERS):
        problems.append(f"{len(rrset)} NS records, not the thirteen root servers")
    return problems


@check("DN-01", "SOA is authoritative and signed", harm=True, source="RSSAC047 section 5.3")
def soa(evidence: Evidence, expected: Expected) -> Verdict:
    """NOERROR, aa=1, ra=0, ad=0, one SOA and its RRSIG; authority section: the signed NS RRset or nothing."""

    def rule(answer: wire.Answer) -> list[str]:
        message = answer.message
        problems = answer.wants(aa=True, ra=False, ad=False, tc=False) + wire.signed(message.answer, ".", "SOA")
        rrset = wire.find(message.answer, ".", "SOA")
        if rrset is not None and len(rrset) != 1:
            problems.append("more than one SOA")
        return problems + (wire.signed(message.authority, ".", "NS") if message.authority else [])

    return wire.each(evidence, "soa", rule, "signed SOA")


@check("DN-02", "SOA without EDNS fits 512 octets", harm=True, source="RFC 6891 section 7; RFC 1035 section 4.2.1")
def soa_plain(evidence: Evidence, expected: Expected) -> Verdict:
    """No OPT record in the answer, not truncated, over UDP at most 512 octets."""

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants(aa=True, tc=False)
        if answer.message.edns != -1:
            problems.append("an OPT record nobody asked for")
        if answer.exchange.transport == "udp" and answer.exchange.size > 512:
            problems.append(f"{answer.exchange.size} octets")
        if not wire.find(answer.message.answer, ".", "SOA"):
            problems.append("no SOA")
        return problems

    return wire.each(evidence, "soa_plain", rule, "plain SOA")


@check("DN-03", "NS lists the thirteen root servers", harm=True, source="RSSAC047 section 5.3")
def ns(evidence: Evidence, expected: Expected) -> Verdict:
    """Thirteen NS records and their RRSIG, aa=1, authority section empty."""

    def rule(answer: wire.Answer) -> list[str]:
        return answer.wants(aa=True) + _root_ns(answer) + wire.empty(authority=answer.message.authority)

    return wire.each(evidence, "ns", rule, "13 signed NS")


@check("DN-04", "Priming works at 512 and at 1232 octets", harm=True, source="RFC 9609 section 4")
def priming(evidence: Evidence, expected: Expected) -> Verdict:
    """512: at most 512 octets, truncated or complete. 1232: not truncated, 13 signed NS, some A or AAAA records."""

    def small(answer: wire.Answer) -> list[str]:
        problems = answer.wants()
        if answer.exchange.size > 512:
            problems.append(f"{answer.exchange.size} octets for an asker with room for 512")
        return problems if answer.flag("TC") else problems + _root_ns(answer)

    def large(answer: wire.Answer) -> list[str]:
        problems = answer.wants(aa=True, tc=False) + _root_ns(answer)
        if answer.exchange.size > 1232:
            problems.append(f"{answer.exchange.size} octets for an asker with room for 1232")
        addresses = {dns.rdatatype.A, dns.rdatatype.AAAA}
        if not any(rrset.rdtype in addresses for rrset in answer.message.additional):
            problems.append("no address of a root server")
        return problems

    problems = wire.observed(evidence.exchanges("priming_512"), small)
    problems += wire.observed(evidence.exchanges("priming_1232"), large)
    return verdict(problems, "13 signed NS with addresses within 1232 octets")


@check("DN-05", "Addresses of l.root-servers.net are right", harm=True, source="ICANN IMRS index page")
def own_glue(evidence: Evidence, expected: Expected) -> Verdict:
    """Addresses of l.root-servers.net in the additional section equal the sheet's; over TCP they must be there."""
    current = {"A": expected.service_addresses["ipv4"][:1], "AAAA": expected.service_addresses["ipv6"][:1]}

    def rule(answer: wire.Answer) -> list[str]:
        problems = []
        for rdtype, addresses in current.items():
            rrset = wire.find(answer.message.additional, ROOT_SERVERS[11], rdtype)
            if rrset is None:
                if answer.exchange.transport == "tcp":
                    problems.append(f"no {rdtype} of {ROOT_SERVERS[11]}")
            elif sorted(rdata.address for rdata in rrset) != sorted(addresses):
                problems.append(f"{ROOT_SERVERS[11]} {rdtype} is {', '.join(rdata.address for rdata in rrset)}")
        return problems

    return wire.each(evidence, "ns", rule, "own addresses right")


@check(
    "DN-17", "Unknown types are answered with no data", harm=True, source="RFC 3597 section 2; RFC 8906 section 8.1.2"
)
def unknown_type(evidence: Evidence, expected: Expected) -> Verdict:
    """TYPE666 and TYPE1000 of the root: NOERROR, aa=1, answer section empty."""

    def rule(answer: wire.Answer) -> list[str]:
        return answer.wants(aa=True) + wire.empty(answer=answer.message.answer)

    return wire.each(evidence, "unknown_type", rule, "no data")


@check("DN-18", "The question is echoed octet by octet", harm=True, source="RSSAC047 section 4.5")
def case(evidence: Evidence, expected: Expected) -> Verdict:
    """wWw.ExAmPlE.cOm: the question section comes back as it was sent, with NOERROR."""

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants(aa=False)
        if wire.question_of(answer.exchange.answer or b"") != wire.question_of(answer.exchange.wire):
            problems.append("the question came back altered")
        return problems

    return wire.each(evidence, "case", rule, "question echoed")


@check("DN-33", "ANY gives one RRset", harm=True, source="RFC 8482 section 4")
def any_type(evidence: Evidence, expected: Expected) -> Verdict:
    """One RRset (its RRSIG aside), or over UDP an empty truncated answer; over UDP less than 1232 octets."""

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants()
        if answer.exchange.transport == "udp" and answer.exchange.size >= 1232:
            problems.append(f"{answer.exchange.size} octets")
        signatures = dns.rdatatype.RRSIG
        types = [rrset for rrset in answer.message.answer if rrset.rdtype != signatures]
        truncated = answer.exchange.transport == "udp" and answer.flag("TC") and not answer.message.answer
        if len(types) > 1 or (not answer.message.answer and not truncated):
            problems.append(f"{len(types)} RRsets")
        return problems

    return wire.each(evidence, "any", rule, "minimal answer")


@check(
    "DN-37",
    "RD is echoed, recursion is not offered",
    harm=True,
    source="RFC 8906 section 8.1.1; RFC 1035 section 4.1.1",
)
def recursion(evidence: Evidence, expected: Expected) -> Verdict:
    """A question with rd=1: NOERROR, rd=1, ra=0."""
    return wire.each(evidence, "recursion", lambda answer: answer.wants(rd=True, ra=False), "no recursion")


@check(
    "DN-38", "Bits of the question are not echoed", harm=True, source="RFC 8906 section 8.1.1; RFC 1035 section 4.1.1"
)
def bits(evidence: Evidence, expected: Expected) -> Verdict:
    """A question with AA, TC, RA, Z, AD and CD set: answered with authority, with TC, RA, Z and AD clear."""

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants(aa=True, tc=False, ra=False, ad=False) + wire.signed(answer.message.answer, ".", "SOA")
        return [*problems, "z=1"] if answer.message.flags & compare.RESERVED else problems

    return wire.each(evidence, "bits", rule, "answered, none echoed")


@check("DN-43", "A name of 255 octets is answered", harm=True, source="RFC 1035 section 2.3.4")
def longest(evidence: Evidence, expected: Expected) -> Verdict:
    """The longest name that there can be: NXDOMAIN, aa=1, with the SOA."""

    def rule(answer: wire.Answer) -> list[str]:
        soa = wire.find(answer.message.authority, ".", "SOA")
        fits = answer.flag("TC") and answer.exchange.transport == "udp"
        return answer.wants("NXDOMAIN", aa=True) + ([] if soa or fits else ["no SOA"])

    return wire.each(evidence, "longest", rule, "NXDOMAIN")


CHECKS = (soa, soa_plain, ns, priming, own_glue, unknown_type, case, any_type, recursion, bits, longest)
