# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The catalogue of checks as Markdown, for engineers: ``docs/checks.md``. Made from the checks themselves."""

from __future__ import annotations

import itertools
import typing as t

from .attested import ATTESTATIONS
from .check import EVERY_STAGE
from .report_markdown import cell
from .words import SUBJECTS

if t.TYPE_CHECKING:
    from .attested import Attestation
    from .check import Check

BEGIN = """\
# The acceptance checks

Generated from `plugins/module_utils/_acceptance/checks/` by `make pages`; do not edit. How a run uses them is in
[architecture.md](architecture.md), how to add one in [CONTRIBUTING.md](../CONTRIBUTING.md).

- **Severity** F: the node must not announce while the check fails. W: a warning; somebody should look.
  `raised_checks` of `fleet.yml` makes a warning F for a whole fleet.
- **Harm**: a failure takes a live node dark, because it hurts those who ask it or route to it. Without harm, a failure
  keeps a node from going up and never takes it down.
- **Stages**: what is announced while the check is judged: `dark` nothing, `drained` the covering prefixes, `live` all.
- **Seen from**: whose evidence the check cannot do without: the node, the vantage on the host's side, the host's
  router (`router`), or what lies on the `controller`. Without it the check is skipped. Many checks of the node also
  judge what the other two saw; where they would prove less without it, it stands in brackets, and a report says which
  checks it was missing for, and why.
- **Of**: which appliances it judges: nodes, or a cluster's own routers.
- **Source**: the standard or document that demands it. *requirements* is the list that the project started from; the
  ids of the checks are the ids of that list.
"""


def _row(check: Check) -> str:
    """One check as a row of its group's table."""
    stages = "all" if check.stages == EVERY_STAGE else ", ".join(map(str, check.stages))
    values = (
        f"{check.id} {check.title}",
        check.condition,
        check.severity,
        "yes" if check.harm else "",
        stages,
        ", ".join([*check.scopes, *(f"({scope})" for scope in check.also)]),
        ", ".join(f"{function}s" for function in check.functions),
        check.source,
    )
    return f"| {' | '.join(cell(value) for value in values)} |"


ATTESTED = """\

## What people attest

Acceptance cannot run these. Somebody does them, and writes into the site's sheet what was done
([sheet.md](sheet.md), `attestations`). Of those that `icann.imrs.drill` ([drills.md](drills.md)) and
`icann.imrs.load` ([load.md](load.md)) try, reports tell what came of it, without anybody's word. Reports name what
nobody has attested, as a warning. What `required_attestations` of `fleet.yml` names keeps a node from going up whose
sheet wants it live, whatever its severity; a node that is live already stays so. None does harm. *Severity* is that of
the requirement.

| attestation | what is attested | severity | of | source |
|---|---|---|---|---|
"""


def _attested(each: Attestation) -> str:
    """One attestation as a row of their table."""
    of = ", ".join(f"{function}s" for function in each.functions)
    values = (f"{each.id} {each.title}", each.condition, each.severity, of, each.source)
    return f"| {' | '.join(cell(value) for value in values)} |"


def render(checks: t.Sequence[Check], attestations: t.Sequence[Attestation] = ATTESTATIONS) -> str:
    """The text of ``docs/checks.md``: a table for each group, in the order of ``checks`` (sorted by group), and one of
    what people attest.
    """
    counts = f"{len(checks)} checks: {sum(check.severity == 'F' for check in checks)} of severity F, of these "
    counts += f"{sum(check.harm for check in checks)} with harm."
    lines = [BEGIN, counts]
    for group, members in itertools.groupby(checks, key=lambda check: check.id[:2]):
        lines += ["", f"## {SUBJECTS[group]} ({group})", ""]
        lines += [
            "| check | passes when | severity | harm | stages | seen from | of | source |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += map(_row, members)
    rows = [_attested(each) for each in attestations]
    return "\n".join(lines) + "\n" + ATTESTED + "\n".join(rows) + "\n"
