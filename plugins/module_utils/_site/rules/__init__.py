# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the schema cannot say: rules that need the IMRS's numbers, two fields, or two files."""

from __future__ import annotations

import typing as t

from . import (
    attested,
    budget,
    cluster,
    fleet,
    host,
    identity,
    log_server,
    masters,
    node,
    operators,
    peer,
    risks,
    router,
    time_sources,
    unique,
)
from .budget import losses
from .common import full_name, own_asn, records

if t.TYPE_CHECKING:
    from ..document import Document
    from ..errors import Problem

__all__ = ["Judge", "full_name", "losses"]


class Judge:
    """Holds a fleet and its sheets against every rule; takes one sheet after the other, and keeps none.

    ``today``: the day (``YYYY-MM-DD``) on which this is asked.
    """

    def __init__(self, fleet_: Document, today: str) -> None:
        self._fleet, self._today = fleet_, today
        self._terms = fleet.terms(fleet_)
        self._register = unique.Register(fleet_)
        self._count = budget.Count(fleet_)

    def fleet(self) -> t.Iterator[Problem]:
        """What is wrong with the fleet's file. First."""
        yield from fleet.problems(self._fleet)
        yield from masters.problems(self._fleet)
        yield from identity.problems(self._fleet)
        yield from time_sources.problems(self._fleet)
        yield from log_server.problems(self._fleet)
        yield from operators.problems(self._fleet)
        yield from risks.problems(self._fleet)
        yield from budget.problems(self._fleet)
        yield from attested.fleet_problems(self._fleet)
        yield from self._register.fleet()

    def site(self, site: Document) -> t.Iterator[Problem]:
        """What is wrong with a sheet, by itself, against the fleet, and against the sheets before it."""
        yield from own_asn(site)
        yield from cluster.problems(site)
        for index, entry in records(site.data or {}, "nodes"):
            yield from node.problems(site, index, entry, self._terms)
        yield from router.problems(site, self._terms)
        yield from peer.problems(site)
        yield from host.problems(site)
        yield from attested.problems(site, self._today)
        yield from self._register.site(site)
        self._count.site(site)

    def site_warnings(self, site: Document) -> t.Iterator[Problem]:
        """What is allowed in a sheet, and hardly meant."""
        yield from cluster.warnings(site, self._terms)
        yield from router.warnings(site)
        yield from host.warnings(site, self._terms)

    def end(self) -> t.Iterator[Problem]:
        """What is wrong between sheets, and could not be told before the last one. Last."""
        yield from self._register.end()
        yield from self._count.end()

    def warnings(self) -> t.Iterator[Problem]:
        """What is allowed in the fleet's file, and hardly meant, on this day. Last."""
        yield from masters.warnings(self._fleet, self._today)
        yield from log_server.warnings(self._fleet, self._today)
        yield from self._register.warnings()
        yield from risks.warnings(self._fleet)
        yield from budget.warnings(self._fleet)
