# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Text of a report without what strangers need not know: addresses that are not the host's or public, and keys' names.

Only what is known to be public or the host's own stays; any other address goes, whoever's it is. So nothing has to be
listed to be withheld, and what a daemon says of its own accord is safe, too.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t

from .. import _addressing as addressing

if t.TYPE_CHECKING:
    from .._acceptance.expected import Expected

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ADDRESS, PREFIX = "(an address)", "(a prefix)"
_IPV6 = re.compile(r"([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(%[\w.-]+)?(/\d{1,3})?")
"""What may be one. Times and communities look like it, and do not parse."""
_IPV4 = re.compile(r"(?<!\d)(\d{1,3}(?:\.\d{1,3}){3})(?!\d)()(/\d{1,2})?")


@dataclasses.dataclass(frozen=True)
class Withheld:
    """What may be told, and what other things are called."""

    known: frozenset[Address]
    networks: tuple[Network, ...]
    """Every address of these may be told."""
    called: t.Mapping[Address, str]
    names: t.Mapping[str, str]
    """Names that are withheld, without the final dot, and what stands in their place."""

    def text(self, value: object) -> str:
        """The text, with other words for what is withheld."""
        text = str(value)
        for name in sorted(self.names, key=len, reverse=True):
            whole = rf"(?<![\w.-]){re.escape(name)}(?:\.(?![\w-]))?(?![\w-]|\.[\w-])"
            text = re.sub(whole, self.names[name], text, flags=re.IGNORECASE)
        text = _IPV4.sub(self._instead, _IPV6.sub(self._instead, text))
        return re.sub(r"\bmaster master\b", "master", text)

    def _instead(self, match: re.Match[str]) -> str:
        """What stands in place of something that looks like an address, with its zone and its length."""
        whole, body, length = match[0], match[1], match[3] or ""
        core = re.sub(r"^:(?!:)|(?<!:):$|[.]+$", "", body)
        lead, _found, tail = body.partition(core)
        try:
            address = ipaddress.ip_address(core)
        except ValueError:
            like = match.re is _IPV4 or "::" in core or core.count(":") > 3
            return f"{lead}{PREFIX if length else ADDRESS}{tail}" if like else whole
        if address in self.called:
            return f"{lead}{self.called[address]}{tail}"
        if address in self.known or any(address in network for network in self.networks):
            return whole
        return f"{lead}{PREFIX if length else ADDRESS}{tail}"


NOTHING = Withheld(frozenset(), (), {}, {})
"""Nothing is known, so no address may be told."""
PUBLIC = Withheld(
    frozenset(ipaddress.ip_address(text) for texts in addressing.SERVICE_ADDRESSES.values() for text in texts),
    (),
    {},
    {},
)
"""Only the addresses that the whole world asks are told."""


def of(expected: Expected) -> Withheld:
    """What a host may read of a node: the public service, its own routers, and our ends of the sessions with them."""
    peers = [text for peer in expected.peers for text in (peer.address, peer.local_address)]
    inside = [text for member in expected.members for text in (member.address, member.local_address)]
    texts = [*expected.addresses, *expected.notify_addresses, *peers, *inside]
    texts += expected.identity_zone.addresses if expected.identity_zone else ()
    called: dict[Address, str] = {}
    names: dict[str, str] = {}
    for number, master in enumerate(expected.masters, start=1):
        called |= {ipaddress.ip_address(address): f"master {number}" for address in master.addresses}
        names |= {master.key.rstrip("."): f"(the key of master {number})"} if master.key else {}
        names |= {master.tls.name.rstrip("."): f"(the name of master {number})"} if master.tls else {}
    for peer in expected.peers:
        names |= {peer.password_variable: "(a password)"} if peer.password_variable else {}
    return Withheld(_addresses(texts), _networks(expected), called, names)


def _addresses(texts: t.Iterable[str]) -> frozenset[Address]:
    """Those, and the ones that mean no machine."""
    everybody = ("0.0.0.0", "::")  # noqa: S104 - told of sockets; nothing is bound here
    return frozenset(ipaddress.ip_address(text.partition("%")[0]) for text in (*texts, *everybody))


def _networks(expected: Expected) -> tuple[Network, ...]:
    """Our prefixes, and what no packet leaves a machine for."""
    ours = [prefix for family in expected.prefixes for prefix in expected.ours(family)]
    return tuple(map(ipaddress.ip_network, (*ours, "127.0.0.0/8", "::1/128")))
