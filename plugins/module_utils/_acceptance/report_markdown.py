# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A report as Markdown, for engineers: with every address. The verdict comes first; the host reads the HTML."""

from __future__ import annotations

import typing as t

from . import since, words
from .report_json import moment

if t.TYPE_CHECKING:
    from .judge import Report, Result


def cell(text: str) -> str:
    """Text that cannot break out of a table, nor become a link or a picture."""
    for character in "\\`*_[]<>|":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _headline(report: Report) -> list[str]:
    """What everybody reads."""
    summary = f" {words.checks(report)}." if report.status == words.JUDGED else ""
    lines = [f"**{words.verdict(report)}.**{summary}", "", "What users get:", ""]
    lines += [f"- {cell(sentence)}" for sentence in words.users(report)]
    if report.reasons:
        lines += ["", "Because:", "", *(f"- {cell(reason)}" for reason in report.reasons)]
    return [*lines, "", follows, ""] if (follows := words.follows(report)) else [*lines, ""]


def _table(results: t.Sequence[Result]) -> list[str]:
    """The checks of one subject."""
    rows = ["| Check | Result | What was seen |", "|---|---|---|"]
    for result in results:
        seen = f"{result.message} (waived: {result.waiver})" if result.waiver else result.message
        seen += " (this fleet takes it for severity F)" if result.raised else ""
        rows.append(f"| {result.id} {cell(result.title)} | {words.RESULTS[result.status]} | {cell(seen)} |")
    return rows


def render(report: Report) -> str:
    """The text of ``acceptance.md``."""
    lines = [f"# Acceptance of {cell(report.node)}", "", *_headline(report)]
    facts = {
        "Tested": moment(report.started) if report.started else "never",
        "Seen from": ", ".join(report.scopes) or "nowhere",
        "Root zone serial": str(report.serial or "unknown"),
        "Software": ", ".join(f"{name} {version}" for name, version in report.versions.items()) or "unknown",
        "Configuration": report.fingerprint or "not given",
    }
    if report.status != words.JUDGED:
        facts = {"Tried": facts["Tested"]}
    lines += ["| | |", "|---|---|", *(f"| {name} | {cell(value)} |" for name, value in facts.items()), ""]
    if changes := since.sentences(report.since, judged=report.status == words.JUDGED):
        lines += ["## What has changed", "", *(f"- {cell(each)}" for each in changes), ""]
    if report.unproven:
        lines += ["## Not proven", "", *(f"- {cell(each)}" for each in report.unproven), ""]
    if report.unattested:
        lines += ["## Not attested", "", f"Nobody has said yet that this was done: {', '.join(report.unattested)}.", ""]
    for group, subject in words.SUBJECTS.items():
        results = [result for result in report.results if result.id.startswith(group)]
        if results:
            lines += [f"## {subject}", "", *_table(results), ""]
    if report.sessions:
        rows = [
            f"| {cell(each.peer.name)} | {cell(each.peer.address)} | {cell(words.standing(each.standing, each.why))} |"
            for each in report.sessions
        ]
        lines += ["## Sessions", "", "| Session | With | Standing |", "|---|---|---|", *rows, ""]
    if report.warned:
        verb = "is a warning" if len(report.warned) == 1 else "are warnings"
        lines += [f"{len(report.warned)} of the checks that did not pass {verb}: no warning stops the node.", ""]
    return "\n".join(lines)
