# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of a node whose certificates are signed: what is signed, when, and what a key that cannot sign does."""

from __future__ import annotations

import base64
import dataclasses
import json

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import course, gate
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.course import Report
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from ansible_collections.icann.imrs.plugins.module_utils._statement import Seal, Statement
from courses import DARK, ORDER, VOID, A, B, C, plot, status


def test_what_the_gate_is_told_comes_from_whoever_signs_it() -> None:
    """Every word of acceptance that raises a node or a session, and none else."""
    granted: list[gate.Grant] = []

    def seal(grant: gate.Grant) -> gate.Command:
        granted.append(grant)
        return ("imrs", "take", str(len(granted)))

    now = plot({**status(DARK, certificate=VOID), "challenge": "c"})
    now = course.judged(now, Mode.DARK, Report(ready=(A, B)), seal)
    assert now.commands[0] == ("imrs", "take", "1")
    now = course.judged(now, Mode.DRAINED, Report(), seal)
    now = course.judged(now, Mode.LIVE, Report(ready=(C,)), seal)
    now = course.admitted(course.tried(now, seal), Mode.LIVE, seal)
    assert now.certify == ("imrs", "take", "5")
    course.failed(now, Mode.LIVE, Report(), seal)
    assert [(grant.verb, str(grant.mode), grant.seconds, grant.sessions) for grant in granted] == [
        ("certify", "drained", 300, (A, B)),
        ("certify", "live", 300, (A, B)),
        ("certify", "live", None, (A, B)),
        ("trial", "None", 300, (C,)),
        ("certify", "live", None, (A, B, C)),
        ("certify", "live", None, (A, B)),
    ]
    assert {(grant.fingerprint, grant.challenge) for grant in granted} == {("aa", "c")}


def test_a_key_that_cannot_sign_any_more_takes_no_node_down() -> None:
    def broken(_grant: gate.Grant) -> gate.Command:
        raise ValueError("the agent has gone")

    now = course.tried(course.judged(plot(status()), Mode.LIVE, Report(ready=(C,))))
    end = course.failed(now, Mode.LIVE, Report(), broken)
    assert (end.stays, end.command) == (True, ())
    assert "The trial of sessions ends by itself" in end.outcome


@pytest.mark.parametrize(
    ("days", "ends", "renewed"),
    [
        (None, "", False),
        (100, "", True),  # there was none
        (None, "2026-06-01T00:00:00Z", True),  # there is to be none
        (100, "2026-03-01T00:00:00Z", False),
        (100, "2026-02-01T00:00:00Z", True),  # less than half of it is left
        (100, "2025-12-01T00:00:00Z", True),
    ],
)
def test_a_certificate_with_an_end_is_renewed_in_its_second_half(days: int | None, ends: str, renewed: bool) -> None:
    now = course.plot(
        json.dumps(status(certificate={"ends_at": ends})), dataclasses.replace(ORDER, days=days), 1767225600.0
    )
    assert now.leaves != renewed
    assert bool(course.judged(now, Mode.LIVE, Report()).certify) == renewed


def test_the_end_of_more_than_what_is_judged_is_not_renewed() -> None:
    """A node that was drained since: the gate would take no certificate that says less."""
    found = status(certificate={"ends_at": "2026-02-01T00:00:00Z"})
    now = course.plot(json.dumps(found), dataclasses.replace(ORDER, days=100, mode=Mode.DRAINED), 1767225600.0)
    assert course.judged(now, Mode.DRAINED, Report()).certify == ()


def test_what_is_signed_says_what_was_judged_and_when() -> None:
    grant = gate.Grant("certify", Mode.LIVE, "aa", (A,), None, "c")
    results = [
        {"id": "DN-01", "status": "pass"},
        {"id": "TM-01", "status": "skipped"},
        {"id": "DN-02", "status": "pass"},
    ]
    serials = {".": 2026110900, "arpa.": 2026110901}
    report = {"results": results, "stage": "live", "table": "…", "serials": serials}
    about = gate.about(report, "alice@noc", {"version": "1.0.0"})
    found = grant.statement("xlb01.example", about, 1767225600.0, 10)
    assert (found.issued, found.ends) == ("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z")
    assert found.about["results"] == {"pass": ["DN-01", "DN-02"], "skipped": ["TM-01"]}
    assert found.about["serials"] == serials
    assert (found.about["by"], found.about["stage"], found.about["collection"]) == (
        "alice@noc",
        "live",
        {"version": "1.0.0"},
    )
    assert Statement.parse(found.text()) == found
    command = gate.sealed(Seal(found.text(), "signature"))
    assert command[:3] == ("imrs", "take", "--statement")
    assert base64.b64decode(command[3]).decode() == found.text()
    assert grant.statement("n", {}, 0.0, None).ends == ""
