# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Prefixes of which the routing daemon is asked whether it would take them from a peer. Pure: nobody announces them.

On a node in service nobody may send routes to try its filters, so the daemon that runs says what they would do.
"""

from __future__ import annotations

import ipaddress
import typing as t

from .. import _addressing as addressing

if t.TYPE_CHECKING:
    from .._site.session import Session
    from .expected import Expected

DEFAULT = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
LONGEST = {"ipv4": 24, "ipv6": 48}
"""Length of the longest prefixes that everybody takes (RFC 7454 section 6.1.3)."""
WORLD = {
    "ipv4": ("198.41.0.0/24", "193.0.14.0/24", "8.0.0.0/9"),
    "ipv6": ("2001:503:ba3e::/48", "2001:7fd::/32", "2600::/16"),
}
"""What peers do tell of the rest of the world: prefixes of two other root servers, and a short one."""
TOO_LONG = {"ipv4": ("193.0.14.128/25", "193.0.14.129/32"), "ipv6": ("2001:7fd::/49", "2001:7fd::1/128")}
"""Parts of these that are longer than everybody takes."""


def learnable(expected: Expected, family: str) -> tuple[str, ...]:
    """What a peer with ``inbound: all`` has to be believed: ``WORLD``, but for what the link itself is part of."""
    return tuple(each for each in WORLD[family] if not any(_overlap(each, link) for link in expected.links[family]))


def refused(expected: Expected, family: str) -> tuple[str, ...]:
    """What no peer is believed: our prefixes, bogons and the link itself, whole and in part, and what is too long."""
    whole = dict.fromkeys((*expected.ours(family), *expected.refused[family], *expected.links[family]))
    return tuple(dict.fromkeys((*whole, *(part for each in whole for part in _part(each, family)), *TOO_LONG[family])))


def of(expected: Expected) -> dict[str, list[str]]:
    """By family, all that is asked of every session with a peer."""
    return {
        family: [DEFAULT[family], *learnable(expected, family), *refused(expected, family)]
        for family in addressing.FAMILIES
    }


def wanted(expected: Expected, session: Session) -> set[str]:
    """Which of them a session takes, by the sheet's ``inbound``."""
    if session.inbound == "all":
        return set(learnable(expected, session.family))
    return {DEFAULT[session.family]} if session.inbound == "default" else set()


def _part(prefix: str, family: str) -> list[str]:
    """A part of a prefix that is no longer than everybody takes, so that its length is no reason to refuse it."""
    network = ipaddress.ip_network(prefix)
    length = max(network.prefixlen + 1, min(LONGEST[family], network.prefixlen + 8))
    return [f"{network.network_address}/{length}"] if length <= LONGEST[family] else []


def _overlap(one: str, other: str) -> bool:
    return bool(ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other)))
