# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The log server: where it is, and the certificates by which a node knows that it is the one."""

from __future__ import annotations

import datetime
import typing as t

from .. import addresses, certificates, onboarding
from .common import pinned, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem

PLACE = "log_server"
SOON = 60
"""Days before the end of the last certificate from which on there is a warning."""


def problems(fleet: Document) -> t.Iterator[Problem]:
    """Why no log would go there, or to somebody else."""
    given = (fleet.data or {}).get(PLACE) or {}
    name = str(given.get("name") or "").removesuffix(".")
    if given.get("name") == ".":
        yield fleet.problem((PLACE, "name"), "is the root; give the name in its certificates")
    for at, text in sound(given.get("addresses")):
        if why := addresses.no_server(text):
            yield fleet.problem((PLACE, "addresses", at), why)
    seen: dict[str, Path] = {}
    for at, pem in sound(given.get("certificates")):
        yield from pinned(fleet, (PLACE, "certificates", at), pem, name, seen)


def warnings(fleet: Document, today: str) -> t.Iterator[Problem]:
    """A log that stays on the nodes, or soon will, as no certificate holds any more. Never an error: no run over any
    node may fail because a day has passed.
    """
    given = (fleet.data or {}).get(PLACE) or {}
    read = []
    for _at, pem in sound(given.get("certificates")):
        try:
            read.append(certificates.read(pem))
        except ValueError:
            return  # a problem by itself
    if today == onboarding.EVER or not read:  # nobody asks for a certain day
        return
    day, place = datetime.date.fromisoformat(today), (PLACE, "certificates")
    if min(each.since for each in read) > day:
        since = min(each.since for each in read)
        yield fleet.problem(place, f"hold from {since} on; before that no node sends its log")
    elif (until := max(each.until for each in read)) < day:
        yield fleet.problem(place, f"have ended on {until}; no node sends its log any more: give the server's next one")
    elif until < day + datetime.timedelta(days=SOON):
        yield fleet.problem(
            place,
            f"hold until {until}; after that no node sends its log: give the server's next one beside it before",
        )
