# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Ask the node's own nameserver, over UDP and TCP. Evidence only; it judges nothing.

The query comes from the asked address itself, so that a rate limit can exempt it and so that an address that is not
on this machine is noticed. Every query has a socket of its own: with SO_REUSEPORT each port meets another worker. The
socket is bound to the loopback device: an ICMP error that a stranger sends, with a query of ours quoted in it, comes in
by another device and finds no socket (RFC 5927 section 2).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import secrets
import socket
import struct

from .. import _addressing as addressing

try:
    import dns.edns
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.rcode
    import dns.rdatatype
except ImportError as error:  # pragma: no cover - said by require()
    MISSING: ImportError | None = error
else:
    MISSING = None

TIMEOUT, REFUSED, BROKEN = "timeout", "connection refused", "cannot be asked"
CLOSED = "the connection was closed before the answer"
EXHAUSTED = "there is no room on this machine to ask"
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the asker itself cannot get; in a flood there may be too little of it, and it says nothing of the nameserver."""
LOOPBACK = b"lo"
UDP, TCP = "udp", "tcp"
PAYLOAD = 1232
"""Octets of the largest UDP answer asked for (DNS flag day 2020)."""


def require() -> None:
    """RuntimeError with the remedy when dnspython is not installed."""
    if MISSING is not None:
        raise RuntimeError("dnspython is missing: install the package python3-dnspython") from MISSING


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What came back. ``failure`` is empty, ``timeout``, or what went wrong before there was an answer.

    ``expirations`` are those of the RRSIGs over the SOA, in seconds since 1970. ``there``: the name exists, as an
    answer or a referral says. ``overdue`` is how many seconds a time-out came too late: the asker itself was late.
    """

    failure: str = ""
    rcode: str = ""
    authoritative: bool = False
    truncated: bool = False
    serial: int | None = None
    nsid: str | None = None
    expirations: tuple[int, ...] = ()
    there: bool = False
    overdue: float = 0.0


class Prober:
    """Asks one address for one name, by default for its SOA. The query is built once, and an answer that repeats is not
    parsed again.
    """

    def __init__(self, address: str, port: int, name: str, kind: str = "SOA") -> None:
        require()
        self._family = socket.AF_INET if addressing.family_of(address) == "ipv4" else socket.AF_INET6
        self.address = address
        self._port = port
        self._name = dns.name.from_text(name)
        self._kind = dns.rdatatype.from_text(kind)
        nsid = dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")
        query = dns.message.make_query(
            self._name, self._kind, use_edns=0, want_dnssec=True, payload=PAYLOAD, options=[nsid]
        )
        query.flags &= ~dns.flags.RD
        self._query = query.to_wire()[2:]
        self._last: tuple[bytes, Evidence] = (b"", Evidence())

    async def ask(self, transport: str, seconds: float) -> Evidence:
        """One query over ``udp`` or ``tcp``, answered within ``seconds``."""
        try:
            with socket.socket(
                self._family, socket.SOCK_STREAM if transport == TCP else socket.SOCK_DGRAM
            ) as connection:
                return await self._ask(connection, transport, seconds)
        except ConnectionRefusedError:
            return Evidence(REFUSED)
        except (ConnectionResetError, BrokenPipeError):
            return Evidence(CLOSED)
        except OSError as error:
            return Evidence(EXHAUSTED if error.errno in NO_ROOM else f"{BROKEN}: {error.strerror or error}")

    async def _ask(self, connection: socket.socket, transport: str, seconds: float) -> Evidence:
        number, loop = secrets.token_bytes(2), asyncio.get_running_loop()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, LOOPBACK)
        connection.bind((self.address, 0))
        due = loop.time() + seconds
        try:
            async with asyncio.timeout_at(due):
                exchange = self._over_tcp if transport == TCP else self._over_udp
                return self._read(await exchange(connection, number))
        except TimeoutError:
            late = self._arrived(connection, number) if transport == UDP else b""
            return self._read(late) if late else Evidence(TIMEOUT, overdue=max(0.0, loop.time() - due))

    @staticmethod
    def _arrived(connection: socket.socket, number: bytes) -> bytes:
        """The answer, if it came while the asker did not look; empty when it did not."""
        with contextlib.suppress(OSError):
            while True:
                answer = connection.recv(65535)
                if answer[:2] == number:
                    return answer
        return b""

    async def _over_udp(self, connection: socket.socket, number: bytes) -> bytes:
        connection.connect((self.address, self._port))
        connection.send(number + self._query)
        loop = asyncio.get_running_loop()
        answer = b""
        while answer[:2] != number:
            answer = await loop.sock_recv(connection, 65535)
        return answer

    async def _over_tcp(self, connection: socket.socket, number: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, (self.address, self._port))
        query = number + self._query
        await loop.sock_sendall(connection, struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", await _exactly(connection, 2))
        answer = await _exactly(connection, length)
        return answer if answer[:2] == number else b""

    def _read(self, answer: bytes) -> Evidence:
        if answer[2:] != self._last[0] or not answer:
            self._last = (answer[2:], parse(answer, self._name, self._kind))
        return self._last[1]


async def _exactly(connection: socket.socket, length: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < length:
        piece = await loop.sock_recv(connection, length - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def parse(answer: bytes, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Evidence:
    """The facts of one answer to the question for that name and type."""
    try:
        message = dns.message.from_wire(answer, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, IndexError, struct.error) as error:
        return Evidence(f"not a DNS message: {type(error).__name__}")
    if not message.flags & dns.flags.QR or message.question != dns.message.make_query(name, kind).question:
        return Evidence("the answer is to another question")
    serial: int | None = None
    expirations: list[int] = []
    for rrset in message.answer:
        if rrset.name != name:
            continue
        for rdata in rrset:
            if rdata.rdtype == dns.rdatatype.SOA:
                serial = rdata.serial
            elif rdata.rdtype == dns.rdatatype.RRSIG and rdata.type_covered == dns.rdatatype.SOA:
                expirations.append(rdata.expiration)
    referral = any(rrset.name == name and rrset.rdtype == dns.rdatatype.NS for rrset in message.authority)
    return Evidence(
        rcode=dns.rcode.to_text(message.rcode()),
        authoritative=bool(message.flags & dns.flags.AA),
        truncated=bool(message.flags & dns.flags.TC),
        serial=serial,
        nsid=_nsid(message),
        expirations=tuple(expirations),
        there=referral or any(rrset.name == name for rrset in message.answer),
    )


def _nsid(message: dns.message.Message) -> str | None:
    for option in message.options:
        if option.otype == dns.edns.OptionType.NSID:
            data = b""
            with contextlib.suppress(NotImplementedError):
                data = option.to_wire() or b""
            return data.decode("ascii", "backslashreplace")
    return None
