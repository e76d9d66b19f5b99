# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A report as JSON: for programs."""

from __future__ import annotations

import datetime
import json
import typing as t

if t.TYPE_CHECKING:
    from .judge import Report


def moment(seconds: float) -> str:
    """A Unix time in UTC, as RFC 3339 spells it."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def render(report: Report) -> str:
    """The text of ``acceptance.json``."""
    return json.dumps({**report.as_dict(), "started": moment(report.started)}, indent=2, sort_keys=True) + "\n"
