# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are drilled: drained and accepted ones, and no others."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._drill.ready import refusal

NOW = 1793145600.0  # 2026-10-28T00:00:00Z
STATUS: dict[str, t.Any] = {
    "mode": {"ipv4": "drained", "ipv6": "drained"},
    "certificate": {"valid": True, "expires_at": None, "reason": ""},
    "intent": {"mode": "drained", "until": None, "standing": {"mode": "live"}},
    "verdict": {"ipv4": {"healthy": True, "reason": ""}, "ipv6": {"healthy": True, "reason": ""}},
}


def status(**more: t.Any) -> dict[str, t.Any]:
    found = copy.deepcopy(STATUS)
    for key, value in more.items():
        found[key] = {**found[key], **value}
    return found


def test_a_drained_and_accepted_node_is_drilled() -> None:
    assert refusal("xlb01", STATUS, NOW) == ""
    assert refusal("xlb01", status(intent={"until": "2026-10-28T02:00:00+00:00"}), NOW) == ""
    assert (
        refusal("xlb01", status(intent={"until": "2026-10-28T00:10:00+00:00", "standing": {"mode": "drained"}}), NOW)
        == ""
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mode": {"ipv4": "live"}}, "xlb01 is live, and drills would lose its questions. Drain it first"),
        ({"mode": {"ipv4": "dark"}}, "does not announce its covering prefixes, so nobody could see it withdraw"),
        (
            {"mode": {"ipv4": "dark"}, "verdict": {"ipv4": {"healthy": False, "reason": "no answer"}}},
            "does not announce its covering prefixes (ipv4: no answer)",
        ),
        ({"certificate": {"valid": False, "reason": "the configuration has changed"}}, "the configuration has changed"),
        ({"certificate": {"expires_at": 5.0}}, "its certificate is provisional"),
        ({"intent": {"until": "2026-10-28T00:30:00+00:00"}}, "goes back to live by itself at 2026-10-28T00:30"),
    ],
)
def test_others_are_not_and_are_told_what_to_do(more: dict[str, t.Any], words: str) -> None:
    assert words in refusal("xlb01", status(**more), NOW)


@pytest.mark.parametrize("answer", [{}, {**STATUS, "mode": None}, {**STATUS, "verdict": []}])
def test_what_is_no_answer_of_a_gate_is_refused(answer: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match="xlb01: the gate's answer is not understood"):
        refusal("xlb01", answer, NOW)
