# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is kept of a node's drills, and what people read of them. Pure.

The file ``drill.json`` is beside the node's acceptance reports, which tell of it (``_acceptance.attested``).
"""

from __future__ import annotations

import textwrap
import typing as t

if t.TYPE_CHECKING:
    from .judge import Result

FORMAT = 1
NAME = "drill.json"
BY = "icann.imrs.drill"
_WIDTH = 110


def document(
    node: str, when: str, by: str, fingerprint: str, results: t.Iterable[Result], faults: t.Iterable[Result]
) -> dict[str, t.Any]:
    """The file's content.

    ``when``: the end, in UTC, as ISO 8601; ``by``: who ran it; ``fingerprint``: of the configuration that was drilled.
    """
    return {
        "format": FORMAT,
        "node": node,
        "when": when,
        "by": by,
        "fingerprint": fingerprint,
        "results": [{"id": each.name, "status": each.status, "message": each.message} for each in results],
        "faults": [{"fault": each.name, "status": each.status, "message": each.message} for each in faults],
    }


def table(found: t.Mapping[str, t.Any]) -> str:
    """For a terminal of 110 columns: a line for each fault, and one for all."""
    lines = [f"{found['node']}: drills of {found['when']}"]
    for each in found["faults"]:
        head = f"  {each['status']:<8}"
        lines += textwrap.wrap(each["message"], _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
    bad = [each["id"] for each in found["results"] if each["status"] != "pass"]
    good = [each["id"] for each in found["results"] if each["status"] == "pass"]
    lines.append(f"  passed: {', '.join(good) or 'none'}" + (f"; not passed: {', '.join(bad)}" if bad else ""))
    return "\n".join(lines)


def attestations(found: t.Mapping[str, t.Any], machine: str) -> str:
    """Lines for the sheet of the site, as YAML, that attest what has passed; empty where nothing has.

    ``machine``: its name in the inventory.
    """
    lines = []
    for each in found["results"]:
        if each["status"] == "pass":
            what = each["message"].replace("'", "''")
            start = f"  - {{check: {each['id']}, node: {machine}, by: {BY}, date: '{found['when'][:10]}'"
            lines.append(f"{start}, what: '{what}'}}")
    return "\n".join(["attestations:", *lines]) if lines else ""
