# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
"""How an answer differs from the one that its zone makes; record by record, in all sections and in the header."""

from __future__ import annotations

import dataclasses
import typing as t

from . import expect

try:
    import dns.edns
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.opcode
    import dns.rcode
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset
except ImportError:  # said by whoever needs it
    pass

if t.TYPE_CHECKING:
    from .zone import Zone

SECTIONS = ("answer", "authority", "additional")
UNASKED = ("EDE",)
"""EDNS options that may come unasked: they say why (RFC 8914)."""
RESERVED = 0x0040
"""The header bit that has no meaning (RFC 1035 section 4.1.1, Z)."""
IN_ZONE = "vnk"
"""RSSAC047: all RRsets match RRsets of the zone."""


class Difference(t.NamedTuple):
    """One thing that is not as it should be. ``tag``: of RSSAC047v2 section 5.3 (three letters), or an RFC."""

    tag: str
    text: str

    def __str__(self) -> str:
        """As a line of a report."""
        return f"[{self.tag}] {self.text}"


Key = tuple[t.Any, int, str, str, bytes]
"""A record but for its TTL: owner, class, type, the type that it signs, and the data in canonical form."""


class Record(t.NamedTuple):
    """One record of a message, or of a zone."""

    name: t.Any
    kind: str
    covers: str
    ttl: int
    rdata: t.Any

    def __str__(self) -> str:
        """Without its class, and not for long."""
        data = str(self.rdata)
        return f"{self.name} {self.ttl} {self.kind} {data if len(data) <= 60 else data[:57] + '...'}"


def differences(
    zones: t.Sequence[Zone],
    query: bytes,
    answer: bytes,
    *,
    tcp: bool,
    now: float | None = None,
    complete: bool = False,
) -> list[Difference]:
    """What is wrong with the octets of an answer to a query; nothing when it is right.

    A truncated answer over UDP is right if what it has is: whoever gets it asks again over TCP (hjw). ``now``: the
    time, if signatures have to be good at it. ``complete``: over TCP all addresses have to be there, for nameservers
    that leave none out. ValueError when the query is none, or its name is in none of the zones.
    """
    try:
        asked = dns.message.from_wire(query)
        (question,) = asked.question
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"the query: {error}") from None
    try:
        found = dns.message.from_wire(answer, one_rr_per_rrset=True)
    except (dns.exception.DNSException, ValueError, IndexError) as error:
        return [Difference("RFC 1035 s. 4", f"no DNS message: {type(error).__name__} {error}")]
    kind = dns.rdatatype.to_text(question.rdtype)
    meta = dns.rdatatype.is_metatype(question.rdtype) or kind == "RRSIG"
    if asked.opcode() != dns.opcode.QUERY or question.rdclass != dns.rdataclass.IN or meta:
        raise ValueError(f"the query: nothing is known of {dns.rdataclass.to_text(question.rdclass)} {kind}")
    expected = expect.of(zones, question.name, kind, dnssec=_do(asked), complete=complete and tcp)
    judged = _Judged(asked, found, expected)
    problems = [*judged.header(), *judged.edns()]
    data = judged.data()
    if found.flags & dns.flags.TC:
        part = judged.data(part_of_it=True)
        if tcp or part == data:
            problems.append(
                Difference("RFC 2181 s. 9", f"TC is set{' over TCP' if tcp else ', and nothing is missing'}")
            )
        data = data if tcp else part
    problems += data
    if now is not None:
        problems += judged.signatures(now)
    return list(dict.fromkeys(problems))


def serial(answer: bytes, origin: t.Any) -> int | None:
    """The serial that an answer has of a zone, or None where there is none to read."""
    try:
        found = dns.message.from_wire(answer).get_rrset("ANSWER", origin, dns.rdataclass.IN, dns.rdatatype.SOA)
    except (dns.exception.DNSException, ValueError):
        return None
    return int(found[0].serial) if found else None


def _do(message: dns.message.Message) -> bool:
    return bool(message.ednsflags & dns.flags.DO)


@dataclasses.dataclass(frozen=True)
class _Judged:
    """An answer beside its question and what is expected."""

    asked: dns.message.Message
    found: dns.message.Message
    expected: expect.Expected

    def header(self) -> t.Iterator[Difference]:
        """Whose answer it is, its code and its bits."""
        asked, found = self.asked, self.found
        if found.id != asked.id:
            yield Difference("RFC 5452 s. 9.1", f"identifier {found.id}, not {asked.id}")
        ours, theirs = ([_exactly(each) for each in message.question] for message in (asked, found))
        if ours != theirs:
            yield Difference("RFC 5452 s. 9.1", f"the question is {' '.join(map(str, found.question)) or 'not there'}")
        if found.opcode() != asked.opcode():
            yield Difference("RFC 1035 s. 4.1.1", f"opcode {dns.opcode.to_text(found.opcode())}")
        rcode = dns.rcode.to_text(found.rcode())
        if rcode != self.expected.rcode:
            yield Difference("ote", f"{rcode}, not {self.expected.rcode}")
        wanted = {"QR": True, "AA": self.expected.aa, "RA": False, "AD": False}
        wanted |= {bit: bool(asked.flags & dns.flags.from_text(bit)) for bit in ("RD", "CD")}  # these are echoed
        for bit, value in wanted.items():
            if bool(found.flags & dns.flags.from_text(bit)) is not value:
                tag = self.expected.tags["aa"] if bit == "AA" else "RFC 1035 s. 4.1.1"
                yield Difference(tag, f"{bit} is {int(not value)}")
        if found.flags & RESERVED:
            yield Difference("RFC 1035 s. 4.1.1", "the reserved bit Z is set")

    def edns(self) -> t.Iterator[Difference]:
        """The OPT record, which is no data of the zone (pvz)."""
        asked, found = self.asked, self.found
        if (asked.edns < 0) != (found.edns < 0):
            yield Difference("RFC 6891 s. 6.1.1", f"{'an' if asked.edns < 0 else 'no'} OPT record")
            return
        if found.edns > 0:
            yield Difference("RFC 6891 s. 6.1.3", f"EDNS version {found.edns}")
        if found.edns >= 0 and found.ednsflags & 0xFFFF != asked.ednsflags & dns.flags.DO:
            yield Difference("RFC 3225 s. 3", f"EDNS flags 0x{found.ednsflags & 0xFFFF:04x}")
        wanted = {option.otype for option in asked.options}
        more = {option.otype for option in found.options} - wanted
        for otype in sorted(more):
            if dns.edns.OptionType.to_text(otype) not in UNASKED:
                yield Difference("RFC 6891 s. 6.1.2", f"the option {otype}, which nobody asked for")

    def data(self, *, part_of_it: bool = False) -> list[Difference]:
        """All sections. ``part_of_it``: in a truncated answer some records, and RRsets, may be missing."""
        found = [each for name in SECTIONS for each in self.section(name, part_of_it)]
        return found if part_of_it else [*found, *self.some_address()]

    def section(self, name: str, part_of_it: bool) -> t.Iterator[Difference]:
        """Each record once, with its TTL; each RRset whole, but for a truncated answer."""
        parts: tuple[expect.Part, ...] = getattr(self.expected, name)
        left: dict[Key, list[Record]] = {}
        for key, record in _records(getattr(self.found, name)):
            left.setdefault(key, []).append(record)
        for part in parts:
            yield from _taken(name, part, left, part_of_it)
        tag = self.expected.tags.get(name, IN_ZONE)
        for record in (record for some in left.values() for record in some):
            yield Difference(tag, f"{name}: {record} does not belong here")

    def some_address(self) -> t.Iterator[Difference]:
        """At least one address of a server that is named."""
        wanted = self.expected.some_address
        if wanted and not any(record.kind in expect.ADDRESSES for _key, record in _records(self.found.additional)):
            yield Difference(wanted, "additional: no address of any of the servers")

    def signatures(self, now: float) -> t.Iterator[Difference]:
        """Each is good at this time (yds). That it was made by the zone's key is the zone's own affair."""
        for section in SECTIONS:
            for _key, record in _records(getattr(self.found, section)):
                if record.kind == "RRSIG" and not record.rdata.inception <= now <= record.rdata.expiration:
                    yield Difference("yds", f"{section}: {record.name} RRSIG {record.covers} is not good at this time")


def _taken(section: str, part: expect.Part, left: dict[Key, list[Record]], part_of_it: bool) -> t.Iterator[Difference]:
    """Take a part's records out of what is left of a section."""
    missing, found, wrong = [], [], []
    for rrset in part.rrsets:
        for octets, rdata in rrset.rdatas.items():
            there = left.get((rrset.name, dns.rdataclass.IN, rrset.kind, rrset.covers, octets))
            if not there:
                missing.append(Record(rrset.name, rrset.kind, rrset.covers, rrset.ttl, rdata))
                continue
            right = [record for record in there if record.ttl in {rrset.ttl, *part.ttls}]
            found.append((right or there)[0])
            there.remove(found[-1])
            if not right:
                wrong.append(Difference(IN_ZONE, f"{section}: {found[-1]}: the zone has TTL {rrset.ttl}"))
    ttls = {record.ttl for record in found}
    if part.ttls and len(ttls) > 1 and not wrong:
        wrong.append(Difference("RFC 2181 s. 5.2", f"{section}: TTLs {sorted(ttls)} in one RRset"))
    yield from wrong
    if not part_of_it and (part.needed or found):
        yield from (Difference(part.tag, f"{section}: {record} is missing") for record in missing)


def _exactly(question: dns.rrset.RRset) -> tuple[t.Any, ...]:
    """With the letters' case (RSSAC047 section 4.5)."""
    return question.name.labels, question.rdtype, question.rdclass


def _records(rrsets: t.Iterable[dns.rrset.RRset]) -> t.Iterator[tuple[Key, Record]]:
    for rrset in rrsets:
        kind = dns.rdatatype.to_text(rrset.rdtype)
        covers = dns.rdatatype.to_text(rrset.covers) if rrset.covers else ""
        for rdata in rrset:
            key = (rrset.name, int(rrset.rdclass), kind, covers, rdata.to_digestable())
            yield key, Record(rrset.name, kind, covers, rrset.ttl, rdata)
