# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A report as Markdown: for the host, who need not be a DNS engineer. The verdict comes first."""

from __future__ import annotations

import typing as t

from .report_json import moment
from .standing import Standing

if t.TYPE_CHECKING:
    from .judge import Report, Result
    from .standing import Placed

SUBJECTS = {
    "HW": "Hardware",
    "OS": "Software",
    "TM": "Clock",
    "HD": "Hardening",
    "DN": "Answers to DNS questions",
    "ZI": "The root zone on this node",
    "BG": "Routing sessions with your network",
    "CL": "The cluster behind this router",
    "AR": "Anycast addresses",
    "PR": "Seen from your side",
    "MM": "Monitoring and measurement",
    "OB": "Access and people",
}
WORDS = {"pass": "passed", "fail": "FAILED", "error": "NOT JUDGED", "skipped": "skipped", "not_run": "not due yet"}
STAGES = {
    "dark": "Nothing is announced to your network yet.",
    "drained": "The covering prefixes are announced; the node attracts almost no traffic.",
    "live": "All prefixes are announced; the node takes its share of the traffic.",
}


def cell(text: str) -> str:
    """Text that cannot break out of a table, nor become a link or a picture."""
    for character in "\\`*_[]<>|":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _standing(placed: Placed) -> str:
    """Where a session stands, in words."""
    words = {
        Standing.CERTIFIED: "certified",
        Standing.READY: "established; nothing is announced over it yet",
        Standing.WAITING: "degraded; nothing is announced over it until it is there and has been tested",
    }
    return cell(words[placed.standing] + (f": {placed.why}" if placed.why else ""))


def _headline(report: Report) -> list[str]:
    """What everybody reads."""
    counts = report.counts
    judged = counts["pass"] + counts["fail"] + counts["error"]
    if report.certifiable:
        return [f"**Accepted for stage {report.stage}.** {counts['pass']} of {judged} checks passed."]
    lines = [
        f"**Not accepted for stage {report.stage}.** {counts['pass']} of {judged} checks passed.",
        "",
        "Because:",
        "",
    ]
    return lines + [f"- {cell(reason)}" for reason in report.reasons]


def _table(results: t.Sequence[Result]) -> list[str]:
    """The checks of one subject."""
    rows = ["| Check | Result | What was seen |", "|---|---|---|"]
    for result in results:
        seen = f"{result.message} (waived: {result.waiver})" if result.waiver else result.message
        seen += " (this fleet takes it for severity F)" if result.raised else ""
        rows.append(f"| {result.id} {cell(result.title)} | {WORDS[result.status]} | {cell(seen)} |")
    return rows


def render(report: Report) -> str:
    """The text of ``acceptance.md``."""
    lines = [f"# Acceptance of {cell(report.node)}", "", *_headline(report), "", STAGES[report.stage], ""]
    facts = {
        "Tested": moment(report.started) if report.started else "never",
        "Seen from": ", ".join(report.scopes) or "nowhere",
        "Root zone serial": str(report.serial or "unknown"),
        "Software": ", ".join(f"{name} {version}" for name, version in report.versions.items()) or "unknown",
        "Configuration": report.fingerprint or "not given",
    }
    lines += ["| | |", "|---|---|", *(f"| {name} | {cell(value)} |" for name, value in facts.items()), ""]
    if report.unproven:
        lines += ["## Not proven", "", *(f"- {cell(each)}" for each in report.unproven), ""]
    if report.unattested:
        lines += ["## Not attested", "", f"Nobody has said yet that this was done: {', '.join(report.unattested)}.", ""]
    for group, subject in SUBJECTS.items():
        results = [result for result in report.results if result.id.startswith(group)]
        if results:
            lines += [f"## {subject}", "", *_table(results), ""]
    if report.sessions:
        rows = [
            f"| {cell(each.peer.name)} | {cell(each.peer.address)} | {_standing(each)} |" for each in report.sessions
        ]
        lines += ["## Sessions", "", "| Session | With | Standing |", "|---|---|---|", *rows, ""]
    warned = [result for result in report.results if result.severity == "W" and result.status in {"fail", "error"}]
    if warned:
        lines += [f"{len(warned)} of the checks that did not pass are warnings: they do not stop the node.", ""]
    return "\n".join(lines)
