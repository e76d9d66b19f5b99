# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No record, and no part of the header, can be another one unseen: shown on answers of real nameservers, thousands of
times (``_acceptance/recorded/record_answers.py`` makes the recordings).
"""

from __future__ import annotations

import base64
import collections
import functools
import itertools
import json
import typing as t

import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._correctness import compare
from ansible_collections.icann.imrs.plugins.module_utils._correctness.zone import Zone
from answer_mutations import Mutation, every, parsed
from recordings import DIRECTORY

NOW = 1796000000.0
EACH = 1
"""Answers of each shape, over UDP and over TCP each, that are changed."""


class Given(t.NamedTuple):
    """A right answer, as it was recorded."""

    name: dns.name.Name
    kind: str
    tcp: bool
    query: bytes
    answer: bytes


@functools.cache
def recorded(provider: str) -> tuple[list[Zone], list[Given]]:
    """The zones, and all answers."""
    found = json.loads((DIRECTORY / f"served_{provider}.json").read_text(encoding="ascii"))
    zones = [Zone.read("\n".join(lines) + "\n", name) for name, lines in found["records"].items()]
    answers = [
        Given(
            dns.name.from_text(each["query"]["name"]),
            each["query"]["type"],
            each["transport"] == "tcp",
            base64.b64decode(each["wire"]),
            base64.b64decode(each["answer"]),
        )
        for each in found["exchanges"]
    ]
    return zones, answers


def shape(zones: t.Sequence[Zone], given: Given) -> tuple[t.Any, ...]:
    """What kind of answer it is: of the same shape, one is as good as another."""
    message = parsed(given.answer)
    kinds = {(section, each.rdtype) for section in ("answer", "authority") for each in getattr(message, section)}
    apex = str(given.name) if given.name in {zone.origin for zone in zones} else len(given.name.labels)
    return apex, given.kind, given.tcp, message.rcode(), frozenset(kinds)


def chosen(provider: str) -> list[Given]:
    """Some of each shape."""
    zones, answers = recorded(provider)
    by_shape: dict[tuple[t.Any, ...], list[Given]] = collections.defaultdict(list)
    for given in dict.fromkeys(answers):
        by_shape[shape(zones, given)].append(given)
    return [given for some in by_shape.values() for given in some[:EACH]]


def judged(provider: str, given: Given, octets: bytes) -> list[compare.Difference]:
    zones, _answers = recorded(provider)
    return compare.differences(zones, given.query, octets, tcp=given.tcp, now=NOW, complete=True)


def allowed(given: Given, mutation: Mutation) -> str:
    """The RFC that lets a server answer so; empty for what none does."""
    if mutation.what == "EDNS: option 15":
        return "RFC 8914 section 2: an extended error may be told with any answer"
    record = mutation.record
    if record is None or not mutation.what.endswith(": removed") or mutation.section != "additional" or given.tcp:
        return ""
    if given.name == dns.name.root:
        return "RFC 9609 section 4.2: addresses of the root's servers, as many as there is room for"
    cuts = [each.name for each in parsed(given.answer).authority if each.rdtype == dns.rdatatype.NS]
    if any(record.name.is_subdomain(cut) for cut in cuts):
        return ""  # these have to be there
    return "RFC 9471 section 3.2: addresses outside the delegation, as many as there is room for"


@pytest.mark.parametrize("provider", ["knot", "nsd"])
def test_what_was_recorded_is_right(provider: str) -> None:
    _zones, answers = recorded(provider)
    assert len(answers) > 100
    for given in answers:
        assert judged(provider, given, given.answer) == [], given


@pytest.mark.parametrize("provider", ["knot", "nsd"])
def test_every_mutation_is_seen(provider: str) -> None:
    zones, _answers = recorded(provider)
    foreign = strangers(zones)
    made, unseen = 0, collections.Counter[str]()
    for given in chosen(provider):
        for mutation in every(given.answer, foreign):
            made += 1
            if judged(provider, given, mutation.octets):
                continue
            why = allowed(given, mutation)
            unseen[why or f"{given.name} {given.kind} {'tcp' if given.tcp else 'udp'}: {mutation.what}"] += 1
    wrong = {what: count for what, count in unseen.items() if not what.startswith("RFC ")}
    assert made > 5_000
    assert wrong == {}
    assert {what.split(":")[0] for what in unseen} == {
        "RFC 8914 section 2", "RFC 9471 section 3.2", "RFC 9609 section 4.2"
    }  # fmt: skip


def strangers(zones: t.Sequence[Zone]) -> list[dns.rrset.RRset]:
    """Some of the zones' own records: in an answer that they do not belong to, they are wrong all the same."""
    root = zones[0]
    names = [root.origin, *itertools.islice(root.delegations(), 3)]
    kinds = (("NS", ""), ("DS", ""), ("RRSIG", "NSEC"))
    found = [root.get(name, kind, covers) for name in names for kind, covers in kinds]
    return [
        dns.rrset.from_rdata(each.name, each.ttl, next(iter(each.rdatas.values())))
        for each in found
        if each is not None
    ]
