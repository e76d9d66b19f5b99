# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Results as plain text for a terminal of 110 columns."""

from __future__ import annotations

import textwrap
import typing as t

from . import words

if t.TYPE_CHECKING:
    from .judge import Report, Result

WIDTH = 110
TITLE = 44
LONGEST = 1000
"""Characters of what is told in several lines."""


def _short(text: str, width: int) -> str:
    """Text on one line, cut where it does not fit."""
    line = "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
    return line if len(line) <= width else line[: width - 3] + "..."


def _seen(result: Result) -> str:
    """The message, with who attests it."""
    return f"{result.by}, {result.message}" if result.by else result.message


def render(report: Report) -> str:
    """One line per check, then the sum and what users get."""
    lines = [f"{'id':<5} {'sev':<3} {'status':<7} {'title':<{TITLE}} message"]
    for result in report.results:
        if result.attestation and result.status == "skipped":
            continue  # told together, below
        head = f"{result.id:<5} {result.severity:<3} {result.status:<7} {_short(result.title, TITLE):<{TITLE}} "
        lines.append((head + _short(_seen(result), WIDTH - len(head))).rstrip())
    lines += [_short(f"session {placed.words}", WIDTH) for placed in report.sessions]
    for told in report.unproven:
        lines += textwrap.wrap(_short(told, LONGEST), WIDTH, subsequent_indent="  ")
    if report.unattested:
        told = f"not attested by anybody: {', '.join(report.unattested)}"
        lines += textwrap.wrap(told, WIDTH, subsequent_indent="  ")
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items() if count)
    if report.status != words.JUDGED:
        counts = "; ".join(report.reasons)
    lines.append(_short(f"{report.node}: {words.verdict(report)} ({counts or 'no check ran'})", WIDTH))
    for told in words.users(report):
        lines += textwrap.wrap(_short(told, LONGEST), WIDTH, subsequent_indent="  ")
    return "\n".join(lines)
