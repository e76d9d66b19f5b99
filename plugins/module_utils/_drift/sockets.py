# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Who listens: the rule is acceptance's own (HD-01), asked for one socket at a time."""

from __future__ import annotations

import typing as t

from .._acceptance.check import Status
from .._acceptance.checks.host import listeners
from .._acceptance.evidence import Evidence
from .._routing.policy import Mode
from .finding import Finding, unread

if t.TYPE_CHECKING:
    from .._acceptance.expected import Expected


def _told(rows: t.Sequence[t.Mapping[str, t.Any]], expected: Expected) -> str:
    """What HD-01 says against these sockets; nothing when all is well."""
    evidence = Evidence(Mode.DARK, expected, {"node": {"host": {"sockets": rows}}})
    verdict = listeners.judge(evidence, expected)
    return "" if verdict.status == Status.PASS else verdict.message


def compare(evidence: t.Mapping[str, t.Any], expected: Expected) -> list[Finding]:
    """Sockets that nobody expects, and service addresses on which nobody answers."""
    rows = evidence["sockets"]
    if not rows:
        return [unread("listening sockets", "ss said nothing")]
    findings, good = [], []
    for row in rows:
        place = f"{row['protocol']} {row['address']} port {row['port']}"
        who = row["process"].partition(":")[0] or "something"
        if f"{who} on {place}" in _told([row], expected):
            findings.append(
                Finding(
                    "socket",
                    place,
                    "nobody listens",
                    f"{row['process'] or 'a process without a name'} listens",
                    "stop it",
                )
            )
        else:
            good.append(row)
    missing = _told(good or [{"protocol": "tcp", "address": "127.0.0.1", "port": 0, "process": ""}], expected)
    if missing:
        findings.append(Finding("socket", "service addresses", "the nameserver listens on each", missing))
    return findings
