# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which addresses may stand where: families, ranges, links. Sets of addresses are netaddr's."""

from __future__ import annotations

import functools
import typing as t

from .. import _addressing as addressing

try:
    import netaddr
except ImportError:  # said by the glue, in one sentence: see fleet.missing_libraries()
    HAS_NETADDR = False
else:
    HAS_NETADDR = True

if t.TYPE_CHECKING:
    from .document import Document, Path
    from .errors import Problem

LABELS = {"ipv4": "IPv4", "ipv6": "IPv6"}

PRIVATE: tuple[tuple[str, str], ...] = (
    ("10.0.0.0/8", "a private address (RFC 1918)"),
    ("172.16.0.0/12", "a private address (RFC 1918)"),
    ("192.168.0.0/16", "a private address (RFC 1918)"),
    ("100.64.0.0/10", "a shared address of carriers (RFC 6598)"),
    ("fc00::/7", "a unique local address (RFC 4193)"),
)
"""Ranges that the Internet does not route: none of them may be on the service side."""

NO_HOST: tuple[tuple[str, str], ...] = (
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
"""Ranges in which no machine of another network can be reached at all."""

WIDEST_UPLINK = {"ipv4": 16, "ipv6": 48}
"""The shortest prefixes that a link towards a host or transit can have."""
WIDEST_MANAGEMENT = {"ipv4": 8, "ipv6": 32}
"""The shortest prefixes of a management network; some are flat, and none is the Internet."""

IMRS: tuple[tuple[str, str], ...] = tuple(
    (text, text)
    for prefixes in (addressing.COVERING, addressing.SPECIFIC)
    for family in addressing.FAMILIES
    for text in prefixes[family]
)
"""The prefixes of the service."""


@functools.lru_cache(maxsize=1 << 14)
def network(text: str) -> netaddr.IPNetwork:
    """The subnet of an interface address, or a prefix; its ``ip`` is the address itself. A bare address is all of it.

    Cached: the same few addresses are read again by every rule.
    """
    return netaddr.IPNetwork(addressing.parse(text).interface)  # type: ignore[no-untyped-call]


@functools.lru_cache(maxsize=1 << 14)
def _ip(text: str) -> netaddr.IPAddress:
    """The bare address of an address with or without its prefix length."""
    found: netaddr.IPAddress = network(text).ip
    return found


def merged(prefixes: t.Iterable[str]) -> list[netaddr.IPNetwork]:
    """The fewest prefixes that hold the same addresses, IPv4 first."""
    return list(netaddr.cidr_merge([network(text) for text in prefixes]))  # type: ignore[no-untyped-call]


def on_link(address: str, interfaces: t.Iterable[str]) -> str | None:
    """The interface address (``a.b.c.d/len``) whose subnet holds ``address``, or None."""
    wanted = _ip(address)
    return next((text for text in interfaces if wanted in network(text)), None)


def beside(address: str, interfaces: t.Sequence[str]) -> str:
    """The address with the prefix length of the one of these interface addresses that is on its link; there is one."""
    link = t.cast("str", on_link(address, interfaces))
    return f"{host(address)}/{addressing.parse(link).length}"


def host(text: str) -> str:
    """The bare address, in its one spelling, of an address with or without its prefix length."""
    return addressing.parse(text).text


@functools.lru_cache(maxsize=1 << 12)
def unfit(text: str) -> str | None:
    """Why an address may not be on the service side; None when it may."""
    found = _inside(text, PRIVATE) or _inside(text, NO_HOST)
    if found:
        return f"{text} is {found}; the service side takes addresses that the Internet routes"
    return _of_the_service(text)


def unfit_on_link(text: str) -> str | None:
    """As ``unfit``, of an address on the link to the host: an IPv6 link-local one will do there."""
    return None if addressing.is_link_local(text) else unfit(text)


def routed(texts: list[str | None] | None) -> list[str | None] | None:
    """Without link-local addresses: none of them makes a machine reachable from further away."""
    return texts and [text for text in texts if text is None or not addressing.is_link_local(text)]


def unreachable(text: str) -> str | None:
    """Why operators could not reach a machine at this address; None when they can. Private ones are theirs to route."""
    found = _inside(text, NO_HOST)
    return f"{text} is {found}; give one that operators can reach" if found else _of_the_service(text)


def no_server(text: str) -> str | None:
    """Why no server of somebody else's can be at this address; None when one can. Private ones may be ours to route."""
    found = _inside(text, NO_HOST)
    return f"{text} is {found}; give the server's own address" if found else _of_the_service(text)


def _of_the_service(text: str) -> str | None:
    prefix = _inside(text, IMRS)
    return prefix and f"{text} is inside {prefix}, a prefix of the service itself; take an address of another network"


def _inside(text: str, ranges: tuple[tuple[str, str], ...]) -> str | None:
    wanted = _ip(text)
    return next((why for prefix, why in ranges if wanted in network(prefix)), None)


def swallows(text: str, widest: t.Mapping[str, int]) -> str | None:
    """Why a subnet holds what is elsewhere; None when it is a link's. ``widest``: shortest prefix by family."""
    address = addressing.parse(text)
    if address.length < widest[address.family]:
        return (
            f"{text} has a subnet that is too large for a link, so that far networks would be taken for neighbours; "
            f"give the length of the link's prefix, /{widest[address.family]} or longer"
        )
    prefix = next((prefix for prefix, _why in IMRS if _ip(prefix) in network(text)), None)
    return prefix and f"{text} has a subnet that holds {prefix}, a prefix of the service itself; correct the length"


def overlap(text: str, other: str) -> bool:
    """Whether the subnets of two interface addresses have addresses in common."""
    return network(text) in network(other) or network(other) in network(text)


def not_a_host(text: str) -> str | None:
    """Why an interface address is the subnet's own; None when a host can have it."""
    subnet = network(text)
    taken = {subnet.network, subnet.broadcast} if subnet.version == 4 else {subnet.network}
    if subnet.first + 1 < subnet.last and subnet.ip in taken:
        return f"{text} is the subnet's own address; give the address of the machine in it"
    return None


def not_a_host_on(text: str, links: t.Sequence[str | None] | None) -> str | None:
    """As ``not_a_host``, for a neighbour's address on the link of one of our interface addresses."""
    if not links or None in links:
        return None
    link = on_link(text, t.cast("t.Sequence[str]", links))
    return not_a_host(f"{text}/{link.partition('/')[2]}") if link else None


def families(
    document: Document, path: Path, addresses: list[str | None] | None, *, single: bool = False
) -> t.Iterator[Problem]:
    """Dual stack: every list of addresses has both families; with ``single``, one address of each."""
    if not addresses:
        return
    sound = [addressing.family_of(address) for address in addresses if address is not None]
    for family in addressing.FAMILIES:
        count = sound.count(family)
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
    right = {addressing.parse(text).interface: text for text in wanted}
    seen: set[str] = set()
    for index, text in enumerate(found):
        if text is None:
            continue
        spelt = addressing.parse(text).interface
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
