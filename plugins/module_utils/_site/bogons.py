# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which prefixes no session may teach a node (RFC 7454 section 6.1)."""

from __future__ import annotations

from .. import _addressing as addressing

BOGONS: dict[str, tuple[str, ...]] = {
    "ipv4": (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    ),
    "ipv6": ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20"),
}
"""IANA's special-purpose registries (RFC 6890), multicast and reserved space; of IPv6 only what is inside 2000::/3,
because nothing else is learned."""


def refused() -> dict[str, list[str]]:
    """By family, bogons and the prefixes of the IMRS: a node learns none of them, and nothing inside them."""
    return {
        family: [*BOGONS[family], *addressing.COVERING[family], *addressing.SPECIFIC[family]]
        for family in addressing.FAMILIES
    }
