# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ARG005 - every condition is asked with the same three
"""Where Knot and NSD may differ, and why: nothing of it follows from how the roles configure them.

An entry covers some fields of an answer, where its condition holds. One that is not needed any more fails the test.
"""

from __future__ import annotations

import dataclasses
import typing as t

from imrs_parity_answers import MALFORMED, Answer, differences
from imrs_parity_asking import CLOSED, SILENT
from imrs_parity_questions import ANY, AXFR, CH, EXPIRE, IXFR, NOTIFY, NSID, OPT, TSIG, UPDATE, Question

RRSIG = 46
EDE = 15
NOERROR, FORMERR, NOTIMP, REFUSED, NOTAUTH, BADVERS = 0, 1, 4, 5, 9, 16
ADDRESSES = {1, 28}
PARTS = ("answer", "authority", "additional")


@dataclasses.dataclass(frozen=True)
class Accepted:
    """``holds`` is asked with the question, Knot's answer and NSD's, where one of ``fields`` differs."""

    reason: str
    fields: tuple[str, ...]
    holds: t.Callable[[Question, Answer, Answer], bool]


def opcode(question: Question) -> int:
    """Of a question that has one."""
    return question.wire[2] >> 3 & 0xF


def parted(question: Question) -> tuple[int, int, bytes]:
    """Type and class of the first question, and what follows; nothing of meaning where it has a compressed name."""
    at = 12
    while at < len(question.wire) and 0 < question.wire[at] < 0xC0:
        at += 1 + question.wire[at]
    ends = question.wire[at + 1 : at + 5]
    return int.from_bytes(ends[:2]), int.from_bytes(ends[2:]), question.wire[at + 5 :]


def asked(question: Question) -> tuple[int, int]:
    """Type and class of the first question."""
    return parted(question)[:2]


def others(answer: Answer, *codes: int) -> tuple[tuple[int, bytes], ...]:
    """Its EDNS options but for these."""
    return tuple(option for option in answer.options if option[0] not in codes)


def error(answer: Answer) -> bool:
    """Whether it tells of an error, and nothing else."""
    return answer.rcode != NOERROR and not answer.sets()


def truncated(one: Answer, other: Answer) -> bool:
    """Whether both tell the resolver to come back over TCP."""
    return "tc" in one.flags and "tc" in other.flags


def glue(knot: Answer, nsd: Answer) -> bool:
    """Whether the additional sections have addresses alone, and no address of which the other has another one."""
    both = knot.additional.keys() & nsd.additional.keys()
    kinds = {kind for _owner, kind, _class in knot.additional.keys() | nsd.additional.keys()}
    return kinds <= {*ADDRESSES, RRSIG} and all(
        knot.additional[each] == nsd.additional[each] for each in both if each[1] in ADDRESSES
    )


def single(answer: Answer) -> bool:
    """Whether it has one RRset and its signature, at most."""
    return len({kind for _owner, kind, _class in answer.answer} - {RRSIG}) <= 1


def odd(question: Question) -> bool:
    """Whether there is in it what no question has: a return code, or records other than an OPT record."""
    _kind, _class, rest = parted(question)
    opt = not rest or rest.startswith(b"\0" + OPT.to_bytes(2))
    return question.wire[3] & 0xF != 0 or question.wire[6:11] != bytes(5) or question.wire[11] > 1 or not opt


ACCEPTED = {
    "dropped-by-knot": Accepted(
        "Knot does not answer what it cannot read as one question; NSD says FORMERR or NOTIMP (RFC 1035 section 4.1.1 "
        "allows both, RFC 9619 wants FORMERR for two questions)",
        ("outcome",),
        lambda q, knot, nsd: knot.outcome in {SILENT, CLOSED} and error(nsd),
    ),
    "closed-by-nsd": Accepted(
        "NSD ends the TCP connection over which came what it does not answer; Knot keeps it, or says FORMERR",
        ("outcome",),
        lambda q, knot, nsd: q.tcp and nsd.outcome == CLOSED and (knot.outcome == SILENT or error(knot)),
    ),
    "nsid-twice": Accepted(
        "NSD 4.12 makes a malformed OPT record for a question with two NSID options: its length counts both, there is "
        "one. No resolver asks so",
        ("outcome",),
        lambda q, knot, nsd: nsd.outcome == MALFORMED and q.wire.count(bytes([0, NSID, 0, 0])) > 1,
    ),
    "bare-errors": Accepted(
        "an error of NSD has no question, some have no OPT record either, and bits of the question's header may stay",
        ("question", "edns", "flags", "options"),
        lambda q, knot, nsd: error(nsd) and not nsd.question and (nsd.edns is None or nsd.edns == knot.edns),
    ),
    "bare-badvers": Accepted(
        "BADVERS of NSD has neither NSID nor the DO flag; RFC 6891 asks for neither",
        ("edns", "options"),
        lambda q, knot, nsd: knot.rcode == nsd.rcode == BADVERS and not nsd.options,
    ),
    "extended-errors": Accepted(
        "NSD adds an extended error (RFC 8914); Knot does not",
        ("options",),
        lambda q, knot, nsd: others(nsd, EDE) == knot.options,
    ),
    "expire": Accepted(
        "Knot answers EXPIRE (RFC 7314) to everybody; NSD does not",
        ("options",),
        lambda q, knot, nsd: others(knot, EXPIRE) == others(nsd, EDE) and bytes([0, EXPIRE]) in q.wire,
    ),
    "truncated": Accepted(
        "both set TC; what is left of the answer is no answer (RFC 2181 section 9)",
        PARTS,
        lambda q, knot, nsd: truncated(knot, nsd),
    ),
    "tc-for-glue": Accepted(
        "where not all addresses of a referral fit, Knot sets TC when those of servers below the delegation are not "
        "all there, as RFC 9471 wants; NSD when there would be none",
        ("flags", "additional"),
        lambda q, knot, nsd: not q.tcp and knot.flags ^ nsd.flags == {"tc"} and glue(knot, nsd),
    ),
    "other-glue": Accepted(
        "where not all addresses fit, Knot takes both of a server before the next one, NSD its IPv6 addresses first",
        ("additional",),
        lambda q, knot, nsd: not q.tcp and "tc" not in knot.flags | nsd.flags and glue(knot, nsd),
    ),
    "odd-questions": Accepted(
        "NSD says FORMERR to a question with a return code, or with records that no question has; Knot answers",
        ("rcode", "flags", "question", "edns", "options", *PARTS),
        lambda q, knot, nsd: nsd.rcode == FORMERR and error(nsd) and odd(q),
    ),
    "octets-after-the-end": Accepted(
        "Knot says FORMERR to a message that goes on after its end; NSD answers",
        ("rcode", "flags", "edns", "answer"),
        lambda q, knot, nsd: knot.rcode == FORMERR and error(knot) and q.kind.startswith("octets after"),
    ),
    "which-error": Accepted(
        "of several errors in one message each names another one",
        ("rcode", "edns"),
        lambda q, knot, nsd: q.kind == "some noise" and error(knot) and error(nsd),
    ),
    "strangers-are-refused": Accepted(
        "a stranger's AXFR, IXFR, NOTIFY and UPDATE: Knot says NOTAUTH, NSD REFUSED, NOTIMP, or NXDOMAIN for no zone",
        ("rcode",),
        lambda q, knot, nsd: (
            knot.rcode == NOTAUTH and error(nsd) and (asked(q)[0] in {AXFR, IXFR} or opcode(q) in {NOTIFY, UPDATE})
        ),
    ),
    "type-0": Accepted(
        "TYPE0 is reserved: Knot says NOTIMP, NSD that there is none",
        ("rcode", "flags", "authority"),
        lambda q, knot, nsd: asked(q)[0] == 0 and knot.rcode == NOTIMP and not nsd.answer,
    ),
    "rrsig": Accepted(
        "asked for RRSIG, Knot gives one as for ANY (RFC 8482), NSD all",
        ("flags", "answer"),
        lambda q, knot, nsd: asked(q)[0] == RRSIG and len(knot.answer) == 1 and nsd.rcode == NOERROR,
    ),
    "any": Accepted(
        "asked for ANY, both give one RRset (RFC 8482 section 4.1), and not the same one",
        ("answer", "additional"),
        lambda q, knot, nsd: asked(q)[0] == ANY and single(knot) and single(nsd),
    ),
    "class-any": Accepted(
        "in class ANY, NSD answers without AA, and does not name the zone where there is no data",
        ("flags", "authority"),
        lambda q, knot, nsd: asked(q)[1] == ANY and knot.flags - nsd.flags == {"aa"},
    ),
    "chaos-any": Accepted(
        "ANY in class CH: NSD gives the TXT record, Knot refuses",
        ("rcode", "answer"),
        lambda q, knot, nsd: asked(q) == (ANY, CH) and knot.rcode == REFUSED,
    ),
    "bad-tsig": Accepted(
        "with a TSIG key that nobody knows both say NOTAUTH; NSD with BADKEY in a TSIG record, and no question",
        ("question", "additional"),
        lambda q, knot, nsd: knot.rcode == nsd.rcode == NOTAUTH and {kind for _o, kind, _c in nsd.additional} == {TSIG},
    ),
    "no-question": Accepted(
        "an OPT record without a question: NSD answers NOERROR (RFC 7873 section 5.4), Knot FORMERR",
        ("rcode",),
        lambda q, knot, nsd: q.wire[4:6] == b"\0\0" and knot.rcode == FORMERR and not nsd.sets(),
    ),
}


def unexplained(question: Question, knot: Answer, nsd: Answer, used: set[str]) -> tuple[str, ...]:
    """The fields that differ and that no entry accepts; entries that accepted one are added to ``used``."""
    found = []
    for field in differences(knot, nsd):
        accepting = {
            name for name, entry in ACCEPTED.items() if field in entry.fields and entry.holds(question, knot, nsd)
        }
        used |= accepting
        if not accepting:
            found.append(field)
    return tuple(found)
