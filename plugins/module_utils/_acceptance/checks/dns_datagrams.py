# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the node says to datagrams that are no questions, where it answers from, and how much over UDP (requirements
section 3.4).
"""

from __future__ import annotations

import typing as t

from ..._routing.policy import Mode
from .. import plan
from ..check import Verdict, check, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

Row = t.Mapping[str, t.Any]

NOERROR, FORMERR = 0, 1
SILENCE = -1
"""In place of a response code."""
GOOD = {
    **{kind: {SILENCE} for kind in ("short", "empty", "response")},
    "no_question": {FORMERR},
    **{kind: {FORMERR, SILENCE} for kind in ("two_questions", "cut", "loop", "label", "long")},
    "trailing": {FORMERR, SILENCE, NOERROR},
}
"""By kind of datagram: what may come back (requirement DN-42), as nameservers differ. Two servers that answer
responses, or what is shorter than a header, would talk to each other for ever.
"""
ALL_ONES = 0xFFFF
"""What a datagram with a right checksum adds up to."""
LEAST = 512
"""Octets that may come back, whatever was sent."""


def _rows(evidence: Evidence, kinds: t.Collection[str], addresses: t.Iterable[str]) -> list[Row]:
    """What was seen of these kinds; Missing when one was not sent, or nothing is known of it."""
    found = {(row["kind"], row["server"]): row for row in evidence.section("node", "datagrams")}
    wanted = [(kind, address) for address in addresses for kind in kinds]
    missing = [f"{address} udp: {kind} was not sent" for kind, address in wanted if (kind, address) not in found]
    if missing:
        raise Missing("; ".join(missing[:3]))
    return [found[each] for each in wanted]


def _unheard(some: t.Iterable[Row]) -> list[str]:
    return [f"{row['server']} udp: {row['kind']}: the question behind it: {row['then']}" for row in some if row["then"]]


@check(
    "DN-42", "Malformed datagrams are refused or ignored", source="RFC 1035 section 4.1; RFC 9619; requirement DN-42"
)
def malformed(evidence: Evidence, expected: Expected) -> Verdict:
    """Less than a header, an empty datagram, and a response: silence. No question: FORMERR. Two questions, a name that
    is cut, points to itself, has a label of no type or 257 octets: FORMERR or silence. Octets behind a question: the
    answer, FORMERR or silence. Nothing has more than 512 octets; a good question is answered after each.
    """
    first = [addresses[0] for addresses in expected.service_addresses.values() if addresses]
    found = _rows(evidence, GOOD, first)
    problems = []
    for row in found:
        where = f"{row['server']} udp: {row['kind']}"
        codes = [int(header[6:8], 16) & 15 if len(header) >= 8 else SILENCE - 1 for _size, header in row["answers"]]
        for code in codes or [SILENCE]:
            if code == SILENCE and row["then"]:
                continue  # lost, as the question behind it may be: told below
            if code not in GOOD[row["kind"]]:
                problems.append(f"{where}: {'no answer' if code == SILENCE else f'response code {code}'}")
        most = max(LEAST, row["size"])
        problems += [f"{where}: {size} octets for {row['size']}" for size, _header in row["answers"] if size > most]
    return verdict([*problems, *_unheard(found)], f"{len(GOOD)} kinds, and alive after each")


@check("DN-50", "No answer over UDP is longer than 1232 octets", source="RFC 9715 section 3.1; requirement DN-50")
def long_answer(evidence: Evidence, expected: Expected) -> Verdict:
    """None of the answers over UDP has more, also where 4096 octets were offered for one that has more over TCP."""
    large = evidence.exchanges("large", scopes=["node"])
    planned = (plan.questions(expected, evidence.stage, scope) for scope in evidence.scopes)
    probes = {question["probe"] for questions in planned for question in questions} - {"master_soa"}
    exchanges = evidence.exchanges(*probes)
    problems = [f"{each.where}: {each.error or 'no answer'}" for each in large if each.answer is None]
    problems += [
        f"{each.where}: {each.name} {each.rdtype}: {each.size} octets"
        for each in exchanges
        if each.transport == "udp" and each.size > plan.PAYLOAD
    ]
    count = sum(each.transport == "udp" for each in exchanges)
    whole = max((each.size for each in evidence.exchanges("longest") if each.transport == "tcp"), default=0)
    return verdict(problems, f"{count} answers; of one with {whole} octets over TCP, {large[0].size} came")


@check(
    "DN-51", "Answers come from where the question went", harm=True, source="RFC 2181 section 4.1; RFC 1035 section 7.3"
)
def source(evidence: Evidence, expected: Expected) -> Verdict:
    """A socket that takes answers from everywhere gets one answer, from the service address that was asked.

    Others drop it. The node asks itself, so nobody far away can make it fail; a lost answer does no harm.
    """
    found = _rows(evidence, ("source",), expected.addresses)
    problems = [
        f"{row['server']} udp: answered from {' and '.join(row['from'])}"
        for row in found
        if row["from"] and set(row["from"]) != {row["server"]}
    ]
    if not problems and (silent := _unheard(found)):
        raise Missing("; ".join(silent))
    return verdict(problems, f"so they do on {', '.join(expected.addresses)}")


@check(
    "DN-49",
    "UDP checksums are made, and looked at",
    source="RFC 768; RFC 8200 section 8.1; RFC 7720 section 2; requirement DN-49",
    also=("vantage",),
)
def checksums(evidence: Evidence, expected: Expected) -> Verdict:
    """The node drops a question with a wrong checksum, and answers the same one with a right one, on a service address
    of each family. At stage live every answer arrives at the vantage with a checksum that is right and not zero.

    A machine's card makes the checksum when a packet leaves, so the node's own word is none. Where the vantage may not
    look at packets, or what it saw was on no wire, which containers have between them, the message says so.
    """
    rows = evidence.section("node", "checksums")
    first = [addresses[0] for addresses in expected.service_addresses.values() if addresses]
    if missing := set(first) - {row["server"] for row in rows}:
        raise Missing(f"{min(missing)} udp: no question with a checksum of our own was asked")
    problems = [f"{row['server']} udp: a question with a wrong checksum was answered" for row in rows if row["broken"]]
    if not problems:
        for row in rows:
            if row["error"] or not (row["intact"] and row["plain"]):
                why = row["error"] or "one with a right checksum of ours was not answered, so it proves nothing"
                raise Missing(f"{row['server']} udp: {why}")
    seen, unseen = [], ""
    if evidence.stage is Mode.LIVE and "vantage" in evidence.scopes:
        seen = evidence.section("vantage", "checksums")
        unseen = _unlooked(seen)
    problems += [
        f"{row['server']} udp from vantage: {'no' if row['checksum'] == 0 else 'a wrong'} checksum"
        for row in seen
        if row["checksum"] == 0 or (row["ready"] and row["total"] != ALL_ONES)
    ]
    looked = unseen or (f"{len(seen)} answers arrive with right ones" if seen else "answers are looked at when live")
    return verdict(problems, f"a wrong one is dropped; {looked}")


def _unlooked(seen: t.Sequence[Row]) -> str:
    """Why nothing is known of the answers, where nobody is to blame."""
    if not seen or {row["error"] for row in seen} == {"permissionerror"}:
        return "answers not looked at: the vantage may not see packets"
    # Among much else that arrives there: whether answers come at all is for PR-01 and PR-04.
    if lost := [row for row in seen if row["checksum"] is None]:
        return f"answers not looked at: the vantage saw none of {lost[0]['server']} ({lost[0]['error']})"
    return "" if all(row["ready"] for row in seen) else "answers not looked at: they were on no wire"


CHECKS = (malformed, checksums, long_answer, source)
