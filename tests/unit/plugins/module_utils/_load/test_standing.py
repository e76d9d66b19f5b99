# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only a node that announces no specific prefix, and is not about to, may be loaded; and only while that is so."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._load import standing
from load_cases import status

BOTH = {"ipv4": "dark", "ipv6": "drained"}


@pytest.mark.parametrize("changes", [{}, {"mode": BOTH}, {"intent": {"mode": "dark"}, "mode": BOTH}])
def test_a_node_that_is_out_of_service_may_be_loaded(changes: dict[str, t.Any]) -> None:
    assert standing.refusal(status(**changes), "xlb01") == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": {"ipv4": "live", "ipv6": "live"}}, "it announces specific prefixes (ipv4 live, ipv6 live)"),
        ({"mode": {"ipv4": "drained", "ipv6": "live"}}, "it announces specific prefixes (ipv6 live)"),
        ({"mode": {"ipv4": "drained", "ipv6": "odd"}}, "(ipv6 odd)"),
        ({"intent": {"mode": "live"}}, "it is to be live, and may go there at any moment"),
        ({"intent": {}}, "it is to be what its gate does not say"),
        ({"intent": None}, "it is to be what its gate does not say"),
        ({"mode": {}}, "its gate does not say in which mode it is"),
        ({"mode": None}, "its gate does not say in which mode it is"),
    ],
)
def test_another_one_is_refused_and_what_helps_is_said(changes: dict[str, t.Any], said: str) -> None:
    refused = standing.refusal(status(**changes), "xlb01")
    assert said in refused
    assert "drain it first: icann.imrs.drain --limit xlb01" in refused


def test_a_node_that_goes_live_by_itself_is_refused() -> None:
    order = {"mode": "drained", "until": "2026-12-01T04:00:00+00:00", "standing": {"mode": "live"}}
    said = "it goes back to live by itself at 2026-12-01T04:00:00+00:00; drain it without an end"
    assert standing.refusal(status(intent=order), "xlb01") == said
    assert standing.refusal(status(intent={**order, "standing": {"mode": "dark"}}), "xlb01") == ""


def test_a_load_goes_on_while_nothing_has_changed() -> None:
    assert standing.changed(status(), status()) == ""
    ill = status(verdict__ipv4__healthy=False)
    assert standing.changed(ill, ill) == "", "it was so before"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": {"ipv4": "live", "ipv6": "drained"}}, "it is not out of service any more"),
        ({"intent": {"mode": "live"}}, "it is not out of service any more"),
        ({"mode": {"ipv4": "dark", "ipv6": "drained"}}, "its mode has changed: ipv4 dark, ipv6 drained"),
        ({"verdict__ipv6__falls": 2}, "its gate tells of a fall of ipv6"),
        ({"falls__gate": 1}, "its gate tells of a fall of gate"),
        ({"verdict__ipv4__healthy": False}, "ipv4 is not healthy any more"),
    ],
)
def test_it_ends_when_anything_has(changes: dict[str, t.Any], said: str) -> None:
    assert standing.changed(status(), status(**changes)) == said


def test_falls_are_counted_by_family_and_by_what_else_fell() -> None:
    assert standing.falls(status()) == {"ipv4": 0, "ipv6": 1, "gate": 0, "routing": 0, "configuration": 0}
    assert standing.fallen(status(), status(falls__routing=2)) == ["routing"]
