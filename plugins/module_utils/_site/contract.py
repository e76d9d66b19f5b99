# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The site record as it leaves this room: its keys and their types. ``record`` makes it; `_documents` reads it.

Texts may be empty where nothing is known. Families are spelt ``ipv4``, ``ipv6``; dates are ``YYYY-MM-DD``.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .session import HostSession

ByFamily = dict[str, list[str]]
"""Addresses or networks by family."""


class Desk(t.TypedDict):
    """Whom to call."""

    name: str
    email: str
    phone: str


class Contact(Desk, total=False):
    """Whom to call, and when, where that matters."""

    hours: str


class Contacts(t.TypedDict):
    """The host's."""

    noc: Contact
    remote_hands: Contact | None


class Stakeholder(t.TypedDict):
    """ICANN's Global Stakeholder Engagement for the host."""

    region: str
    coordinator: str


class Host(t.TypedDict):
    """Who hosts the instance."""

    name: str
    type: str
    country: str
    contacts: Contacts
    gse: Stakeholder


class Location(t.TypedDict):
    """Where it is; coordinates in degrees. ``time_zone`` is an IANA name, or empty where the sheet has none."""

    iata: str
    city: str
    country: str
    region: str
    latitude: float
    longitude: float
    time_zone: str


class Port(t.TypedDict):
    """One port at the rear of an appliance."""

    port: str
    role: str
    medium: str


class Profile(t.TypedDict):
    """A hardware class."""

    name: str
    description: str
    link_mbps: int
    cores: int
    memory_mib: int
    tcp_clients: int
    rack_units: int
    power_supplies: int
    power_watts: int
    ports: list[Port]


class Vlan(t.TypedDict):
    """A tag, and the interface below it."""

    id: int
    parent: str


class Bond(t.TypedDict):
    """Link aggregation."""

    name: str
    members: list[str]
    mode: str


class Uplink(t.TypedDict):
    """Towards the host; ``interface`` carries the addresses. MTU in bytes."""

    interface: str
    mtu: int
    addresses: list[str]
    gateways: list[str]
    vlan: Vlan | None
    bond: Bond | None


class Management(t.TypedDict):
    """Towards the operators."""

    interface: str
    addresses: list[str]


class Lifetime(t.TypedDict):
    """Keys of one kind; days as ``YYYY-MM-DD``. ``rolled`` is None where the sheet has no day, ``roll_by`` with it."""

    kind: str
    rolled: str | None
    roll_by: str | None


class NodeRecord(t.TypedDict):
    """One appliance. ``bmc`` and ``serial`` may be empty."""

    node: str
    node_name: str
    profile: Profile
    serial: str
    bmc: str
    nameserver: str
    routing: str
    uplink: Uplink
    management: Management
    keys: list[Lifetime]


class SiteRouter(t.TypedDict):
    """A router of ours in a cluster."""

    router: str
    addresses: list[str]
    uplink: list[str]


class Cluster(t.TypedDict):
    """What a cluster has beyond its nodes."""

    minimum_live: int
    uplink_mbps: int
    links_without_one_mbps: int
    """What the nodes' links carry together when the node with the widest one is away."""
    routers: list[SiteRouter]


class Step(t.TypedDict):
    """One step of the onboarding."""

    step: str
    title: str
    actor: str
    done: bool
    date: str | None
    by: str | None


class Next(t.TypedDict):
    """The step that is next."""

    step: str
    title: str
    actor: str


class Interest(t.TypedDict):
    """How it began; what was asked for in US dollars."""

    date: str
    programme: str
    funding_usd: int | None


class Reimbursement(t.TypedDict):
    """What the programme owes the host, in US dollars."""

    programme: str
    usd: int
    due: bool
    reason: str


class Provisioning(t.TypedDict):
    """Whether the appliance may be configured; why not, and who allowed it early."""

    allowed: bool
    reason: str
    override: str


class Onboarding(t.TypedDict):
    """From interest to live; ``done`` is a number of steps."""

    steps: list[Step]
    done: int
    next: Next | None
    expression_of_interest: Interest | None
    reimbursement: Reimbursement | None
    provisioning: Provisioning


class Note(t.TypedDict):
    """What was done, for the host to read."""

    date: str
    by: str
    note: str


class End(t.TypedDict):
    """Of an instance that is gone for good."""

    date: str
    by: str
    reason: str


class Kinds(t.TypedDict):
    """The prefixes of one family."""

    specific: list[str]
    covering: list[str]


class Tls(t.TypedDict):
    """How a zone is transferred over TLS (RFC 9103): the name that the master's certificate has, without a final dot;
    the certificates in PEM, and the SHA-256 of each public key in base64.
    """

    name: str
    port: int
    certificates: list[str]
    pins: list[str]


class LogServer(t.TypedDict):
    """Where the log goes over TLS: the name that the server's certificate has, without a final dot; its addresses, and
    certificates in PEM.
    """

    name: str
    addresses: list[str]
    port: int
    certificates: list[str]


class Master(t.TypedDict):
    """Where zones come from."""

    name: str
    addresses: list[str]
    port: int
    tls: Tls | None


class IdentityZone(t.TypedDict):
    """The zone in which a node tells what it is (RFC 7108 section 4.4), and where it is served.

    ``strings``: those of a TXT record, as a zone file has them between quotes: the node's full name, city, province or
    state or nothing, country, ICANN region. ``address``: the IPv4 address that the node alone has. ``mailbox`` is the
    operator's, as an SOA record has it. Names end in a dot.
    """

    name: str
    server: str
    addresses: ByFamily
    mailbox: str
    strings: list[str]
    address: str


class Window(t.TypedDict):
    """When work may be done: a day of the week, and times (``HH:MM``, UTC)."""

    day: str
    start: str
    end: str


class Irr(t.TypedDict):
    """Where the route objects are."""

    source: str
    object: str


class FleetPart(t.TypedDict):
    """What is the same in the records of all sites."""

    prefixes: dict[str, Kinds]
    service_addresses: ByFamily
    anycast_addresses: ByFamily
    operator: Contact
    operator_networks: ByFamily
    masters: list[Master]
    maintenance_windows: list[Window]
    time_signed: bool
    """Whether answers of sources of time are signed (NTS, RFC 8915), which takes a port of its own."""
    log_server: LogServer | None
    irr: Irr | None


class SiteRecord(FleetPart):
    """Everything that documents for people say of one site. No secret, and no name of one."""

    fleet: str
    language: str
    """Of the host sheet beside English: a code (BCP 47), ``en`` for none."""
    day: str
    """On which this was so: what is dated later is a plan."""
    site: str
    kind: str
    state: str
    operational: bool
    mode: str
    asn: int
    host: Host
    location: Location
    nodes: list[NodeRecord]
    cluster: Cluster | None
    sessions: list[HostSession]
    onboarding: Onboarding
    maintenance: list[Note]
    decommissioned: End | None
