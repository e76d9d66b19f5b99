# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both nameservers are asked: every delegation, and every shape that a message from a stranger may have. Pure.

The same delegations give the same questions, octet by octet: what looks like chance is seeded.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import struct
import typing as t

SEED = 20144
NUMBER = 20_000
ZONES = (".", "arpa.", "root-servers.net.")
A, NS, SOA, TXT, AAAA, OPT, DS, DNSKEY, TSIG, IXFR, AXFR, ANY = 1, 2, 6, 16, 28, 41, 43, 48, 250, 251, 252, 255
IN, CH, HS = 1, 3, 4
QUERY, NOTIFY, UPDATE = 0, 4, 5
QR, AD = 0x8000, 0x0020
DO = 0x8000
NSID, ECS, EXPIRE, COOKIE, KEEPALIVE, PADDING, UNKNOWN = 3, 8, 9, 10, 11, 12, 65001
SIZES = (0, 100, 512, 513, 1231, 1232, 1233, 4096, 65535)
"""What a resolver may say that it takes over UDP, in octets."""
OPTIONS: tuple[tuple[tuple[int, bytes], ...], ...] = (
    (),
    ((NSID, b""),),
    ((NSID, b"data"),),
    ((COOKIE, bytes(range(8))),),
    ((COOKIE, bytes(range(24))),),
    ((COOKIE, bytes(range(4))),),
    ((ECS, bytes([0, 1, 24, 0, 192, 0, 2])),),
    ((ECS, b"\0"),),
    ((EXPIRE, b""),),
    ((KEEPALIVE, b""),),
    ((KEEPALIVE, b"\0\1"),),
    ((PADDING, bytes(40)),),
    ((UNKNOWN, b"what"),),
    ((NSID, b""), (NSID, b"")),
    ((UNKNOWN, b""), (NSID, b""), (COOKIE, bytes(8)), (EXPIRE, b"")),
)
TYPES = (*range(60), 61, 62, 63, 64, 65, 99, 108, 109, *range(249, 263), 32768, 32769, 65280, 65534, 65535)
CLASSES = (0, IN, 2, CH, HS, 254, 255, 4096, 65535)
IDENTITY = ("hostname.bind.", "id.server.", "version.bind.", "version.server.", "authors.bind.", "foo.bar.", ".")


@dataclasses.dataclass(frozen=True)
class Question:
    """``kind`` says for people what it tries; ``wire`` is the message, whose first two octets the asker replaces by
    its number; ``alone``: over a TCP connection of its own, as it may end one.
    """

    kind: str
    wire: bytes
    tcp: bool = False
    alone: bool = False


def name(text: str) -> bytes:
    """A domain name on the wire; ``text`` ends with a dot and has no escapes."""
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in text.split(".") if label) + b"\0"


def opt(size: int = 1232, flags: int = DO, version: int = 0, options: t.Iterable[tuple[int, bytes]] = ()) -> bytes:
    """An OPT record (RFC 6891 section 6.1.2)."""
    data = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in options)
    return struct.pack("!BHHBBHH", 0, OPT, size, 0, version, flags, len(data)) + data


def message(asked: str, kind: int, rdclass: int = IN, flags: int = 0, edns: bytes = b"") -> bytes:
    """One question, with an OPT record or without."""
    header = struct.pack("!6H", 0, flags, 1, 0, 0, 1 if edns else 0)
    return header + name(asked) + struct.pack("!HH", kind, rdclass) + edns


def questions(tlds: t.Sequence[str], hosts: t.Sequence[str], number: int = NUMBER) -> list[Question]:
    """So many questions: those about each TLD and about some of the hosts below them, every shape, and names that do
    not exist for the rest.
    """
    chance = random.Random(SEED)  # noqa: S311 - the same in every run
    about = [question for tld in tlds for question in _delegation(tld, chance)]
    about += [_host(host, chance) for host in chance.sample(list(hosts), min(1000, len(hosts)))]
    shapes = [
        *_apex(),
        *_edns(),
        *_headers(chance),
        *_classes(),
        *_transfers(),
        *_counts(),
        *_broken(),
        *_noise(chance),
    ]
    rest = [_nothing(tlds, chance) for _ in range(number - len(about) - len(shapes))]
    return about + shapes + rest


def _delegation(tld: str, chance: random.Random) -> t.Iterator[Question]:
    yield Question("referral", message(tld, NS, edns=opt()))
    yield Question("referral", message(tld, NS, edns=opt()), tcp=True)
    yield Question("DS", message(tld, DS, edns=opt()))
    yield Question("referral", message(tld, chance.choice((A, SOA, AAAA, DNSKEY, ANY, 1000)), edns=opt(4096)))
    below = "".join(chance.choice((letter.lower(), letter.upper())) for letter in f"www.example.{tld}")
    shape = chance.choice((b"", opt(flags=0), opt(512), opt(512, 0), opt(4096, DO)))
    yield Question("referral", message(below, chance.choice((A, AAAA, DS, ANY)), edns=shape))
    yield Question("no EDNS", message(tld, chance.choice((NS, DS, A))))


def _host(host: str, chance: random.Random) -> Question:
    return Question("host", message(host, chance.choice((A, AAAA, NS)), edns=chance.choice((b"", opt(), opt(512)))))


def _nothing(tlds: t.Sequence[str], chance: random.Random) -> Question:
    """A TLD that there is not: of letters, or one letter off one that there is."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-_"
    known = chance.choice(tlds).rstrip(".")
    made = "".join(chance.choices(letters, k=chance.randint(1, 63)))
    label = chance.choice((made, f"{known}0"[-63:], f"{known[:-1]}", f"-{known}"[:63], made.upper())) or "x"
    below = "".join(f"{''.join(chance.choices(letters, k=5))}." for _ in range(chance.randint(0, 5)))
    shape = chance.choice((b"", opt(), opt(), opt(flags=0), opt(512), opt(4096)))
    kind = chance.choice((A, AAAA, NS, DS, TXT, ANY, 65))
    return Question("NXDOMAIN", message(f"{below}{label}.", kind, edns=shape), tcp=chance.random() < 0.2)


def _apex() -> t.Iterator[Question]:
    """Every type at the top of every zone, and at names in them."""
    for zone, kind in itertools.product((*ZONES, "l.root-servers.net."), TYPES):
        if kind not in {IXFR, AXFR}:
            yield Question("type", message(zone, kind, edns=opt()))
            yield Question("type", message(zone, kind, edns=opt()), tcp=True)
            yield Question("type, no EDNS", message(zone, kind))


def _edns() -> t.Iterator[Question]:
    asked = ((".", SOA), (".", NS), (".", DNSKEY), ("com.", NS), ("no-such-tld.", A))
    for (zone, kind), size, flags in itertools.product(asked, SIZES, (0, DO, 0x0080, 0xFFFF)):
        yield Question("EDNS size", message(zone, kind, edns=opt(size, flags)))
    for (zone, kind), options, version, tcp in itertools.product(asked, OPTIONS, (0, 1, 255), (False, True)):
        edns = opt(version=version, options=options)
        yield Question("EDNS options" if not version else "EDNS version", message(zone, kind, edns=edns), tcp=tcp)


def _headers(chance: random.Random) -> t.Iterator[Question]:
    """All combinations of flags, every opcode with some of them and with return codes, and answers."""
    for opcode, bits in itertools.product(range(16), range(128)):
        if opcode == QUERY or bits in {0, 1, 8, 16, 64, 127}:
            flags = opcode << 11 | bits << 4 | chance.choice((0, 0, 3, 15))
            yield Question(f"opcode {opcode}", message(".", SOA, flags=flags, edns=chance.choice((b"", opt()))))
    for opcode, tcp in itertools.product(range(16), (False, True)):
        yield Question(f"opcode {opcode}", message("com.", SOA, flags=opcode << 11), tcp=tcp, alone=True)
        yield Question("response", message(".", SOA, flags=QR | opcode << 11), tcp=tcp, alone=True)


def _classes() -> t.Iterator[Question]:
    for asked, kind, edns in itertools.product(IDENTITY, (TXT, A, SOA, ANY), (b"", opt(options=((NSID, b""),)))):
        yield Question("CHAOS", message(asked, kind, CH, edns=edns))
        yield Question("CHAOS", message(asked.upper(), kind, CH, edns=edns), tcp=True)
        yield Question("HESIOD", message(asked, kind, HS, edns=edns))
    for asked, kind, rdclass in itertools.product((*ZONES, "com.", "no-such-tld."), (A, SOA, NS, ANY), CLASSES):
        yield Question("class", message(asked, kind, rdclass, edns=opt()))


def _transfers() -> t.Iterator[Question]:
    """What only masters may, and what nobody may."""
    serial = name(".") + struct.pack("!HHIH", SOA, IN, 0, 22) + name(".") * 2 + struct.pack("!5I", 1, 2, 3, 4, 5)
    for asked, kind, tcp, edns in itertools.product((*ZONES, "com.", "example."), (AXFR, IXFR), (False, True), (0, 1)):
        transport = "TCP" if tcp else "UDP"
        wire = message(asked, kind, edns=opt() if edns else b"")
        yield Question(f"transfer over {transport}", wire, tcp=tcp, alone=True)
        if kind == IXFR and not edns:
            full = struct.pack("!6H", 0, 0, 1, 0, 1, 0) + wire[12:] + serial
            yield Question(f"transfer over {transport}", full, tcp=tcp, alone=True)
    for asked, tcp in itertools.product((*ZONES, "com."), (False, True)):
        question = name(asked) + struct.pack("!HH", SOA, IN)
        header = struct.pack("!6H", 0, NOTIFY << 11 | 0x0400, 1, 0, 0, 0)
        yield Question("NOTIFY", header + question, tcp=tcp, alone=True)
        header = struct.pack("!6H", 0, UPDATE << 11, 1, 0, 1, 0)
        added = name("x.") + struct.pack("!HHIH4s", A, IN, 60, 4, bytes(4))
        yield Question("UPDATE", header + question + added, tcp=tcp, alone=True)
        text = name("hmac-sha256.") + struct.pack("!HIHH", 0, 0, 300, 32) + bytes(32) + struct.pack("!HHH", 0, 0, 0)
        signature = name("nobody.example.") + struct.pack("!HHIH", TSIG, 255, 0, len(text)) + text
        header = struct.pack("!6H", 0, 0, 1, 0, 0, 1)
        yield Question("unknown TSIG key", header + question + signature, tcp=tcp, alone=True)


def _counts() -> t.Iterator[Question]:
    """Not the one question and the one OPT that there should be, or others than the header promises."""
    question = name(".") + struct.pack("!HH", SOA, IN)
    record = name(".") + struct.pack("!HHIH4s", A, IN, 60, 4, bytes(4))
    bodies = {
        "no question": ((0, 0, 0, 0), b""),
        "no question, with OPT": ((0, 0, 0, 1), opt()),
        "two questions": ((2, 0, 0, 0), question * 2),
        "three questions": ((3, 0, 0, 1), question * 3 + opt()),
        "a question too few": ((2, 0, 0, 0), question),
        "an answer": ((1, 1, 0, 0), question + record),
        "authority": ((1, 0, 1, 0), question + record),
        "additional": ((1, 0, 0, 1), question + record),
        "additional, then OPT": ((1, 0, 0, 2), question + record + opt()),
        "OPT, then additional": ((1, 0, 0, 2), question + opt() + record),
        "OPT as an answer": ((1, 1, 0, 0), question + opt()),
        "OPT as authority": ((1, 0, 1, 0), question + opt()),
        "two OPT": ((1, 0, 0, 2), question + opt() * 2),
        "OPT with an owner": ((1, 0, 0, 1), question + name("com.") + opt()[1:]),
        "OPT cut off": ((1, 0, 0, 1), question + opt(options=((NSID, b"1234"),))[:-2]),
        "option cut off": ((1, 0, 0, 1), question + opt()[:-2] + struct.pack("!HHH", 4, NSID, 9)),
        "records that are not there": ((1, 0xFFFF, 0xFFFF, 0xFFFF), question),
        "octets after the end": ((1, 0, 0, 0), question + b"more"),
        "octets after OPT": ((1, 0, 0, 1), question + opt() + b"\0"),
    }
    for (kind, (counts, body)), tcp in itertools.product(bodies.items(), (False, True)):
        yield Question(kind, struct.pack("!6H", 0, 0, *counts) + body, tcp=tcp, alone=True)


def _broken() -> t.Iterator[Question]:
    """Messages that end too early, and names that are none."""
    whole = message("www.example.com.", A, edns=opt(options=((NSID, b""),)))
    for length, tcp in itertools.product(range(len(whole)), (False, True)):
        yield Question("cut off", whole[:length], tcp=tcp, alone=True)
    label = bytes([63]) + b"a" * 63
    names = {
        "name of 255 octets": label * 3 + bytes([61]) + b"a" * 61 + b"\0",
        "name of 256 octets": label * 3 + bytes([62]) + b"a" * 62 + b"\0",
        "name without an end": label * 7,
        "pointer to itself": struct.pack("!H", 0xC00C),
        "pointer forward": struct.pack("!H", 0xC020) + bytes(30),
        "pointer back": b"\3www" + struct.pack("!H", 0xC00C),
        "pointer into the header": struct.pack("!H", 0xC004),
        "label 0x40": b"\x41\x01\0",
        "label 0x80": b"\x81\x01\0",
        "zero octet in a label": b"\3a\0b\3com\0",
        "octets above 0x7f": b"\3\xff\xfe\x80\0",
        "dot in a label": b"\5a.b.c\3com\0",
    }
    for (kind, owner), tcp, edns in itertools.product(names.items(), (False, True), (b"", opt())):
        header = struct.pack("!6H", 0, 0, 1, 0, 0, 1 if edns else 0)
        yield Question(kind, header + owner + struct.pack("!HH", A, IN) + edns, tcp=tcp, alone=True)


def _noise(chance: random.Random) -> t.Iterator[Question]:
    """Random octets: all of a message, all but the header, or some of one that is sound."""
    sound = message("www.example.com.", A, edns=opt(options=((NSID, b""), (COOKIE, bytes(8)))))
    for number in range(600):
        body = chance.randbytes(chance.randint(0, 500))
        changed = bytearray(sound)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(2, len(sound))] = chance.randrange(256)
        wires = (body, struct.pack("!6H", 0, 0, 1, 0, 0, chance.randint(0, 1)) + body, bytes(changed))
        yield Question(
            ("noise", "noise in the body", "some noise")[number % 3], wires[number % 3], number % 30 < 3, True
        )
