# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The latest acceptance of a node, from its ``acceptance.json``, in words for the host."""

from __future__ import annotations

import typing as t

from .._acceptance import words as verdicts
from . import sheet_words as words
from .language import Translator, msg
from .withheld import PUBLIC

if t.TYPE_CHECKING:
    from .._site.contract import NodeRecord
    from .proven import Report

COUNTS = {
    "skipped": msg("%(number)s skipped"),
    "not_run": msg("%(number)s not due yet"),
}


def summary(node: NodeRecord, report: Report | None, tr: Translator) -> dict[str, t.Any]:
    """What to print of one node; ``report`` is the content of its ``acceptance.json``, or None without one.

    ``tone`` is ``good``, ``bad`` or ``none``. Unknown or missing keys of the report are taken as not said.
    """
    base = {"node": node["node"], "node_name": node["node_name"]}
    if report is None:
        return {**base, "judged": False, "tone": "none", "verdict": tr("Not tested yet"), "summary": "", "failed": []}
    if report.get("status", verdicts.JUDGED) != verdicts.JUDGED:  # reports of earlier versions have no status
        reached = report.get("status") != verdicts.NOT_REACHED
        verdict = tr("Not judged by the latest run") if reached else tr("Not reached by the latest run")
        return {**base, "judged": False, "tone": "bad", "verdict": verdict, "summary": "", "failed": []}
    counts = report.get("counts") or {}
    judged = sum(counts.get(status, 0) for status in ("pass", "fail", "error"))
    passed = tr(
        "%(passed)s of %(judged)s checks passed", passed=tr.number(counts.get("pass", 0)), judged=tr.number(judged)
    )
    others = [tr(COUNTS[status], number=tr.number(counts[status])) for status in COUNTS if counts.get(status)]
    accepted, stage = report.get("certifiable") is True, str(report.get("stage"))
    stage = tr(words.MODE_TITLES[stage]) if stage in words.MODE_TITLES else tr("unknown")
    return {
        **base,
        "judged": True,
        "tone": "good" if accepted else "bad",
        "verdict": (
            tr("Accepted for stage %(stage)s", stage=stage)
            if accepted
            else tr("Not accepted for stage %(stage)s", stage=stage)
        ),
        "summary": ", ".join([passed if judged else tr("No check was judged"), *others]),
        "when": _moment(str(report.get("started") or "")),
        "serial": report.get("serial"),
        "software": ", ".join(f"{name} {version}" for name, version in sorted((report.get("versions") or {}).items())),
        "failed": [
            _failed(result, tr) for result in report.get("results") or [] if result.get("status") in {"fail", "error"}
        ],
        "reasons": [] if accepted else [PUBLIC.text(reason) for reason in report.get("reasons") or []],
    }


def _failed(result: Report, tr: Translator) -> dict[str, str]:
    """One check that did not pass."""
    kind = tr("failed") if result.get("status") == "fail" else tr("could not be judged")
    warning = result.get("severity") == "W"
    return {
        "check": str(result.get("id", "")),
        "title": str(result.get("title", "")),
        "message": PUBLIC.text(result.get("message", "")),
        "kind": tr("%(kind)s (a warning, which does not stop the node)", kind=kind) if warning else kind,
    }


def _moment(text: str) -> str:
    """``2026-11-21 06:40 UTC`` of ``2026-11-21T06:40:46Z``; anything else as it is."""
    date, separator, time = text.partition("T")
    return f"{date} {time[:5]} UTC" if separator and text.endswith("Z") else text
