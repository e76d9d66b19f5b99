# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which nodes are upgraded together. Pure.

| wave | nodes |
|---|---|
| the first | one, so that what is wrong with every node is met by one |
| each other | as many as the fleet can spare, never two of one site, and never more than was said |

The fleet can spare what its budget allows (``_fleet/budget.py``), beside those that announce nothing already. A plan
holds as long as the fleet is as it was: each wave is asked for anew before it goes dark.

Who makes nodes look unavailable can make waves smaller, down to a node at a time, and can have nodes left out, by name;
nobody can have more taken down so.
"""

from __future__ import annotations

import typing as t

from .._fleet import budget, effect

if t.TYPE_CHECKING:
    from .._fleet.budget import Budget, Node

_NOTHING = effect.of_mode(budget.DARK)


class Plan(t.NamedTuple):
    """Waves of nodes, by name, in their turn."""

    waves: list[list[str]]
    refused: dict[str, str]
    """Nodes that may not be taken down, each by itself, and why."""


def plan(nodes: t.Sequence[Node], due: t.Collection[str], limits: Budget, *, most: int, first: str = "") -> Plan:
    """The waves; the same for the same fleet.

    ``nodes``: the whole fleet, with what each announces now; ``due``: the names of those that are to be upgraded;
    ``most``: nodes in a wave; ``first``: the name of the one that is to be tried first, if it is to be upgraded at all.
    Raises ValueError for what cannot be meant.
    """
    known = {node.name: node for node in nodes}
    if most < 1:
        raise ValueError(f"upgrade_wave is {most}: a wave has one node at least")
    if first and first not in known:
        raise ValueError(f"upgrade_first is {first}, which is no appliance of the inventory")
    turn = sorted(due, key=lambda name: (name != first, known[name].mode != budget.LIVE, name))
    refused = {name: said[0] for name in turn if (said := [text for _group, text in _against(nodes, {name}, limits)])}
    left = [name for name in turn if name not in refused]
    waves, left = [left[:1]] if left else [], left[1:]
    while left:
        waves.append(_wave(nodes, left, limits, most))
        left = [name for name in left if name not in waves[-1]]
    return Plan(waves, refused)


def _wave(nodes: t.Sequence[Node], left: t.Iterable[str], limits: Budget, most: int) -> list[str]:
    """As many of these as may go together; the first of them always does."""
    known, wave, full = {node.name: node for node in nodes}, list[str](), set[tuple[str, str]]()
    for name in left:
        node = known[name]
        own = {*node.groups.items(), ("site", node.site or name)}
        if len(wave) == most or own & full:
            continue
        if found := [group for group, _text in _against(nodes, {*wave, name}, limits)]:
            full.update(found)  # what has no room for one more is not asked for each that is left
        else:
            wave.append(name)
            full.add(("site", node.site or name))
    return wave


def _against(nodes: t.Sequence[Node], names: t.Collection[str], limits: Budget) -> list[tuple[tuple[str, str], str]]:
    """What these nodes may not all be taken down for: the group that has too few then, and why."""
    meant = [node._replace(targeted=node.name in names) for node in nodes]
    rows = effect.rows(budget.lowered(meant, _NOTHING), limits.groupings)
    return [
        *(((row.grouping, row.group), text) for row, text in budget.judged(rows, limits)),
        *((("", ""), text) for text in budget.too_few_anywhere(meant, limits)),
    ]


def words(found: Plan) -> list[str]:
    """The plan for people, a line each."""
    return [
        *(f"wave {number}: {', '.join(wave)}" for number, wave in enumerate(found.waves, 1)),
        *(f"left out: {name}: {why}" for name, why in found.refused.items()),
    ] or ["no wave: there is nothing to be upgraded"]


def before(waves: t.Sequence[t.Sequence[str]], name: str) -> tuple[list[str], list[str]]:
    """The nodes of the wave before that of ``name``, and those whose turn has not come, that wave's own too. Raises
    ValueError where it is in none.
    """
    for number, wave in enumerate(waves):
        if name in wave:
            return list(waves[number - 1]) if number else [], [each for later in waves[number:] for each in later]
    raise ValueError(f"{name} is in no wave of the plan")
