# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which one record, or one part of the header, of an answer can be another one."""

from __future__ import annotations

import copy
import typing as t

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SECTIONS = ("answer", "authority", "additional")
Message = dns.message.Message


class Mutation(t.NamedTuple):
    """What was done to an answer, and its octets then. ``record``: the one that is another now, if it is one."""

    what: str
    octets: bytes
    section: str = ""
    record: dns.rrset.RRset | None = None


def parsed(answer: bytes) -> Message:
    """Each record by itself, as records may be there twice."""
    return dns.message.from_wire(answer, one_rr_per_rrset=True)


def every(answer: bytes, foreign: t.Sequence[dns.rrset.RRset]) -> t.Iterator[Mutation]:
    """All of them. ``foreign``: records of the same zone, of which some do not belong into this answer."""
    yield from _of_the_header(answer)
    yield from _of_the_question(answer)
    yield from _of_edns(answer)
    for section in SECTIONS:
        for at, record in enumerate(getattr(parsed(answer), section)):
            for what, change in _of_a_record(record, section):
                message = parsed(answer)
                change(message, at)
                yield Mutation(f"{section}: {record}: {what}", _wire(message), section, record)
        for record in [*_made_up(parsed(answer)), *foreign]:
            message = parsed(answer)
            there = getattr(message, section)
            if record not in there:
                there.append(record)
                yield Mutation(f"{section}: {record}: added", _wire(message), section)


def _wire(message: Message) -> bytes:
    return message.to_wire(max_size=65535)


Change = t.Callable[[Message, int], None]


def _of_a_record(record: dns.rrset.RRset, section: str) -> t.Iterator[tuple[str, Change]]:
    def remove(message: Message, at: int) -> None:
        del getattr(message, section)[at]

    def twice(message: Message, at: int) -> None:
        getattr(message, section).append(copy.copy(record))

    def put(other: dns.rrset.RRset) -> Change:
        return lambda message, at: getattr(message, section).__setitem__(at, other)

    def move(to: str) -> Change:
        return lambda message, at: getattr(message, to).append(getattr(message, section).pop(at))

    yield "removed", remove
    yield "twice", twice
    for to in SECTIONS:
        if to != section:
            yield f"moved to {to}", move(to)
    for name, other in _others(record):
        yield name, put(other)


def _others(record: dns.rrset.RRset) -> t.Iterator[tuple[str, dns.rrset.RRset]]:
    """The record with another owner, TTL, class, type, and with another bit of its data."""
    (rdata,) = record
    octets = rdata.to_wire()

    def made(owner: dns.name.Name, ttl: int, rdclass: int, rdtype: int, data: bytes) -> dns.rrset.RRset:
        found = dns.rrset.RRset(owner, rdclass, rdtype)
        found.add(dns.rdata.GenericRdata(rdclass, rdtype, data), ttl)
        return found

    own = (record.name, record.ttl, record.rdclass, record.rdtype, octets)
    yield "another owner", made(dns.name.Name((b"x", *record.name.labels[-2:])), *own[1:])
    for ttl in (0, record.ttl - 1, record.ttl + 1):
        yield f"TTL {ttl}", made(own[0], ttl, *own[2:])
    yield "another class", made(*own[:2], dns.rdataclass.CH, *own[3:])
    yield "another type", made(*own[:3], dns.rdatatype.RdataType.make(65280), own[4])
    for at in sorted({0, 1, len(octets) // 2, len(octets) - 1}):
        data = bytes(octet ^ 0x01 if here == at else octet for here, octet in enumerate(octets))
        yield f"octet {at} of the data", made(*own[:4], data)


def _made_up(message: Message) -> t.Iterator[dns.rrset.RRset]:
    """Records that no zone has: of the name that is asked for, of the root, addresses of the servers that are named."""
    name = message.question[0].name
    yield dns.rrset.from_text(name, 86400, "IN", "TXT", '"x"')
    yield dns.rrset.from_text(name, 86400, "IN", "A", "198.51.100.1")
    yield dns.rrset.from_text(name, 172800, "IN", "NS", "ns.example.")
    yield dns.rrset.from_text(".", 518400, "IN", "NS", "n.root-servers.net.")
    for record in (*message.answer, *message.authority):
        if record.rdtype == dns.rdatatype.NS:
            yield dns.rrset.from_text(record[0].target, record.ttl, "IN", "A", "198.51.100.1")
            yield dns.rrset.from_text(record[0].target, record.ttl, "IN", "AAAA", "2001:db8::1")


def _of_the_header(answer: bytes) -> t.Iterator[Mutation]:
    for at, bit, what in (
        *((2, bit, name) for bit, name in ((0x80, "QR"), (0x04, "AA"), (0x02, "TC"), (0x01, "RD"))),
        *((3, bit, name) for bit, name in ((0x80, "RA"), (0x40, "Z"), (0x20, "AD"), (0x10, "CD"))),
        *((2, code << 3, f"opcode {code}") for code in (1, 2, 4, 5, 15)),
        *((3, code, f"RCODE {code} exclusive-or") for code in range(1, 16)),
        (0, 0x01, "identifier"),
        (1, 0x01, "identifier"),
    ):
        octets = bytearray(answer)
        octets[at] ^= bit
        yield Mutation(f"header: {what}", bytes(octets))
    for at in range(4, 12):
        octets = bytearray(answer)
        octets[at] ^= 0x01
        yield Mutation(f"header: count in octet {at}", bytes(octets))
    for length in range(0, len(answer), 37):
        yield Mutation(f"cut after {length} octets", answer[:length])
    yield Mutation("an octet more", answer + b"\0")


def _of_the_question(answer: bytes) -> t.Iterator[Mutation]:
    (question,) = parsed(answer).question
    others = [
        ("none", []),
        ("twice", [question, question]),
        ("another name", [dns.rrset.RRset(dns.name.from_text("example."), question.rdclass, question.rdtype)]),
        ("another type", [dns.rrset.RRset(question.name, question.rdclass, dns.rdatatype.TXT)]),
        ("another class", [dns.rrset.RRset(question.name, dns.rdataclass.CH, question.rdtype)]),
    ]
    folded = dns.name.Name([label.upper() for label in question.name.labels])
    if folded.labels != question.name.labels:
        others.append(("in capitals", [dns.rrset.RRset(folded, question.rdclass, question.rdtype)]))
    for what, questions in others:
        message = parsed(answer)
        message.question = questions
        yield Mutation(f"question: {what}", _wire(message))


def _of_edns(answer: bytes) -> t.Iterator[Mutation]:
    def with_edns(what: str, version: int = 0, flags: int = dns.flags.DO, **more: t.Any) -> Mutation:
        message = parsed(answer)
        message.use_edns(version, flags, 1232, **more)
        return Mutation(f"EDNS: {what}", _wire(message))

    message = parsed(answer)
    message.use_edns(False)
    yield Mutation("EDNS: none", _wire(message))
    yield with_edns("version 1", version=1)
    yield with_edns("without DO", flags=0)
    yield with_edns("another flag", flags=dns.flags.DO | 0x0080)
    for otype in (3, 8, 9, 10, 11, 12, 15, 65001):
        yield with_edns(f"option {otype}", options=[dns.edns.GenericOption(otype, b"\0\1\0\0\0\0\0\0")])
    octets = bytearray(answer)
    octets[11] += 1  # in the additional section
    yield Mutation("EDNS: twice", bytes(octets) + bytes.fromhex("00 0029 04d0 00008000 0000"))
