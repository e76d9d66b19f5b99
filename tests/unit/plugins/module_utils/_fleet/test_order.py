# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before any node is told, and what a gate's answer comes to."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._fleet import order
from ansible_collections.icann.imrs.plugins.module_utils._fleet.budget import node
from ansible_collections.icann.imrs.plugins.module_utils._fleet.order import Order

NOW = 1764547200.0  # 2025-12-01T00:00Z
END = "2025-12-01T04:00Z"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Order("drain", "fibre work", "alice", END), ""),
        (Order("dark", "fibre work", "alice"), ""),
        (Order("live", "fibre work is over", "alice"), ""),
        (Order("dark", "", "alice"), "imrs_reason is missing"),
        (Order("dark", "fibre", "alice", stray="work"), "'work' belongs to no variable"),
        (Order("dark", "two\nlines", "alice"), "imrs_reason: a name or reason is one line"),
        (Order("dark", "why", ""), "imrs_by is missing"),
        (Order("dark", "why", "site.yml"), "imrs_by is site.yml, which is a playbook's name"),
        (Order("dark", "why", "a\x07"), "imrs_by: a name or reason is one line"),
        (Order("live", "why", "alice", END), "live has no end"),
        (Order("dark", "why", "alice", "tomorrow"), "imrs_until: 'tomorrow' is no time in UTC"),
        (Order("dark", "why", "alice", "2025-11-01T04:00Z"), "imrs_until: 2025-11-01T04:00Z is past"),
    ],
)
def test_what_is_refused_before_any_contact(given: Order, why: str) -> None:
    found = order.refusals(given, NOW)
    assert [why in text for text in found] == ([True] if why else [])


def test_everything_is_said_at_once() -> None:
    assert len(order.refusals(Order("live", "", "site.yml", END), NOW)) == 3


def status(modes: tuple[str, str], **asked: t.Any) -> dict[str, t.Any]:
    """Of a node whose families are in these modes."""
    return {
        "mode": dict(zip(("ipv4", "ipv6"), modes, strict=True)),
        "intent": {"mode": "live", "by": "site.yml", "note": "", "until": None, "at_most": None, **asked},
        "certificate": {"reason": ""},
        "verdict": {"ipv4": {"reason": ""}, "ipv6": {"reason": "SERVFAIL"}},
    }


MINE, BOB = {"run": "mine", "by": "alice", "age": 1.0}, {"run": "his", "by": "bob", "age": 2.6}


@pytest.mark.parametrize(
    ("claims", "said"),
    [({}, ""), ({"claims": [MINE]}, ""), ({"claims": [MINE, BOB]}, "bob is about to take it down, since 3 s")],
)
def test_another_runs_claim_counts_and_ones_own_does_not(claims: dict[str, t.Any], said: str) -> None:
    assert order.claimed({**status(("live", "live")), **claims}, "mine") == said


@pytest.mark.parametrize("claims", [None, [None], [{"run": "his"}], [{**BOB, "age": "old"}]])
def test_claims_that_make_no_sense_are_no_answer(claims: t.Any) -> None:
    with pytest.raises(ValueError, match="not understood"):
        order.claimed({"claims": claims}, "mine")


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (status(("live", "live")), ("live", "")),
        (status(("live", "dark")), ("dark", "SERVFAIL")),
        (status(("drained", "live")), ("drained", "SERVFAIL")),
        ({**status(("dark", "dark")), "certificate": {"reason": "revoked"}}, ("dark", "revoked")),
        (status(("dark", "dark"), mode="dark", by="bob"), ("dark", "asked for by bob")),
        (
            status(("drained", "drained"), mode="drained", by="bob", note="disk", until=END, at_most="drained"),
            ("drained", f"asked for by bob until {END}: disk"),
        ),
        (status(("dark", "dark"), mode="dark", by=""), ("dark", "asked for by nobody")),
        # For some seconds it still announces, as going away (RFC 8326): nobody may count on it.
        (status(("live", "live"), mode="drained", by="bob"), ("drained", "asked for by bob")),
        (status(("drained", "live"), mode="dark", by="bob"), ("dark", "asked for by bob")),
    ],
)
def test_what_a_node_says(given: dict[str, t.Any], known: tuple[str, str]) -> None:
    mode, _families, note = order.of_status(given)
    assert (mode, note) == known


@pytest.mark.parametrize(
    ("given", "families"),
    [
        (status(("live", "dark")), ("live", "dark")),
        (status(("live", "drained"), mode="drained", by="bob"), ("drained", "drained")),
        (status(("live", "dark"), mode="drained", by="bob"), ("drained", "dark")),
    ],
)
def test_what_it_says_of_its_families(given: dict[str, t.Any], families: tuple[str, str]) -> None:
    assert tuple(order.of_status(given)[1].values()) == families


@pytest.mark.parametrize(
    "given",
    [{}, {"mode": {}}, {"mode": []}, {**status(("live", "live")), "intent": None}, status(("live", "bright"))],
)
def test_another_answer_is_none(given: dict[str, t.Any]) -> None:
    with pytest.raises(ValueError, match=r"not understood|is not a mode"):
        order.of_status(given)


def test_a_plan_says_from_where_to_where() -> None:
    nodes = [
        node("xaa01", {}, targeted=True)._replace(mode="live"),
        node("xab01", {}, targeted=True)._replace(note="no route"),
        node("xac01", {}, targeted=False)._replace(mode="live"),
    ]
    assert order.plan(Order("drain", "why", "alice", END), nodes) == [
        f"xaa01: live -> drained until {END}",
        f"xab01: unknown (no route) -> drained until {END}",
    ]


@pytest.mark.parametrize(
    ("given", "planned", "options"),
    [
        (Order("dark", "why", "alice"), False, []),
        (Order("dark", "why", "alice", END), True, ["--until", END, "--planned"]),
        (Order("drain", "why", "alice", END), True, ["--until", END, "--lower-only"]),
        (Order("live", "why", "alice"), True, []),
    ],
)
def test_what_a_gate_is_given_besides(given: Order, planned: bool, options: list[str]) -> None:
    assert order.options(given, planned=planned) == options


def test_an_emergency_is_said_first() -> None:
    nodes = [node("xaa01", {}, targeted=True)]
    assert order.plan(Order("dark", "why", "alice"), nodes, asked=False) == [
        "EMERGENCY: no other node was asked, and no budget looked at",
        "xaa01: unknown -> dark",
    ]
