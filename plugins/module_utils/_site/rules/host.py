# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of the host and of the life of its instance: onboarding, money, notes, end."""

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from ... import _products as products
from .. import addresses
from ..onboarding import AFRICA_PHASE_2, STEPS
from ..regions import AFRICA, REGION_OF
from .common import Record, Terms, once, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem

WIDEST_RESOLVERS = {"ipv4": 24, "ipv6": 48}
"""The shortest prefixes of a host's resolvers."""


def problems(site: Document) -> t.Iterator[Problem]:
    """Everything that is wrong with the course of the instance."""
    data = site.data or {}
    onboarding = data.get("onboarding") or {}
    steps = onboarding.get("steps") or {}
    yield from _order(site, steps)
    yield from _funding(site, data, onboarding.get("expression_of_interest") or {})
    if "purchase" in steps:
        for path, machine in _machines(data):
            if not machine.get("serial"):
                yield site.problem((*path, "serial"), "is missing; the appliance is bought, so give its serial number")
    before = ""
    for index, note in records(data, "maintenance"):
        date = note.get("date") or before
        if date < before:
            yield site.problem(
                ("maintenance", index, "date"), f"{date} is before {before}, the note above; the newest comes last"
            )
        before = max(date, before)
    yield from _resolvers(site, data.get("unlimited_resolvers"))
    if data.get("decommissioned") and data.get("operational"):
        yield site.problem(("operational",), "true, but the instance is decommissioned; say operational: false")


def _resolvers(site: Document, given: list[str | None] | None) -> t.Iterator[Problem]:
    """Who is answered without limit is few, and nobody of ours: what is forged with such a source is reflected."""
    for index, text in sound(given):
        place, network = ("unlimited_resolvers", index), addresses.network(text)
        widest = WIDEST_RESOLVERS[addressing.family_of(text)]
        if network.prefixlen < widest:
            wide = f"{text} is wider than /{widest}; name the resolvers' own addresses or networks"
            yield site.problem(place, wide)
        elif reason := addresses.unfit(addresses.host(text)):
            yield site.problem(place, reason)
    yield from once(site, ("unlimited_resolvers",), sound(given))


def _machines(data: Record) -> t.Iterator[tuple[Path, Record]]:
    """What was bought: nodes, and routers that are ours to provision."""
    for index, node in records(data, "nodes"):
        yield ("nodes", index), node
    for index, router in records(data.get("cluster") or {}, "routers"):
        if router.get("machine"):
            yield ("cluster", "routers", index, "machine"), router["machine"]


def warnings(site: Document, terms: Terms) -> t.Iterator[Problem]:
    """A host that is an IXP and no exception (ICANN's FAQ, q1 and q17); what its nameserver does not know."""
    data = site.data or {}
    host, interest = data.get("host") or {}, (data.get("onboarding") or {}).get("expression_of_interest") or {}
    if (
        host.get("type") == "ixp"
        and interest.get("programme") != AFRICA_PHASE_2
        and data.get("site") not in terms.ixp_exceptions
    ):
        yield site.problem(
            ("host", "type"),
            "an IXP is a host only in the Africa phase-2 programme, or as an exception in ixp_exceptions of the fleet",
        )
    for index, node in records(data, "nodes"):
        known = node.get("nameserver") and products.named(products.NAMESERVER, node["nameserver"])
        if data.get("unlimited_resolvers") and known and not known.limit_exempt:
            yield site.problem(
                ("nodes", index, "nameserver"),
                f"{known.name} limits the unlimited_resolvers as everybody else: it has no such list",
            )


def _order(site: Document, steps: Record) -> t.Iterator[Problem]:
    """Steps are done one after the other."""
    missing, before, last = "", "", ""
    for step in STEPS:
        path: Path = ("onboarding", "steps", step.key)
        if step.key not in steps:
            missing = missing or step.key
            continue
        if missing:
            yield site.problem(path, f"is done, and {missing} before it is not; steps are done in their order")
        date = (steps[step.key] or {}).get("date")
        if date is None:
            continue
        if date < before:
            yield site.problem((*path, "date"), f"{date} is before {before}, when the step {last} was done")
        else:
            before, last = date, step.key


def _funding(site: Document, data: Record, interest: Record) -> t.Iterator[Problem]:
    path: Path = ("onboarding", "expression_of_interest")
    if "funding_usd" in interest and "programme" not in interest:
        yield site.problem((*path, "funding_usd"), f"needs the programme that pays it; add programme: {AFRICA_PHASE_2}")
    country = (data.get("host") or {}).get("country")
    if interest.get("programme") == AFRICA_PHASE_2 and country and REGION_OF[country] != AFRICA:
        yield site.problem(
            (*path, "programme"), f"is for hosts in Africa, and {country} is in the region {REGION_OF[country]}"
        )
