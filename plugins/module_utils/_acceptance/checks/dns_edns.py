# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""EDNS, and how much of an answer fits (requirements section 3.4; RFC 6891)."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from .. import plan, wire
from ..check import Verdict, check, verdict

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

FORMERR = 1
LEAST = 512
"""Octets that every client can take over UDP (RFC 1035 section 2.3.4)."""


def _small(answer: wire.Answer, most: int) -> list[str]:
    """Differences from a DNSKEY answer over UDP that is complete, or truncated because it would not fit."""
    problems = answer.wants()
    if answer.exchange.size > most:
        problems.append(f"{answer.exchange.size} octets for an asker with room for {most}")
    return problems if answer.flag("TC") else problems + wire.signed(answer.message.answer, ".", "DNSKEY")


@check("DN-08", "DNSKEY over UDP is complete or truncated", harm=True, source="RFC 6891 section 6.2.5; RFC 9715")
def dnskey_udp(evidence: Evidence, expected: Expected) -> Verdict:
    """1232 octets asked for: the signed DNSKEY RRset or tc=1, never more octets."""
    return wire.each(evidence, "dnskey_udp", lambda answer: _small(answer, plan.PAYLOAD), "DNSKEY within 1232 octets")


@check("DN-09", "What does not fit is truncated", harm=True, source="RSSAC047 section 5.3 (hjw); RFC 2181 section 9")
def truncation(evidence: Evidence, expected: Expected) -> Verdict:
    """DNSKEY with room for 512 octets: tc=1 and no more octets, or all of it; over TCP it is whole (DN-07)."""
    return wire.each(evidence, "dnskey_512", lambda answer: _small(answer, LEAST), "within 512 octets")


@check("DN-19", "EDNS version 1 is answered with BADVERS", harm=True, source="RFC 6891 section 6.1.3")
def edns_version(evidence: Evidence, expected: Expected) -> Verdict:
    """BADVERS, an OPT record of version 0, answer section empty."""

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants("BADVERS") + wire.empty(answer=answer.message.answer)
        if answer.message.edns != 0:
            problems.append("no OPT record of version 0")
        return problems

    return wire.each(evidence, "edns1", rule, "BADVERS")


@check("DN-20", "EDNS version 1 with an option, too", source="RFC 6891 sections 6.1.2 and 6.1.3")
def edns_version_option(evidence: Evidence, expected: Expected) -> Verdict:
    """EDNS version 1 with an unknown option: BADVERS, the option not echoed."""
    return wire.each(evidence, "edns1_option", lambda a: a.wants("BADVERS") + _echoed(a), "BADVERS, nothing echoed")


@check("DN-21", "An unknown EDNS option is ignored", harm=True, source="RFC 6891 section 6.1.2")
def option(evidence: Evidence, expected: Expected) -> Verdict:
    """A question with an unknown option: answered as without, the option not echoed."""

    def rule(answer: wire.Answer) -> list[str]:
        return answer.wants(aa=True) + wire.signed(answer.message.answer, ".", "SOA") + _echoed(answer)

    return wire.each(evidence, "option", rule, "answered, not echoed")


def _has(answer: wire.Answer, code: int) -> bool:
    """Whether an answer has an EDNS option."""
    return any(int(option.otype) == code for option in answer.message.options)


def _echoed(answer: wire.Answer) -> list[str]:
    return ["the unknown option is echoed"] if _has(answer, plan.OPTION[0]) else []


@check("DN-22", "An unknown EDNS flag is ignored", harm=True, source="RFC 6891 section 6.1.4")
def edns_flag(evidence: Evidence, expected: Expected) -> Verdict:
    """A question with an unknown flag: answered as without, the flag clear."""

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants(aa=True) + wire.signed(answer.message.answer, ".", "SOA")
        return [*problems, "the unknown flag is echoed"] if answer.message.ednsflags & plan.EDNS_FLAG else problems

    return wire.each(evidence, "edns_flag", rule, "answered, not echoed")


@check("DN-23", "A tiny EDNS size counts as 512", harm=True, source="RFC 6891 section 6.2.3")
def tiny(evidence: Evidence, expected: Expected) -> Verdict:
    """DNSKEY with room for 0 and for 100 octets: at most 512 octets, with tc=1 or all of it."""
    exchanges = evidence.exchanges("size_0", "size_100")
    problems = wire.observed(exchanges, lambda answer: _small(answer, LEAST))
    return verdict(problems, f"as for 512 octets in {len(exchanges)} answers")


@check("DN-24", "Broken EDNS is told so", source="RFC 6891 sections 6.1.1 and 7")
def broken(evidence: Evidence, expected: Expected) -> Verdict:
    """Two OPT records, and one that is longer than the message: FORMERR, no record."""
    told = [
        f"{probe}: {each}"
        for probe in ("two_opt", "overrun")
        for each in wire.refused(evidence.exchanges(probe), {FORMERR})
    ]
    return verdict(told, "FORMERR")


@check("DN-30", "No cookie is given", source="RFC 7873 section 5.2; RFC 9018 section 3")
def cookie(evidence: Evidence, expected: Expected) -> Verdict:
    """A question with a client's cookie: answered, without a cookie. Those of two nodes would not be the same."""

    def rule(answer: wire.Answer) -> list[str]:
        return answer.wants(aa=True) + (["a cookie"] if _has(answer, plan.COOKIE[0]) else [])

    return wire.each(evidence, "cookie", rule, "no cookie")


def _without(answer: wire.Answer, code: int, name: str) -> list[str]:
    """Differences from the answer that there is without an option, which does not come back."""
    soa = wire.find(answer.message.answer, ".", "SOA")
    return (
        answer.wants(aa=True) + ([] if soa else ["no SOA"]) + ([f"{name} in the answer"] if _has(answer, code) else [])
    )


@check(
    "DN-25",
    "Options that resolvers send change nothing",
    severity="W",
    source="RFC 7871 section 7.2; RFC 7314; RFC 7830",
)
def resolvers_options(evidence: Evidence, expected: Expected) -> Verdict:
    """Questions with the client's subnet, EXPIRE and padding: answered as without. The subnet does not come back, since
    the answer is the same for all; EXPIRE and padding may, as nameservers differ.
    """
    rules: dict[str, wire.Rule] = {
        "subnet": lambda answer: _without(answer, plan.SUBNET[0], "a client's subnet"),
        "expire": lambda answer: _without(answer, -1, ""),
        "padding": lambda answer: _without(answer, -1, ""),
    }
    told = [
        f"{probe}: {problem}"
        for probe, rule in rules.items()
        for problem in wire.observed(evidence.exchanges(probe), rule)
    ]
    return verdict(told, "answered as without")


@check("DN-31", "What is no cookie is ignored", severity="W", source="RFC 6891 section 6.1.2; RFC 7873 section 5.2.2")
def short_cookie(evidence: Evidence, expected: Expected) -> Verdict:
    """A cookie of four octets, which is too short: answered as without, no cookie. FORMERR is for servers that know
    cookies, and ours are told not to; to them it is an option like any other.
    """
    return wire.each(evidence, "short_cookie", lambda answer: _without(answer, plan.COOKIE[0], "a cookie"), "ignored")


@check("DN-32", "A cookie of another server is ignored", severity="W", source="RFC 7873 sections 4.2 and 5.2; RFC 9018")
def stale_cookie(evidence: Evidence, expected: Expected) -> Verdict:
    """A client's cookie with a server's that none of ours has made, such as another instance's: answered as without, no
    cookie. BADCOOKIE would send a resolver round in circles that got it from an instance with cookies.
    """
    return wire.each(evidence, "stale_cookie", lambda answer: _without(answer, plan.COOKIE[0], "a cookie"), "ignored")


CHECKS = (
    *(dnskey_udp, truncation, edns_version, edns_version_option, option, edns_flag, tiny, broken, cookie),
    *(resolvers_options, short_cookie, stale_cookie),
)
