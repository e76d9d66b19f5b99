# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of the budget: limits that say something, that can be kept, and losses that are accepted knowingly.

What is held against the sheets is what they say whatever day it is: no run over any node may fail because a day has
passed.
"""

from __future__ import annotations

import collections
import typing as t

from ..onboarding import BEFORE_PROVISIONING
from ..regions import REGION_OF
from ..schema_fleet import DEFAULT_BUDGET
from .common import Record, once, records

if t.TYPE_CHECKING:
    from .. import host_variables
    from ..document import Document, Path
    from ..errors import Problem

FEWER = "fewer_nodes"
"""The risk that such a loss is accepted as."""
_SHAPE = "fewer_nodes names a group and how few nodes are left of it, such as region/africa/2"


class Loss(t.NamedTuple):
    """An entry of ``accepted_risks``."""

    at: int
    what: str
    grouping: str
    group: str
    least: int
    reason: str


def losses(data: Record) -> list[host_variables.Loss]:
    """The host variable ``imrs_accepted_losses``."""
    return [
        {"group_by": each.grouping, "group": each.group, "least": each.least, "reason": each.reason}
        for each in _losses(data)
    ]


def problems(fleet: Document) -> t.Iterator[Problem]:
    """What is wrong with the limits by themselves, and with what is accepted."""
    data = fleet.data or {}
    yield from once(fleet, ("budget",), records(data, "budget"), "group_by")
    for at, limit in records(data, "budget"):
        if limit.keys() == {"group_by"}:
            yield fleet.problem(
                ("budget", at),
                "limits nothing; give max_unavailable, max_unavailable_percent or min_available, or remove it",
            )
    whole = {each.at for each in _losses(data)}
    for at, entry in records(data, "accepted_risks"):
        if entry.get("risk") == FEWER and entry.get("what") and entry.get("reason") and at not in whole:
            yield fleet.problem(("accepted_risks", at, "what"), f"{entry['what']} is no such risk: {_SHAPE}")
    groupings = _groupings(data)
    for each in _losses(data):
        if each.grouping not in groupings:
            yield fleet.problem(
                ("accepted_risks", each.at, "what"),
                f"the budget has no limit by {each.grouping}; those that it has are by {', '.join(groupings)}",
            )


def warnings(fleet: Document) -> t.Iterator[Problem]:
    """What is accepted, so that nobody forgets it."""
    for each in _losses(fleet.data or {}):
        yield fleet.problem(
            ("accepted_risks", each.at),
            f"{each.grouping} {each.group} may be left with {each.least} nodes; accepted: {each.reason}. "
            "Remove it once that is done",
        )


class Count:
    """How many nodes each group has; takes one sheet after the other."""

    def __init__(self, fleet: Document) -> None:
        self._fleet = fleet
        data = fleet.data or {}
        self._limits = [
            (at, limit["group_by"], limit["min_available"])
            for at, limit in records(data, "budget")
            if limit.get("group_by") and limit.get("min_available")
        ]
        self._losses = [each for each in _losses(data) if each.grouping in _groupings(data)]
        self._there: collections.Counter[tuple[str, str]] = collections.Counter()
        """Nodes that are not gone for good."""
        self._serve: collections.Counter[tuple[str, str]] = collections.Counter()
        """Those of them that are to be live, if need be when a day has come."""
        self._whole = True

    def site(self, site: Document) -> None:
        """Take a sheet."""
        data = site.data or {}
        if not self._limits and not self._losses:
            return
        country = (data.get("location") or {}).get("country")
        nodes = data.get("nodes")
        self._whole &= bool(country and nodes and None not in nodes)
        if "decommissioned" in data or not country:
            return
        serves = data.get("operational") is True and data.get("mode") == "live" and _to_be_provisioned(data)
        for _at, node in records(data, "nodes"):
            groups = {
                "fleet": (self._fleet.data or {}).get("fleet"),
                "region": REGION_OF[country],
                "country": country,
                "nameserver": node.get("nameserver"),
                "routing": node.get("routing"),
            }
            self._there.update(groups.items())
            self._serve.update(groups.items() if serves else ())

    def end(self) -> t.Iterator[Problem]:
        """A floor that cannot be kept lies dormant until somebody needs it, and so does a loss that has not happened
        or is over: it would let the next one pass.
        """
        if not self._whole:
            return
        for at, grouping, least in self._limits:
            for (by, group), there in sorted(self._there.items(), key=str):
                if by == grouping and there < least:
                    yield self._fleet.problem(
                        ("budget", at, "min_available"),
                        f"{least} nodes cannot be available in {by} {group}, which has {there}; lower it, or count by "
                        "a larger group",
                    )
        for each in self._losses:
            found = self._serve[each.grouping, each.group]
            if found != each.least:
                yield self._fleet.problem(
                    _place(each),
                    f"{each.grouping} {each.group} has {found} nodes that are to be live by these sheets, not "
                    f"{each.least}; say what is left now, or remove the entry once it is done",
                )


def _groupings(data: Record) -> list[str]:
    """What the budget counts nodes by."""
    given: list[Record | None] = data.get("budget") or list(DEFAULT_BUDGET)
    return [str(limit["group_by"]) for limit in given if limit and limit.get("group_by")]


def _place(loss: Loss) -> Path:
    return ("accepted_risks", loss.at, "what")


def _to_be_provisioned(data: Record) -> bool:
    """Whether it may be provisioned, now or when the days of its steps have come."""
    onboarding = data.get("onboarding") or {}
    steps = onboarding.get("steps") or {}
    return bool(onboarding.get("override")) or all(step.key in steps for step in BEFORE_PROVISIONING)


def _losses(data: Record) -> t.Iterator[Loss]:
    """Those that are whole."""
    for at, entry in records(data, "accepted_risks"):
        what, reason = str(entry.get("what") or ""), entry.get("reason")
        parts = what.split("/")
        if entry.get("risk") == FEWER and reason and len(parts) == len(("by", "group", "least")) and all(parts):
            grouping, group, least = parts
            if least.isascii() and least.isdecimal():
                yield Loss(at, what, grouping, group, int(least), reason)
