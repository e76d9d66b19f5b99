# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether one appliance may be given up for good: that it is the one that is meant, and that nobody needs it.

What data says comes first, before anything is contacted. A site ends by its sheet (``operational: false``), which
people have reviewed. Only a node of a cluster that goes on is given up before its sheet says so: a sheet that does not
have it any more has no name for it either.
"""

from __future__ import annotations

import typing as t

from . import budget, effect

if t.TYPE_CHECKING:
    from .budget import Budget, Node
    from .effect import Row


class Candidate(t.NamedTuple):
    """The appliance that is to be given up, as its sheet has it."""

    name: str
    site: str
    operational: bool
    """Whether the sheet wants the site to serve at all."""
    function: str
    """``node`` or ``router``."""
    serial: str
    alike: tuple[str, ...]
    """In a cluster, the appliances of this function, itself too; empty for a single."""
    least: int
    """How many of these have to stay live (``budget.alike``)."""


def beforehand(nodes: t.Sequence[Candidate], serial: str, *, limited: bool) -> list[str]:
    """Everything that is wrong with the order before anybody is asked, in sentences; empty when it may go on.

    ``serial``: the serial number that the person has given; ``limited``: the run has a ``--limit``. The sheet's own
    number is never shown: who has to give it shall look at the machine's papers, not at this message.
    """
    if len(nodes) != 1 or not limited:
        names = ", ".join(node.name for node in nodes)
        return [f"one appliance is decommissioned in a run, and this one has {names}: name it with --limit"]
    (node,) = nodes
    return [*_another(node, serial), *_wanted(node)]


def _another(node: Candidate, serial: str) -> list[str]:
    """Why it may be another machine that is meant."""
    if not node.serial:
        return [f"{node.name} has no serial number in its sheet, so nobody can tell it from another: write `serial` in"]
    if not serial:
        return [
            f"imrs_confirm_serial is missing: give the serial number of {node.name}'s machine, as its papers have it"
        ]
    if serial.strip().lower() != node.serial.lower():
        return [f"imrs_confirm_serial is {serial}, and {node.name} has another serial number: see which one is meant"]
    return []


def _wanted(node: Candidate) -> t.Iterator[str]:
    """Why the data still needs it."""
    others, least = len(node.alike) - 1, max(1, node.least)
    if not node.operational:
        return
    if not node.alike:
        yield (
            f"the sheet of site {node.site} wants it to serve: write operational: false there, have that reviewed, and "
            "run again"
        )
    elif node.function == "router":
        yield (
            f"{node.name} is a router of cluster {node.site}, which goes on, and its nodes and sessions depend on it: "
            "a router is decommissioned only with its whole site (operational: false)"
        )
    elif others < least:
        yield (
            f"cluster {node.site} would have {others} node{'s' * (others != 1)}, and needs {least} (minimum_live): add "
            "another first, or end the site with operational: false"
        )


def refusals(nodes: t.Sequence[Node], limits: Budget, *, goes_on: bool) -> list[str]:
    """Why the fleet cannot spare the targeted one of ``nodes`` at the moment, from what the gates say.

    What it gives to the fleet until now is lost with it, whatever its sheet says. ``goes_on``: it is of a cluster that
    goes on, whose minimum no budget of a person's can lower, as this is for good.
    """
    found = budget.refusals(_rows(nodes, limits), limits)
    (node,) = [node for node in nodes if node.targeted]
    if goes_on and node.cluster and node.mode in (budget.LIVE, budget.NO_ANSWER):
        # The targeted one first, as it has the number that counts.
        alike = [node, *(other for other in nodes if other.cluster == node.cluster and not other.targeted)]
        found += budget.too_few(alike)
    return found


def words(nodes: t.Sequence[Node], limits: Budget, found: t.Sequence[str]) -> str:
    """The refusal: what, why, and what to do about it."""
    return "\n".join(
        [
            f"Nothing is changed: {'; '.join(found)}.",
            f"Not live already: {'; '.join(budget.not_live(nodes)) or 'none'}.",
            "Bring others live first (icann.imrs.live, icann.imrs.accept).",
            "Or say for this run how many may be not live: -e imrs_budget=N. A cluster's minimum stays.",
            *effect.table(_rows(nodes, limits), limits.floor),
        ]
    )


def _rows(nodes: t.Sequence[Node], limits: Budget) -> list[Row]:
    """What becomes of the fleet's prefixes: from now on the targeted one is to announce none."""
    ended = [node._replace(sheet=effect.NONE) if node.targeted else node for node in nodes]
    return effect.rows(budget.as_sheets_say(ended), limits.groupings)
