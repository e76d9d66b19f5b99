# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router's half: states with times, whatever fails between."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._drill.watch import watch

FAMILIES = {"192.0.2.2": "ipv4", "2001:db8::2": "ipv6"}
BOTH = {"192.0.2.2": [{"to": "199.7.82.0/23"}], "2001:db8::2": [{"to": "2001:500:9e::/47"}]}
NONE: dict[str, list[dict[str, str]]] = {"192.0.2.2": [], "2001:db8::2": []}


class Clock:
    """Each look takes a second."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        self.time += 0.5
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


def seen(*looks: dict[str, t.Any], longest: float = 1000.0) -> dict[str, t.Any]:
    clock, left, answers = Clock(), itertools.count(1), iter(looks)
    return watch(
        lambda: next(answers), FAMILIES, lambda: next(left) >= len(looks), longest, clock.now, clock.wait
    )  # fmt: skip


def test_a_state_has_a_first_and_a_last_time() -> None:
    found = seen({"routes": BOTH}, {"routes": BOTH}, {"routes": NONE}, {"routes": BOTH})
    (one, two, three) = found["seen"]
    assert one[2] == three[2] == {"ipv4": ["199.7.82.0/23"], "ipv6": ["2001:500:9e::/47"]}
    assert two[2] == {"ipv4": [], "ipv6": []}
    assert one[0] < one[1] < two[0] <= two[1] < three[0] <= found["ended"]
    assert found["errors"] == 0


def test_a_look_that_fails_is_counted_and_nobody_knows_what_was_meanwhile() -> None:
    found = seen({"routes": BOTH}, {"routes": BOTH}, {"error": "busy"}, {"routes": BOTH}, {"routes": BOTH})
    one, two = found["seen"]
    assert one[2] == two[2]
    assert one[1] < two[0]
    assert (found["errors"], found["error"]) == (1, "busy")


def test_it_ends_by_itself() -> None:
    assert seen(*[{"routes": BOTH}] * 50, longest=3.0)["ended"] < 6


def test_a_router_that_is_slow_is_asked_less_often() -> None:
    """A look takes half a second here, and the wait twice that."""
    found = seen(*[{"routes": BOTH}] * 5)
    assert found["ended"] == pytest.approx(0.5 + 5 * 1.0 + 4 * 1.0, abs=1)


def test_addresses_of_others_count_for_nothing() -> None:
    assert seen({"routes": {**NONE, "192.0.2.77": [{"to": "192.0.2.0/24"}]}})["seen"][0][2]["ipv4"] == []
