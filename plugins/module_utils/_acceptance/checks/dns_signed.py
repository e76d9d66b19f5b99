# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Answers out of the signed zone: keys, delegations, denial, the zone's digest (requirements section 3.4)."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

try:
    import dns.dnssec
    import dns.exception
    import dns.name
    import dns.rdatatype
    import dns.rrset
except ImportError:
    dns = None  # type: ignore[assignment]

from .. import plan, wire
from ..check import Verdict, check

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

SIMPLE, SHA384 = 1, 1
"""ZONEMD scheme and hash algorithm (RFC 8976 sections 2.2.2 and 2.2.3)."""


def anchored(keys: dns.rrset.RRset, anchors: t.Sequence[str]) -> list[t.Any]:
    """The keys of a DNSKEY RRset that a configured DS record stands for."""
    found = []
    for text in anchors:
        owner, _class, _type, rest = text.split(None, 3)
        wanted = dns.rrset.from_text(owner, 0, "IN", "DS", rest)[0]
        for key in keys:
            if dns.dnssec.key_id(key) != wanted.key_tag or key.algorithm != wanted.algorithm:
                continue
            made = dns.dnssec.make_ds(owner, key, wanted.digest_type, validating=True)
            if made.digest == wanted.digest:
                found.append(key)
    return found


@check(
    "DN-07", "DNSKEY is signed by an anchored key", harm=True, source="RSSAC047 section 5.3; IANA root trust anchors"
)
def dnskey(evidence: Evidence, expected: Expected) -> Verdict:
    """Over TCP: signed DNSKEY, aa=1, authority and additional empty; a signing key matches a configured anchor."""

    def rule(answer: wire.Answer) -> list[str]:
        message = answer.message
        problems = answer.wants(aa=True, tc=False) + wire.signed(message.answer, ".", "DNSKEY")
        problems += wire.empty(authority=message.authority, additional=message.additional)
        keys = wire.find(message.answer, ".", "DNSKEY")
        signatures = wire.find(message.answer, ".", "RRSIG", "DNSKEY")
        if keys is not None and signatures is not None:
            tags = {signature.key_tag for signature in signatures}
            if not any(dns.dnssec.key_id(key) in tags for key in anchored(keys, expected.trust_anchors)):
                problems.append("no key of a configured trust anchor signs the keys")
        return problems

    return wire.each(evidence, "dnskey", rule, "anchored DNSKEY")


@check("DN-10", "ZONEMD is there and of this serial", harm=True, source="RFC 8976 section 2")
def zonemd(evidence: Evidence, expected: Expected) -> Verdict:
    """One signed ZONEMD with the serial of the SOA, scheme 1, hash algorithm 1."""
    seen = {
        scope: set(wire.serials(evidence.exchanges("soa", scopes=[scope]))[0].values()) for scope in _present(evidence)
    }

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants(aa=True) + wire.signed(answer.message.answer, ".", "ZONEMD")
        rrset = wire.find(answer.message.answer, ".", "ZONEMD")
        if rrset is None:
            return problems
        if len(rrset) != 1:
            problems.append(f"{len(rrset)} ZONEMD records")
        record = rrset[0]
        if record.serial not in seen[answer.exchange.scope]:
            problems.append(f"ZONEMD is of serial {record.serial}")
        if (int(record.scheme), int(record.hash_algorithm)) != (SIMPLE, SHA384):
            problems.append(f"scheme {int(record.scheme)}, hash algorithm {int(record.hash_algorithm)}")
        return problems

    return wire.each(evidence, "zonemd", rule, "signed ZONEMD")


def _present(evidence: Evidence) -> list[str]:
    """The scopes that asked questions."""
    return [scope for scope in ("node", "vantage") if scope in evidence.scopes]


def _referred(answer: wire.Answer) -> list[str]:
    """Differences from a complete referral to the signed TLD that is asked for."""
    message = answer.message
    problems = answer.wants(aa=False, tc=False) + wire.empty(answer=message.answer)
    if not wire.find(message.authority, plan.TLD, "NS"):
        problems.append(f"no NS of {plan.TLD}")
    problems += wire.signed(message.authority, plan.TLD, "DS")
    if not any(rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA} for rrset in message.additional):
        problems.append("no address of a name server")
    return problems


@check("DN-11", "Referral to a signed TLD is complete", harm=True, source="RSSAC047 section 5.3")
def referral(evidence: Evidence, expected: Expected) -> Verdict:
    """aa=0, answer empty, authority: the NS RRset and the signed DS RRset of the TLD; an address in additional."""
    return wire.each(evidence, "referral", _referred, "complete referral")


@check("DN-13", "DS of a TLD is answered with authority", harm=True, source="RSSAC047 section 5.3")
def ds(evidence: Evidence, expected: Expected) -> Verdict:
    """aa=1, signed DS in the answer section, authority and additional empty."""

    def rule(answer: wire.Answer) -> list[str]:
        message = answer.message
        problems = answer.wants(aa=True) + wire.signed(message.answer, plan.TLD, "DS")
        return problems + wire.empty(authority=message.authority, additional=message.additional)

    return wire.each(evidence, "ds", rule, "signed DS")


def _covers(nsec: dns.rrset.RRset, name: dns.name.Name) -> bool:
    """Does this NSEC prove that ``name`` does not exist (RFC 4034 section 4; the last one points to the apex)?"""
    following = nsec[0].next
    return bool(nsec.name < name and (name < following or following == dns.name.root))


@check("DN-15", "NXDOMAIN is proven", harm=True, source="RSSAC047 section 5.3; RFC 4035 section 3.1.3.2")
def nxdomain(evidence: Evidence, expected: Expected) -> Verdict:
    """NXDOMAIN, aa=1; signed SOA, signed NSEC covering name and wildcard, no more; TC only where it is due."""

    def rule(answer: wire.Answer) -> list[str]:
        message = answer.message
        if wire.truncated(answer, evidence, plan.PAYLOAD):
            return answer.wants("NXDOMAIN", aa=True)
        problems = answer.wants("NXDOMAIN", aa=True, tc=False)
        problems += wire.empty(answer=message.answer, additional=message.additional)
        problems += wire.signed(message.authority, ".", "SOA")
        proofs = [rrset for rrset in message.authority if rrset.rdtype == dns.rdatatype.NSEC]
        for proof in proofs:
            problems += wire.signed(message.authority, str(proof.name), "NSEC")
        for denied in (dns.name.from_text(answer.exchange.name), dns.name.from_text("*.")):
            if not any(_covers(proof, denied) for proof in proofs):
                problems.append(f"no NSEC covers {denied}")
        # Each has one signature for every algorithm: records are not counted.
        kinds = {dns.rdatatype.SOA, dns.rdatatype.NSEC, dns.rdatatype.RRSIG}
        others = [dns.rdatatype.to_text(rrset.rdtype) for rrset in message.authority if rrset.rdtype not in kinds]
        problems += [f"{kind} in the authority section" for kind in others]
        return problems if len(proofs) <= 2 else [*problems, f"{len(proofs)} NSEC"]

    return wire.each(evidence, "nxdomain", rule, "proven NXDOMAIN")


@check("DN-14", "A name below a delegation is referred", harm=True, source="RFC 1034 section 4.3.2")
def deep(evidence: Evidence, expected: Expected) -> Verdict:
    """A name below a signed delegation: as DN-11, and no answer."""
    return wire.each(evidence, "deep", _referred, "complete referral")


@check("DN-16", "NODATA is proven", harm=True, source="RFC 4035 section 3.1.3.1")
def nodata(evidence: Evidence, expected: Expected) -> Verdict:
    """. A: NOERROR, aa=1, answer empty, authority: the signed SOA and the signed NSEC of the root, without A."""

    def rule(answer: wire.Answer) -> list[str]:
        message = answer.message
        problems = answer.wants(aa=True, tc=False) + wire.empty(answer=message.answer, additional=message.additional)
        problems += wire.signed(message.authority, ".", "SOA") + wire.signed(message.authority, ".", "NSEC")
        rrset = wire.find(message.authority, ".", "NSEC")
        if rrset is not None and "A" in rrset[0].to_text().split()[1:]:
            problems.append("NSEC says that there is an A record")
        return problems

    return wire.each(evidence, "nodata", rule, "proven NODATA")


CHECKS = (dnskey, zonemd, referral, ds, deep, nxdomain, nodata)
