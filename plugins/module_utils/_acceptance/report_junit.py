# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""A report as JUnit XML: for continuous integration."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET

from . import words
from .check import Status
from .report_json import moment

if t.TYPE_CHECKING:
    from .judge import Report, Result

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


def _clean(text: str) -> str:
    """Without characters that XML 1.0 cannot hold."""
    return _UNPRINTABLE.sub("?", text)


def _case(suite: ET.Element, result: Result) -> None:
    """One check as one test case; what was not due counts as skipped."""
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"acceptance.{result.id[:2]}",
        name=_clean(f"{result.id} {result.title}"),
        time=f"{result.seconds:.4f}",
    )
    tags = {Status.FAIL: "failure", Status.ERROR: "error", Status.SKIPPED: "skipped", Status.NOT_RUN: "skipped"}
    tag = tags.get(Status(result.status))
    if tag:
        element = ET.SubElement(case, tag, message=_clean(result.message))
        if tag != "skipped":
            element.set("type", result.severity)
            element.text = _clean(f"{result.message}\n\nExpected: {result.condition}\nSource: {result.source}")


def render(report: Report) -> str:
    """The text of ``acceptance.xml``. A run without a verdict is one test case, which is an error."""
    counts, unjudged = report.counts, report.status != words.JUDGED
    suite = ET.Element(
        "testsuite",
        name=_clean(f"acceptance of {report.node}" + (f" at stage {report.stage}" if report.stage else "")),
        hostname=_clean(report.node),
        timestamp=moment(report.started).rstrip("Z"),
        tests=str(len(report.results) + unjudged),
        failures=str(counts["fail"]),
        errors=str(counts["error"] + unjudged),
        skipped=str(counts["skipped"] + counts["not_run"]),
        time=f"{sum(result.seconds for result in report.results):.4f}",
    )
    for result in report.results:
        _case(suite, result)
    if unjudged:
        case = ET.SubElement(suite, "testcase", classname="acceptance", name=words.verdict(report))
        ET.SubElement(case, "error", message=_clean("; ".join(report.reasons)))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"
