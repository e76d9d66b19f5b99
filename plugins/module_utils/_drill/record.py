# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What is kept of a node's drills, and what people read of them. Pure.

The file ``drill.json`` is beside the node's acceptance reports, which tell of it (``_acceptance.attested``).
"""

from __future__ import annotations

import textwrap
import typing as t

from .judge import Result

if t.TYPE_CHECKING:
    from .faults import Fault

BY = "icann.imrs.drill"
_WIDTH = 110


def document(about: t.Mapping[str, t.Any], results: t.Iterable[Result], faults: t.Iterable[Result]) -> dict[str, t.Any]:
    """The file's content. ``about``: node and time, as every record has them (``plugin_utils.records``)."""
    return {
        **about,
        "results": [{"id": each.name, "status": each.status, "message": each.message} for each in results],
        "faults": [{"fault": each.name, "status": each.status, "message": each.message} for each in faults],
    }


def begun(about: t.Mapping[str, t.Any], faults: t.Iterable[Fault]) -> dict[str, t.Any]:
    """What is there until the drill has ended, in place of an older record; it stays when the run is killed."""
    told = "the drill was begun, and has not come to its end"
    idents = sorted({ident for fault in faults for ident in fault.ids})
    return document(about, [Result(ident, "error", told) for ident in idents], [])


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
