# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""All subjects of one node, and how the findings are told."""

from __future__ import annotations

import datetime
import functools
import json
import textwrap
import typing as t
from dataclasses import dataclass

from .._acceptance.expected import Expected
from . import bird, files, frr, knot, nftables, nsd, packages, services, sockets, sysctls
from .finding import KINDS, Finding, unread
from .intent import Intent

FORMAT = 1
"""Version of the shape of evidence; any other is refused."""

WIDTH = 110
DEFAULTS = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}

_DAEMONS: dict[str, t.Callable[..., list[Finding]]] = {
    "bird": bird.compare,
    "frr": frr.compare,
    "knot": knot.compare,
    "nsd": nsd.compare,
}
"""What compares a daemon as it runs: from the intent, the evidence and all prefixes that may ever leave this node. A
routing daemon also gets what a router may tell its nodes, by the names of their sessions.
"""


@dataclass(frozen=True)
class Report:
    """What was found on one node, and when (Unix time)."""

    node: str
    collected_at: float
    findings: tuple[Finding, ...]
    keys: tuple[dict[str, t.Any], ...] = ()
    """Of each kind of keys its ``kind``, ``rolled``, ``roll_by`` and ``days`` until then, negative afterwards; None
    where the sheet has no day. Told, and no finding: nothing is as it was not rendered because a day has passed.
    """

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {kind: sum(one.kind == kind for one in self.findings) for kind in KINDS}


def compare(
    raw: t.Mapping[str, t.Any],
    evidence: t.Mapping[str, t.Any],
    expected: t.Mapping[str, t.Any],
    known: t.Sequence[str] = (),
    keys: t.Sequence[t.Mapping[str, t.Any]] = (),
) -> Report:
    """Intent (``Intent.to_wire``) against the evidence of the node that ``expected`` describes, as in acceptance.

    ``known``: patterns of paths that are no finding when they lie in our directories. ``keys``: ``imrs_keys``.

    Raises ValueError when the evidence is of another node or format.
    """
    intent, should = Intent.from_wire(raw), Expected.parse(expected)
    if evidence.get("format") != FORMAT:
        raise ValueError(f"evidence has format {evidence.get('format')!r}, not {FORMAT}; collect it again")
    if evidence.get("node") != should.node_name:
        raise ValueError(f"evidence is of {evidence.get('node')}, not of {should.node_name}; collect it there")
    ours = {prefix for family in should.prefixes for prefix in should.ours(family)}
    inwards = {member.name: DEFAULTS[member.family] for member in should.members}
    subjects: list[tuple[str, t.Callable[[], list[Finding]]]] = [
        ("files", lambda: files.compare(intent, evidence, known)),
        ("packages", lambda: packages.compare(intent, evidence)),
        ("services", lambda: services.compare(intent, evidence)),
        ("sysctls", lambda: sysctls.compare(intent, evidence)),
        ("nftables", lambda: nftables.compare(evidence)),
        ("listening sockets", lambda: sockets.compare(evidence, should)),
        (should.routing.title, functools.partial(_DAEMONS[should.routing.name], intent, evidence, ours, inwards)),
        *(
            (product.title, functools.partial(_DAEMONS[product.name], intent, evidence, ours))
            for product in filter(None, [should.nameserver])
        ),
    ]
    findings = []
    for name, judge in subjects:
        try:
            findings += judge()
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            findings.append(unread(name, f"not as described: {type(error).__name__} {error}"))
    findings.sort(key=lambda one: (KINDS.index(one.kind), one.subject))
    at = float(evidence["collected_at"])
    return Report(should.node_name, at, tuple(findings), tuple(_key(each, at) for each in keys))


def _key(key: t.Mapping[str, t.Any], at: float) -> dict[str, t.Any]:
    day, until = datetime.datetime.fromtimestamp(at, datetime.UTC).date(), key["roll_by"]
    left = (datetime.date.fromisoformat(until) - day).days if until else None
    return {"kind": key["kind"], "rolled": key["rolled"], "roll_by": until, "days": left}


def _lifetime(key: t.Mapping[str, t.Any]) -> str:
    """For people: in a line."""
    if key["days"] is None:
        return f"{'key':<11}{key['kind']}: the sheet does not say since when (rolled)"
    late = f"OVERDUE by {-key['days']} days" if key["days"] < 0 else f"in {key['days']} days"
    return f"{'key':<11}{key['kind']}: in use since {key['rolled']}, to be rolled by {key['roll_by']}: {late}"


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(report: Report) -> str:
    """The text of ``drift.json``: for programs."""
    value = {
        "format": FORMAT,
        "node": report.node,
        "collected": _moment(report.collected_at),
        "drift": bool(report.findings),
        "counts": report.counts,
        "findings": [finding.as_dict() for finding in report.findings],
        "keys": list(report.keys),
    }
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))


def table(report: Report) -> str:
    """For a terminal of 110 columns: each finding with what was found, expected, and what to do."""
    lines = []
    for finding in report.findings:
        lines.append(f"{finding.kind:<11}{_clean(finding.subject)}"[:WIDTH])
        for label, text in (("found", finding.found), ("expected", finding.expected), ("remedy", finding.remedy)):
            lines += textwrap.wrap(
                _clean(text),
                WIDTH,
                initial_indent=f"{'':<11}{label:<10}",
                subsequent_indent=" " * 21,
                max_lines=3,
                placeholder=" ...",
            )
    lines += [_lifetime(key) for key in report.keys]
    told = ", ".join(f"{count} {kind}" for kind, count in report.counts.items() if count)
    number = len(report.findings)
    summary = f"{number} difference{'s' if number > 1 else ''} ({told})" if number else "as intended"
    return "\n".join([*lines, f"{report.node}: {summary}"])
