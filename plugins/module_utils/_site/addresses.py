# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which addresses may stand where: families, ranges, links."""

from __future__ import annotations

import ipaddress
import typing as t

from .. import _addressing as addressing

if t.TYPE_CHECKING:
    from .document import Document, Path
    from .errors import Problem

LABELS = {"ipv4": "IPv4", "ipv6": "IPv6"}

UNFIT: tuple[tuple[str, str], ...] = (
    ("10.0.0.0/8", "a private address (RFC 1918)"),
    ("172.16.0.0/12", "a private address (RFC 1918)"),
    ("192.168.0.0/16", "a private address (RFC 1918)"),
    ("100.64.0.0/10", "a shared address of carriers (RFC 6598)"),
    ("fc00::/7", "a unique local address (RFC 4193)"),
    ("127.0.0.0/8", "a loopback address"),
    ("::1/128", "a loopback address"),
    ("169.254.0.0/16", "a link-local address"),
    ("fe80::/10", "a link-local address"),
    ("0.0.0.0/8", "not the address of a host"),
    ("224.0.0.0/3", "not the address of a host"),
    ("::/128", "not the address of a host"),
    ("::ffff:0:0/96", "not the address of a host"),
    ("ff00::/8", "not the address of a host"),
)
"""Ranges that the Internet does not route to a host: none of them may be on the service side."""

_UNFIT = tuple((ipaddress.ip_network(text), why) for text, why in UNFIT)
_IMRS = tuple(
    ipaddress.ip_network(text)
    for prefixes in (addressing.COVERING, addressing.SPECIFIC)
    for family in addressing.FAMILIES
    for text in prefixes[family]
)


def host(text: str) -> str:
    """The bare address, in its one spelling, of an address with or without its prefix length."""
    return str(ipaddress.ip_interface(text).ip)


def unfit(text: str) -> str | None:
    """Why an address may not be on the service side; None when it may."""
    wanted = ipaddress.ip_interface(text)
    for network, why in _UNFIT:
        if wanted.version == network.version and wanted.ip in network:
            return f"{text} is {why}; the service side takes addresses that the Internet routes"
    for network in _IMRS:
        if wanted.version == network.version and wanted.ip in network:
            return f"{text} is inside {network}, a prefix of the service itself; take an address of the host's network"
    return None


def not_a_host(text: str) -> str | None:
    """Why an interface address is the subnet's own; None when a host can have it."""
    interface = ipaddress.ip_interface(text)
    roomy = interface.network.max_prefixlen - interface.network.prefixlen >= 2
    edges = [interface.network.network_address]
    if interface.version == 4:
        edges.append(interface.network.broadcast_address)
    if roomy and interface.ip in edges:
        return f"{text} is the subnet's own address; give the address of the node in it"
    return None


def families(
    document: Document, path: Path, addresses: list[str | None] | None, *, single: bool = False
) -> t.Iterator[Problem]:
    """Dual stack: every list of addresses has both families; with ``single``, one address of each."""
    if not addresses:
        return
    sound = [address for address in addresses if address is not None]
    sorted_ = addressing.by_family(sound)
    for family in addressing.FAMILIES:
        count = len(sorted_[family])
        if not count and len(sound) == len(addresses):
            yield document.problem(path, f"has no {LABELS[family]} address; give one of each family (dual stack)")
        elif count > 1 and single:
            yield document.problem(path, f"has {count} {LABELS[family]} addresses; give exactly one of each family")


def exactly(
    document: Document, path: Path, found: list[str | None] | None, wanted: t.Iterable[str], what: str
) -> t.Iterator[Problem]:
    """A list must be what the service is: anything else is named, and so is what is missing."""
    if found is None:
        return
    right = {_one_spelling(text): text for text in wanted}
    seen: set[str] = set()
    for index, text in enumerate(found):
        if text is None:
            continue
        spelt = _one_spelling(text)
        if spelt not in right:
            yield document.problem(
                (*path, index), f"{text} is not a {what} of the IMRS; these are {', '.join(right.values())}"
            )
        elif spelt in seen:
            yield document.problem((*path, index), f"{text} is given twice")
        seen.add(spelt)
    if None not in found:
        for spelt, text in right.items():
            if spelt not in seen:
                yield document.problem(path, f"{text}, a {what} of the IMRS, is missing")


def _one_spelling(text: str) -> str:
    return str(ipaddress.ip_interface(text))
