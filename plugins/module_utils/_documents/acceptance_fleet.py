# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The latest acceptance of every node of a fleet, for engineers: a page's data. Pure; the time is given.

No node is left out: one without a report, or with one that cannot be read, is named as that, before the good ones.
"""

from __future__ import annotations

import datetime
import json
import typing as t

from .._acceptance import report_json, words
from . import sheet_words

Document = t.Mapping[str, t.Any]
Page = dict[str, t.Any]

_NEEDED: dict[str, type] = {
    **dict.fromkeys(("status", "stage", "verdict", "started"), str),
    **dict.fromkeys(("results", "changes", "users"), list),
    "certifiable": bool,
}
KINDS = {
    "bad": "not accepted, or without a verdict",
    "missing": "without a report that can be read",
    "warn": "accepted with warnings, or for less than the sheet wants",
    "good": "accepted",
    "none": "not to serve",
}
"""Of rows, in the order in which they are listed."""
SERVING = ("dark", "drained", "live")
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


class Node(t.NamedTuple):
    """One node of the inventory."""

    name: str
    state: str
    """Where its site stands in its life."""
    mode: str
    """What its sheet wants to be announced."""


def read(text: str) -> Document:
    """The content of ``acceptance.json``, as far as it is needed here; ValueError that says what is wrong with it."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"is not JSON ({error})") from None
    found = found if isinstance(found, dict) else {}
    if found.get("format") != report_json.FORMAT:
        raise ValueError(f"has format {found.get('format')!r}, not {report_json.FORMAT}: judge the node again")
    wrong = [key for key, kind in _NEEDED.items() if not isinstance(found.get(key), kind)]
    wrong += [] if wrong or all(isinstance(each, dict) for each in found["results"]) else ["results"]
    if wrong:
        raise ValueError(f"is no report: {', '.join(wrong)} missing or wrong")
    _seconds(found["started"])
    return found


def page(
    fleet: str,
    nodes: t.Sequence[Node],
    reports: t.Mapping[str, Document | str],
    strangers: t.Iterable[str],
    now: float,
) -> Page:
    """Data of the page. ``reports`` by node: the content, or what is wrong with the file; a node without one has none.

    ``strangers``: names of folders with reports of nodes that the inventory does not have. ``now``: Unix time.
    """
    order = list(KINDS)
    rows = [_row(node, reports.get(node.name), now) for node in nodes]
    rows.sort(key=lambda row: (order.index(row["kind"]), row["node"]))
    return {
        "title": f"Acceptance of the fleet {fleet}",
        "when": _moment(now),
        "total": sheet_words.counted(len(rows), "node"),
        "counts": [
            {"kind": kind, "title": title, "number": sum(row["kind"] == kind for row in rows)}
            for kind, title in KINDS.items()
        ],
        "rows": rows,
        "strangers": sorted(strangers),
    }


def _row(node: Node, report: Document | str | None, now: float) -> Page:
    """One node."""
    row = {"node": node.name, "state": node.state, "stage": "", "when": "", "age": "", "failed": "", "warned": ""}
    row |= {"users": "", "change": "", "href": ""}
    if report is None or isinstance(report, str):
        # Until a node is to serve, nobody has judged it.
        kind = "missing" if report is not None or node.state in SERVING else "none"
        return {**row, "kind": kind, "verdict": f"Its report {report}" if report else "No report"}
    bad = [each for each in report["results"] if each.get("status") in {"fail", "error"}]
    warned = sum(each.get("severity") == "W" for each in bad)
    judged = report["status"] == words.JUDGED
    return {
        **row,
        "kind": _kind(node, report, warned),
        "verdict": report["verdict"],
        "stage": report["stage"],
        "when": _moment(_seconds(report["started"])),
        "age": _age(now - _seconds(report["started"])),
        "failed": str(len(bad) - warned) if judged else "",
        "warned": str(warned) if judged else "",
        "users": "" if report["certifiable"] else " ".join(map(str, report["users"])),
        "change": " ".join(map(str, report["changes"][judged:])),
        "href": f"{node.name}/acceptance.html",
    }


def _kind(node: Node, report: Document, warned: int) -> str:
    """How well a node is, as ``KINDS`` has it."""
    if node.state not in SERVING:
        return "none"
    if not report["certifiable"]:
        return "bad"
    return "warn" if warned or report["stage"] != node.mode else "good"


def _seconds(moment: str) -> float:
    """Unix time; ValueError when it is none as ``report_json.moment`` writes it."""
    try:
        return datetime.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        raise ValueError("is no report: started is no time") from None


def _moment(seconds: float) -> str:
    text = report_json.moment(seconds)
    return f"{text[:10]} {text[11:16]} UTC"


def _age(seconds: float) -> str:
    """``3 days``, ``1 hour``; by the controller's clock, which may be behind that of the node."""
    for unit, length in _UNITS:
        if seconds >= length:
            return sheet_words.counted(int(seconds // length), unit)
    return "less than a minute"
