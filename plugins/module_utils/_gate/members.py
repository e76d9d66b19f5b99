# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the nodes of a cluster announce, as its router hears it: which of them carry what, and the ways to them. Pure.

A member is known by the next hop of its routes: the routing daemon sets it to the member's own address, whatever the
member says (role ``routing``).
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _addressing as addressing
from .session import Route
from .update import GRACEFUL_SHUTDOWN

if t.TYPE_CHECKING:
    from .._routing.policy import Prefixes
    from .update import Update


@dataclasses.dataclass(frozen=True)
class Member:
    """A node of the cluster, by its inventory name, and its address on the link by family."""

    node: str
    addresses: t.Mapping[str, str]


class Members:
    """All of them. ``heard`` and ``forget`` for what the routing daemon says, everything else only asks."""

    def __init__(self, members: t.Sequence[Member]) -> None:
        self._members = tuple(members)
        self._paths: dict[tuple[str, int | None], tuple[str, bool]] = {}
        """By prefix and path identifier: its next hop, and whether it will be withdrawn soon (RFC 8326)."""

    def heard(self, update: Update) -> None:
        """Take in an UPDATE: later words replace earlier ones of the same prefix and path (RFC 7911 section 3)."""
        for prefix in update.withdrawn:
            self._paths.pop((prefix, update.path), None)
        for prefix in update.announced:
            self._paths[prefix, update.path] = str(update.next_hop), GRACEFUL_SHUTDOWN in update.communities

    def forget(self) -> None:
        """The session is gone, and nothing is known any more."""
        self._paths.clear()

    def announcing(self, prefixes: t.Iterable[str], *, staying: bool = False) -> tuple[str, ...]:
        """The members that announce all of these prefixes, by name; nobody where there is none. ``staying``: without
        those that are about to withdraw one.
        """
        carriers = [self._carriers(each) for each in prefixes]
        return tuple(
            member.node
            for member in self._members
            if carriers and all(member.node in of and not (staying and of[member.node]) for of in carriers)
        )

    def counts(self, prefixes: t.Mapping[str, Prefixes]) -> dict[str, dict[str, list[str]]]:
        """Who is ``live`` (all prefixes) and ``drained`` (the covering ones, at least), by family that has prefixes."""
        some = {family: each for family, each in prefixes.items() if any(each)}
        return {
            "live": {family: list(self.announcing((*of.specific, *of.covering))) for family, of in some.items()},
            "drained": {family: list(self.announcing(of.covering)) for family, of in some.items()},
        }

    def routes(self, prefixes: t.Iterable[str]) -> frozenset[Route]:
        """For each prefix one route by each member that announces it. The path identifier is the member's number."""
        return frozenset(
            Route(prefix, member.addresses[addressing.family_of(prefix)], number, carriers[member.node])
            for prefix, carriers in ((each, self._carriers(each)) for each in prefixes)
            for number, member in enumerate(self._members, 1)
            if member.node in carriers
        )

    def _carriers(self, prefix: str) -> dict[str, bool]:
        """The members that announce a prefix, by name, and whether each of them is about to withdraw it."""
        family = addressing.family_of(prefix)
        hops = dict(path for (announced, _number), path in self._paths.items() if announced == prefix)
        ways = ((member.node, member.addresses[family]) for member in self._members)
        return {node: hops[address] for node, address in ways if address in hops}
