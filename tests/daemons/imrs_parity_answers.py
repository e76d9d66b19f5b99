# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two answers to one question, field by field. Pure.

dnspython takes minutes for what two nameservers say to 20,000 questions: what is read here is no more than what is
compared.
"""

from __future__ import annotations

import dataclasses
import struct
import typing as t

from imrs_parity_asking import CLOSED, SILENT
from imrs_parity_questions import OPT

MALFORMED = "malformed"
"""What came is no message."""
Sets = dict[tuple[bytes, int, int], tuple[int, frozenset[bytes]]]
"""RRsets by owner in lower case, type and class: the TTL and the data of their records."""
FLAGS = {0x0400: "aa", 0x0200: "tc", 0x0100: "rd", 0x0080: "ra", 0x0040: "z", 0x0020: "ad", 0x0010: "cd"}
EMBEDDED = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1), 39: (0, 1)}
"""By type whose data may have compressed names (RFC 1035): octets before the first, and how many follow."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer; ``outcome`` is ``answered``, or what came in its place, and then the rest has no meaning."""

    outcome: str
    size: int = 0
    opcode: int = 0
    rcode: int = 0
    flags: frozenset[str] = frozenset()
    question: bytes = b""
    answer: Sets = dataclasses.field(default_factory=dict)
    authority: Sets = dataclasses.field(default_factory=dict)
    additional: Sets = dataclasses.field(default_factory=dict)
    edns: tuple[int, int, int] | None = None
    """UDP payload size, version and flags; None without an OPT record."""
    options: tuple[tuple[int, bytes], ...] = ()

    def sets(self) -> Sets:
        """What is in any section."""
        return {**self.additional, **self.authority, **self.answer}


FIELDS = tuple(field.name for field in dataclasses.fields(Answer) if field.name != "size")


def differences(one: Answer, other: Answer) -> tuple[str, ...]:
    """The fields that are not the same; the size is that of compression, and no field."""
    if one.outcome != other.outcome:
        return ("outcome",)
    return tuple(field for field in FIELDS if getattr(one, field) != getattr(other, field))


def read(said: str) -> Answer:
    """What the asker wrote down."""
    if said in {SILENT, CLOSED}:
        return Answer(said)
    try:
        return Reader(bytes.fromhex(said)).answer()
    except (IndexError, ValueError, struct.error):
        return Answer(MALFORMED)


class Reader:
    """One message."""

    def __init__(self, wire: bytes) -> None:
        self.wire, self.at = wire, 12
        self.names: dict[int, tuple[bytes, int]] = {}

    def answer(self) -> Answer:
        """All of it. IndexError, struct.error or ValueError when it is no message, or more than one."""
        _, flags, asked, *counts = struct.unpack_from("!6H", self.wire)
        if not flags & 0x8000:
            raise ValueError("a question, not an answer")
        start = self.at
        for _ in range(asked):
            self.at = self.name(self.at)[1] + 4
        question = self.wire[start : self.at]
        sections: list[Sets] = []
        edns, options, extended = None, (), 0
        for count in counts:
            sections.append({})
            for _ in range(count):
                owner, kind, rdclass, ttl, data = self.record()
                if kind == OPT:
                    if edns:
                        raise ValueError("two OPT records")
                    edns = (rdclass, ttl >> 16 & 0xFF, ttl & 0xFFFF)
                    options, extended = tuple(split(data)), ttl >> 24
                    continue
                _, others = sections[-1].get((owner, kind, rdclass), (ttl, frozenset()))
                sections[-1][owner, kind, rdclass] = ttl, others | {data}
        if self.at != len(self.wire):
            raise ValueError(f"{len(self.wire) - self.at} octets after the end")
        return Answer(
            outcome="answered",
            size=len(self.wire),
            opcode=flags >> 11 & 0xF,
            rcode=extended << 4 | flags & 0xF,
            flags=frozenset(word for bit, word in FLAGS.items() if flags & bit),
            question=question,
            **dict(zip(("answer", "authority", "additional"), sections, strict=True)),
            edns=edns,
            options=options,
        )

    def record(self) -> tuple[bytes, int, int, int, bytes]:
        """Owner, type, class, TTL and data, its names spelt out."""
        owner, at = self.name(self.at)
        kind, rdclass, ttl, length = struct.unpack_from("!HHIH", self.wire, at)
        at += 10
        self.at = at + length
        if self.at > len(self.wire):
            raise ValueError("a record that is cut off")
        if kind not in EMBEDDED:
            return owner, kind, rdclass, ttl, self.wire[at : self.at]
        before, names = EMBEDDED[kind]
        data, at = self.wire[at : at + before], at + before
        for _ in range(names):
            name, at = self.name(at)
            data += name
        return owner, kind, rdclass, ttl, data + self.wire[at : self.at]

    def name(self, at: int) -> tuple[bytes, int]:
        """A name in lower case without compression, and where it ends. ValueError for a pointer that leads nowhere."""
        if at in self.names:
            return self.names[at]
        length = self.wire[at]
        if length >= 0xC0:
            to = struct.unpack_from("!H", self.wire, at)[0] & 0x3FFF
            if to >= at:
                raise ValueError("a pointer forward")
            found = self.name(to)[0], at + 2
        elif length:
            rest, end = self.name(at + 1 + length)
            found = bytes([length]) + self.wire[at + 1 : at + 1 + length].lower() + rest, end
        else:
            found = b"\0", at + 1
        self.names[at] = found
        return found


def split(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    """The options of an OPT record."""
    at = 0
    while at < len(data):
        code, length = struct.unpack_from("!HH", data, at)
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length


def shown(answer: Answer, field: str) -> str:
    """A field for people; sections by owner and type alone."""
    value = getattr(answer, field)
    if isinstance(value, dict):
        sets = sorted(f"{dotted(owner)}/{kind}x{len(records)}" for (owner, kind, _), (_, records) in value.items())
        return " ".join(sets) or "-"
    return " ".join(sorted(value)) or "-" if isinstance(value, frozenset) else str(value)


def dotted(name: bytes) -> str:
    """A name for people."""
    labels, at = [], 0
    while name[at]:
        labels.append(name[at + 1 : at + 1 + name[at]].decode("ascii", "backslashreplace"))
        at += 1 + name[at]
    return ".".join(labels) + "."
