# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of what people attest, and of the checks that a fleet takes more seriously than we do."""

from __future__ import annotations

import typing as t

from .. import checks
from .common import Record, once, records, sound

if t.TYPE_CHECKING:
    from ..document import Document
    from ..errors import Problem

BY_SOFTWARE = checks.FATAL | checks.WARNINGS


def fleet_problems(fleet: Document) -> t.Iterator[Problem]:
    """What is required of sheets is attested by people; what is raised is run by software, and a warning."""
    data = fleet.data or {}
    for index, check in sound(data.get("required_attestations")):
        if check not in checks.ATTESTED:
            yield fleet.problem(("required_attestations", index), _no_attestation(check))
    for index, check in sound(data.get("raised_checks")):
        if reason := _not_raised(check):
            yield fleet.problem(("raised_checks", index), reason)
    for key in ("required_attestations", "raised_checks"):
        yield from once(fleet, (key,), sound(data.get(key)))


def problems(site: Document, today: str) -> t.Iterator[Problem]:
    """An attestation is one of those that there are, of this site's machines, and was made by ``today``."""
    data = site.data or {}
    machines = _machines(data)
    given = list(records(data, "attestations"))
    for index, entry in given:
        check, date, node = entry.get("check"), entry.get("date"), entry.get("node")
        if check and check not in checks.ATTESTED:
            yield site.problem(("attestations", index, "check"), _no_attestation(check))
        if date and date > today:
            yield site.problem(
                ("attestations", index, "date"), f"{date} is to come; attest what was done, on the day it was done"
            )
        if node and machines and node not in machines:
            yield site.problem(
                ("attestations", index, "node"),
                f"{node} is no machine of this site; these are {', '.join(machines)}. Leave it out where all are meant",
            )
    keys = ((index, {"check": _key(entry)}) for index, entry in given)
    yield from once(site, ("attestations",), keys, "check")


def _key(entry: Record) -> str | None:
    """What is attested of what."""
    check, node = entry.get("check"), entry.get("node")
    return f"{check} of {node}" if check and node else check


def _machines(data: Record) -> list[str]:
    """The nodes, and the routers that are ours to provision; those whose names are not sound are left out."""
    routers = (router for _index, router in records(data.get("cluster") or {}, "routers") if router.get("machine"))
    found = [node.get("node") for _index, node in records(data, "nodes")]
    return [name for name in (*found, *(router.get("router") for router in routers)) if name]


def _no_attestation(check: str) -> str:
    if check in BY_SOFTWARE:
        return f"{check} is judged by acceptance itself, and nobody can attest it; remove it"
    return f"{check} is no check that is attested; these are {', '.join(sorted(checks.ATTESTED))}"


def _not_raised(check: str) -> str:
    """Why a check cannot be raised; empty where it can."""
    if check in checks.WARNINGS:
        return ""
    if check in checks.FATAL:
        return f"{check} is of severity F already; remove it"
    if check in checks.ATTESTED:
        return f"{check} is attested by people; name it in required_attestations instead"
    return f"{check} is no acceptance check; those that can be raised are {', '.join(sorted(checks.WARNINGS))}"
