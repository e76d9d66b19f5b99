# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the gate is told: ``/etc/imrs/gate.json``, checked to the last key before anything is announced."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .. import _addressing as addressing
from .._probes.refresh import Master
from .._routing import policy
from .authority import LONGEST_PROVISIONAL
from .damping import Damping
from .members import Member
from .session import SHORTEST_HOLD, Peering
from .table import ConfigError, Table

if t.TYPE_CHECKING:
    import pathlib

DISCARD = "100::1"
"""IPv6 next hop when none is given: in the discard-only prefix (RFC 6666), as the routing daemon puts its own there."""


@dataclasses.dataclass(frozen=True)
class Zone:
    """A zone to ask for. ``signed``: its SOA has to be; ``witness``: a name that it always has, empty for none."""

    name: str
    signed: bool
    witness: str


@dataclasses.dataclass(frozen=True)
class Probe:
    """How the nameserver is asked; all times in seconds (``verdict`` says what they are for).

    ``private``: where it listens for nobody but this node. There it is asked every ``interval``, in one family after
    the other; on the service
    ``addresses`` over UDP every ``udp_every`` and over TCP every ``tcp_every`` of these. ``rise`` good answers in a row
    make it believed.
    """

    private: t.Mapping[str, str]
    addresses: t.Mapping[str, tuple[str, ...]]
    port: int
    interval: float
    timeout: float
    silence: float
    busy: float
    deaf: float
    udp_every: int
    tcp_every: int
    rise: int


@dataclasses.dataclass(frozen=True)
class Way:
    """The devices by which answers leave, and addresses of which at least one has to be reached that way."""

    devices: tuple[str, ...]
    addresses: t.Mapping[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class Masters:
    """How often the masters are asked for new serials, and for how many seconds they may be newer. ``path``: the file
    that says who they are and what is trusted (``upstream.json``), which is read again each time: a new key, master or
    anchor must not cost a restart, as that withdraws the node.
    """

    path: str
    every: float
    limit: float


@dataclasses.dataclass(frozen=True)
class Upstream:
    """Where zones come from: masters, each with its secret in base64, and DS records in presentation format."""

    masters: tuple[tuple[Master, str], ...] = ()
    trust_anchors: tuple[str, ...] = ()


ABSORB, SHED = "absorb", "shed"
"""What a node does that is overloaded: serve on as well as it can, or leave the specific prefixes to others."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """What every gate has. ``drain`` is the seconds between the last withdrawal and the end of the session;
    ``graceful`` those for which a planned withdrawal is announced before (RFC 8326); ``foresee`` those for which a
    planned change may go without acceptance, 0: none may. ``signers``: the file with the keys that sign certificates,
    empty where none has to (``signature``).
    """

    node: str
    router_id: str
    peering: Peering
    prefixes: t.Mapping[str, policy.Prefixes]
    way: Way
    hold_down: Damping
    routing: str
    fingerprint_paths: tuple[str, ...]
    drain: float
    graceful: float
    foresee: int
    signers: str

    @property
    def units(self) -> tuple[str, ...]:
        """The units of its daemons."""
        return (self.routing,)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeConfig(Config):
    """Of a node. ``service``: the unit of its nameserver."""

    probe: Probe
    zones: tuple[Zone, ...]
    masters: Masters
    service: str
    overload: str

    @property
    def units(self) -> tuple[str, ...]:
        """The nameserver first."""
        return self.service, self.routing


@dataclasses.dataclass(frozen=True, kw_only=True)
class RouterConfig(Config):
    """Of a cluster's own router: the nodes behind it, and how many have to be live for the specific prefixes.

    ``below``: what is announced while they are fewer, drained or dark. ``rise`` looks in a row that find enough of them
    make that believed.
    """

    members: tuple[Member, ...]
    minimum: int
    below: policy.Mode
    rise: int


def load(path: pathlib.Path) -> NodeConfig | RouterConfig:
    """Read and parse the file; ConfigError for all that can be wrong with it."""
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(data: t.Any) -> NodeConfig | RouterConfig:
    """The configuration that decoded JSON says; ConfigError for anything missing, unknown or out of bounds."""
    top = Table(data, "")
    asn, router = top.integer("asn", addressing.ASN, addressing.ASN), top.has("members")
    common: dict[str, t.Any] = {
        "node": top.text("node"),
        "router_id": top.address("router_id", "ipv4"),
        "peering": _peering(top.table("session"), asn, add_path=router),
        "prefixes": _prefixes(top.table("prefixes")),
        "way": _way(top.table("way")),
        "hold_down": _hold_down(top.table("hold_down")),
        "routing": top.text("routing"),
        "fingerprint_paths": top.texts("fingerprint_paths"),
        "drain": top.number("drain", 0, 60, default=1.0),
        "graceful": top.number("graceful", 0, 600, default=0.0),
        "foresee": top.integer("foresee", 0, int(LONGEST_PROVISIONAL), default=0),
        "signers": top.text("signers", default=""),
    }
    if common["peering"].local == common["router_id"]:
        raise ConfigError("session.local: must differ from router_id, for it is the gate's own BGP identifier")
    config = _of_router(top, common) if router else _of_node(top, common)
    top.finish()
    return config


def _of_node(top: Table, common: dict[str, t.Any]) -> NodeConfig:
    config = NodeConfig(
        **common,
        probe=_probe(top.table("probe")),
        zones=tuple(map(_zone, top.tables("zones"))),
        masters=_masters(top.table("masters")),
        service=top.text("service"),
        overload=top.choice("overload", (ABSORB, SHED)),
    )
    for family, prefixes in config.prefixes.items():
        if (prefixes.specific or prefixes.covering) and not config.probe.addresses[family]:
            raise ConfigError(f"probe.addresses.{family}: must not be empty where there are prefixes to announce")
    if not config.zones:
        raise ConfigError("zones: must not be empty, for a nameserver without zones answers nobody")
    return config


def _of_router(top: Table, common: dict[str, t.Any]) -> RouterConfig:
    table = top.table("members")
    config = RouterConfig(
        **common,
        members=tuple(map(_member, table.tables("nodes"))),
        minimum=table.integer("minimum", 1, 64),
        below=policy.Mode.parse(table.choice("below", ("drained", "dark"))),
        rise=table.integer("rise", 1, 10000),
    )
    table.finish()
    if config.minimum > len(config.members):
        raise ConfigError(f"members.minimum: must not be more than the {len(config.members)} nodes that there are")
    for what, texts in (
        ("node", [member.node for member in config.members]),
        *((family, [member.addresses[family] for member in config.members]) for family in addressing.FAMILIES),
    ):
        if twice := sorted({text for text in texts if texts.count(text) > 1}):
            raise ConfigError(f"members.nodes: {twice[0]} is the {what} of two nodes")
    return config


def _member(table: Table) -> Member:
    addresses = {family: table.address(family, family) for family in addressing.FAMILIES}
    member = Member(table.text("node"), addresses)
    table.finish()
    return member


def _peering(table: Table, asn: int, *, add_path: bool) -> Peering:
    local = table.address("local", "ipv4")
    hops = table.table("next_hop", default={})
    peering = Peering(
        local=local,
        peer=table.address("peer", "ipv4"),
        port=table.integer("port", 1, 65535),
        asn=asn,
        hold_time=table.integer("hold_time", SHORTEST_HOLD, 65535),
        next_hops={
            "ipv4": hops.address("ipv4", "ipv4", default=local),
            "ipv6": hops.address("ipv6", "ipv6", default=DISCARD),
        },
        add_path=add_path,
    )
    hops.finish()
    table.finish()
    return peering


def _prefixes(table: Table) -> dict[str, policy.Prefixes]:
    found: dict[str, policy.Prefixes] = {}
    for family in addressing.FAMILIES:
        inner = table.table(family)
        allowed = policy.IMRS_PREFIXES[family]
        found[family] = policy.Prefixes(
            inner.texts("specific", among=allowed.specific), inner.texts("covering", among=allowed.covering)
        )
        inner.finish()
    table.finish()
    return found


def _probe(table: Table) -> Probe:
    addresses, private = table.table("addresses"), table.table("private")
    probe = Probe(
        private={family: private.address(family, family) for family in addressing.FAMILIES},
        addresses={family: addresses.addresses(family) for family in addressing.FAMILIES},
        port=table.integer("port", 1, 65535),
        interval=table.number("interval", 0.01, 10),
        timeout=table.number("timeout", 0.01, 10),
        silence=table.number("silence", 0.1, 60),
        busy=table.number("busy", 1, 300),
        deaf=table.number("deaf", 1, 300),
        udp_every=table.integer("udp_every", 1, 1000),
        tcp_every=table.integer("tcp_every", 1, 1000),
        rise=table.integer("rise", 1, 10000),
    )
    addresses.finish()
    private.finish()
    table.finish()
    return probe


def _zone(table: Table) -> Zone:
    zone = Zone(table.text("name"), table.flag("signed"), table.text("witness", default=""))
    table.finish()
    return zone


def _masters(table: Table) -> Masters:
    masters = Masters(
        path=table.text("path"),
        every=table.number("every", 1, 3600),
        limit=table.number("limit", 1, 604800),
    )
    table.finish()
    return masters


def upstream(path: pathlib.Path) -> Upstream:
    """Read ``upstream.json``; ConfigError for all that can be wrong with it."""
    try:
        top = Table(json.loads(path.read_text(encoding="utf-8")), "")
        found = Upstream(tuple(map(_master, top.tables("masters"))), top.texts("trust_anchors"))
        top.finish()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return found


def _master(table: Table) -> tuple[Master, str]:
    master = Master(
        name=table.text("name"),
        address=table.any_address("address"),
        port=table.integer("port", 1, 65535),
        key=table.text("key"),
        algorithm=table.text("algorithm"),
    )
    secret = table.text("secret")
    table.finish()
    return master, secret


def _way(table: Table) -> Way:
    addresses = table.table("addresses")
    way = Way(table.texts("devices"), {family: addresses.addresses(family) for family in addressing.FAMILIES})
    addresses.finish()
    table.finish()
    return way


def _hold_down(table: Table) -> Damping:
    settings = Damping(
        first=table.number("first", 0, 86400),
        longest=table.number("longest", 0, 86400),
        forget_after=table.number("forget_after", 0, 604800),
    )
    table.finish()
    return settings
