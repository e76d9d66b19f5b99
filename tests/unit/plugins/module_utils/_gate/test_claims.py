# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs say that they are about to do."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate.claims import LONGEST, MOST, Claims


def test_a_claim_ends_by_itself_and_may_be_prolonged() -> None:
    claims = Claims()
    claims.take("a", "alice", 10, now=100)
    claims.take("b", "bob", 20, now=105)
    assert claims.as_json(109) == [{"run": "a", "by": "alice", "age": 9}, {"run": "b", "by": "bob", "age": 4}]
    assert [claim["run"] for claim in claims.as_json(110)] == ["b"]
    claims.take("b", "bob", 20, now=124)
    assert [claim["run"] for claim in claims.as_json(143)] == ["b"]
    assert claims.as_json(144) == []


def test_a_claim_is_given_back_by_its_run_alone() -> None:
    claims = Claims()
    claims.take("a", "alice", 10, now=0)
    assert not claims.release("b")
    assert claims.release("a")
    assert claims.as_json(1) == []


@pytest.mark.parametrize(
    "words", [("", "alice", 1), ("a", "", 1), ("a\n", "alice", 1), ("a", "a\x07", 1), ("a", "b", 0), ("a", "b", 901)]
)
def test_what_makes_no_sense_is_refused(words: tuple[t.Any, ...]) -> None:
    claims = Claims()
    with pytest.raises(ValueError, match=r"claim|printable"):
        claims.take(*words, now=0)
    assert claims.as_json(0) == []


def test_there_is_room_for_some_and_again_when_these_are_over() -> None:
    claims = Claims()
    for number in range(MOST):
        claims.take(str(number), "alice", LONGEST, now=0)
    claims.take("0", "alice", LONGEST, now=0)
    with pytest.raises(ValueError, match="16 runs"):
        claims.take("more", "alice", 1, now=LONGEST - 1)
    claims.take("more", "alice", 1, now=LONGEST)
