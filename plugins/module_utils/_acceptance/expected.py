# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node should be, as verdicts and plans read it: the host variables of one node, checked and typed."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _addressing as addressing
from .. import _products as products
from .._routing import policy

NO_EXPORT = "65535:65281"
"""RFC 1997, as a number: the spelling of evidence."""


class Bfd(t.NamedTuple):
    """How a neighbour is watched (RFC 5880)."""

    interval_ms: int
    multiplier: int

    @property
    def detection_ms(self) -> int:
        """After so many milliseconds a silent neighbour counts as gone."""
        return self.interval_ms * self.multiplier


@dataclasses.dataclass(frozen=True)
class Peer:
    """One BGP session (``imrs_peers``); times in seconds, those of BFD in milliseconds."""

    name: str
    family: str
    asn: int
    address: str
    local_address: str
    mark: str
    """What the gate puts on what this session gets (RFC 8092)."""
    multihop: int | None
    authenticated: bool
    hold_time: int
    keepalive_time: int | None = None
    internal: bool = False
    """With a router of our own, in our AS."""
    bfd: Bfd | None = None
    communities: tuple[str, ...] = ()
    """Of the specific prefixes, in one spelling: standard and large ones, and NO_EXPORT where it is agreed."""
    prepend: int = 0
    """How often our AS is prepended to the specific prefixes."""
    inbound: str = "none"
    """What may come in: ``none``, ``default`` or ``all``."""
    max_prefix: int = 0
    """How many routes may come in."""


@dataclasses.dataclass(frozen=True)
class Master:
    """Where zones come from (``imrs_masters``). Of its transfer key only the name; empty where none is named."""

    addresses: tuple[str, ...]
    port: int = 53
    key: str = ""


@dataclasses.dataclass(frozen=True)
class Listener:
    """One more socket that may listen on a node."""

    protocol: str
    port: int
    process: str = ""


OPTIONAL = {"mode", "notify_addresses", "listeners"}


@dataclasses.dataclass(frozen=True)
class Expected:
    """What the sheet of a node says, as far as acceptance needs it. Holds no secret."""

    node_name: str
    asn: int
    service_addresses: dict[str, tuple[str, ...]]
    prefixes: dict[str, policy.Prefixes]
    peers: tuple[Peer, ...]
    zones: tuple[str, ...]
    masters: tuple[Master, ...]
    trust_anchors: tuple[str, ...]
    nameserver: products.Product
    routing: products.Product
    mode: str
    notify_addresses: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()

    def announced(self, mode: policy.Mode) -> dict[str, tuple[str, ...]]:
        """The exact set of prefixes of every family in ``mode``."""
        return {family: policy.announced(mode, prefixes) for family, prefixes in self.prefixes.items()}

    @property
    def addresses(self) -> tuple[str, ...]:
        """All service addresses, IPv4 first."""
        return tuple(address for family in addressing.FAMILIES for address in self.service_addresses[family])

    def ours(self, family: str) -> tuple[str, ...]:
        """All our prefixes of one family, whatever the mode."""
        return (*self.prefixes[family].covering, *self.prefixes[family].specific)

    @classmethod
    def parse(cls, data: t.Mapping[str, t.Any]) -> Expected:
        """Build from the ``expected`` option of the module; ValueError that names what is missing or wrong."""
        names = {"nameserver": "nameserver_provider", "routing": "routing_provider"}
        fields = [field.name for field in dataclasses.fields(cls) if field.name not in OPTIONAL]
        missing = [name for field in fields if (name := names.get(field, field)) not in data]
        if missing:
            raise ValueError(f"expected: {', '.join(missing)} missing")
        try:
            return cls._parse(data)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"expected: not as described: {type(error).__name__} {error}") from error

    @classmethod
    def _parse(cls, data: t.Mapping[str, t.Any]) -> Expected:
        return cls(
            node_name=str(data["node_name"]).rstrip("."),
            asn=int(data["asn"]),
            service_addresses={f: tuple(data["service_addresses"].get(f, ())) for f in addressing.FAMILIES},
            prefixes={
                family: policy.Prefixes(
                    tuple(addressing.canonical(text) for text in data["prefixes"].get(family, {}).get("specific", ())),
                    tuple(addressing.canonical(text) for text in data["prefixes"].get(family, {}).get("covering", ())),
                )
                for family in addressing.FAMILIES
            },
            peers=tuple(_peer(peer) for peer in data["peers"]),
            zones=tuple(_fqdn(zone["name"]) for zone in data["zones"]),
            masters=tuple(_master(master) for master in data["masters"]),
            trust_anchors=tuple(str(anchor) for anchor in data["trust_anchors"]),
            nameserver=products.named(products.NAMESERVER, data["nameserver_provider"]),
            routing=products.named(products.ROUTING, data["routing_provider"]),
            mode=str(data.get("mode") or ""),
            notify_addresses=tuple(str(address) for address in data.get("notify_addresses") or ()),
            listeners=tuple(
                Listener(str(entry["protocol"]), int(entry["port"]), str(entry.get("process") or ""))
                for entry in data.get("listeners") or ()
            ),
        )


def _fqdn(name: str) -> str:
    """A zone name with its final dot."""
    return name if name.endswith(".") else f"{name}."


def _master(data: t.Any) -> Master:
    """A master, given as a plain address or as an entry of ``imrs_masters``."""
    if isinstance(data, str):
        return Master((data,))
    key = _fqdn(str(data["tsig"]["name"])) if data.get("tsig") else ""
    return Master(tuple(str(address) for address in data["addresses"]), int(data.get("port") or 53), key)


def _peer(data: t.Mapping[str, t.Any]) -> Peer:
    """One entry of ``imrs_peers``: of the password only whether there is one."""
    inbound, bfd = str(data.get("inbound") or "none"), data.get("bfd")
    most = {"none": 0, "default": 1, "all": data.get("max_prefix")}.get(inbound)
    if most is None:
        raise ValueError(f"expected: {data['name']}: inbound is none, default, or all with a max_prefix")
    return Peer(
        name=str(data["name"]),
        family=str(data["family"]),
        asn=int(data["asn"]),
        address=str(data["address"]),
        local_address=str(data["local_address"]),
        mark=str(data["mark"]),
        multihop=int(data["multihop"]) if data.get("multihop") else None,
        authenticated=bool(data.get("password_variable")),
        hold_time=int(data["hold_time"]),
        keepalive_time=int(data["keepalive_time"]) if data.get("keepalive_time") else None,
        internal=bool(data.get("internal")),
        bfd=Bfd(int(bfd["interval_ms"]), int(bfd["multiplier"])) if bfd else None,
        communities=(
            *(str(community) for kind in ("communities", "large_communities") for community in data.get(kind) or ()),
            *((NO_EXPORT,) if data.get("no_export") else ()),
        ),
        prepend=int(data.get("prepend") or 0),
        inbound=inbound,
        max_prefix=int(most),
    )
