# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A report of a run that came to no verdict, so that nobody reads an earlier one as that of today."""

from __future__ import annotations

import typing as t

from . import words
from .judge import Report

WHY = {
    words.NOT_REACHED: "a run began, and has not got in: the node cannot be reached, another run has it, it runs "
    "another release than nodes do (docs/releases.md), or this run broke off or is still at work",
    words.BROKEN: "a run has got in, and has come to no verdict: it broke off, or is still at work",
}
"""What is known where nobody says more."""


def report(node: str, status: str, now: float, *, stage: str, why: str, since: t.Mapping[str, t.Any] | None) -> Report:
    """A report without a check. ``node``: its full name; ``now``: Unix time; ``stage`` may be empty; ``since``: what
    ``since.last`` says of the last verdict, if there is one. ValueError for a status that has a verdict.
    """
    if status not in WHY:
        raise ValueError(f"acceptance: status: {status!r} is none of {', '.join(WHY)}")
    return Report(
        node=node,
        stage=stage,
        mode=stage,
        started=now,
        serial=None,
        versions={},
        fingerprint="",
        results=(),
        reasons=(why or WHY[status],),
        harmful=(),
        scopes=(),
        status=status,
        since=since,
    )
