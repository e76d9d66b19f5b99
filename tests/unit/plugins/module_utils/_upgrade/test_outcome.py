# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of the steps of an upgrade."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._upgrade import outcome

LIVE = 'noise\n{"mode": {"ipv4": "live", "ipv6": "live"}}'
HALF = '{"mode": {"ipv4": "live", "ipv6": "dark"}}'


def systems(running: str) -> str:
    return json.dumps({"running": running, "booted": "root", "kept": True, "wrong": ""})


@pytest.mark.parametrize(
    ("running", "before", "now", "as_before"),
    [
        ("root", LIVE, LIVE, True),
        ("root", "", "", True),  # without a gate
        ("root", LIVE, HALF, False),
        ("root", LIVE, "", False),
        ("root", LIVE, "{", False),
        ("second", LIVE, LIVE, False),  # the candidate is live, and will go away
        ("", LIVE, LIVE, False),
        (None, "", "", False),  # nobody has seen what runs
    ],
)
def test_whether_it_is_what_it_was(running: str | None, before: str, now: str, as_before: bool) -> None:
    seen = "" if running is None else systems(running)
    found = outcome.back("nbo01", seen, "second", before, now, why="It was not accepted.\n")
    assert found.as_before is as_before
    assert found.said.startswith("nbo01 was not upgraded: It was not accepted. I")
    assert ("IT IS NOT AS IT WAS" in found.said) is not as_before


def test_which_system_is_entered() -> None:
    assert outcome.entered(systems("second"), "second")
    assert not outcome.entered(systems("root"), "second")
    assert not outcome.entered("", "second")
    assert not outcome.entered("bash: not found", "second")


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([{"id": "BG-05", "status": "pass"}, {"id": "BG-01", "status": "fail"}], ""),
        ([{"id": "BG-05", "status": "fail", "message": "2 prefixes"}], "It is not proven withdrawn. 2 prefixes"),
        ([{"id": "BG-05", "status": "skipped", "message": "nobody"}], "It is not proven withdrawn. nobody"),
        ([{"id": "BG-01", "status": "pass"}], "It is not proven withdrawn. BG-05 was not judged"),
        ([], "It is not proven withdrawn. BG-05 was not judged"),
    ],
)
def test_what_is_not_proven_withdrawn_is_not_rebooted(results: list[dict[str, t.Any]], words: str) -> None:
    assert outcome.withdrawn(results) == words


def test_what_cannot_be_read_is_said() -> None:
    for text in ("{}", '{"mode": 3}', "{ no"):
        with pytest.raises(ValueError, match="its gate's answer is not understood"):
            outcome.modes(text)
