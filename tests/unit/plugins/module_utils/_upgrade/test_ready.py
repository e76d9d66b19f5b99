# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are upgraded, and when: those that have a way back, and a live one within its windows."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle import windows
from ansible_collections.icann.imrs.plugins.module_utils._upgrade import ready
from ansible_collections.icann.imrs.plugins.module_utils._upgrade.ready import Change, Systems

MONDAY = datetime.datetime(2026, 11, 30, 19, 0, tzinfo=datetime.UTC)
OPEN, LATER = (windows.window("monday", start, end) for start, end in (("18:00", "20:00"), ("22:00", "23:00")))
SYSTEMS = Systems("root", "root", True, "")


def refusal(systems: Systems = SYSTEMS, *, modes: t.Collection[str] = ("live",), **more: t.Any) -> str:
    told = {"periods": [OPEN], "moment": MONDAY, "disrupt": False} | more
    return ready.refusal("nbo01", systems, modes, **told)


def test_a_live_node_is_upgraded_within_its_window() -> None:
    assert refusal() == ""


def test_the_second_system_is_upgraded_in_the_first() -> None:
    assert refusal(Systems("second", "second", True, "")) == ""
    assert Systems("second", "second", True, "").other == "root"
    assert SYSTEMS.other == "second"


@pytest.mark.parametrize(
    ("periods", "words"),
    [([LATER], "its next window is Monday 22:00–23:00 UTC"), ([], "its site has no maintenance window")],  # noqa: RUF001
)
def test_a_live_node_waits_for_its_window(periods: list[windows.Window], words: str) -> None:
    assert words in refusal(periods=periods)
    assert refusal(periods=periods, disrupt=True) == ""
    assert refusal(periods=periods, modes=("dark", "drained")) == ""


@pytest.mark.parametrize(
    ("systems", "words"),
    [
        (Systems("", "root", True, "its root is on /dev/sda1"), "no way back by itself: its root is on /dev/sda1"),
        (Systems("second", "root", False, ""), "runs a candidate that was never kept"),
        (Systems("second", "root", True, ""), "runs the system on the volume second, and would boot that on root"),
    ],
)
def test_what_has_no_way_back_is_refused_at_any_time(systems: Systems, words: str) -> None:
    assert words in refusal(systems, disrupt=True)
    assert words in refusal(systems, modes=("dark",))


def test_what_a_node_has_printed_is_read() -> None:
    said = {"running": "root", "booted": "second", "kept": True, "wrong": ""}
    assert ready.parse(json.dumps(said)) == Systems("root", "second", True, "")


@pytest.mark.parametrize("text", ["", "{}", '{"running": "root"}', "[]", "candidate: what is to be done?"])
def test_what_is_not_understood_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="the node's systems are not understood"):
        ready.parse(text)


def test_the_packages_that_changed() -> None:
    found = ready.changes("bind9-libs 1:9.20.1 1:9.20.2\nlinux-image-new - 6.12.119-1\nlibold 1.0 -\n")
    assert found[0] == Change("bind9-libs", "1:9.20.1", "1:9.20.2")
    assert [str(each) for each in found[1:]] == ["linux-image-new not there → 6.12.119-1", "libold 1.0 → gone"]
    assert ready.changes("") == ready.changes("\r\n") == []


def test_other_words_are_not_taken_for_packages() -> None:
    with pytest.raises(ValueError, match="the candidate's packages are not understood: 'E: there is no network'"):
        ready.changes("E: there is no network")
