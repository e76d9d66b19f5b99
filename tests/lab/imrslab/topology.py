# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab consists of: machines, links, addresses and sessions. Data, no actions.

Here is what is not ours: masters, and hosts with a router and a client. Everything else follows from the sheets that a
lab is brought up with (`sheets`), and is kept in the lab's folder as JSON: whoever looks around needs no library.
The service prefixes are real; everything else is from the documentation ranges (RFC 5737, 3849, 5398).
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import typing as t

from . import shell

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"
SOURCE = pathlib.Path(os.environ.get("IMRS_LAB_SHEETS", ROOT / "inventories/lab"))
"""The lab's fleet: its file, all of its sheets, and how Ansible enters."""
USUAL = ("xlb",)
"""The sites of a lab that is told of no others."""
RELEASE, APPLIANCES = "trixie", {"trixie": "base", "bookworm": "bookworm"}
"""The usual release of Debian; and by release the image that an appliance in a container arrives with."""

MANAGEMENT_GATEWAY = "198.51.100.1"
"""The lab's side of the management network: where SSH comes from and where the package proxy listens."""
MANAGEMENT = "198.51.100.0/24"
MASTERS_NETWORK = ("203.0.113.0/29", "2001:db8:0:3::/64")
"""Where the masters are; the hosts' routers have an address there, and their sessions with each other."""
SPECIFIC = ("199.7.83.0/24", "2001:500:9f::/48", "2001:500:3::/48")
COVERING = ("199.7.82.0/23", "2001:500:9e::/47")
"""The prefixes of the IMRS: those that attract traffic, and those that a drained node keeps."""
OPERATOR = "dnseng"
"""The account that Ansible enters with."""


@dataclasses.dataclass(frozen=True)
class Link:
    """One interface of a machine: its name, the bridge it is plugged into and its addresses."""

    interface: str
    bridge: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    """Of a virtual machine: the cards that are plugged into a switch before the bridge. Without any there is no switch,
    and the interface is the card."""
    vlan: int | None = None
    """The tag that the switch wants to see, and takes off."""
    lacp: bool = False
    """Whether the cards are one link to the switch."""


@dataclasses.dataclass(frozen=True)
class Hardware:
    """What a virtual machine is made of."""

    serial: str
    """As its firmware tells it."""
    cores: int
    memory_mib: int
    disks: int = 0
    """Empty ones, on which a medium installs it (role image). 0: one that is made of its image."""
    stick: bool = False
    """That medium is a USB stick, and not a disc in a drive."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """One machine: which image it boots, how it is linked, and what units it runs."""

    name: str
    image: str
    links: tuple[Link, ...]
    services: tuple[str, ...] = ()
    hardware: Hardware | None = None
    """None: it is an nspawn container."""

    @property
    def management(self) -> str:
        """Management address, without prefix length."""
        return self.links[0].addresses[0].split("/")[0]

    def link(self, interface: str) -> Link:
        """One of its links, by the name of the interface."""
        return next(each for each in self.links if each.interface == interface)


def management(number: int) -> Link:
    """The link of a machine that is not ours: it ends in this number."""
    return Link("mgmt", "br-mgmt", (f"{MANAGEMENT.rpartition('.')[0]}.{number}/24",))


@dataclasses.dataclass(frozen=True)
class Master:
    """A distribution master: the fleet's file has its addresses."""

    name: str
    number: int
    """Of its management address."""
    service: str


@dataclasses.dataclass(frozen=True)
class Host:
    """A host: its router, and a client behind it from which appliances are judged. A sheet names both."""

    router: str
    vantage: str
    number: int
    """Of the router's management address; the vantage's is ten more."""
    bridge: str
    """Of the clients' network."""
    among_masters: tuple[str, ...]
    """The router's addresses in the masters' network."""
    towards_client: tuple[str, ...]
    client: tuple[str, ...]

    @property
    def vantage_number(self) -> int:
        """Of the vantage's management address."""
        return self.number + 10


CLOCK = "chrony.service"
"""What the masters run beside it: they are the lab's sources of time, too."""
LOG = "systemd-journal-remote.socket"
LOG_AT, LOG_NAME = "dist1", "log.imrs.example"
"""The lab's log server: where it runs, and its name."""
MASTERS = (Master("dist1", 21, "knot.service"), Master("dist2", 22, "nsd.service"))
HOSTS = (
    Host(
        "host-router", "vantage", 31, "br-client", ("203.0.113.6/29", "2001:db8:0:3::6/64"),
        ("203.0.113.65/29", "2001:db8:0:2::1/64"), ("203.0.113.66/29", "2001:db8:0:2::2/64"),
    ),
    Host(
        "host-router2", "vantage2", 32, "br-client2", ("203.0.113.5/29", "2001:db8:0:3::5/64"),
        ("203.0.113.73/29", "2001:db8:0:4::1/64"), ("203.0.113.74/29", "2001:db8:0:4::2/64"),
    ),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Key:
    """A TSIG key that an appliance uses with a master; its secret is a file among the lab's secrets."""

    master: str
    name: str
    algorithm: str
    secret: str


@dataclasses.dataclass(frozen=True)
class Session:
    """A BGP session of ours with a router of the lab, as that router is told of it; times in seconds."""

    router: str
    """The other end's name."""
    peer: str
    """The other end's address."""
    address: str
    """Our own."""
    asn: int
    """Our own."""
    hold_time: int
    keepalive_time: int
    bfd: dict[str, int] | None
    """``interval_ms`` and ``multiplier``."""
    secret: str | None
    """A file among the lab's secrets."""
    default_route: bool = False
    """Whether our end takes a default route."""

    @property
    def family(self) -> str:
        """``ipv4`` or ``ipv6``."""
        return "ipv6" if ":" in self.address else "ipv4"


@dataclasses.dataclass(frozen=True)
class Appliance:
    """What others in the lab have to know of an appliance."""

    name: str
    site: str
    router: str
    """The one whose table shows what it announces: the host's, or the first one of its cluster."""
    vantage: str
    uplink: tuple[str, ...]
    """Its addresses there, without prefix length: one of IPv4, then one of IPv6."""
    keys: tuple[Key, ...]
    """None: it is a router of a cluster."""
    sessions: tuple[Session, ...]
    """Towards the host; of a cluster's nodes towards its routers."""
    inside: tuple[str, ...] = ()
    """A router's addresses towards the nodes of its cluster, with prefix length."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """A lab, as it follows from its sheets."""

    sites: tuple[str, ...]
    machines: tuple[Machine, ...]
    """In the order in which they are told of: those that are not ours come first."""
    appliances: tuple[Appliance, ...]
    asns: dict[str, int]
    """AS numbers of the hosts, by router."""

    @property
    def bridges(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(link.bridge for machine in self.machines for link in machine.links))

    def machine(self, name: str) -> Machine:
        """One by its name; LabError when there is none."""
        for each in self.machines:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.machines)
        raise shell.LabError(f"{name} is no machine of this lab; it has {known}")

    def of_site(self, site: str, name: str = "") -> Appliance:
        """An appliance of a site, the first one without a name; LabError when the lab was brought up without it."""
        for each in self.appliances:
            if each.site == site and name in ("", each.name):
                return each
        raise shell.LabError(f"site {site} is not in this lab; it has {', '.join(self.sites)}")

    @property
    def routers(self) -> tuple[Appliance, ...]:
        """Those of clusters."""
        return tuple(each for each in self.appliances if each.inside)

    def sessions(self, router: str) -> tuple[tuple[Appliance, Session], ...]:
        """The sessions that a router of the lab has with us, each with our end."""
        return tuple(
            (each, session) for each in self.appliances for session in each.sessions if session.router == router
        )

    def text(self) -> str:
        """As JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> Plan:
        """What ``text()`` gave."""
        given = json.loads(text)
        machines = [
            _frozen(
                Machine,
                each,
                links=_all(Link, each["links"]),
                hardware=_frozen(Hardware, each["hardware"]) if each["hardware"] else None,
            )
            for each in given["machines"]
        ]
        appliances = [
            _frozen(Appliance, each, keys=_all(Key, each["keys"]), sessions=_all(Session, each["sessions"]))
            for each in given["appliances"]
        ]
        return cls(tuple(given["sites"]), tuple(machines), tuple(appliances), given["asns"])


def _frozen(cls: t.Any, given: dict[str, t.Any], **parts: t.Any) -> t.Any:
    """A dataclass of what JSON has of it; it has lists for tuples."""
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return cls(**{**plain, **parts})


def _all(cls: t.Any, given: list[dict[str, t.Any]]) -> tuple[t.Any, ...]:
    return tuple(_frozen(cls, each) for each in given)


def name_for(worker: int = 0) -> str:
    """The name of the lab: what IMRS_LAB says; further workers of a run have one each, with a number behind it."""
    return os.environ.get("IMRS_LAB", "imrs") + (str(worker + 1) if worker else "")


def name_beside(worker: int = 0) -> str:
    """The name of the lab that a worker has beside that one while it drills other sites."""
    return f"{name_for(worker)}beside"


@dataclasses.dataclass(frozen=True)
class Lab:
    """One instance of the lab. Two can run at once: they differ in name and share only the caches."""

    name: str = dataclasses.field(default_factory=name_for)

    @property
    def state(self) -> pathlib.Path:
        """Everything of this instance that is a file."""
        return ROOT / ".lab" / self.name

    @property
    def cache(self) -> pathlib.Path:
        """Images and packages; kept by ``make down``."""
        return ROOT / ".lab" / "cache"

    @property
    def secrets(self) -> pathlib.Path:
        """Keys made at run time, mode 0700."""
        return self.state / "secrets"

    @property
    def media(self) -> pathlib.Path:
        """Media that install machines: ``<node>.iso``, and ``<node>.known_hosts`` beside it."""
        return self.state / "media"

    @property
    def inventory(self) -> pathlib.Path:
        """For Ansible: the fleet, with the sheets that the lab was brought up with."""
        return self.state / "inventory"

    @property
    def plan_file(self) -> pathlib.Path:
        """What the lab consists of, from when it began to come up."""
        return self.state / "plan.json"

    @property
    def plan(self) -> Plan:
        """What the lab consists of; LabError when it is not up."""
        try:
            return Plan.read(self.plan_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise shell.LabError(f"no lab named {self.name} is up: make live, or tests/lab/lab.py up") from None

    @property
    def outer(self) -> str:
        """The namespace that holds the bridges; it has no route out."""
        return f"{self.name}-lab"

    def namespace(self, machine: str) -> str:
        """Name of a machine's network namespace, as ``ip netns list`` shows it."""
        return f"{self.name}-{machine}"

    def machine_state(self, machine: str) -> pathlib.Path:
        """A machine's own layer, console log and process id."""
        return self.state / "machines" / machine
