# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Distribution masters: their addresses, and the certificates of those that hand out zones over TLS (RFC 9103)."""

from __future__ import annotations

import datetime
import typing as t

from .. import addresses, certificates, onboarding
from .common import pinned, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem
    from .common import Record

SOON = 60
"""Days before the end of a certificate from which on there is a warning."""


def problems(fleet: Document) -> t.Iterator[Problem]:
    """What is wrong with the masters."""
    for index, master in records(fleet.data or {}, "masters"):
        yield from addresses.families(fleet, ("masters", index, "addresses"), master.get("addresses"))
        if (master.get("tls") or {}).get("name") == ".":
            yield fleet.problem(("masters", index, "tls", "name"), "is the root; give the name in its certificates")
    yield from _certificates(fleet)


def warnings(fleet: Document, today: str) -> t.Iterator[Problem]:
    """Masters from which no zone comes, or soon none will: certificates end at the same time for all of the fleet.

    Never an error: no run over any node may fail because a day has passed.
    """
    if today == onboarding.EVER:  # nobody asks for a certain day
        return
    day = datetime.date.fromisoformat(today)
    for place, master, pem in _tls(fleet):
        try:
            found = certificates.read(pem)
        except ValueError:
            continue  # a problem by itself
        who = f"no nameserver that looks at it takes a zone from {master.get('name')}"
        if found.since > day:
            yield fleet.problem(place, f"holds from {found.since} on; before that {who} with it")
        elif found.until < day:
            yield fleet.problem(place, f"has ended on {found.until}; {who} any more: give the master's next one")
        elif found.until < day + datetime.timedelta(days=SOON):
            yield fleet.problem(
                place,
                f"holds until {found.until}; after that {who}: give the master's next certificate beside it before",
            )


def _tls(fleet: Document) -> t.Iterator[tuple[Path, Record, str]]:
    """Each certificate, with its place and its master."""
    for index, master in records(fleet.data or {}, "masters"):
        for at, pem in sound((master.get("tls") or {}).get("certificates")):
            yield ("masters", index, "tls", "certificates", at), master, pem


def _certificates(fleet: Document) -> t.Iterator[Problem]:
    """Why no transfer over TLS would come about, or one from somebody else."""
    seen: dict[str, Path] = {}
    name_of = {
        own.removesuffix("."): master["name"]
        for _index, master in records(fleet.data or {}, "masters")
        if (own := (master.get("tls") or {}).get("name")) and master.get("name")
    }
    for place, master, pem in _tls(fleet):
        own = str(master["tls"].get("name") or "").removesuffix(".")
        found = yield from pinned(fleet, place, pem, own, seen)
        for other in found.names if found else ():
            if "*" in other:
                yield fleet.problem(place, f"is for {other}, which other masters' names match; name the master alone")
            elif master.get("name") and name_of.get(other, master["name"]) != master["name"]:
                yield fleet.problem(
                    place, f"is for {other} as well, which is {name_of[other]}: its key could speak for that master"
                )
