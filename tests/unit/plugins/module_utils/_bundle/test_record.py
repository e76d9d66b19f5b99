# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run knows of a node, and what it may do with it."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._bundle.record import Record, accepts

ALL = ("gate", "nameserver")
APPLIED = {"changed": True, "planned": False, "disruption": "reload"}
SAME = {"changed": False, "planned": False, "disruption": "none"}
PLANNED = {"changed": False, "planned": True, "disruption": "restart", "in_service": True}
EDITED = {"changed": True, "changes": [{"path": f"/etc/{name}"} for name in "abcd"]}
STOPPED = {"changed": True, "changes": [], "activated": [], "ensured": ["start knot.service"]}
LEFT = {"changed": True}


def after(*results: tuple[str, dict[str, t.Any], bool]) -> Record:
    record = Record("run")
    for bundle, result, compared in results:
        record = record.after(bundle, result, compared=compared)
    return Record.of(json.loads(json.dumps(record.to_fact())), "run")


@pytest.mark.parametrize(
    ("record", "unrendered"),
    [
        (after(), ["bundle gate was not compared", "bundle nameserver was not compared"]),
        (after(("gate", APPLIED, False), ("nameserver", SAME, False)), []),
        (after(("gate", APPLIED, False)), ["bundle nameserver was not compared"]),
        (after(("gate", SAME, True), ("nameserver", SAME, False)), []),
        (
            after(("gate", SAME, False), ("nameserver", PLANNED, False)),
            ["bundle nameserver was planned and not carried out"],
        ),
        (after(("gate", SAME, False), ("nameserver", PLANNED, False), ("nameserver", APPLIED, False)), []),
        (
            after(("gate", EDITED, True), ("nameserver", STOPPED, True)),
            [
                "bundle gate is not as rendered (/etc/a, /etc/b, /etc/c and 1 more)",
                "bundle nameserver is not as rendered (start knot.service)",
            ],
        ),
        (
            after(("gate", LEFT, True), ("nameserver", SAME, True)),
            ["bundle gate is not as rendered (a change that was left half-way)"],
        ),
        (after(("gate", EDITED, True), ("gate", APPLIED, False), ("nameserver", SAME, True)), []),
        (after(("other", EDITED, True), ("gate", SAME, True), ("nameserver", SAME, True)), []),
    ],
)
def test_what_is_not_as_rendered(record: Record, unrendered: list[str]) -> None:
    assert record.unrendered(ALL) == unrendered


@pytest.mark.parametrize(
    ("record", "accepted", "said"),
    [
        (after(), False, ""),
        (after(("gate", APPLIED, False)), False, ""),
        (after(("gate", SAME, False), ("nameserver", PLANNED, False)), True, ""),
        (after(("nameserver", PLANNED, False)), True, ""),
        (after(("nameserver", PLANNED, False)), False, "a change of nameserver would take it dark and leave it so"),
        (after(("nameserver", PLANNED, False)), False, "Add the tag acceptance"),
        (
            after(("nameserver", PLANNED, False), ("gate", EDITED, True)),
            True,
            "bundle gate is not as rendered (/etc/a,",
        ),
        (after(("nameserver", PLANNED, False), ("gate", SAME, True)), True, ""),
    ],
)
def test_what_is_refused_before_it_takes_a_node_dark_for_good(record: Record, accepted: bool, said: str) -> None:
    refusal = record.refusal(ALL, accepted=accepted)
    assert said in refusal
    assert bool(said) == bool(refusal)


def test_who_wants_a_node_dark_may_have_it() -> None:
    record = after(("nameserver", PLANNED, False), ("gate", EDITED, True))
    assert record.refusal(ALL, accepted=False, dark=True) == ""


def test_only_this_run_counts_and_only_what_it_changed() -> None:
    record = after(
        ("gate", APPLIED, False), ("nameserver", EDITED, True), ("other", PLANNED, False), ("more", SAME, False)
    )
    assert (record.changed, record.in_service, record.missing(ALL)) == (("gate",), True, [])
    assert (record.allowed("other"), record.allowed("gate")) == (True, False)
    another = Record.of(record.to_fact(), "another run")
    assert another == Record("another run")
    assert Record.of({}, "run") == Record("run")


@pytest.mark.parametrize(
    ("run_tags", "skip_tags", "there"),
    [
        (["all"], [], True),
        (["nameserver"], [], False),
        (["nameserver", "acceptance"], [], True),
        (["tagged"], [], True),
        (["untagged"], [], False),
        (["all"], ["acceptance"], False),
        (["acceptance"], ["tagged"], False),
        (["all"], ["nameserver"], True),
    ],
)
def test_tags_that_include_acceptance(run_tags: list[str], skip_tags: list[str], there: bool) -> None:
    assert accepts(run_tags, skip_tags) is there
