# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Sources of time: enough, each with one voice, so that one that is wrong is outvoted (RFC 8633 section 3.2)."""

from __future__ import annotations

import typing as t

from .. import addresses
from ..document import spell
from .common import once, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem

PLACE = "time_sources"
FEWEST = 4
"""Three have to agree (``minsources`` in chrony.conf), and one may be wrong or silent (RFC 8633 section 3.2)."""


def problems(fleet: Document) -> t.Iterator[Problem]:
    """Why the clocks would be set by nobody, or by whom one of them believes."""
    data = fleet.data or {}
    given = data.get(PLACE)
    if given is None:
        return
    found = list(records(data, PLACE))
    if len(given) < FEWEST:
        yield fleet.problem(
            (PLACE,),
            f"{len(given)} of them are too few: three have to agree before a clock is set, and one may be wrong or "
            f"silent; give {FEWEST} or more (RFC 8633 section 3.2), or leave time_sources out, and the clocks are left "
            "alone",
        )
    yield from once(fleet, (PLACE,), found, "name")
    for index, source in found:
        if source.get("name") == ".":
            yield fleet.problem((PLACE, index, "name"), "is the root; give the server's name")
    yield from _addresses(fleet)
    signed = {source.get("nts", False) for _index, source in found} - {None}
    if len(signed) > 1:
        index = next(at for at, source in found if source.get("nts", False) is False)
        yield fleet.problem(
            (PLACE, index, "nts"),
            "is false, and true of others: whoever forges the answers of the unsigned ones has their voices; "
            "give all of them nts, or none",
        )


def _addresses(fleet: Document) -> t.Iterator[Problem]:
    """An address is one source's, or one server would have two voices; and no clock is set by the service itself."""
    seen: dict[str, Path] = {}
    for index, source in records(fleet.data or {}, PLACE):
        for at, text in sound(source.get("addresses")):
            path: Path = (PLACE, index, "addresses", at)
            if why := addresses.no_server(text):
                yield fleet.problem(path, why)
            address = addresses.host(text)
            first = seen.setdefault(address, path)
            if first != path:
                yield fleet.problem(path, f"{address} stands at {spell(first)} already; a server has one voice")
