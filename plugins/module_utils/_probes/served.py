# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the nameserver answers out of a zone that it has, beside the records that these answers are made of (ZI-05).

The zone does not go into the evidence: of the root's 25,000 records, some 500 do. They are out of the very text that
``zone`` has verified.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import random
import string
import tempfile
import typing as t

from . import host, query

with contextlib.suppress(ImportError):  # the module says so, with the name of the package
    import dns.name

APEX = ("SOA", "NS", "DNSKEY")
"""Asked for on every address, over UDP and TCP."""
DELEGATIONS, UNSIGNED = 40, 10
"""Delegations that are asked for by chance (requirement ZI-05: 50 RRsets); of these so many unsigned ones (DN-12)."""
PACE, TRIES = 100.0, 2
"""Questions a second at most, far below any rate limit; and how often what is open is asked again."""
MISSING = 5
"""Names that do not exist."""
SMALL = 40
"""Names of a zone up to which all of its records are asked for."""
BELOW = ("www.example", "A")
"""What is asked for below a delegation."""

Records = dict[str, list[list[str]]]
"""By owner: its records, each as its fields, which are owner, TTL, class, type and the data."""


def records(text: str) -> Records:
    """A zone's records, whatever the form of its file; none when it cannot be read."""
    with tempfile.TemporaryDirectory(prefix="imrs-") as directory:
        file = os.path.join(directory, "zone")
        pathlib.Path(file).write_text(text, encoding="ascii", errors="replace")
        done = host.run(["ldns-read-zone", file], 60.0, 200_000_000)
    found: Records = {}
    for line in done["stdout"].splitlines():
        fields = line.split(None, 4)
        if len(fields) == 5:
            found.setdefault(fields[0].lower(), []).append(fields)
    return found


Way = tuple[str, str]
"""An address, and ``udp`` or ``tcp``."""


def ask(
    zones: t.Mapping[str, str], addresses: t.Sequence[str], chance: random.Random | None = None
) -> dict[str, t.Any]:
    """``{"records": {zone: lines}, "exchanges": [...]}`` of zones, given as texts by name, from some addresses.

    Each question goes to one of the addresses over UDP or TCP, in turn, but those for ``APEX`` everywhere, and
    those for the SOA first and last, as the zone may be replaced meanwhile (``settled``).
    """
    chance = chance or random.SystemRandom()
    ways = list(itertools.product(addresses, ("udp", "tcp")))
    turn = itertools.cycle(ways)
    parts: dict[str, list[str]] = {}
    questions: list[query.Question] = []
    for zone, text in zones.items():
        found = records(text)
        if zone not in found:
            continue  # the check says that nothing is known of it
        asked = _chosen(zone, found, [other for other in zones if other != zone], chance)
        everywhere = [_question(zone, kind, way) for kind in APEX for way in ways]
        questions += everywhere
        questions += [_question(*one, next(turn)) for one in asked if not (one[0] == zone and one[1] in APEX)]
        parts[zone] = _needed(zone, found, [name for name, _kind in asked])
    first = [_question(zone, "SOA", way) for zone in parts for way in ways]
    exchanges = [_answered(some) for some in (first, questions, first)]
    return {"records": parts, "exchanges": list(itertools.chain(*exchanges))}


def _answered(questions: t.Sequence[query.Question]) -> list[dict[str, t.Any]]:
    """One exchange for each question: asked again where there was no answer, and over TCP where it was truncated, be
    it by the rate limit (RSSAC047 section 5.3, hjw).
    """
    exchanges = query.ask_all(questions, workers=8, per_second=PACE)
    for _again in range(TRIES):
        left = {at: _once_more(exchange, questions[at]) for at, exchange in enumerate(exchanges)}
        again = {at: question for at, question in left.items() if question}
        answers = query.ask_all(list(again.values()), workers=8, per_second=PACE)
        for at, answer in zip(again, answers, strict=True):
            exchanges[at] = answer
    return exchanges


def _once_more(exchange: t.Mapping[str, t.Any], question: query.Question) -> query.Question | None:
    """How to ask again, or None where there is a whole answer."""
    if exchange["answer"] is None:
        return question
    if exchange["transport"] == "udp" and query.truncated(exchange):
        return {**question, "transport": "tcp"}
    return None


def settled(asked: t.Mapping[str, t.Any]) -> bool:
    """Whether all answers for the SOA of a zone have the serial of the records: it was the same zone all the time. What
    is silent says nothing, however often it is asked.
    """
    wanted = {zone: {_serial(line) for line in lines} - {None} for zone, lines in asked["records"].items()}
    return all(
        query.serial(exchange) in wanted[exchange["query"]["name"]]
        for exchange in asked["exchanges"]
        if exchange["answer"] and exchange["query"]["type"] == "SOA" and exchange["query"]["name"] in wanted
    )


def _serial(line: str) -> int | None:
    """Of an SOA record; None for another one."""
    fields = line.split()
    return int(fields[6]) if fields[3] == "SOA" else None


def _question(name: str, kind: str, way: Way) -> query.Question:
    return {"probe": "served", "name": name, "type": kind, "server": way[0], "transport": way[1]}


def _kinds(found: Records, owner: str) -> list[str]:
    return list(dict.fromkeys(fields[3] for fields in found.get(owner, ()) if fields[3] != "RRSIG"))


def _below(name: str, zone: str) -> bool:
    return zone in (".", name) or name.endswith(f".{zone}")


def _chosen(zone: str, found: Records, others: t.Iterable[str], chance: random.Random) -> list[tuple[str, str]]:
    """What is asked for in a zone. Names in the other zones are not its own to answer for."""
    served = [other for other in others if len(other) > len(zone) and _below(other, zone)]
    cuts = [name for name in found if name != zone and "NS" in _kinds(found, name)]
    cuts = [name for name in cuts if not any(_below(name, other) for other in served)]
    asked = [(zone, kind) for kind in [*_kinds(found, zone), "TYPE666"]]
    if len(found) <= SMALL:
        foreign = [*cuts, *served]
        own = [name for name in found if name != zone and not any(_below(name, other) for other in foreign)]
        asked += [(name, kind) for name in own for kind in _kinds(found, name)]
    open_ = [name for name in cuts if "DS" not in _kinds(found, name)]
    some = chance.sample(open_, min(UNSIGNED, len(open_)))
    rest = [name for name in cuts if name not in some]
    some += chance.sample(rest, min(DELEGATIONS - len(some), len(rest)))
    for number, cut in enumerate(some):
        below = f"{BELOW[0]}.{cut}"
        asked.append(((cut, "NS"), (cut, "DS"), (below, BELOW[1]))[number % 3])
    for _number in range(MISSING):
        label = "".join(chance.choices(string.ascii_lowercase, k=10))
        asked.append((f"www.rssac047-test.{label}.{zone if zone != '.' else ''}", "A"))
    return asked


def _needed(zone: str, found: Records, asked: t.Iterable[str]) -> list[str]:
    """The records that the answers are made of: of the names, of what is above them, of the servers that are named
    there, and those that say that a name does not exist.
    """
    owners, denied = {zone}, [f"*.{zone}" if zone != "." else "*."]
    for name in asked:
        above = [each for each in _ancestors(name) if each in found and _below(each, zone)]
        owners.update(above)
        if name not in found:
            denied.append(name)
    servers = {fields[4].lower() for owner in owners for fields in found[owner] if fields[3] == "NS"}
    owners |= {server for server in servers if server in found}
    owners |= set(_denying(found, denied))
    return ["\t".join(fields) for owner in sorted(owners) for fields in found[owner]]


def _ancestors(name: str) -> list[str]:
    labels = name.rstrip(".").split(".")
    return [".".join(labels[at:]) + "." for at in range(len(labels))]


def _denying(found: Records, names: t.Iterable[str]) -> t.Iterator[str]:
    """The owners of the NSEC records in whose range these names are (RFC 4034 section 6.1)."""
    chain = sorted((dns.name.from_text(o), o) for o, own in found.items() if any(f[3] == "NSEC" for f in own))
    for name in map(dns.name.from_text, names):
        before = [owner for place, owner in chain if place <= name]
        if before:
            yield before[-1]
