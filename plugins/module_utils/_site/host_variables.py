# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The host variables of an appliance: their names and types. ``derive`` makes them; roles and the library read them.

docs/architecture.md shows them with values. Texts may be empty where nothing is known. Addresses and networks are in
canonical form; families are spelt ``ipv4``, ``ipv6``. What is not written here, no appliance has.

An appliance is a node, or a router of a cluster, where that is ours to provision.
"""

from __future__ import annotations

import typing as t

from .contract import (
    ByFamily,
    IdentityZone,
    Irr,
    Kinds,
    Lifetime,
    LogServer,
    Management,
    Master,
    Provisioning,
    Uplink,
    Window,
)

if t.TYPE_CHECKING:
    from .. import _products as products

Peer = dict[str, t.Any]
"""An entry of ``imrs_peers``: the fields of ``session.Peer``, which makes it and reads it back."""


class LinkAddress(t.TypedDict):
    """One of our addresses on a link; ``length`` is that of the link's prefix."""

    address: str
    length: int
    link_local: bool


class Zone(t.TypedDict):
    """A zone that is served, and whether it has a ZONEMD record (RFC 8976) and signatures."""

    name: str
    zonemd: bool
    dnssec: bool


class Waiver(t.TypedDict):
    """An acceptance check that may be skipped, and why."""

    check: str
    reason: str


class Vulnerability(t.TypedDict):
    """A vulnerability by its number, the features that it needs (``features.FEATURES``), and who says so."""

    id: str
    needs: list[str]
    reason: str


class Attested(t.TypedDict):
    """A check that somebody has done: which, who, when (``YYYY-MM-DD``), and what."""

    check: str
    by: str
    date: str
    what: str


class Loss(t.TypedDict):
    """What the fleet's file accepts: so few nodes may be left in a group."""

    group_by: str
    group: str
    least: int
    reason: str


class Signer(t.TypedDict):
    """A key that signs certificates, in OpenSSH's form."""

    name: str
    key: str


class Certificate(t.TypedDict):
    """Who signs certificates, and for how many days these count (None: until something voids them)."""

    signers: list[Signer]
    days: int | None


class TimeSource(t.TypedDict):
    """An NTP server: its name without the last dot, its addresses, and whether its answers are signed (RFC 8915)."""

    name: str
    addresses: list[str]
    nts: bool


class Operator(t.TypedDict):
    """Somebody who may log in: the name of the account, and public keys of OpenSSH in two words each."""

    name: str
    keys: list[str]


class Place(t.TypedDict):
    """Where the site is: airport code, city, country (ISO 3166-1) and region."""

    iata: str
    city: str
    country: str
    region: str


class Cluster(t.TypedDict):
    """The nodes and routers of a cluster, by inventory name, and how many nodes have to be live.

    ``below_minimum``: what its routers announce while fewer are, ``drained`` or ``dark``.
    ``node_names``: what the nodes call themselves in answers, in the order of ``nodes``.
    """

    minimum_live: int
    below_minimum: str
    nodes: list[str]
    node_names: list[str]
    routers: list[str]


class Profile(t.TypedDict):
    """What roles need of a hardware class; speed in Mbit/s, memory in MiB, limit in answers a second to one source.

    Playbooks need the expected peak of the questions, which is a second's; acceptance, whether memory has ECC, how many
    power supplies there are, and which versions of firmware may run, by ``bios``, ``bmc`` and ``network`` (of what is
    not there, any). ``cards``: ``queues``, ``receive_ring``, ``transmit_ring`` and ``hash_ports`` of the uplink's cards
    (what is not there stays as the driver has it).
    """

    name: str
    link_mbps: int
    cores: int
    memory_mib: int
    tcp_clients: int
    rate_limit: int
    peak_queries: int
    ecc: bool
    disks: int
    power_supplies: int
    firmware: dict[str, list[str]]
    cards: dict[str, t.Any]


class Key(t.TypedDict):
    """A transfer key: its name, and the variable that has its secret."""

    name: str
    algorithm: str
    secret_variable: str


class Tsig(Key):
    """The transfer key for a master; ``previous`` is the one before, while it is rolled (docs/keys.md)."""

    previous: Key | None


class Inside(t.TypedDict):
    """A router's interface towards the nodes, with its addresses and their prefix lengths. MTU in bytes."""

    interface: str
    mtu: int
    addresses: list[str]


class Watch(t.TypedDict):
    """How a neighbour is watched (RFC 5880)."""

    interval_ms: int
    multiplier: int


class Member(t.TypedDict):
    """A router's session with a node of its cluster; ``name`` is one of its own, times are in seconds.

    ``address`` is the node's. ``bfd`` is None unless the daemons of both ends can.
    """

    name: str
    node: str
    family: str
    address: str
    local_address: str
    hold_time: int
    keepalive_time: int
    bfd: Watch | None
    password_variable: str | None


class KeyedMaster(Master):
    """A distribution master, with the node's key for it."""

    tsig: Tsig


class OfFleet(t.TypedDict):
    """The same for all."""

    imrs_fleet: str
    imrs_asn: int
    imrs_held_packages: list[str]
    imrs_service_addresses: ByFamily
    imrs_anycast_addresses: ByFamily
    imrs_prefixes: dict[str, Kinds]
    imrs_refused: ByFamily
    imrs_master_addresses: ByFamily
    imrs_zones: list[Zone]
    imrs_trust_anchors: list[str]
    imrs_operator_networks: ByFamily
    imrs_time_sources: list[TimeSource]
    imrs_log_server: LogServer | None
    imrs_irr: Irr | None
    imrs_waivers: list[Waiver]
    imrs_required_attestations: list[str]
    imrs_raised_checks: list[str]
    imrs_vulnerabilities: list[Vulnerability]
    imrs_maintenance_windows: list[Window]
    imrs_budget: list[dict[str, t.Any]]
    """As in the fleet's file: ``group_by``, and those of the three numbers that are given."""
    imrs_accepted_losses: list[Loss]
    imrs_certificate: Certificate | None
    imrs_operators: list[Operator]


class OfSite(t.TypedDict):
    """The same for all of a site, but for who judges: nodes behind a router of ours are judged from there."""

    imrs_site: str
    imrs_kind: str
    imrs_operational: bool
    imrs_state: str
    imrs_mode: str
    imrs_provisioning: Provisioning
    imrs_location: Place
    imrs_vantage: str
    imrs_looking_glass: str
    imrs_unlimited_resolvers: list[str]
    imrs_cluster: Cluster | None


class Route(t.TypedDict):
    """A static route: a prefix, and the address that it is reached by."""

    destination: str
    gateway: str


class OfMachine(t.TypedDict):
    """Of one node or router alone, and of the same kind for both."""

    imrs_node: str
    imrs_node_name: str
    imrs_serial: str
    imrs_profile: Profile
    imrs_routing_provider: str
    imrs_routing: products.Variables
    imrs_router_id: str
    imrs_uplink: Uplink
    imrs_link: dict[str, list[LinkAddress]]
    imrs_management: Management
    imrs_management_routes: list[Route]
    imrs_attestations: list[Attested]
    imrs_keys: list[Lifetime]


class OfOne(OfMachine):
    """Of one node or router alone, all of it.

    A router has members and an inner side, and neither masters nor an identity zone nor a nameserver, whose provider is
    empty then. ``imrs_bmc``: its profile has a port for a BMC, or its sheet the BMC's address.
    """

    imrs_function: str
    imrs_bmc: bool
    imrs_bmc_address: str
    imrs_nameserver_provider: str
    imrs_nameserver: products.Variables | None
    imrs_identity_zone: IdentityZone | None
    imrs_inside: Inside | None
    imrs_peers: list[Peer]
    imrs_members: list[Member]
    imrs_masters: list[KeyedMaster]


class HostVariables(OfFleet, OfSite, OfOne):
    """All variables of an appliance; it has each of them."""
