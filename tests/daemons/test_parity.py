# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knot and NSD, with the files that the roles render and the same zones, give the same answers to 20,000 questions.

Where they may differ is in imrs_parity_accepted.py, with the reasons. Needs root and the lab image.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import typing as t

import imrs_parity_accepted as accepted
import pytest
from imrs_parity_answers import Answer, read, shown
from imrs_parity_bench import PROVIDERS, Nameserver, sign
from imrs_parity_questions import NUMBER, Question, questions
from imrslab import zones

LIMIT = 1232
"""Octets of an answer over UDP, as the roles have it."""
SHOWN = 40


@dataclasses.dataclass(frozen=True)
class Asked:
    """One question and what each nameserver said."""

    question: Question
    knot: Answer
    nsd: Answer


@pytest.fixture(scope="module")
def all_asked(tmp_path_factory: pytest.TempPathFactory) -> list[Asked]:
    """Every question, asked of both at the same time."""
    signed = tmp_path_factory.mktemp("zones")
    root = sign(signed)
    hosts = sorted({line.split()[0] for line in root.splitlines() if line.split()[3] in {"A", "AAAA"}})
    made = questions(zones.tlds(root), hosts)
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(Nameserver(tmp_path_factory.mktemp(name), name)) for name in PROVIDERS]
        for nameserver in running:
            nameserver.serve(signed)
            nameserver.ask(made)
        said = [nameserver.answers() for nameserver in running]
    return [Asked(question, read(knot), read(nsd)) for question, knot, nsd in zip(made, *said, strict=True)]


def test_every_question_was_asked(all_asked: list[Asked]) -> None:
    """And that most are answered by both: two that say nothing are the same, too."""
    assert len(all_asked) == NUMBER
    answered = sum(each.knot.outcome == each.nsd.outcome == "answered" for each in all_asked)
    assert answered > NUMBER * 0.95
    codes = collections.Counter(each.knot.rcode for each in all_asked)
    assert all(codes[code] > 10 for code in (0, 1, 3, 4, 5, 9, 16)), codes


def test_both_give_the_same_answers(all_asked: list[Asked]) -> None:
    found: dict[tuple[str, tuple[str, ...]], list[Asked]] = collections.defaultdict(list)
    for each in all_asked:
        fields = accepted.unexplained(each.question, each.knot, each.nsd, set())
        if fields:
            found[each.question.kind, fields].append(each)
    assert not found, "\n".join(told(kind, fields, some) for (kind, fields), some in list(found.items())[:SHOWN])


def told(kind: str, fields: t.Iterable[str], some: list[Asked]) -> str:
    """What differs, with the first question of which it does."""
    first = some[0]
    values = [f"    {each}: Knot {shown(first.knot, each)} | NSD {shown(first.nsd, each)}" for each in fields]
    where = "TCP" if first.question.tcp else "UDP"
    return "\n".join([f"{kind}: {len(some)} times, first over {where}: {first.question.wire.hex()}", *values])


def test_every_accepted_difference_is_needed(all_asked: list[Asked]) -> None:
    used: set[str] = set()
    for each in all_asked:
        accepted.unexplained(each.question, each.knot, each.nsd, used)
    assert set(accepted.ACCEPTED) - used == set()


def test_no_answer_is_longer_than_the_question_allows(all_asked: list[Asked]) -> None:
    """No more than 512 octets without EDNS, and never more than the roles' own limit."""
    for each in all_asked:
        for answer in (each.knot, each.nsd):
            if not each.question.tcp:
                assert answer.size <= (LIMIT if answer.edns else 512), told("size", ["size"], [each])


def test_both_name_the_node_where_they_are_asked(all_asked: list[Asked]) -> None:
    """What is the same on both may be wrong on both."""
    names = {
        option[1]
        for each in all_asked
        for answer in (each.knot, each.nsd)
        for option in answer.options
        if option[0] == 3
    }
    assert names == {b"xlb01.l.root-servers.org"}


def test_nothing_is_transferred_to_a_stranger(all_asked: list[Asked]) -> None:
    asked = [each for each in all_asked if each.question.kind.startswith("transfer")]
    assert asked
    for each in asked:
        assert 0 not in {each.knot.rcode, each.nsd.rcode}, told("transfer", ["rcode"], [each])
        assert not {**each.knot.sets(), **each.nsd.sets()}, told("transfer", ["answer"], [each])
