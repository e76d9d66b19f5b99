# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""TCP as a stream of messages, and how many and how long (requirements section 3.4; RFC 7766; RFC 9210).

None does harm: whoever fills the nameserver's table from afar, or keeps it busy, makes a connection late or lost.
"""

# ruff: noqa: ARG001 - every judge has the one signature (evidence, expected)

from __future__ import annotations

import typing as t

from ..check import Verdict, check, verdict
from ..evidence import Missing

if t.TYPE_CHECKING:
    from ..evidence import Evidence
    from ..expected import Expected

Row = t.Mapping[str, t.Any]

LATE = 5.0
"""Seconds that an idle connection may be kept longer than configured: nameservers look at them every few seconds, and a
busy one later.
"""
LONGEST = 120.0
"""Seconds that an idle connection may be kept at all (requirement DN-46)."""


def _rows(evidence: Evidence, expected: Expected, probe: str) -> list[Row]:
    """What was seen at the first address of each family; Missing when one was not asked."""
    found = [row for row in evidence.section("node", "streams") if row["probe"] == probe]
    asked = {row["server"] for row in found}
    for addresses in expected.service_addresses.values():
        if addresses and addresses[0] not in asked:
            raise Missing(f"{addresses[0]} tcp: not asked for {probe}")
    return found


def _problems(row: Row) -> list[str]:
    """What is wrong with the answers of a conversation: each question has one, and no other, of the type asked for."""
    wanted = [tuple(pair) for pair in row["asked"]]
    answered = [(ident, kind) for ident, kind, _rcode in row["answers"]]
    strange = [ident for ident, kind in answered if (ident, kind) not in wanted]
    problems = [f"an answer with identifier {ident} is to another question" for ident in strange]
    problems += [f"response code {rcode}" for _ident, _kind, rcode in row["answers"] if rcode]
    count = len(set(answered).intersection(wanted))
    if count < len(wanted):
        problems.append(f"{count} of {len(wanted)} questions answered" + (f" ({row['error']})" if row["error"] else ""))
    return problems


def _conversations(found: t.Sequence[Row], what: str) -> Verdict:
    told = [f"{row['server']} tcp: {problem}" for row in found for problem in _problems(row)]
    return verdict(told, f"{what} on {', '.join(dict.fromkeys(row['server'] for row in found))}")


@check("DN-44", "Many questions in one segment are answered", source="RFC 7766 sections 6.2.1.1 and 7")
def pipelined(evidence: Evidence, expected: Expected) -> Verdict:
    """50 questions over a TCP connection at once: 50 answers in any order, each with the identifier of its question."""
    return _conversations(_rows(evidence, expected, "pipelined"), "all answered")


@check("DN-45", "A question in many segments is answered", source="RFC 7766 section 8; requirement DN-45")
def in_pieces(evidence: Evidence, expected: Expected) -> Verdict:
    """A question that comes octet by octet, and one whose length comes in two parts: both are answered."""
    found = _rows(evidence, expected, "octets") + _rows(evidence, expected, "split")
    return _conversations(found, "octet by octet, and split")


@check("DN-46", "Idle TCP connections are closed", source="RFC 7766 section 6.2.3; requirement DN-46")
def idle(evidence: Evidence, expected: Expected) -> Verdict:
    """A connection over which nothing is said is closed within what is configured and 5 s more, and within 120 s.

    It is opened before all else is asked. Where it is younger than that when all has been asked, nobody waits for its
    end: then what is configured counts. An early end is none too early, as a nameserver that reloads ends them all.
    """
    problems, unknown, told = [], [], []
    for row in _rows(evidence, expected, "idle"):
        where, configured, seconds = f"{row['server']} tcp", row["configured"], row["seconds"]
        if row["error"]:
            unknown.append(f"{where}: {row['error']}")
            continue
        if configured is None and not row["closed"]:
            unknown.append(f"{where}: still open after {seconds:.1f} s, and what is configured is not known")
        if configured is not None and not 0 < configured <= LONGEST:
            problems.append(f"{configured:.0f} s without a question are configured, not 1 to {LONGEST:.0f}")
        most = LONGEST if configured is None else min(configured + LATE, LONGEST)
        if seconds > most:
            problems.append(f"{where}: open for {seconds:.1f} s, not {most:.0f} at most")
        told.append(f"{where}: {'closed after' if row['closed'] else 'younger, with'} {seconds:.1f} s")
    if unknown and not problems:
        raise Missing("; ".join(unknown))
    return verdict(problems, "; ".join(told))


@check("DN-47", "A message of no octets stops nobody", severity="W", source="RFC 1035 section 4.2.2; requirement DN-47")
def no_message(evidence: Evidence, expected: Expected) -> Verdict:
    """A message of length 0 over TCP: the connection is closed, or what follows on it is answered; a new connection is
    answered in either case.
    """
    problems = []
    for row in _rows(evidence, expected, "no_message"):
        if row["error"] != "closed":
            problems += [f"{row['server']} tcp: behind it: {problem}" for problem in _problems(row)]
        problems += [f"{row['server']} tcp: after it: {problem}" for problem in _problems(row["later"])]
    return verdict(problems, "closed or ignored, and answered after it")


@check("DN-48", "Many TCP connections stop nobody", source="RFC 9210 sections 4.2 and 4.5; requirement DN-48")
def many(evidence: Evidence, expected: Expected) -> Verdict:
    """While the node itself holds a tenth of its table of TCP clients, 100 connections at most, without a question, one
    over a new connection is answered, and one over UDP; at least half of them stay open.

    They are so few and gone at once because nodes in service are judged, too.
    """
    problems = []
    found = [row for row in evidence.section("node", "streams") if row["probe"] == "many"]
    if not found:
        raise Missing("many connections were not opened")
    for row in found:
        where, held = row["server"], row["held"]
        if held < row["wanted"]:
            problems.append(f"{where} tcp: {held} of {row['wanted']} connections ({row['error']})")
        if 2 * (held - row["closed"]) < row["wanted"]:
            problems.append(f"{where} tcp: {row['closed']} of {held} connections were closed at once")
        problems += [f"{where} tcp: beside {held} connections: {problem}" for problem in _problems(row["tcp"])]
        problems += [f"{where} udp: beside {held} connections: {row['udp']}"] if row["udp"] else []
    return verdict(problems, f"answered beside {found[0]['held'] - found[0]['closed']} idle connections")


CHECKS = (pipelined, in_pieces, idle, no_message, many)
