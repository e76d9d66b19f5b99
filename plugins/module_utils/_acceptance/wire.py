# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Answers as verdicts read them: the wire, parsed again. dnspython is needed here and where answers are judged."""

from __future__ import annotations

import dataclasses
import struct
import typing as t

from .check import Verdict, verdict
from .evidence import Missing

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.rcode
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset
except ImportError:  # the module says so, with the name of the package
    HAS_DNSPYTHON = False
else:
    HAS_DNSPYTHON = True

if t.TYPE_CHECKING:
    from .evidence import Evidence, Exchange

Section = t.Sequence["dns.rrset.RRset"]


@dataclasses.dataclass(frozen=True)
class Answer:
    """A parsed answer with the exchange it came from."""

    exchange: Exchange
    message: dns.message.Message

    def flag(self, name: str) -> bool:
        """Is this header flag set?"""
        return bool(self.message.flags & dns.flags.from_text(name))

    def rcode(self) -> str:
        """The response code in letters, extended ones included."""
        return str(dns.rcode.to_text(self.message.rcode()))

    def wants(self, rcode: str = "NOERROR", **flags: bool) -> list[str]:
        """Differences from a response code and header flags (``aa=True, ra=False``)."""
        problems = [f"{self.rcode()} instead of {rcode}"] if self.rcode() != rcode else []
        for name, value in flags.items():
            if self.flag(name) is not value:
                problems.append(f"{name}={int(not value)}")
        return problems


Rule = t.Callable[[Answer], "t.Iterable[str]"]


def find(section: Section, name: str, rdtype: str, covers: str = "NONE") -> dns.rrset.RRset | None:
    """The RRset of this name and type, or None."""
    owner, wanted = dns.name.from_text(name), dns.rdatatype.from_text(rdtype)
    covered = dns.rdatatype.from_text(covers)
    for rrset in section:
        if rrset.name == owner and rrset.rdtype == wanted and rrset.covers == covered:
            return rrset
    return None


def signed(section: Section, name: str, rdtype: str) -> list[str]:
    """What is missing of an RRset and its signature."""
    problems = [] if find(section, name, rdtype) else [f"no {rdtype} of {name}"]
    if not find(section, name, "RRSIG", rdtype):
        problems.append(f"no RRSIG of the {rdtype} of {name}")
    return problems


def empty(**sections: Section) -> list[str]:
    """Which of these sections hold something (the OPT record does not count)."""
    return [f"{name} section not empty" for name, section in sections.items() if section]


def header(wire: bytes) -> tuple[int, int, int, int]:
    """Identifier, opcode, response code and number of answers, straight from the octets."""
    ident, flags, _questions, answers = struct.unpack("!HHHH", wire[:8])
    return ident, (flags >> 11) & 15, flags & 15, answers


def question_of(wire: bytes) -> bytes:
    """The octets of the first question, or nothing where there is none."""
    if len(wire) < 12 or struct.unpack("!H", wire[4:6])[0] == 0:
        return b""
    position = 12
    while position < len(wire) and wire[position]:
        position += wire[position] + 1
    return wire[12 : position + 5]


def parse(exchange: Exchange) -> tuple[Answer | None, list[str]]:
    """The answer, or what is wrong with it before any rule looks at it."""
    wire = exchange.answer
    if wire is None:
        return None, [exchange.error or "no answer"]
    if len(wire) < 12 or header(wire)[0] != header(exchange.wire)[0] or not wire[2] & 0x80:
        return None, ["not an answer to this question"]
    try:
        message = dns.message.from_wire(wire, ignore_trailing=False)
    except (dns.exception.DNSException, ValueError) as error:
        return None, [f"not a DNS message ({type(error).__name__})"]
    return Answer(exchange, message), []


def observed(exchanges: t.Iterable[Exchange], rule: Rule) -> list[str]:
    """Apply a rule to every answer; each problem is told with the place where it was seen."""
    problems: list[str] = []
    for exchange in exchanges:
        answer, broken = parse(exchange)
        found = broken if answer is None else rule(answer)
        problems += [f"{exchange.where}: {problem}" for problem in found]
    return problems


def each(evidence: Evidence, probe: str, rule: Rule, good: str = "as expected") -> Verdict:
    """Judge every exchange of a probe with one rule."""
    exchanges = evidence.exchanges(probe)
    return verdict(observed(exchanges, rule), f"{good} in {len(exchanges)} answers")


def refused(exchanges: t.Iterable[Exchange], codes: t.Container[int], *, silent: bool = False) -> t.Iterator[str]:
    """Differences from one of these response codes without a record, as the header says; ``silent``: no answer will
    do, too.
    """
    for exchange in exchanges:
        if exchange.answer is None or len(exchange.answer) < 12:
            if not (silent and exchange.answer is None):
                yield f"{exchange.where}: {exchange.error or 'no answer'}"
            continue
        _ident, _opcode, rcode, answers = header(exchange.answer)
        if rcode not in codes or answers:
            yield f"{exchange.where}: {exchange.name} {exchange.rdtype}: response code {rcode} with {answers} records"


def truncated(answer: Answer, evidence: Evidence, most: int) -> bool:
    """Whether an answer is truncated (TC) and has to be: over UDP, where over TCP it is of more than ``most`` octets.

    Then the one over TCP counts (RFC 7766 section 5). How long an answer is, depends on the zone's keys: with the
    signatures of two algorithms no proof of NXDOMAIN fits 1232 octets.
    """
    exchange = answer.exchange
    if exchange.transport != "udp" or not answer.flag("TC"):
        return False
    others = evidence.exchanges(exchange.probe, scopes=[exchange.scope])
    return any(other.transport == "tcp" and other.size > most for other in others)


def heard(exchanges: t.Iterable[Exchange]) -> list[Exchange]:
    """Those that were answered, for checks of what answers say: who is silent is told once, by DN-01 and ZI-16. Missing
    when nobody was.
    """
    found = [exchange for exchange in exchanges if exchange.answer is not None]
    if not found:
        raise Missing("no question was answered")
    return found


def serials(exchanges: t.Iterable[Exchange]) -> tuple[dict[str, int], list[str]]:
    """The SOA serial seen at each place, and why there is none at the others."""
    found: dict[str, int] = {}
    problems = []
    for exchange in exchanges:
        answer, broken = parse(exchange)
        soa = find(answer.message.answer, exchange.name, "SOA") if answer else None
        if soa is not None:
            found[exchange.where] = soa[0].serial
        else:
            why = broken[0] if broken else f"no SOA ({answer.rcode() if answer else ''})"
            problems.append(f"{exchange.where}: {exchange.name} {why}")
    return found, problems


def newer(one: int, other: int) -> bool:
    """Is serial ``one`` newer than ``other``? RFC 1982 section 3.2."""
    return one != other and (one - other) % 2**32 < 2**31
