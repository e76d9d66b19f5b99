# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Questions to the masters that are signed with the node's own transfer keys (TSIG, RFC 8945). Never judges.

The keys are read on the node, from the file that its nameserver reads, so what is proven is the key that transfers
use. Nothing of a secret goes into evidence: neither the question nor the answer is kept, because a MAC over known
octets lets anybody who reads it try secrets off-line.
"""

from __future__ import annotations

import pathlib
import re
import secrets
import ssl
import time
import typing as t
from concurrent import futures

from . import query

try:
    import dns.exception
    import dns.message
    import dns.rcode
    import dns.rdatatype
    import dns.rrset
    import dns.tsig
except ImportError:  # the module says so, with the name of the package
    dns = None  # type: ignore[assignment]

VERIFIED = "verified"
"""The answer is signed with our key. Any other result says what came instead."""

_SILENT = ("timeout", "unreachable", "connection refused", "connection closed")
"""Results that may be otherwise in a moment: the master or the way to it is not there yet."""

_WORKERS = 40
_PAUSE = 1.0
_LINE = re.compile(r"^\s*(?:-\s*)?(id|name|algorithm|secret):\s*\"?([^\"\s]+)\"?\s*$", re.MULTILINE)


class Tls(t.TypedDict):
    """The name of a master, and the SHA-256 of the certificates that it may show, in hexadecimal."""

    name: str
    certificates: list[str]


class Question(t.TypedDict):
    """One signed question to one address of a master; over TCP, as transfers are, or over TLS where they are."""

    name: str
    type: str  # SOA or IXFR
    server: str
    port: int
    key: str
    tls: Tls | None


class Key(t.NamedTuple):
    """A transfer key as the nameserver's file has it; ``secret`` in base64."""

    algorithm: str
    secret: str


def parse_keys(text: str) -> dict[str, Key]:
    """The keys in a nameserver's file, by name: every ``key:`` with its ``id`` or ``name``, whichever it is called."""
    found: dict[str, dict[str, str]] = {}
    entry: dict[str, str] = {}
    for word, value in _LINE.findall(text):
        if word in ("id", "name"):
            entry = found.setdefault(value.rstrip(".").lower() + ".", {})
        else:
            entry[word] = value
    return {name: Key(key["algorithm"], key["secret"]) for name, key in found.items() if len(key) == len(Key._fields)}


def keys_of(path: str) -> dict[str, Key]:
    """The keys in the nameserver's file ``path``; none where it cannot be read."""
    try:
        return parse_keys(pathlib.Path(path).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}


def _message(question: Question, serial: int) -> dns.message.Message:
    """The question without its signature; an IXFR tells the serial that we have (RFC 1995 section 3)."""
    message = dns.message.make_query(question["name"], question["type"], id=secrets.randbelow(2**16))
    message.flags = 0
    if question["type"] == "IXFR":
        have = dns.rrset.from_text(question["name"], 0, "IN", "SOA", f". . {serial} 0 0 0 0")
        message.authority.append(have)
    return message


def ask(question: Question, key: Key | None, serial: int = 0, timeout: float = query.TIMEOUT) -> dict[str, t.Any]:
    """Ask once; the question, ``result`` (VERIFIED, or what came instead), ``rcode`` and ``seconds``.

    ``serial`` is that of the node's zone, 0 without one. Of a transfer only the first message is read: it is signed
    as the last one is (RFC 8945 section 5.3.1), and that the connection ends there costs the master nothing.
    """
    started = time.monotonic()
    result, rcode = _ask(question, key, serial, timeout)
    return {
        **question,
        "serial": serial,
        "result": result,
        "rcode": rcode,
        "seconds": round(time.monotonic() - started, 4),
    }


def _ask(question: Question, key: Key | None, serial: int, timeout: float) -> tuple[str, str]:
    if key is None:
        return "no such key", ""
    message = _message(question, serial)
    try:
        ours = dns.tsig.Key(question["key"], key.secret, key.algorithm)
        message.use_tsig(ours)
        wire = message.to_wire()
    except (ValueError, NotImplementedError, dns.exception.DNSException):
        return "unusable key", ""  # without the error's words: they may quote the secret
    try:
        answer = _send(wire, question, timeout)
    except OSError as error:
        return _failure(error), ""
    return _read(answer, message, ours)


def _failure(error: OSError) -> str:
    """Why there is no answer."""
    if isinstance(error, query.OtherCertificateError):
        return "another certificate"
    if isinstance(error, ssl.SSLError):
        return "connection closed" if isinstance(error, ssl.SSLEOFError) else "no TLS"
    said = query.error_of(error)
    return {"refused": "connection refused", "connectionreseterror": "connection closed"}.get(said, said)


def _send(wire: bytes, question: Question, timeout: float) -> bytes:
    where, tls = (question["server"], question["port"]), question["tls"]
    if tls is None:
        return query.over_tcp(wire, *where, timeout)
    return query.over_tls(wire, *where, timeout, tls["name"], tls["certificates"])


def _read(answer: bytes, message: dns.message.Message, key: dns.tsig.Key) -> tuple[str, str]:
    """What an answer proves, and its response code where it could be read."""
    errors = {
        dns.tsig.PeerBadKey: "BADKEY",
        dns.tsig.PeerBadSignature: "BADSIG",
        dns.tsig.PeerBadTime: "BADTIME",
        dns.tsig.PeerBadTruncation: "BADTRUNC",
    }
    try:
        read = dns.message.from_wire(answer, keyring=key, request_mac=message.mac)
    except tuple(errors) as error:
        return errors[type(error)], ""
    except (dns.tsig.BadSignature, dns.tsig.BadKey, dns.tsig.BadAlgorithm, dns.tsig.BadTime):
        return "signed otherwise", ""
    except (dns.exception.DNSException, ValueError):
        return "not a DNS message", ""
    rcode = str(dns.rcode.to_text(read.rcode()))
    if read.id != message.id:
        return "not an answer to this question", rcode
    told = bool(read.answer) and read.answer[0].rdtype == dns.rdatatype.SOA
    result = "no SOA" if rcode == "NOERROR" and not told else VERIFIED
    return (result if read.had_tsig else "unsigned"), rcode


def ask_all(
    questions: t.Sequence[Question], path: str, serials: t.Mapping[str, int], deadline: float
) -> list[dict[str, t.Any]]:
    """Ask all, with the keys of the file ``path``; see ``ask_with``."""
    return ask_with(questions, keys_of(path), serials, deadline)


def ask_with(
    questions: t.Sequence[Question], keys: t.Mapping[str, Key], serials: t.Mapping[str, int], deadline: float
) -> list[dict[str, t.Any]]:
    """Ask all, with ``keys`` by name (lower case, with the last dot) and the node's ``serials`` by zone; in the order
    given.

    Who is silent is asked again until ``deadline`` (monotonic). An answer, whatever it says, is taken as it is.
    """
    found: dict[int, dict[str, t.Any]] = {}

    def one(number: int) -> None:
        question = questions[number]
        key = keys.get(question["key"].rstrip(".").lower() + ".")
        found[number] = ask(question, key, serials.get(question["name"], 0))

    with futures.ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        open_ = list(range(len(questions)))
        while open_:
            list(pool.map(one, open_))
            open_ = [number for number in open_ if found[number]["result"] in _SILENT]
            if time.monotonic() > deadline:
                break
            if open_:
                time.sleep(_PAUSE)
    return [found[number] for number in range(len(questions))]
