# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a fleet may say only knowingly: it is refused, unless ``accepted_risks`` names it with a reason."""

from __future__ import annotations

import collections
import typing as t

from .. import addresses
from .budget import FEWER
from .common import Record, names, once, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem

WIDEST_OPERATORS = {4: 16, 6: 32}
"""Prefix lengths by IP version: a larger network than that is nobody's office."""
ZONES = (".", "arpa.", "root-servers.net.")
"""Zones of the service (requirements section 1.1)."""
SIGNED = (".", "arpa.")
"""Those of them that are signed."""
MOST_WINDOW = 12 * 60
"""Minutes of a day that may be maintenance: with more, the window protects nobody's busy hours."""
FREE_WAIVERS = ("HD-05", "HW-01", "HW-02", "HW-03", "HW-04", "OS-02", "PR-02", "TM-01", "TM-02")
"""Checks that need what a host or machine may not have: a router's table to be read; hardware, a clock and disks of its
own; disks that no RAID controller hides; a BMC that can be asked from within.
"""


class Risk(t.NamedTuple):
    """One thing that the fleet's file says and that may be dear."""

    path: Path
    risk: str
    what: str
    """Which one, as ``accepted_risks`` names it."""
    why: str


def problems(fleet: Document) -> t.Iterator[Problem]:
    """Risks that nobody accepted; and acceptances of what is no risk, which would let it pass once it is one."""
    data = fleet.data or {}
    accepted, risks = _accepted(data), {(found.risk, found.what): found for found in _risks(data)}
    for key, found in risks.items():
        if key not in accepted:
            yield fleet.problem(
                found.path,
                f"{found.why}; correct it, or accept it by an entry of accepted_risks with "
                f'risk: {found.risk}, what: "{found.what}" and a reason',
            )
    for (risk, what), (at, _reason) in accepted.items():
        if (risk, what) not in risks and risk != FEWER:
            yield fleet.problem(
                ("accepted_risks", at),
                f"{risk} of {what} is no risk here, and nobody would be asked when it becomes one; remove the entry",
            )
    given = ((at, (entry.get("risk"), entry.get("what"))) for at, entry in records(data, "accepted_risks"))
    yield from once(fleet, ("accepted_risks",), ((at, f"{key[0]} {key[1]}") for at, key in given if None not in key))


def warnings(fleet: Document) -> t.Iterator[Problem]:
    """Risks that are accepted, so that nobody forgets them."""
    data = fleet.data or {}
    accepted = _accepted(data)
    for found in _risks(data):
        _at, reason = accepted[found.risk, found.what]
        yield fleet.problem(found.path, f"{found.why}; accepted: {reason}")


def _accepted(data: Record) -> dict[tuple[str, str], tuple[int, str]]:
    """Index and reason by risk and what; only entries that are whole."""
    return {
        (entry["risk"], entry["what"]): (at, entry["reason"])
        for at, entry in records(data, "accepted_risks")
        if None not in [entry.get(key) for key in ("risk", "what", "reason")]
    }


def _risks(data: Record) -> t.Iterator[Risk]:
    yield from _operators(data)
    yield from _zones(data)
    yield from _windows(data)
    for at, waiver in records(data, "waivers"):
        check = waiver.get("check")
        if check and check not in FREE_WAIVERS:
            why = f"{check} may be skipped, so that nodes serve without that proof"
            yield Risk(("waivers", at, "check"), "waived_proof", check, why)


def _operators(data: Record) -> t.Iterator[Risk]:
    given = list(sound(data.get("operator_networks")))
    for network in addresses.merged(text for _at, text in given):
        if network.prefixlen < WIDEST_OPERATORS[network.version]:
            at = next(at for at, text in given if addresses.network(text) in network)
            why = f"{network} is more than the networks of operators, and all of it reaches the management interfaces"
            yield Risk(("operator_networks", at), "wide_operator_network", str(network), why)


def _zones(data: Record) -> t.Iterator[Risk]:
    named = names(data, "zones")
    for zone in ZONES[1:]:  # the root has to be there in any case
        if named and zone not in named:
            why = f"the zone {zone} is missing, and queries for it would be refused"
            yield Risk(("zones",), "zone_left_out", zone, why)
    for at, entry in records(data, "zones"):
        for key, expected in (("zonemd", ZONES), ("dnssec", SIGNED)):
            if entry.get(key) is False and entry.get("name") in expected:
                why = f"false, so that a copy of {entry['name']} that was altered on its way is served"
                yield Risk(("zones", at, key), "zone_unproven", f"{entry['name']}/{key}", why)


def _windows(data: Record) -> t.Iterator[Risk]:
    days: dict[str, list[tuple[int, int, int]]] = collections.defaultdict(list)
    for at, window in records(data, "maintenance_windows"):
        day, start, end = (window.get(key) for key in ("day", "start", "end"))
        if day and start and end:
            days[day].append((_minutes(start), _minutes(end), at))
    for day, windows in days.items():
        total, until = 0, 0
        for start, end, _at in sorted(windows):
            total += max(0, end - max(start, until))
            until = max(until, end)
        if total > MOST_WINDOW:
            why = f"{day} is maintenance for more than {MOST_WINDOW // 60} hours, so that busy hours are not spared"
            yield Risk(("maintenance_windows", windows[0][2]), "long_maintenance", day, why)


def _minutes(text: str) -> int:
    hours, _colon, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
