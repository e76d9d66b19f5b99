# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The identity zone: its addresses are the service's own, and its process answers for nothing else (RFC 7108)."""

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from .. import addresses
from .common import names, once, sound

if t.TYPE_CHECKING:
    from ..document import Document
    from ..errors import Problem

_SPECIFIC = [text for family in addressing.FAMILIES for text in addressing.SPECIFIC[family]]
_SERVICE = {text for family in addressing.FAMILIES for text in addressing.SERVICE_ADDRESSES[family]}


def problems(fleet: Document) -> t.Iterator[Problem]:
    """Why no question would reach it, or why another server is the one to answer."""
    place = "identity_zone"
    given = (fleet.data or {}).get(place) or {}
    found = [
        text if text is None else addressing.parse(text).text for text in given.get("addresses") or ()
    ]  # each in its one spelling
    yield from addresses.families(fleet, (place, "addresses"), found)
    yield from once(fleet, (place, "addresses"), sound(found))
    for index, text in sound(found):
        inside = addresses.on_link(text, _SPECIFIC)
        if text in _SERVICE:
            wrong: str | None = f"{text} is a service address, where the root zone is answered for; take another one"
        elif inside:
            wrong = addresses.not_a_host(f"{text}/{addressing.parse(inside).length}")
        else:
            wrong = f"{text} is in no specific prefix, so nothing announces it; these are {', '.join(_SPECIFIC)}"
        if wrong:
            yield fleet.problem((place, "addresses", index), wrong)
    name, server = given.get("name"), given.get("server")
    if name == "." or (name and name in (names(fleet.data or {}, "zones") or ())):
        yield fleet.problem(
            (place, "name"), f"{name} is a zone that all nodes serve alike; take it out of one of the two"
        )
    if name and server and (server == name or server.endswith(f".{name}")):
        yield fleet.problem((place, "server"), f"{server} is inside {name}, which has no addresses; name it outside")
