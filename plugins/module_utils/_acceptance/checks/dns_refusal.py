# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the node does not do, whoever asks: other classes, transfers, updates, recursion (requirements section 3.4)."""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from .. import plan, wire
from ..check import Verdict, check, verdict

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

FORMERR, NOTIMP, REFUSED, NOTAUTH = 1, 4, 5, 9


@check("DN-29", "Other names of CHAOS, and HESIOD, are refused", source="RFC 4892 section 3; RFC 8906 section 8")
def other_class(evidence: Evidence, expected: Expected) -> Verdict:
    """foo.bar CH TXT, and . HS SOA: REFUSED or NOTAUTH, no record."""
    exchanges = evidence.exchanges("other_class")
    return verdict(wire.refused(exchanges, {REFUSED, NOTAUTH}), f"refused in {len(exchanges)} answers")


@check("DN-34", "Zone transfers are refused", harm=True, source="ICANN AXFR page; RFC 5936 section 5")
def axfr(evidence: Evidence, expected: Expected) -> Verdict:
    """REFUSED or NOTAUTH, no record: nameservers differ."""
    exchanges = evidence.exchanges("axfr")
    return verdict(wire.refused(exchanges, {REFUSED, NOTAUTH}), f"refused in {len(exchanges)} answers")


@check("DN-35", "Incremental transfers are refused", harm=True, source="RFC 1995 section 4; ICANN AXFR page")
def ixfr(evidence: Evidence, expected: Expected) -> Verdict:
    """IXFR from serial 1: REFUSED, NOTAUTH or, over UDP, NOTIMP; no record."""
    exchanges = evidence.exchanges("ixfr")
    return verdict(wire.refused(exchanges, {REFUSED, NOTAUTH, NOTIMP}), f"refused in {len(exchanges)} answers")


@check("DN-36", "It answers for no other zone", harm=True, source="RFC 5936 section 5; RFC 1034 section 4.3.1")
def elsewhere(evidence: Evidence, expected: Expected) -> Verdict:
    """AXFR of example.net: REFUSED or NOTAUTH. A name below a delegation with rd=1: a referral, ra=0, no answer."""

    def rule(answer: wire.Answer) -> list[str]:
        problems = answer.wants(aa=False, ra=False) + wire.empty(answer=answer.message.answer)
        return problems if wire.find(answer.message.authority, plan.TLD, "NS") else [*problems, "no referral"]

    problems = [*wire.refused(evidence.exchanges("axfr_other"), {REFUSED, NOTAUTH})]
    problems += wire.observed(evidence.exchanges("recursive"), rule)
    return verdict(problems, "other zones refused, no recursion")


@check("DN-39", "Other opcodes are answered with NOTIMP", harm=True, source="RFC 8906 section 8.1.4")
def opcode(evidence: Evidence, expected: Expected) -> Verdict:
    """Opcodes 15, 2 and 1: NOTIMP, the opcode echoed, no answer."""
    problems = []
    exchanges = evidence.exchanges("opcode")
    for exchange in exchanges:
        asked = wire.header(exchange.wire)[1]
        if exchange.answer is None or len(exchange.answer) < 12:
            problems.append(f"{exchange.where}: opcode {asked}: {exchange.error or 'no answer'}")
            continue
        _ident, echoed, rcode, answers = wire.header(exchange.answer)
        if rcode != NOTIMP or echoed != asked or answers:
            problems.append(f"{exchange.where}: opcode {asked}: response code {rcode}, opcode {echoed}")
    return verdict(problems, f"NOTIMP in {len(exchanges)} answers")


@check("DN-40", "Updates are refused", harm=True, source="RFC 2136 section 3; requirement DN-40")
def update(evidence: Evidence, expected: Expected) -> Verdict:
    """UPDATE of the root: NOTIMP, NOTAUTH, REFUSED, FORMERR, or no answer; never NOERROR."""
    exchanges = evidence.exchanges("update")
    problems = wire.refused(exchanges, {NOTIMP, NOTAUTH, REFUSED, FORMERR}, silent=True)
    return verdict(problems, f"refused in {len(exchanges)} answers")


@check("DN-41", "A stranger's NOTIFY is refused", source="RFC 1996 section 3.10; requirement DN-41")
def notify(evidence: Evidence, expected: Expected) -> Verdict:
    """NOTIFY without a key, to a service address: REFUSED, NOTAUTH, NOTIMP, or no answer; never NOERROR."""
    exchanges = evidence.exchanges("notify")
    problems = wire.refused(exchanges, {REFUSED, NOTAUTH, NOTIMP}, silent=True)
    return verdict(problems, f"refused in {len(exchanges)} answers")


@check("DN-53", "No zone is served that the fleet does not list", source="RFC 1034 section 4.3.1; requirement DN-53")
def not_listed(evidence: Evidence, expected: Expected) -> Verdict:
    """The SOA of zones that a root server may be thought to have, and that are not in the fleet's list: a referral, or
    that there is none, no answer. That those in the list are served is ZI-16, and that they are current is ZI-01.

    It does no harm: a list that became shorter takes no node down that has not been provisioned since.
    """

    def rule(answer: wire.Answer) -> list[str]:
        name, found = answer.exchange.name, answer.message.answer
        known = answer.rcode() in {"NOERROR", "NXDOMAIN"}
        problems = [f"{name} is served, and not listed"] if wire.find(found, name, "SOA") else wire.empty(answer=found)
        return problems if known else [*problems, f"{name} {answer.rcode()}"]

    exchanges = evidence.exchanges("not_listed", scopes=["node"])
    return verdict(wire.observed(exchanges, rule), f"none of {', '.join(each.name for each in exchanges)}")


CHECKS = (not_listed, other_class, axfr, ixfr, elsewhere, opcode, update, notify)
