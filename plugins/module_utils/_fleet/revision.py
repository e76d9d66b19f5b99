# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What another revision of the sheets does to a fleet, by the sheets alone: nobody is contacted.

It is held against the budget of both revisions, so that none can lower the floor and use that at once, and what it
takes away counts from the older one's sheets. A node that only the newer one has live is not live yet: one revision
brings it up, and the next may take down another one for it.
"""

from __future__ import annotations

import typing as t

from . import budget, effect

if t.TYPE_CHECKING:
    from .effect import Row

Hosts = t.Mapping[str, t.Mapping[str, t.Any]]
"""Host variables by node (docs/architecture.md)."""
REMEDY = "take the nodes away in several revisions, or bring others up in one before"
ACCEPT = 'accept it by an entry of accepted_risks in fleet.yml with risk: fewer_nodes, what: "{what}" and a reason'
NOT_THERE = "not there"


class Effect(t.NamedTuple):
    """What comes of it."""

    text: str
    """For a change ticket, as Markdown, ending in a newline."""
    refusals: list[str]
    """Why the revision may not be; empty when it may."""


def judge(before: Hosts, after: Hosts) -> Effect:
    """What becomes of the fleets of an inventory when these host variables become those."""
    fleets = sorted({_fleet(variables) for hosts in (before, after) for variables in hosts.values()})
    found = [_judge(_of(before, fleet), _of(after, fleet)) for fleet in fleets]
    return Effect("\n".join(each.text for each in found), [refusal for each in found for refusal in each.refusals])


def _fleet(variables: t.Mapping[str, t.Any]) -> str:
    return str(variables.get("imrs_fleet", ""))


def _of(hosts: Hosts, fleet: str) -> Hosts:
    return {name: variables for name, variables in hosts.items() if _fleet(variables) == fleet}


def _judge(before: Hosts, after: Hosts) -> Effect:
    try:
        limits = _limits(before, after)
    except ValueError as error:
        return Effect(f"The budget of these sheets is not understood: {error}.\n", [str(error)])
    rows = effect.rows(effect.of_revisions(before, after), limits.groupings)
    if not any(row.lost or row.new for row in rows):
        return Effect("As many nodes announce each prefix as before.\n", [])
    blocks = [
        "# How many nodes announce each prefix by the sheets",
        "\n".join(["```", *effect.table(rows, limits.floor), "```"]),
        "\n".join(_moves(before, after)),
    ]
    blocks += [
        f"Accepted: {each.grouping} {each.group} may be left with {each.least} nodes: {each.reason}."
        for each in limits.accepted
    ]
    refusals = [f"{said}: {_remedy(row, rows)}" for row, said in budget.judged(rows, limits)]
    blocks += [f"Refused: {refusal}." for refusal in refusals]
    return Effect("\n\n".join(blocks) + "\n", refusals)


def _limits(before: Hosts, after: Hosts) -> budget.Budget:
    """Those of both revisions; what the newer one accepts counts for both.

    Former versions of the collection had another kind of budget: that of an older revision is left out then.
    """
    new = budget.parse(*_said(after)) if after else budget.Budget(())
    try:
        old = budget.parse(_said(before)[0]) if before else budget.Budget(())
    except ValueError:
        old = budget.Budget(())
    return budget.Budget(tuple(dict.fromkeys((*new.limits, *old.limits))), accepted=new.accepted)


def _said(hosts: Hosts) -> tuple[t.Any, t.Any]:
    """Budget and accepted losses: every host of a fleet has the same."""
    variables = next(iter(hosts.values()))
    return variables.get("imrs_budget"), variables.get("imrs_accepted_losses") or ()


def _moves(before: Hosts, after: Hosts) -> t.Iterator[str]:
    """A line for each node that announces something else, or from another group."""
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if "router" in {(each or {}).get("imrs_function") for each in (old, new)}:
            continue
        was, is_ = (NOT_THERE if each is None else str(each.get("imrs_mode", "live")) for each in (old, new))
        places = [effect.groups(each) for each in (old, new) if each is not None]
        moved = [
            f"{places[0].get(grouping) or 'none'} -> {places[-1].get(grouping) or 'none'}"
            for grouping in effect.GROUPINGS
            if places[0].get(grouping) != places[-1].get(grouping)
        ]
        if was != is_ or (old and new and effect.by_sheet(old) != effect.by_sheet(new)):
            yield f"- {name}: {was} -> {is_}" + (f" ({', '.join(moved)})" if moved else "")
        elif moved:
            yield f"- {name}: {', '.join(moved)}"


def _remedy(refused: Row, rows: t.Iterable[Row]) -> str:
    """What to do about a group. A loss is accepted by the number of live nodes that is left, where none begins."""
    live = effect.of_mode(budget.LIVE) - effect.of_mode("drained")
    group = [row for row in rows if (row.grouping, row.group) == (refused.grouping, refused.group)]
    if any(row.new for row in group):
        return REMEDY
    left = min((len(row.after) for row in group if live.intersection(row.prefixes)), default=0)
    return f"{REMEDY}, or {ACCEPT.format(what=f'{refused.grouping}/{refused.group}/{left}')}"
