# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Numbers and prefixes: what the IMRS is on the wire, and how addresses are read.

The IMRS numbers are facts of the service (requirements section 1.1; ICANN's host page, FAQ q13), not
settings. Fleet data repeats them, so that people can read them there; anything else there is refused.
"""

from __future__ import annotations

import ipaddress
import typing as t

ASN = 20144
"""Origin AS of every IMRS prefix."""

FAMILIES = ("ipv4", "ipv6")
"""Address families, as spelt in all data of this collection."""

SERVICE_ADDRESSES: dict[str, tuple[str, ...]] = {
    "ipv4": ("199.7.83.42",),
    "ipv6": ("2001:500:9f::42", "2001:500:3::42"),
}
"""Addresses that answer for l.root-servers.net; the last one is the address used until 2016."""

SPECIFIC: dict[str, tuple[str, ...]] = {
    "ipv4": ("199.7.83.0/24",),
    "ipv6": ("2001:500:9f::/48", "2001:500:3::/48"),
}
"""Prefixes that attract traffic: announced only by a live node."""

COVERING: dict[str, tuple[str, ...]] = {
    "ipv4": ("199.7.82.0/23",),
    "ipv6": ("2001:500:9e::/47",),
}
"""Prefixes that keep a drained node visible (RSSAC024 answer 3.2.1)."""


def family_of(text: str) -> str:
    """``ipv4`` or ``ipv6`` for an address, prefix or interface address; ValueError for anything else."""
    return f"ipv{ipaddress.ip_interface(text).version}"


def by_family(texts: t.Iterable[str]) -> dict[str, list[str]]:
    """Sort addresses or prefixes into ``{"ipv4": [...], "ipv6": [...]}``, keeping their order."""
    sorted_: dict[str, list[str]] = {family: [] for family in FAMILIES}
    for text in texts:
        sorted_[family_of(text)].append(text)
    return sorted_


def canonical(network: str) -> str:
    """The one spelling of a prefix (RFC 5952 for IPv6); ValueError when host bits are set."""
    return str(ipaddress.ip_network(network))


def on_link(address: str, interfaces: t.Iterable[str]) -> str | None:
    """The interface address (``a.b.c.d/len``) whose subnet holds ``address``, or None."""
    wanted = ipaddress.ip_address(address)
    for text in interfaces:
        interface = ipaddress.ip_interface(text)
        if interface.version == wanted.version and wanted in interface.network:
            return text
    return None
