# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a node is proven dark, and what is said of one that was taken out of service."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import withdrawal
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.checks import bgp

PASSED = {"id": "BG-05", "status": "pass"}
OTHER = {"id": "BG-04", "status": "pass"}


def test_the_proof_is_a_check_that_there_is() -> None:
    assert withdrawal.NOTHING_GOES_OUT in {check.id for check in bgp.CHECKS}


@pytest.mark.parametrize(
    ("statuses", "results", "silent"),
    [
        ([0, 0], [OTHER, PASSED], True),
        ([0, 1], [PASSED], False),
        ([0, None], [PASSED], False),  # could not be reached any more
        ([], [PASSED], False),  # nobody told the gate
        ([0, 0], [{**PASSED, "status": "fail"}], False),
        ([0, 0], [{**PASSED, "status": "skipped"}], False),
        ([0, 0], [OTHER], False),
        ([0, 0], [], False),
    ],
)
def test_a_node_is_silent_when_its_gate_has_answered_and_nothing_goes_out(
    statuses: list[int | None], results: list[dict[str, str]], silent: bool
) -> None:
    assert withdrawal.is_silent(statuses, results) is silent


@pytest.mark.parametrize(
    ("reached", "silent", "states", "dark", "said"),
    [
        (False, False, [], False, "IT MAY STILL ANNOUNCE: it cannot be reached. Have its host shut the BGP session"),
        (False, True, ["inactive", "inactive"], False, "IT MAY STILL ANNOUNCE: it cannot be reached"),
        (True, True, [], True, "It is dark: nothing goes out of it"),
        (True, False, ["inactive", "inactive"], True, "It is dark: its routing daemon does not run"),
        (True, False, ["failed", "inactive"], True, "It is dark: its routing daemon does not run"),
        (True, False, ["inactive", "active"], False, "is not proven dark. Stop bird.service on it"),
        (True, False, ["deactivating", "inactive"], False, "IT MAY STILL ANNOUNCE: it was reached"),
        (True, False, ["inactive"], False, "IT MAY STILL ANNOUNCE: it was reached"),  # the other one is not known of
        (True, False, [], False, "IT MAY STILL ANNOUNCE: it was reached"),
    ],
)
def test_only_what_a_node_has_answered_proves_that_it_is_dark(
    reached: bool, silent: bool, states: list[str], dark: bool, said: str
) -> None:
    found = withdrawal.outcome(reached=reached, silent=silent, states=states, unit="bird.service")
    assert found.dark is dark
    assert said in found.said


def test_every_routing_daemon_is_asked_for() -> None:
    assert withdrawal.units() == ["bird.service", "frr.service"]
