# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Ask a distribution master for the SOA of a zone, signed with TSIG (RFC 8945). Evidence only; it judges nothing.

What is not signed with our key is as good as no answer: nobody else can say that a zone is newer than ours.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import struct
import typing as t

from .. import _addressing as addressing

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.rcode
    import dns.rdatatype
    import dns.tsig
except ImportError:  # pragma: no cover - nameserver.require() says so
    pass

PATIENCE = 5.0
"""Seconds that a master may take: it may be on the other side of the world."""


UNSIGNED = "no answer that is signed with our key"


@dataclasses.dataclass(frozen=True)
class Master:
    """One address of a distribution master, and the name and algorithm of the key to use with it."""

    name: str
    address: str
    port: int
    key: str
    algorithm: str


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a master said; ``failure`` is empty when its signed answer held a serial."""

    serial: int | None = None
    failure: str = ""


async def ask(master: Master, zone: str, secret: str, seconds: float = PATIENCE) -> Answer:
    """The serial of a zone as a master has it; ``secret`` in base64."""
    try:
        query = dns.message.make_query(dns.name.from_text(zone), dns.rdatatype.SOA)
        query.flags &= ~dns.flags.RD
        algorithm = dns.name.from_text(master.algorithm)
        query.use_tsig(dns.tsig.Key(dns.name.from_text(master.key), secret, algorithm))
        wire = query.to_wire()
        async with asyncio.timeout(seconds):
            return parse(query, await _exchange(master, wire))
    except TimeoutError:
        return Answer(failure="no answer")
    except OSError as error:
        return Answer(failure=f"cannot be asked: {error.strerror or error}")
    except (dns.exception.DNSException, ValueError) as error:
        return Answer(failure=f"{type(error).__name__}: {error}")


async def _exchange(master: Master, wire: bytes) -> bytes:
    family = socket.AF_INET if addressing.family_of(master.address) == "ipv4" else socket.AF_INET6
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.setblocking(False)
        connection.connect((master.address, master.port))
        connection.send(wire)
        answer = b""
        while answer[:2] != wire[:2]:
            answer = await loop.sock_recv(connection, 65535)
        return answer


def parse(query: t.Any, answer: bytes) -> Answer:
    """The facts of one answer to a signed query."""
    try:
        message = dns.message.from_wire(answer, keyring=query.keyring, request_mac=query.mac)
    except dns.tsig.PeerError as error:
        return Answer(failure=f"refuses the key: {type(error).__name__.removeprefix('Peer')}")
    except (dns.exception.DNSException, ValueError, IndexError, struct.error) as error:
        return Answer(failure=f"{UNSIGNED} ({type(error).__name__})")
    if not message.had_tsig:
        return Answer(failure=UNSIGNED)
    if message.rcode() != dns.rcode.NOERROR:
        return Answer(failure=dns.rcode.to_text(message.rcode()))
    zone = query.question[0].name
    for rrset in message.answer:
        if rrset.name == zone and rrset.rdtype == dns.rdatatype.SOA:
            return Answer(rrset[0].serial)
    return Answer(failure="no SOA in the answer")
