# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A report as JSON: for programs, and for all documents that tell of it later."""

from __future__ import annotations

import datetime
import json
import typing as t

from . import since, words

if t.TYPE_CHECKING:
    from .judge import Report

FORMAT = 1
"""Of the document: another number when a key goes or means something else; ``document_schema.py`` has its keys."""


def moment(seconds: float) -> str:
    """A Unix time in UTC, as RFC 3339 spells it."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(report: Report) -> dict[str, t.Any]:
    """The content of ``acceptance.json``: everything, and what it says in words."""
    return {
        **report.as_dict(),
        "format": FORMAT,
        "started": moment(report.started),
        "verdict": words.verdict(report),
        "summary": words.checks(report),
        "users": list(words.users(report)),
        "follows": words.follows(report),
        "changes": since.sentences(report.since, judged=report.status == words.JUDGED),
    }


def render(report: Report) -> str:
    """The text of ``acceptance.json``."""
    return text(document(report))


def text(found: t.Mapping[str, t.Any]) -> str:
    """The text of a file with this content."""
    return json.dumps(found, indent=2, sort_keys=True) + "\n"
