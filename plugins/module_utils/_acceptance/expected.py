# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a node should be, as verdicts and plans read it: the host variables of one node, checked and typed."""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import ssl
import typing as t

from .. import _addressing as addressing
from .. import _products as products
from .._routing import policy
from .._site.session import Bfd, Peer
from .check import NODE, ROUTER


@dataclasses.dataclass(frozen=True)
class Tls:
    """How a master hands out zones over TLS. ``certificates``: SHA-256 of those that it may show, in hexadecimal."""

    name: str
    port: int
    certificates: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Master:
    """Where zones come from (``imrs_masters``). Of its transfer key only the name; empty where none is named."""

    addresses: tuple[str, ...]
    port: int = 53
    key: str = ""
    tls: Tls | None = None


@dataclasses.dataclass(frozen=True)
class Listener:
    """One more socket that may listen on a node."""

    protocol: str
    port: int
    process: str = ""


@dataclasses.dataclass(frozen=True)
class IdentityZone:
    """The zone in which a node tells what it is (``imrs_identity_zone``). ``text``, ``address``: its records' data."""

    name: str
    addresses: tuple[str, ...]
    text: str
    address: str

    @classmethod
    def read(cls, given: t.Mapping[str, t.Any]) -> IdentityZone:
        """Read ``imrs_identity_zone``."""
        served = tuple(address for family in addressing.FAMILIES for address in given["addresses"][family])
        text = " ".join(f'"{string}"' for string in given["strings"])
        return cls(_fqdn(str(given["name"])), served, text, str(given["address"]))


@dataclasses.dataclass(frozen=True)
class Member:
    """A router's session with one of its cluster's nodes (``imrs_members``); times are in seconds."""

    name: str
    node: str
    """Inventory name of the node."""
    family: str
    address: str
    """The node's."""
    local_address: str
    hold_time: int
    bfd: Bfd | None = None
    md5: bool = False
    """Whether the session has a password (RFC 2385)."""

    @classmethod
    def read(cls, given: t.Mapping[str, t.Any]) -> Member:
        """Read an entry of ``imrs_members``."""
        bfd = given.get("bfd")
        return cls(
            **{key: str(given[key]) for key in ("name", "node", "family", "address", "local_address")},
            hold_time=int(given["hold_time"]),
            bfd=Bfd(int(bfd["interval_ms"]), int(bfd["multiplier"])) if bfd else None,
            md5=bool(given.get("password_variable")),
        )


@dataclasses.dataclass(frozen=True)
class Hardware:
    """What a machine has to have (``imrs_serial``, ``imrs_profile``, ``imrs_uplink``, ``imrs_bmc``); memory in MiB,
    speed in Mbit/s.

    ``serial`` is empty where the sheet has none. ``ports`` are the physical interfaces of ``uplink``.
    """

    serial: str
    cores: int
    memory_mib: int
    link_mbps: int
    uplink: str
    ports: tuple[str, ...]
    ecc: bool = True
    """Whether its memory counts errors."""
    power_supplies: int = 1
    bmc: bool = False
    """Whether profile or sheet name a BMC."""
    bmc_address: str = ""
    """Empty where the sheet has none."""
    firmware: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Versions that may run, by ``bios``, ``bmc`` and ``network``; of what is not there, any."""
    cards: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    """How the uplink's cards are set: ``queues``, ``receive_ring``, ``transmit_ring`` (packets), ``hash_ports``."""

    @classmethod
    def read(cls, given: t.Mapping[str, t.Any]) -> Hardware:
        """Read what ``projection.project`` has made of them."""
        numbers = {key: int(given[key]) for key in ("cores", "memory_mib", "link_mbps", "power_supplies")}
        return cls(
            serial=str(given["serial"] or ""),
            uplink=str(given["uplink"]),
            ports=tuple(map(str, given["ports"])),
            bmc_address=str(given["bmc_address"] or ""),
            firmware={str(part): tuple(map(str, versions)) for part, versions in given["firmware"].items()},
            cards={str(setting): int(value) for setting, value in given["cards"].items()},
            ecc=bool(given["ecc"]),
            bmc=bool(given["bmc"]),
            **numbers,
        )


OPTIONAL = {
    *("mode", "notify_addresses", "listeners", "siblings", "function", "members"),
    *("minimum_live", "identity_zone", "router_id", "irr", "hardware", "refused", "links"),
    *("time_sources", "log_server"),
}


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
    nameserver: products.Product | None
    """None: it is a router."""
    routing: products.Product
    mode: str
    notify_addresses: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()
    siblings: tuple[str, ...] = ()
    """Names of the other nodes of its cluster, a router's of all: questions from outside come to any of them."""
    function: str = NODE
    """What the appliance is for, one of ``check.FUNCTIONS``."""
    members: tuple[Member, ...] = ()
    """A router's sessions with the nodes of its cluster."""
    minimum_live: int = 0
    """A router's: how many nodes have to be live for it to announce the specific prefixes."""
    identity_zone: IdentityZone | None = None
    router_id: str = ""
    """What its routing daemon calls itself (RFC 6286); empty where that is not told."""
    irr: t.Mapping[str, str] | None = None
    """Where the fleet says that its routes are registered (``imrs_irr``)."""
    hardware: Hardware | None = None
    refused: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=lambda: _links({}))
    """By family, bogons and our prefixes: what no peer may teach (``imrs_refused``)."""
    links: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=lambda: _links({}))
    """By family, the subnets that the uplink is on (``imrs_link``), but for link-local ones."""
    time_sources: tuple[str, ...] = ()
    """Names of the NTP servers that set its clock (``imrs_time_sources``); none: the clock is left alone."""
    log_server: str = ""
    """Name of the server that its log is sent to (``imrs_log_server``); empty: it stays on the node."""

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
        function = str(data.get("function") or NODE)
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
            nameserver=None if function == ROUTER else products.named(products.NAMESERVER, data["nameserver_provider"]),
            routing=products.named(products.ROUTING, data["routing_provider"]),
            mode=str(data.get("mode") or ""),
            notify_addresses=tuple(str(address) for address in data.get("notify_addresses") or ()),
            listeners=tuple(
                Listener(str(entry["protocol"]), int(entry["port"]), str(entry.get("process") or ""))
                for entry in data.get("listeners") or ()
            ),
            siblings=tuple(str(name).rstrip(".") for name in data.get("siblings") or ()),
            function=function,
            members=tuple(map(Member.read, data.get("members") or ())),
            minimum_live=int(data.get("minimum_live") or 0),
            identity_zone=IdentityZone.read(data["identity_zone"]) if data.get("identity_zone") else None,
            router_id=str(data.get("router_id") or ""),
            irr={key: str(data["irr"][key]) for key in ("source", "object")} if data.get("irr") else None,
            hardware=Hardware.read(data["hardware"]) if data.get("hardware") else None,
            refused={family: tuple((data.get("refused") or {}).get(family, ())) for family in addressing.FAMILIES},
            links=_links(data.get("link") or {}),
            time_sources=tuple(str(source["name"]) for source in data.get("time_sources") or ()),
            log_server=str((data.get("log_server") or {}).get("name") or ""),
        )


def _fqdn(name: str) -> str:
    """A zone name with its final dot."""
    return name if name.endswith(".") else f"{name}."


def _links(given: t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]) -> dict[str, tuple[str, ...]]:
    """The subnets of ``imrs_link``, by family."""
    return {
        family: tuple(
            str(ipaddress.ip_interface(f"{each['address']}/{each['length']}").network)
            for each in given.get(family, ())
            if not addressing.is_link_local(each["address"])
        )
        for family in addressing.FAMILIES
    }


def _master(data: t.Any) -> Master:
    """A master, given as a plain address or as an entry of ``imrs_masters``."""
    if isinstance(data, str):
        return Master((data,))
    key = _fqdn(str(data["tsig"]["name"])) if data.get("tsig") else ""
    tls = _tls(data["tls"]) if data.get("tls") else None
    return Master(tuple(str(address) for address in data["addresses"]), int(data.get("port") or 53), key, tls)


def _tls(data: t.Mapping[str, t.Any]) -> Tls:
    shown = (hashlib.sha256(ssl.PEM_cert_to_DER_cert(str(pem))).hexdigest() for pem in data["certificates"])
    return Tls(str(data["name"]), int(data["port"]), tuple(shown))


def _peer(data: t.Mapping[str, t.Any]) -> Peer:
    """One entry of ``imrs_peers``."""
    try:
        return Peer.read(data)
    except ValueError as error:
        raise ValueError(f"expected: {data.get('name', 'a peer')}: {error}") from error
