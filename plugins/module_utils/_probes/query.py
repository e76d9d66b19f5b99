# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""One DNS question, one exchange: what was asked and what came back, as data. Never judges, never asks twice.

A question is a JSON-safe dict (see ``Question``); an exchange is the question plus ``answer`` (the wire,
base64, or null), ``size``, ``error`` and ``seconds``. No retry over TCP, no retry at all: a lost or a
truncated answer is an observation (requirements section 3.4, D = ``+time=2 +tries=1``, ``+ignore``).
"""

from __future__ import annotations

import base64
import errno
import hashlib
import socket
import ssl
import struct
import threading
import time
import typing as t
from concurrent import futures

try:
    import dns.edns
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.rdataclass
    import dns.rdatatype
except ImportError:  # the module says so, with the name of the package
    HAS_DNSPYTHON = False
else:
    HAS_DNSPYTHON = True

TIMEOUT = 2.0
"""Seconds for one exchange, connecting included."""

KEPT = 65535
"""Longest answer that is kept: as long as a DNS message can be, since verdicts parse it again."""


RESERVED = 0x0040
"""The header bit that has no meaning (RFC 1035 section 4.1.1)."""


class Question(t.TypedDict, total=False):
    """What to ask. Only ``probe``, ``name``, ``type``, ``server`` and ``transport`` are needed."""

    probe: str  # the name under which verdicts look for the exchange
    name: str
    type: str  # mnemonic or TYPEnnn
    rdclass: str  # default IN
    opcode: int  # default 0; any other goes without an OPT record
    flags: list[str]  # header flags that are set, such as RD, or Z, the reserved one; default none
    edns: int | None  # EDNS version, null for no OPT record; default 0
    payload: int  # advertised UDP size; default 1232
    dnssec: bool  # the DO bit; default true
    nsid: bool  # ask for the name server identifier (RFC 5001); default false
    edns_flags: int  # EDNS flags beside DO; default none
    options: list[list[t.Any]]  # more EDNS options: code, and data in hexadecimal
    raw: str  # all octets behind the identifier instead, in hexadecimal
    server: str
    transport: str  # udp or tcp
    port: int  # default 53


def wire_of(question: Question, ident: int) -> bytes:
    """The exact octets of a question."""
    if "raw" in question:
        return ident.to_bytes(2, "big") + bytes.fromhex(question["raw"])
    opcode = question.get("opcode", 0)
    flags = 0
    for flag in question.get("flags", []):
        flags |= RESERVED if flag == "Z" else dns.flags.from_text(flag)
    edns = None if opcode else question.get("edns", 0)
    message = dns.message.make_query(
        dns.name.from_text(question["name"]), question["type"], question.get("rdclass", "IN"), id=ident
    )
    message.flags = dns.flags.Flag(opcode << 11 | flags)
    if edns is not None:
        options: list[dns.edns.Option] = [dns.edns.NSIDOption(b"")] if question.get("nsid") else []
        options += [dns.edns.GenericOption(code, bytes.fromhex(data)) for code, data in question.get("options", ())]
        ednsflags = (dns.flags.EDNSFlag.DO if question.get("dnssec", True) else 0) | question.get("edns_flags", 0)
        message.use_edns(edns, ednsflags, question.get("payload", 1232), options=options)
    return message.to_wire()


def error_of(error: OSError) -> str:
    """One word for what went wrong on the way."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}:
        return "unreachable"
    return type(error).__name__.lower()


def exactly(connection: socket.socket, length: int, deadline: float) -> bytes:
    """Exactly ``length`` octets, or what came before the other side closed."""
    received = b""
    while len(received) < length:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(length - len(received))
        if not piece:
            break
        received += piece
    return received


def over_udp(wire: bytes, server: str, port: int, timeout: float) -> bytes:
    """Send one datagram; the first answer with our identifier, from the address that was asked."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    deadline = time.monotonic() + timeout
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.connect((server, port))  # the kernel drops answers from any other address
        connection.send(wire)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
            answer = connection.recv(65535)
            if answer[:2] == wire[:2]:
                return answer


def over_tcp(wire: bytes, server: str, port: int, timeout: float) -> bytes:
    """Send one message over its own connection; the first message that comes back (RFC 7766)."""
    deadline = time.monotonic() + timeout
    with socket.create_connection((server, port), timeout) as connection:
        return converse(connection, wire, deadline)


class OtherCertificateError(OSError):
    """Who answers shows a certificate that it should not have. Nothing was asked."""


def over_tls(wire: bytes, server: str, port: int, timeout: float, name: str, certificates: t.Collection[str]) -> bytes:
    """The same over TLS 1.3, as zones are transferred (RFC 9103 sections 7.1 and 7.2).

    ``name`` is that of the server (SNI); ``certificates``: SHA-256 of those that it may show, in hexadecimal. No other
    is taken, whoever signed it. OtherCertificateError otherwise; ssl.SSLError where there is no TLS.
    """
    deadline = time.monotonic() + timeout
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is compared below, with all of its octets
    context.set_alpn_protocols(["dot"])
    with (
        socket.create_connection((server, port), timeout) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        shown = connection.getpeercert(binary_form=True) or b""
        if hashlib.sha256(shown).hexdigest() not in certificates:
            raise OtherCertificateError
        return converse(connection, wire, deadline)


def converse(connection: socket.socket, wire: bytes, deadline: float) -> bytes:
    connection.sendall(struct.pack("!H", len(wire)) + wire)
    prefix = exactly(connection, 2, deadline)
    if len(prefix) < 2:
        raise ConnectionResetError
    return exactly(connection, struct.unpack("!H", prefix)[0], deadline)


def ask(question: Question, ident: int, timeout: float = TIMEOUT) -> dict[str, t.Any]:
    """Ask once, and tell what happened."""
    wire = wire_of(question, ident)
    exchange: dict[str, t.Any] = {
        "probe": question["probe"],
        "query": {key: value for key, value in question.items() if key not in {"probe", "server", "transport"}},
        "wire": base64.b64encode(wire).decode(),
        "server": question["server"],
        "transport": question["transport"],
        "answer": None,
        "size": 0,
        "error": None,
    }
    send = over_tcp if question["transport"] == "tcp" else over_udp
    started = time.monotonic()
    try:
        answer = send(wire, question["server"], question.get("port", 53), timeout)
    except OSError as error:
        exchange["error"] = error_of(error)
    else:
        exchange["answer"] = kept(answer)
        exchange["size"] = len(answer)
    exchange["seconds"] = round(time.monotonic() - started, 4)
    return exchange


def kept(answer: bytes) -> str:
    """An answer as evidence has it."""
    return base64.b64encode(answer[:KEPT]).decode()


def _message(exchange: t.Mapping[str, t.Any]) -> dns.message.Message | None:
    """The answer, or None where there is none to read."""
    if not exchange["answer"]:
        return None
    try:
        return dns.message.from_wire(base64.b64decode(exchange["answer"]))
    except (dns.exception.DNSException, ValueError):
        return None


def serial(exchange: t.Mapping[str, t.Any]) -> int | None:
    """The serial of the first SOA in the answer, or None where there is none to read."""
    answer = _message(exchange)
    found = (rrset[0].serial for rrset in (answer.answer if answer else ()) if rrset.rdtype == dns.rdatatype.SOA)
    return next(found, None)


def truncated(exchange: t.Mapping[str, t.Any]) -> bool:
    """Whether the answer has the bit TC."""
    octets = base64.b64decode(exchange["answer"] or "")
    return len(octets) > 2 and bool(octets[2] & 0x02)


def answered_by(exchange: t.Mapping[str, t.Any]) -> str | None:
    """Who gave an answer: the name server identifier (RFC 5001), or the text of hostname.bind and id.server (RFC 4892).

    None where there is none to read.
    """
    answer = _message(exchange)
    if answer and exchange["query"].get("rdclass") == "CH":
        texts = [text for rrset in answer.answer for rdata in rrset for text in getattr(rdata, "strings", ())]
        return texts[0].decode("ascii", "backslashreplace") if texts else None
    options = answer.options if answer else ()
    found = (option.nsid for option in options if option.otype == dns.edns.OptionType.NSID)
    nsid = next(found, None)
    return None if nsid is None else nsid.decode("ascii", "backslashreplace")


class _Pace:
    """At most so many questions a second, over all threads: a tester must not trip rate limiting."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second if per_second else 0.0
        self._next = time.monotonic()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            time.sleep(turn - now)


def ask_all(
    questions: t.Sequence[Question], workers: int = 16, per_second: float = 0.0, timeout: float = TIMEOUT
) -> list[dict[str, t.Any]]:
    """Ask all, several at a time, no faster than ``per_second`` (0: as fast as it goes); in the order given."""
    pace = _Pace(per_second)

    def one(numbered: tuple[int, Question]) -> dict[str, t.Any]:
        pace.wait()
        number, question = numbered
        return ask(question, (number * 257 + 4097) & 0xFFFF, timeout)

    with futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(one, enumerate(questions)))
