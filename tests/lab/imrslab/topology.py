# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab consists of: machines, links and addresses. Data, no actions.

The service prefixes are real; everything else is from the documentation ranges (RFC 5737, 3849, 5398).
"""

from __future__ import annotations

import dataclasses
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"

MANAGEMENT_GATEWAY = "198.51.100.1"
"""The lab's side of the management network: where SSH comes from and where the package proxy listens."""


@dataclasses.dataclass(frozen=True)
class Link:
    """One interface of a machine: its name, the bridge it is plugged into and its addresses."""

    interface: str
    bridge: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Machine:
    """One nspawn machine: which image it boots, how it is linked, and what files and units it is given."""

    name: str
    image: str
    links: tuple[Link, ...]
    services: tuple[str, ...] = ()

    @property
    def management(self) -> str:
        """Management address, without prefix length."""
        return self.links[0].addresses[0].split("/")[0]


def _management(host: int) -> Link:
    return Link("mgmt", "br-mgmt", (f"198.51.100.{host}/24",))


MACHINES: tuple[Machine, ...] = (
    Machine(
        "dist1",
        "lab",
        (
            _management(21),
            Link("dist", "br-dist", ("203.0.113.1/29", "2001:db8:0:3::1/64"), ("203.0.113.6", "2001:db8:0:3::6")),
        ),
        ("knot.service",),
    ),
    Machine(
        "dist2",
        "lab",
        (
            _management(22),
            Link("dist", "br-dist", ("203.0.113.2/29", "2001:db8:0:3::2/64"), ("203.0.113.6", "2001:db8:0:3::6")),
        ),
        ("nsd.service",),
    ),
    Machine(
        "host-router",
        "lab",
        (
            _management(31),
            Link("uplink", "br-uplink", ("192.0.2.1/29", "2001:db8:0:1::1/64")),
            Link("client", "br-client", ("203.0.113.65/29", "2001:db8:0:2::1/64")),
            Link("dist", "br-dist", ("203.0.113.6/29", "2001:db8:0:3::6/64")),
        ),
        ("frr.service",),
    ),
    Machine(
        "vantage",
        "lab",
        (
            _management(41),
            Link("client", "br-client", ("203.0.113.66/29", "2001:db8:0:2::2/64"), ("203.0.113.65", "2001:db8:0:2::1")),
        ),
    ),
    # The appliance arrives bare: a management address and an SSH key, as an installer leaves it.
    Machine("xlb01", "base", (_management(11), Link("uplink", "br-uplink", ()))),
)

BRIDGES = ("br-mgmt", "br-uplink", "br-client", "br-dist")

APPLIANCE = "xlb01"
APPLIANCE_UPLINK = ("192.0.2.2", "2001:db8:0:1::2")
HOST_ASN = 64500
BFD = {"interval_ms": 1000, "multiplier": 5}
"""What the lab's sheet has, too: the machines share one, and a drill that is not about BFD must not fall over it. The
drill that is about it agrees on 300 ms and 3 (tests/drills/test_uplink.py)."""
MASTERS = {"dist1": "xlb01-dist1.lab.example.", "dist2": "xlb01-dist2.lab.example."}
"""Distribution masters and the names of the TSIG keys that the appliance uses with them."""

OPERATOR = "dnseng"
"""The account that Ansible enters with."""


def name_for(worker: int = 0) -> str:
    """The name of the lab: what IMRS_LAB says; further workers of a run have one each, with a number behind it."""
    return os.environ.get("IMRS_LAB", "imrs") + (str(worker + 1) if worker else "")


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
    def outer(self) -> str:
        """The namespace that holds the bridges; it has no route out."""
        return f"{self.name}-lab"

    def namespace(self, machine: str) -> str:
        """Name of a machine's network namespace, as ``ip netns list`` shows it."""
        return f"{self.name}-{machine}"

    def machine_state(self, machine: str) -> pathlib.Path:
        """A machine's own layer, console log and process id."""
        return self.state / "machines" / machine
