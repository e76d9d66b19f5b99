# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Numbers and prefixes: what the IMRS is on the wire, and how addresses are read.

The IMRS numbers are facts of the service (requirements section 1.1; ICANN's host page, FAQ q13), not
settings. Fleet data repeats them, so that people can read them there; anything else there is refused.
"""

from __future__ import annotations

import functools
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


class Address(t.NamedTuple):
    """An address, with the length of its subnet's prefix where one was written."""

    family: str
    length: int
    """Prefix length; that of the whole address when none was written."""
    text: str
    """The one spelling of the bare address (RFC 5952 for IPv6)."""

    @property
    def interface(self) -> str:
        """The one spelling with the prefix length: ``192.0.2.2/29``."""
        return f"{self.text}/{self.length}"


@functools.lru_cache(maxsize=1 << 14)
def parse(text: str) -> Address:
    """Read ``192.0.2.2``, ``192.0.2.2/29`` and the like; ValueError for anything else, zones (``%eth0``) and netmasks.

    Cached: the same few addresses are read again by every rule.
    """
    host, slash, length = text.partition("/")
    found = ipaddress.ip_address(host)
    if "%" in host:
        raise ValueError(f"{text!r} has a zone")
    if slash and not (
        length.isascii() and length.isdecimal() and len(length) <= 3 and int(length) <= found.max_prefixlen
    ):
        raise ValueError(f"{text!r} has no prefix length of IPv{found.version}")
    return Address(f"ipv{found.version}", int(length) if slash else found.max_prefixlen, str(found))


def is_link_local(text: str) -> bool:
    """Whether it is an IPv6 link-local address, which means something beside the name of an interface alone."""
    address = parse(text)
    return address.family == "ipv6" and ipaddress.IPv6Address(address.text).is_link_local


def family_of(text: str) -> str:
    """``ipv4`` or ``ipv6`` for an address, prefix or interface address; ValueError for anything else."""
    return parse(text).family


def by_family(texts: t.Iterable[str]) -> dict[str, list[str]]:
    """Sort addresses or prefixes into ``{"ipv4": [...], "ipv6": [...]}``, keeping their order."""
    sorted_: dict[str, list[str]] = {family: [] for family in FAMILIES}
    for text in texts:
        sorted_[family_of(text)].append(text)
    return sorted_


def canonical(network: str) -> str:
    """The one spelling of a prefix (RFC 5952 for IPv6); ValueError when host bits are set."""
    return str(ipaddress.ip_network(network))
