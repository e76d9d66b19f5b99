# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How few nodes may announce a prefix at a time, and whether a plan that takes some away stays above that.

| counts as not available | why |
|---|---|
| a node whose gate says that it does not announce the prefix | |
| a node that gives no answer | it may be dead, and nobody is to find that out by taking down the next one |
| a node that this plan is to take the prefix from | whether or not it gets there |
| a node that another run is about to take down | each run claims its nodes before it asks (``_gate/claims.py``) |
| a node that the plan is to bring up | it has to be accepted first, and that is later |

Counted are nodes that are to announce the prefix by their sheets: what is suspended, drained or onboarding there was
taken out by a review. A plan that takes a prefix from no node of a group takes nothing from anybody, and is allowed
there, however few they are.

Who makes nodes unreachable for the controller can make a run be refused, and never make one be allowed; an emergency
asks nobody.
"""

from __future__ import annotations

import dataclasses
import typing as t

from . import effect
from .effect import GROUPINGS, Row, Share

LIVE, DARK, CLAIMED, NO_ANSWER = "live", "dark", "claimed", ""
NOTHING_TAKEN = "The sheets take no prefix from these nodes, so none is asked. What the fleet announces by its sheets:"
ACCEPT = "accepted_risks of fleet.yml, risk: fewer_nodes"
NUMBERS = ("max_unavailable", "max_unavailable_percent", "min_available")


class Node(t.NamedTuple):
    """One appliance of the fleet, as its sheet and its gate have it."""

    name: str
    groups: t.Mapping[str, str]
    """By grouping (``effect.groups``)."""
    site: str
    router: bool
    """Whether it is a router of ours, which passes on what nodes announce."""
    cluster: str
    """The site of a cluster, or its routers (``alike``); empty for a single."""
    minimum_live: int
    """How many of these have to stay live."""
    sheet: effect.Prefixes
    """What it is to announce by its sheet."""
    targeted: bool
    """Whether the run is about it."""
    mode: str = NO_ANSWER
    """The lowest of its families' modes; ``CLAIMED``: live, and another run is about to take it down; ``NO_ANSWER``."""
    families: t.Mapping[str, str] | None = None
    """The mode of each family; None where nothing is known, or it is claimed."""
    note: str = ""
    """By whom it was taken down, and why, or why it gave no answer."""

    @property
    def wanted(self) -> bool:
        """Whether it is to be live by its sheet."""
        return not self.sheet <= effect.of_mode("drained")


@dataclasses.dataclass(frozen=True)
class Limit:
    """What holds in each group of one grouping, for each prefix. At least one of the numbers is there."""

    grouping: str
    max_unavailable: int | None = None
    """Nodes."""
    max_unavailable_percent: int | None = None
    """Of the nodes that are to announce it; never less than one node."""
    min_available: int | None = None
    """Nodes."""

    def floor(self, wanted: int) -> int:
        """How many of ``wanted`` nodes have to go on."""
        most = wanted
        if self.max_unavailable is not None:
            most = min(most, self.max_unavailable)
        if self.max_unavailable_percent is not None:
            most = min(most, max(1, wanted * self.max_unavailable_percent // 100))
        return max(wanted - most, self.min_available or 0)

    def __str__(self) -> str:
        numbers = {name: getattr(self, name) for name in NUMBERS}
        return ", ".join(f"{name}: {number}" for name, number in numbers.items() if number is not None)


class Accepted(t.NamedTuple):
    """A loss that the fleet's file accepts (``accepted_risks``): so few nodes of a group may be left."""

    grouping: str
    group: str
    least: int
    reason: str


@dataclasses.dataclass(frozen=True)
class Budget:
    """The fleet's limits. For a bare number, which a person says for one run, clusters are not looked at."""

    limits: tuple[Limit, ...]
    clusters: bool = True
    accepted: tuple[Accepted, ...] = ()

    @property
    def groupings(self) -> list[str]:
        """What nodes are counted by."""
        return [limit.grouping for limit in self.limits]

    def floor(self, row: Row) -> int:
        """How few nodes may go on to announce the row's prefixes."""
        least = max((limit.floor(len(row.wanted)) for limit in self._of(row)), default=0)
        given = [each.least for each in self.accepted if (each.grouping, each.group) == (row.grouping, row.group)]
        return min([least, *given])

    def why(self, row: Row) -> str:
        """The limits of a group, in words."""
        return ", ".join(map(str, self._of(row)))

    def _of(self, row: Row) -> list[Limit]:
        return [limit for limit in self.limits if limit.grouping == row.grouping]


def parse(data: t.Any, accepted: t.Any = ()) -> Budget:
    """The fleet's budget, or a bare number for one run; ValueError says what is wrong with it.

    ``data``: a list of ``{group_by, max_unavailable, max_unavailable_percent, min_available}``; ``accepted``: one of
    ``{group_by, group, least, reason}``, which a bare number does not need.
    """
    if isinstance(data, str | int) or data is None:
        return Budget((Limit("fleet", max_unavailable=_number(data, "imrs_budget")),), clusters=False)
    if not isinstance(data, list) or not all(isinstance(entry, t.Mapping) for entry in data):
        raise ValueError(
            "imrs_budget is a number, such as 5, or a list of limits, such as [{group_by: fleet, max_unavailable: 5}]"
        )
    losses = (Accepted(each["group_by"], each["group"], int(each["least"]), each["reason"]) for each in accepted)
    return Budget(tuple(map(_limit, data)), accepted=tuple(losses))


def _limit(entry: t.Mapping[str, t.Any]) -> Limit:
    numbers = {key: value for key, value in entry.items() if key != "group_by"}
    if entry.get("group_by") not in GROUPINGS:
        raise ValueError(f"group_by is one of {', '.join(GROUPINGS)}, not {entry.get('group_by')!r}")
    if not numbers or set(numbers) - set(NUMBERS):
        names = ", ".join(map(str, numbers)) or "nothing"
        raise ValueError(f"a limit of imrs_budget has {', '.join(NUMBERS[:-1])} or {NUMBERS[-1]}, not {names}")
    return Limit(entry["group_by"], **{name: _number(value, name) for name, value in numbers.items()})


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


def node(name: str, variables: t.Mapping[str, t.Any], *, targeted: bool) -> Node:
    """A node of which nothing is known but its host variables; one without a sheet is to be live."""
    cluster, least, _names = alike(variables)
    router, site = variables.get("imrs_function") == "router", str(variables.get("imrs_site", ""))
    return Node(name, effect.groups(variables), site, router, cluster, least, effect.by_sheet(variables), targeted)


def touched(variables: t.Mapping[str, t.Any]) -> bool:
    """Whether ``icann.imrs.site`` brings a node down to its sheet: where it is provisioned, or is not to serve at all
    (``permit.withdrawals``). What may not be provisioned yet is left alone.
    """
    return bool((variables.get("imrs_provisioning") or {}).get("allowed")) or effect.withdrawn(variables)


def lowered(nodes: t.Sequence[Node], keeps: effect.Prefixes) -> list[Share]:
    """What becomes of the fleet when the targeted nodes announce no more than ``keeps``, as a person says."""
    return _shares(nodes, {node.name: keeps for node in nodes if node.targeted}, beyond=False)


def as_sheets_say(nodes: t.Sequence[Node]) -> list[Share]:
    """What becomes of the fleet when the targeted nodes announce no more than their sheets say.

    What they announce beyond that counts as wanted: that a sheet wants it no more is what is judged here.
    """
    return _shares(nodes, {node.name: node.sheet for node in nodes if node.targeted}, beyond=True)


def by_sheets(nodes: t.Iterable[Node]) -> list[Share]:
    """What the nodes are to announce, before and after."""
    return [Share(each.name, each.groups, *(each.sheet,) * 3) for each in nodes if not each.router]


def below_live(nodes: t.Iterable[Node]) -> list[str]:
    """The targeted nodes that are to announce less than all by their sheets."""
    return [node.name for node in nodes if node.targeted and node.sheet != effect.of_mode(LIVE)]


def losing(rows: t.Iterable[Row]) -> list[str]:
    """Who loses anything."""
    return sorted({name for row in rows for name in row.lost})


def _shares(nodes: t.Sequence[Node], keeps: t.Mapping[str, effect.Prefixes], *, beyond: bool) -> list[Share]:
    found, routers, silent = dict[str, Share](), dict[str, list[Share]](), set[str]()
    for each in nodes:
        keep, known = keeps.get(each.name), each.families is not None
        says = effect.NONE if each.families is None else effect.of_modes(each.families)
        wanted = each.sheet
        if each.router:  # what it passes on counts, whatever its sheet wants
            wanted = effect.of_mode(LIVE)
        elif beyond and keep is not None:
            wanted |= says if known else effect.of_mode(LIVE)
        now = says & wanted
        after = now if keep is None else now & keep
        unsure = effect.NONE if known or keep is None else wanted - keep
        share = Share(each.name, each.groups, wanted, now, after, unsure)
        if not each.router:
            found[each.name] = share
            continue
        routers.setdefault(each.site, []).append(share)
        if not known:
            silent.add(each.site)
    return [
        effect.behind(found[each.name], routers.get(each.site, ()), silent=each.site in silent)
        for each in nodes
        if not each.router
    ]


def refusals(rows: t.Iterable[Row], budget: Budget) -> list[str]:
    """Why a plan may not begin, in sentences with names and numbers; empty when it may."""
    return [said for _row, said in judged(rows, budget)]


def judged(rows: t.Iterable[Row], budget: Budget) -> t.Iterator[tuple[Row, str]]:
    """The rows that may not be, and why."""
    for row in rows:
        least = budget.floor(row)
        if row.lost and len(row.stay) < least:
            would = f"{len(row.stay)} of {len(row.wanted)} nodes of {row.place} would announce"
            has_to = f"(now {len(row.now)}), and {least} have to ({budget.why(row)})"
            yield row, f"{would} {', '.join(row.prefixes)} {has_to}"


def too_few_anywhere(nodes: t.Sequence[Node], budget: Budget) -> list[str]:
    """Why clusters would not carry on when the targeted nodes go down."""
    if not budget.clusters:
        return []
    touched = {node.cluster for node in nodes if node.targeted and node.wanted and node.mode in (LIVE, NO_ANSWER)}
    return [
        told
        for cluster in sorted(touched - {""})
        for told in too_few([node for node in nodes if node.cluster == cluster])
    ]


def too_few(cluster: t.Sequence[Node]) -> list[str]:
    """Why the nodes of a cluster that are not targeted are not enough to carry on; empty when they are."""
    stay = [node.name for node in cluster if node.mode == LIVE and not node.targeted]
    least = cluster[0].minimum_live
    if len(stay) >= least:
        return []
    names = ", ".join(stay) or "none"
    return [f"of cluster {cluster[0].cluster} only {names} would stay live, and {least} have to (minimum_live)"]


def not_live(nodes: t.Iterable[Node]) -> list[str]:
    """The nodes that the run does not take down and that are not live as they should be, each with what is known."""
    return [
        f"{node.name}: {node.mode or 'no answer'}" + (f", {node.note}" if node.note else "")
        for node in nodes
        if node.wanted and not node.targeted and node.mode != LIVE
    ]


def enough(rows: t.Iterable[Row]) -> int:
    """The bare number with which nothing of this would be refused."""
    return max((len(row.wanted) - len(row.stay) for row in rows if row.grouping == "fleet" and row.lost), default=0)


def words(nodes: t.Sequence[Node], rows: t.Sequence[Row], found: t.Sequence[str], *, sheets: bool = False) -> str:
    """The refusal of a run: what, why, and what to do about it; ``sheets``: it follows what the sheets say."""
    if sheets:
        gone = losing(rows)
        nodes = [node._replace(targeted=node.name in gone) for node in nodes]
    down = [node.name for node in nodes if node.targeted]
    by_person = "For what does harm now, without a question to any other node: -e imrs_emergency=true."
    by_sheets = f"If the data is wrong, correct it. If it is right, it may be accepted there ({ACCEPT})."
    lines = [
        f"Nothing is changed: {'; '.join(found)}.",
        f"To be taken down{' by their sheets' if sheets else ''}: {', '.join(down)}.",
        f"Not live already: {'; '.join(not_live(nodes)) or 'none'}.",
        "Take fewer nodes (--limit), or bring others back first (icann.imrs.live, icann.imrs.accept).",
        f"To do it all the same: -e imrs_budget={enough(rows)}.",
        by_sheets if sheets else by_person,
    ]
    return "\n".join(lines)
