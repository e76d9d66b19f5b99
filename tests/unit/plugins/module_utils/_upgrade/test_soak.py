# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long nodes serve with what is new before others get it, and when they do not serve."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._upgrade import due, ready, soak
from ansible_collections.icann.imrs.plugins.module_utils._upgrade.soak import Watched

LIVE = {"ipv4": "live", "ipv6": "live"}
STATUS: dict[str, t.Any] = {
    "mode": LIVE,
    "intent": {"mode": "live", "by": "site.yml", "note": "", "until": None},
    "certificate": {"mode": "live", "valid": True, "reason": "", "expires_at": None},
    "verdict": {},
}


def status(**more: t.Any) -> dict[str, t.Any]:
    return copy.deepcopy({**STATUS, **more})


def wrong(
    answer: t.Any,
    *,
    boot: str = "b1",
    before: t.Mapping[str, str] | None = LIVE,
) -> str:
    return soak.wrong(Watched("nbo01", "b1", before), boot, answer)


@pytest.mark.parametrize(
    ("seconds", "minutes", "left"),
    [([], 30, 0), ([0.0], 30, 1800), ([1799.5, 600.2], 30, 1200), ([1800.0, 9e6], 30, 0), ([1.0], 0, 0)],
)
def test_how_long_is_left(seconds: list[float], minutes: int, left: int) -> None:
    """Of what served for a while under a controller that is gone, only the rest."""
    assert soak.missing(seconds, minutes) == left


def test_what_serves_as_before_is_well() -> None:
    assert wrong(status()) == ""
    assert wrong(status(), before={"ipv4": "dark", "ipv6": "drained"}) == ""  # acceptance took it up
    assert wrong(status(), before=None) == ""


DARK6 = {"ipv4": "live", "ipv6": "dark"}
VOID = {"mode": "live", "valid": False, "reason": "revoked", "expires_at": None}
ALICE = {"mode": "dark", "by": "alice", "note": "it answers wrongly", "until": None}


@pytest.mark.parametrize("before", [LIVE, None], ids=["upgraded by this run", "by another"])
@pytest.mark.parametrize(
    ("answer", "boot", "words"),
    [
        ("No route to host", "b1", "nbo01: no answer (No route to host)"),
        (status(), "b2", "nbo01: it has rebooted once more since it was upgraded"),
        (status(mode=DARK6), "b1", "nbo01: it is dark and does not announce 2001:500:3::/48, "),
        (status(mode={}, intent={}), "b1", "nbo01: its gate's answer is not understood"),
        ({}, "b1", "nbo01: its gate's answer is not understood"),
    ],
)
def test_what_does_not_serve_is_told(before: t.Mapping[str, str] | None, answer: t.Any, boot: str, words: str) -> None:
    assert wrong(answer, boot=boot, before=before).startswith(words)


def test_what_was_live_needs_its_certificate() -> None:
    assert wrong(status(certificate=VOID)) == "nbo01: it has no valid certificate (revoked)"
    assert wrong(status(certificate=VOID, mode={"ipv4": "dark", "ipv6": "dark"}), before=None).endswith(": revoked")


def test_a_person_who_took_it_down_stops_what_comes_after() -> None:
    """It may be for what the upgrade has done. Of a node that another run upgraded, or nobody, it is not known so."""
    down = status(mode={"ipv4": "dark", "ipv6": "dark"}, intent=ALICE)
    assert wrong(down).endswith(": asked for by alice: it answers wrongly")
    assert wrong(down, before=None) == ""


def test_a_node_that_was_dark_and_is_so_is_well() -> None:
    dark = {"ipv4": "dark", "ipv6": "dark"}
    assert wrong(status(mode=dark, certificate=VOID, intent={**ALICE, "by": "site.yml"}), before=dark) == ""


def test_only_two_ends_let_others_follow() -> None:
    assert soak.ended({"a": soak.UPGRADED, "b": soak.AS_IT_WAS}) == []
    (said,) = soak.ended({"a": soak.UPGRADED, "c": ""})
    assert said.startswith("c: it was not upgraded, or cannot be reached")


def test_what_a_node_says_of_itself_is_read() -> None:
    found = due.parse("boot b1 12.5\nlibc6 2.41-12 2.41-13\n")
    assert found == due.Due("b1", 12.5, [ready.Change("libc6", "2.41-12", "2.41-13")])
    assert due.parse("boot b1 12.5\r\n").changes == []


@pytest.mark.parametrize("text", ["", "libc6 2.41-12 2.41-13", "boot b1", "boot b1 soon", "E: no network"])
def test_what_is_not_understood_is_no_nothing(text: str) -> None:
    """Otherwise a node would be told that there is nothing to be upgraded."""
    with pytest.raises(ValueError, match="it is not understood how long the node is up"):
        due.parse(text)
