# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoilt evidence on TCP connections and odd datagrams, on options, and on zones that nobody asked to serve; a part of
test_checks.py.
"""

from __future__ import annotations

import copy
import typing as t

import dns.message
import dns.rrset
from dns_cases import AA, NOERROR_FROM, REFUSED, changed
from recordings import Scene, Spoil, flags, message, silence, with_record, without

FORMERR, BADCOOKIE = 1, 23
TC = 0x0200
GOOD = "2a0184000001000100000000"
"""The header of an answer."""


def row(probe: str, change: t.Callable[[dict[str, t.Any]], None], *, datagram: bool = False) -> Spoil:
    """Change what was seen in the first conversation of a kind."""

    def spoil(scene: Scene) -> None:
        section, key = ("datagrams", "kind") if datagram else ("streams", "probe")
        rows = copy.deepcopy(scene.scope("node")[section])
        change(next(each for each in rows if each[key] == probe))
        scene.scope("node")[section] = rows

    return spoil


def seen(probe: str, **values: t.Any) -> Spoil:
    return row(probe, lambda found: found.update(values))


def datagram(kind: str, **values: t.Any) -> Spoil:
    return row(kind, lambda found: found.update(values), datagram=True)


def later(**values: t.Any) -> Spoil:
    return row("no_message", lambda found: found["later"].update(values))


def _swapped(found: dict[str, t.Any]) -> None:
    """Two answers have each other's identifier."""
    first, second = found["answers"][:2]
    first[0], second[0] = second[0], first[0]


def _served(parsed: dns.message.Message) -> None:
    name = parsed.question[0].name
    parsed.answer.append(dns.rrset.from_text(name, 60, "IN", "SOA", "a. b. 1 2 3 4 5"))


def record(zone: str, owner: str, kind: str, data: str) -> Spoil:
    """Another record in a verified zone."""

    def spoil(scene: Scene) -> None:
        found = copy.deepcopy(scene.scope("node")["zones"]["served"])
        fields = [line.split("\t") for line in found["records"][zone]]
        next(each for each in fields if (each[0], each[3]) == (owner, kind))[4] = data
        found["records"][zone] = ["\t".join(each) for each in fields]
        scene.scope("node")["zones"]["served"] = found

    return spoil


def _of(scope: str, section: str, values: dict[str, t.Any]) -> Spoil:
    def spoil(scene: Scene) -> None:
        rows = copy.deepcopy(scene.scope(scope)[section])
        rows[0].update(values)
        scene.scope(scope)[section] = rows

    return spoil


def whole(**values: t.Any) -> Spoil:
    """Of the first address's answers over one connection, from outside."""
    return _of("vantage", "whole", values)


def checksum(**values: t.Any) -> Spoil:
    """Of the questions with checksums of the node's own."""
    return _of("node", "checksums", values)


def arrives(**values: t.Any) -> Spoil:
    """Of the first address's answer, where it arrives."""
    return _of("vantage", "checksums", values)


def both(*spoils: Spoil) -> Spoil:
    def spoil(scene: Scene) -> None:
        for each in spoils:
            each(scene)

    return spoil


def _larger(scene: Scene) -> None:
    scene.exchange("large")["size"] = 1233


B, OLD = "b.root-servers.net.", "199.9.14.201"
OTHER = "root-servers.net."
FAILS: list[tuple[str, str, Spoil, str]] = [
    ("DN-06", "old", both(record(OTHER, B, "A", OLD), record(".", B, "A", OLD)), f"{B} A is {OLD}, not 170.247.170.2"),
    (
        "DN-06",
        "another",
        record(OTHER, "a.root-servers.net.", "AAAA", "2001:db8::1"),
        "a.root-servers.net. AAAA is 2001:db8::1, and 2001:503:ba3e::2:30 in the root zone",
    ),
    ("DN-25", "returned", message("subnet", changed(8, b"\0\1\0\0")), "subnet: 199.7.83.42 udp: a client's subnet in"),
    ("DN-25", "refused", flags("expire", on=FORMERR), "expire: 199.7.83.42 udp: FORMERR instead of NOERROR"),
    ("DN-25", "nothing", message("padding", without("answer", "SOA")), "padding: 199.7.83.42 udp: no SOA"),
    (
        "DN-28",
        "told",
        both(flags("version", off=NOERROR_FROM), message("version", with_record("answer", "version.bind. 0 CH TXT x"))),
        "version.bind. says 'x'",
    ),
    ("DN-28", "silent", silence("version"), "199.7.83.42 udp: timeout"),
    ("DN-31", "taken for one", flags("short_cookie", on=FORMERR), "FORMERR instead of NOERROR"),
    ("DN-32", "one", message("stale_cookie", changed(10, b"\0" * 24)), "a cookie in the answer"),
    ("DN-32", "again", message("stale_cookie", lambda m: m.set_rcode(BADCOOKIE)), "BADCOOKIE instead of NOERROR"),
    ("DN-42", "echo", datagram("response", answers=[[103, GOOD]]), "199.7.83.42 udp: response: response code 0"),
    ("DN-42", "to nothing", datagram("empty", answers=[[5, "2a01800100"]]), "empty: response code 1"),
    ("DN-42", "no header", datagram("short", answers=[[3, "2a0180"]]), "short: response code -2"),
    ("DN-42", "dropped", datagram("no_question", answers=[]), "no_question: no answer"),
    ("DN-42", "guessed", datagram("loop", answers=[[103, GOOD]]), "loop: response code 0"),
    ("DN-42", "amplified", datagram("trailing", answers=[[513, GOOD]]), "trailing: 513 octets for 21"),
    ("DN-42", "dead", datagram("cut", then="refused"), "cut: the question behind it: refused"),
    ("DN-44", "one short", row("pipelined", lambda r: r["answers"].pop()), "49 of 50 questions answered"),
    (
        "DN-44",
        "closed",
        row("pipelined", lambda r: r.update(answers=r["answers"][:1], error="closed")),
        "199.7.83.42 tcp: 1 of 50 questions answered (closed)",
    ),
    ("DN-44", "mixed up", row("pipelined", _swapped), "an answer with identifier 4354 is to another question"),
    ("DN-44", "twice", row("pipelined", lambda r: r["answers"].__setitem__(1, r["answers"][0])), "49 of 50 questions"),
    ("DN-44", "refused", row("pipelined", lambda r: r["answers"][7].__setitem__(2, REFUSED)), "response code 5"),
    ("DN-45", "octets", seen("octets", answers=[], error="timeout"), "0 of 1 questions answered (timeout)"),
    ("DN-45", "split", seen("split", answers=[], error="closed"), "0 of 1 questions answered (closed)"),
    ("DN-46", "kept", seen("idle", closed=False, seconds=10.5), "199.7.83.42 tcp: open for 10.5 s, not 10 at most"),
    ("DN-46", "closed late", seen("idle", closed=True, seconds=11.0), "open for 11.0 s, not 10 at most"),
    ("DN-46", "for ever", seen("idle", configured=121.0), "121 s without a question are configured, not 1 to 120"),
    ("DN-46", "off", seen("idle", configured=0.0), "0 s without a question are configured"),
    ("DN-46", "unknown, late", seen("idle", configured=None, closed=True, seconds=130.0), "130.0 s, not 120 at most"),
    ("DN-47", "stuck", seen("no_message", error="timeout"), "behind it: 0 of 1 questions answered (timeout)"),
    ("DN-47", "dead", later(answers=[], error="refused"), "after it: 0 of 1 questions answered (refused)"),
    ("DN-48", "full", seen("many", held=60, error="timeout"), "60 of 100 connections (timeout)"),
    ("DN-48", "ended", seen("many", closed=51), "51 of 100 connections were closed at once"),
    (
        "DN-48",
        "no TCP",
        row("many", lambda r: r["tcp"].update(answers=[], error="timeout")),
        "tcp: beside 100 connections: 0 of 1 questions answered (timeout)",
    ),
    ("DN-48", "no UDP", seen("many", udp="timeout"), "udp: beside 100 connections: timeout"),
    ("DN-49", "not looked at", checksum(broken=True), "a question with a wrong checksum was answered"),
    ("DN-49", "none", arrives(checksum=0), "199.7.83.42 udp from vantage: no checksum"),
    ("DN-49", "wrong", arrives(total=0xFFFE), "199.7.83.42 udp from vantage: a wrong checksum"),
    ("DN-50", "longer", _larger, "199.7.83.42 udp: aaa"),
    ("DN-50", "elsewhere", lambda scene: scene.exchange("ns").update(size=1300), "199.7.83.42 udp: . NS: 1300 octets"),
    ("DN-50", "silent", silence("large"), "199.7.83.42 udp: timeout"),
    (
        "DN-51",
        "another",
        datagram("source", **{"from": ["192.0.2.2"]}),
        "199.7.83.42 udp: answered from 192.0.2.2",
    ),
    ("PR-04", "stuck", whole(answered=9, octets=11151, error="timeout"), "9 of 25 answers, 11151 octets (timeout)"),
    ("PR-04", "no UDP", silence("priming_1232", scope="vantage"), "199.7.83.42 udp from vantage: timeout"),
    ("PR-04", "cut", flags("priming_1232", on=TC, scope="vantage"), "199.7.83.42 udp from vantage: cut short"),
    ("DN-53", "one more", both(flags("not_listed", on=AA), message("not_listed", _served)), "arpa. is served, and not"),
    ("DN-53", "broken", flags("not_listed", on=2), "arpa. SERVFAIL"),
]
