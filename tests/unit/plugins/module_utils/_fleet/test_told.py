# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of telling one node, for every answer of its gate."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import told
from ansible_collections.icann.imrs.plugins.module_utils._fleet.told import Result

OLD = Result(stderr="imrs: error: unrecognized arguments: --reason")
DONE = {"changed": True, "mode": "dark", "reached": True}
UNTIL = ("--until", "2025-12-01T04:00Z")


def outcome(
    asked: Result | None, again: Result | None = None, verb: str = "dark", options: tuple[str, ...] = ()
) -> told.Outcome:
    return told.outcome(told.Word("xaa01", verb, options, 35, "bird.service"), asked, again)


def result(**answer: t.Any) -> Result:
    return Result(json.dumps(answer))


@pytest.mark.parametrize(
    ("asked", "reached", "said"),
    [
        (None, False, "IT IS AS IT WAS: it cannot be reached"),
        (result(**DONE), True, "xaa01: dark"),
        (result(**DONE, until="2025-12-01T04:00Z"), True, "xaa01: dark until 2025-12-01T04:00Z"),
        (result(**{**DONE, "reached": False}), False, "ASKED FOR, BUT NOT DARK within 35 s: imrs status says why"),
        (result(**DONE, error="disk full"), False, "NOT DONE: disk full"),
        (result(refused="it is past"), False, "IT IS AS IT WAS: it is past"),
        (result(**DONE, kept="dark", reason="asked for by bob"), True, "stays dark: asked for by bob"),
        (Result(stderr="noise\nno answer"), False, "gives no answer (no answer). Without a gate nothing is announced"),
        (Result('{"reached"'), False, "(it said nothing). Without a gate nothing is announced; make sure on the node"),
        (Result("imrs: what?"), False, "(it said nothing). Without a gate nothing is announced; make sure on the node"),
        (Result(stderr="no answer"), False, "or stop bird.service"),
    ],
)
def test_what_is_said_of_a_node(asked: Result | None, reached: bool, said: str) -> None:
    found = outcome(asked)
    assert (found.reached, found.again) == (reached, False)
    assert said in found.said
    assert found.said.startswith("xaa01: ")


def test_an_older_gate_is_told_once_more_and_only_to_go_dark() -> None:
    assert outcome(OLD).again
    assert not outcome(OLD).reached
    assert not outcome(OLD, verb="drain").again
    found = outcome(OLD, result(**DONE), options=UNTIL)
    assert found == told.Outcome(True, "xaa01: dark, WITHOUT AN END: its gate knows none", again=False)
    assert outcome(OLD, result(**DONE)).said == "xaa01: dark"
    assert "WITHOUT" not in outcome(OLD, Result(), options=UNTIL).said
    assert not outcome(OLD, Result(), options=UNTIL).reached
