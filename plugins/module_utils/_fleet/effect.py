# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How many nodes announce each prefix in each group now, and how many after a plan: a run, or another revision of data.

| a node announces a prefix now | when |
|---|---|
| a run asks | its gate says so for that family (``imrs status``). No answer, and no answer yet: it does not |
| two revisions are compared | the older one's sheets say so: nobody is asked |

Behind routers of ours a node announces what one of these passes on. Routers are not counted.

A prefix that a node goes on to announce from another group (its country was corrected) is lost to the one that it was
in.
"""

from __future__ import annotations

import typing as t

from .._routing import policy
from .._routing.policy import Mode

GROUPINGS = ("fleet", "region", "country", "nameserver", "routing")
"""What nodes can be counted by (``group_by``): all of a fleet; by region and country; by the daemon that they have."""
ALWAYS = ("fleet", "region")
"""Those of them that a table always has; of the others it has the groups in which something changes."""
FAMILIES = tuple(policy.IMRS_PREFIXES)
TEXTS = 2
"""Columns of a table that are no numbers."""

Prefixes = frozenset[str]
NONE: Prefixes = frozenset()
_OF_MODE = {
    (family, mode): frozenset(policy.announced(mode, prefixes))
    for family, prefixes in policy.IMRS_PREFIXES.items()
    for mode in Mode
}

_ORDER = {
    prefix: number
    for number, prefix in enumerate(
        prefix
        for kind in ("specific", "covering")
        for prefixes in policy.IMRS_PREFIXES.values()
        for prefix in getattr(prefixes, kind)
    )
}
"""Those of live nodes alone first, as they are lost first."""


class Share(t.NamedTuple):
    """What one node contributes."""

    name: str
    groups: t.Mapping[str, str]
    """Its group by grouping; no entry where it is in none."""
    wanted: Prefixes = NONE
    """What it is to announce now."""
    now: Prefixes = NONE
    """What it announces now."""
    after: Prefixes = NONE
    """What it is to announce afterwards."""
    unsure: Prefixes = NONE
    """What would be taken from it, where nobody knows what it announces."""


class Row(t.NamedTuple):
    """One group, and prefixes that the same of its nodes announce. Nodes are names."""

    grouping: str
    group: str
    prefixes: tuple[str, ...]
    wanted: frozenset[str]
    now: frozenset[str]
    after: frozenset[str]
    unsure: frozenset[str]

    @property
    def lost(self) -> frozenset[str]:
        """From whom the plan takes them, or may."""
        return (self.now - self.after) | self.unsure

    @property
    def stay(self) -> frozenset[str]:
        """Who goes on to announce them. Who begins to does not count: it has to be accepted first."""
        return (self.now & self.after) - self.unsure

    @property
    def new(self) -> frozenset[str]:
        """Who is to begin."""
        return self.after - self.now

    @property
    def place(self) -> str:
        """``region africa``"""
        return f"{self.grouping} {self.group}".strip()


def of_modes(modes: t.Mapping[str, str]) -> Prefixes:
    """What a node announces whose families are in these modes (``live``, ``drained``, ``dark``)."""
    return NONE.union(*(_OF_MODE.get((family, Mode.parse(mode)), NONE) for family, mode in modes.items()))


def of_mode(mode: str) -> Prefixes:
    """What a node announces in one mode, by both families."""
    return of_modes(dict.fromkeys(FAMILIES, mode))


def groups(variables: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The groups of one appliance, from its host variables."""
    location = variables.get("imrs_location") or {}
    found = {
        "fleet": variables.get("imrs_fleet", ""),
        "region": location.get("region", ""),
        "country": location.get("country", ""),
        "nameserver": variables.get("imrs_nameserver_provider", ""),
        "routing": variables.get("imrs_routing_provider", ""),
    }
    return {grouping: str(group) for grouping, group in found.items() if group or grouping == "fleet"}


def withdrawn(variables: t.Mapping[str, t.Any]) -> bool:
    """Whether an appliance is not to serve at all. Both facts follow from the sheet: a variable on the command line
    alone takes nothing down.
    """
    provisioning = variables.get("imrs_provisioning") or {}
    return provisioning.get("allowed") is False and not variables.get("imrs_operational", True)


def by_sheet(variables: t.Mapping[str, t.Any]) -> Prefixes:
    """What an appliance is to announce by its host variables: its mode, in the families that it has sessions of."""
    peers = variables.get("imrs_peers")
    families = FAMILIES if peers is None else {str(peer["family"]) for peer in peers}
    mode = "dark" if withdrawn(variables) else str(variables.get("imrs_mode", "live"))
    return of_modes({family: mode for family in FAMILIES if family in families})


def of_revisions(
    before: t.Mapping[str, t.Mapping[str, t.Any]], after: t.Mapping[str, t.Mapping[str, t.Any]]
) -> list[Share]:
    """What becomes of each node when these host variables (by node) become those."""
    return [*_of_revision(before, now=True), *_of_revision(after, now=False)]


def _of_revision(hosts: t.Mapping[str, t.Mapping[str, t.Any]], *, now: bool) -> t.Iterator[Share]:
    for name, variables in hosts.items():
        if variables.get("imrs_function", "node") == "node" and (found := by_sheet(variables)):
            said: dict[str, Prefixes] = {"wanted": found, "now": found} if now else {"after": found}
            yield Share(name, groups(variables), **said)


def behind(share: Share, routers: t.Collection[Share], *, silent: bool = False) -> Share:
    """A node's share with what its site's routers of ours pass on; without any, the same.

    ``silent``: one of them gives no answer, and may pass on what the node loses.
    """
    if not routers:
        return share
    now, stay, taken = set[str](), set[str](), set[str]()
    for router in routers:
        now |= router.now
        stay |= (router.now & router.after) - router.unsure
        taken |= (router.now - router.after) | router.unsure
    gone = frozenset(taken - stay)
    unsure = share.unsure | (share.wanted & gone - share.now) | (share.now - share.after if silent else NONE)
    return share._replace(now=share.now & now, after=share.after & now - gone, unsure=unsure)


def rows(shares: t.Iterable[Share], groupings: t.Iterable[str] = ()) -> list[Row]:
    """All groups, in the order of the groupings, then of their names; ``groupings`` beside those of ``ALWAYS``."""
    wanted = [grouping for grouping in GROUPINGS if grouping in {*ALWAYS, *groupings}]
    found: dict[tuple[str, str, str], tuple[set[str], ...]] = {}
    for share in shares:
        for grouping in wanted:
            if grouping not in share.groups:
                continue
            for part, prefixes in enumerate((share.wanted, share.now, share.after, share.unsure)):
                for prefix in prefixes:
                    key = (grouping, share.groups[grouping], prefix)
                    found.setdefault(key, (set(), set(), set(), set()))[part].add(share.name)
    alike: dict[tuple[t.Any, ...], list[str]] = {}
    order = sorted(found, key=lambda key: (wanted.index(key[0]), key[1], _ORDER[key[2]]))
    for grouping, group, prefix in order:
        names = tuple(frozenset(part) for part in found[grouping, group, prefix])
        alike.setdefault((grouping, group, *names), []).append(prefix)
    return [Row(key[0], key[1], tuple(prefixes), *key[2:]) for key, prefixes in alike.items()]


def table(found: t.Iterable[Row], floor: t.Callable[[Row], int]) -> list[str]:
    """The rows for people: how many nodes announce these prefixes now, lose them, begin and have them after, and how
    few the budget (``floor``) allows while it is done.
    """
    head = ("group", "prefixes", "now", "lost", "new", "after", "at least")
    lines = [
        (
            row.place,
            ", ".join(row.prefixes),
            *(str(len(part)) for part in (row.now, row.lost, row.new, row.after - row.unsure)),
            str(floor(row)),
        )
        for row in found
        if row.grouping in ALWAYS or row.lost or row.new
    ]
    widths = [max(len(line[at]) for line in (head, *lines)) for at in range(len(head))]
    return [_line(line, widths) for line in (head, *lines)]


def _line(cells: t.Sequence[str], widths: t.Sequence[int]) -> str:
    """Texts to the left, numbers to the right."""
    pairs = enumerate(zip(cells, widths, strict=True))
    return "  ".join(cell.ljust(width) if at < TEXTS else cell.rjust(width) for at, (cell, width) in pairs)
