# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How many nodes may be not live at a time, and whether a run that takes nodes down stays within that.

| counts as not live | why |
|---|---|
| a node that says so of one of its families | |
| a node that gives no answer | it may be dead, and nobody is to find that out by taking down the next one |
| a node that this run is to take down | whether or not it gets there |
| a node that another run is about to take down | each run claims its nodes before it asks (``_gate/claims.py``) |

Counted are nodes that are to be live by their sheets: what is suspended, drained or onboarding there was taken out by
a review. A run whose nodes are all known to be not live takes nothing from anybody, and is allowed.

Who makes nodes unreachable for the controller can make a run be refused, and never make one be allowed; an emergency
asks nobody.
"""

from __future__ import annotations

import dataclasses
import typing as t

LIVE, CLAIMED, NO_ANSWER = "live", "claimed", ""


class Node(t.NamedTuple):
    """One node of the fleet, as its sheet and its gate have it."""

    name: str
    region: str
    cluster: str
    """The site of a cluster, or its routers (``alike``); empty for a single."""
    minimum_live: int
    """How many of these have to stay live."""
    wanted: bool
    """Whether it is to be live by its sheet."""
    targeted: bool
    """Whether the run is to take it down."""
    mode: str = NO_ANSWER
    """The lowest of its families' modes; ``CLAIMED``: live, and another run is about to take it down; ``NO_ANSWER``."""
    note: str = ""
    """By whom it was taken down, and why, or why it gave no answer."""


@dataclasses.dataclass(frozen=True)
class Budget:
    """At most ``nodes`` of the fleet not live, and ``region_percent`` of a region, but never less than one of it.

    Without ``region_percent``, regions and clusters are not looked at: that is what a person says for one run.
    """

    nodes: int
    region_percent: int | None = None


def parse(data: t.Any) -> Budget:
    """The fleet's budget, or a bare number for one run; ValueError says what is wrong with it."""
    if isinstance(data, t.Mapping):
        if set(data) != {"nodes", "region_percent"}:
            raise ValueError(f"imrs_budget has nodes and region_percent, not {', '.join(map(str, data)) or 'nothing'}")
        return Budget(_number(data["nodes"], "nodes"), _number(data["region_percent"], "region_percent"))
    return Budget(_number(data, "imrs_budget"))


def _number(value: t.Any, name: str) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{name} is a number, such as 5, not {value!r}")
    return int(text)


def alike(variables: t.Mapping[str, t.Any]) -> tuple[str, int, list[str]]:
    """Of which appliances so many have to stay live when this one goes: their name, the number, and they by name.

    ``variables``: the host variables of one appliance. A cluster's routers are counted by themselves: of several, one
    has to carry on. A single has nobody beside it.
    """
    cluster, site = variables.get("imrs_cluster") or {}, str(variables.get("imrs_site", ""))
    if not cluster:
        return "", 0, []
    if variables.get("imrs_function") == "router":
        routers = [str(name) for name in cluster["routers"]]
        return f"{site} (routers)", int(len(routers) > 1), routers
    return site, int(cluster.get("minimum_live", 0)), [str(name) for name in cluster.get("nodes", ())]


def refusals(nodes: t.Sequence[Node], budget: Budget) -> list[str]:
    """Why the run may not begin, in sentences with names and numbers; empty when it may."""
    wanted = [node for node in nodes if node.wanted]
    down = [node for node in wanted if node.targeted and node.mode in (LIVE, NO_ANSWER)]
    if not down:
        return []
    found = _too_many(wanted, budget.nodes, "the fleet", f"the budget is {budget.nodes}")
    if budget.region_percent is None:
        return found
    for region in sorted({node.region for node in down}):
        there = [node for node in wanted if node.region == region]
        most = max(1, len(there) * budget.region_percent // 100)
        found += _too_many(there, most, f"region {region}", f"the budget is {budget.region_percent} %, or {most}")
    for cluster in sorted({node.cluster for node in down} - {""}):
        found += too_few([node for node in nodes if node.cluster == cluster])
    return found


def too_few(cluster: t.Sequence[Node]) -> list[str]:
    """Why the nodes of a cluster that are not targeted are not enough to carry on; empty when they are."""
    stay = [node.name for node in cluster if node.mode == LIVE and not node.targeted]
    least = cluster[0].minimum_live
    if len(stay) >= least:
        return []
    names = ", ".join(stay) or "none"
    return [f"of cluster {cluster[0].cluster} only {names} would stay live, and {least} have to (minimum_live)"]


def _too_many(nodes: t.Sequence[Node], most: int, where: str, allowed: str) -> list[str]:
    gone = [node for node in nodes if node.targeted or node.mode != LIVE]
    if len(gone) <= most:
        return []
    return [f"{len(gone)} of {len(nodes)} nodes of {where} would not be live, and {allowed}"]


def not_live(nodes: t.Iterable[Node]) -> list[str]:
    """The nodes that the run does not take down and that are not live as they should be, each with what is known."""
    return [
        f"{node.name}: {node.mode or 'no answer'}" + (f", {node.note}" if node.note else "")
        for node in nodes
        if node.wanted and not node.targeted and node.mode != LIVE
    ]


def words(nodes: t.Sequence[Node], found: t.Sequence[str]) -> str:
    """The refusal: what, why, and what to do about it."""
    wanted = [node for node in nodes if node.wanted]
    would = sum(node.targeted or node.mode != LIVE for node in wanted)
    already = not_live(nodes)
    lines = [
        f"Nothing is changed: {'; '.join(found)}.",
        f"To be taken down: {', '.join(node.name for node in nodes if node.targeted)}.",
        f"Not live already: {'; '.join(already) or 'none'}.",
        "Take fewer nodes (--limit), or bring others back first (icann.imrs.live, icann.imrs.accept).",
        f"To do it all the same: -e imrs_budget={would}.",
        "For what does harm now, without a question to any other node: -e imrs_emergency=true.",
    ]
    return "\n".join(lines)
