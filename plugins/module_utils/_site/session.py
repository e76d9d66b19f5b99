# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""One BGP session: its two ends, and what is agreed on for it. Everybody who needs one reads this one.

A new option of a peer is a field of ``Session`` here, with its default; ``CONTRIBUTING.md`` has the rest of the way.
The acceptance module takes this file to the node, so it imports the standard library and `_addressing` alone.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .. import _addressing as addressing


class Bfd(t.NamedTuple):
    """How a neighbour is watched (RFC 5880)."""

    interval_ms: int
    multiplier: int

    @property
    def detection_ms(self) -> int:
        """After so many milliseconds a silent neighbour counts as gone."""
        return self.interval_ms * self.multiplier


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """A session from our end. A field without a default has to be given; times are in seconds.

    Communities, NO_EXPORT and prepends are those of the specific prefixes; the covering prefixes have none.
    """

    family: str
    """``ipv4`` or ``ipv6``."""
    asn: int
    """The neighbour's AS number."""
    address: str
    """The neighbour's address."""
    local_address: str
    """Our address."""
    description: str = ""
    """Whose router the neighbour is."""
    multihop: int | None = None
    """At most so many hops away; None: directly connected."""
    hold_time: int = 9
    """Until a silent neighbour counts as gone (requirements section 2); RFC 4271 allows no less than 3."""
    keepalive_time: int = 3
    """A third of the hold time, where nothing else is agreed on."""
    bfd: Bfd | None = None
    communities: tuple[str, ...] = ()
    """Standard ones (RFC 1997)."""
    large_communities: tuple[str, ...] = ()
    """Large ones (RFC 8092)."""
    no_export: bool = False
    """NO_EXPORT (RFC 1997)."""
    prepend: int = 0
    """How often our AS number stands once more in the path."""
    inbound: str = "none"
    """Which of the neighbour's routes are taken: ``none`` (the gateway is enough), ``default`` or ``all``."""
    max_prefix: int | None = None
    """How many routes are taken; None with ``inbound`` none."""
    route_server: bool = False
    """Whether the neighbour is a route server of an exchange: paths need not begin with its AS (RFC 7947)."""
    bgp_role: str | None = None
    """Our role (RFC 9234): ``customer``, or None."""

    def __post_init__(self) -> None:
        """ValueError for routes taken without a limit, and for an ``inbound`` that nobody knows."""
        if self.inbound not in {"none", "default", "all"} or (self.inbound == "all" and not self.max_prefix):
            raise ValueError("inbound is none, default, or all with a max_prefix")

    @property
    def gtsm(self) -> bool:
        """Whether both sides accept packets with TTL 255 alone (RFC 5082)."""
        return self.multihop is None

    @property
    def link_local(self) -> bool:
        """Whether it is between link-local addresses, which mean nothing without an interface beside them."""
        return addressing.is_link_local(self.address)

    @property
    def every_community(self) -> tuple[str, ...]:
        """Standard and large communities; NO_EXPORT is not among them."""
        return (*self.communities, *self.large_communities)

    @classmethod
    def read(cls, given: t.Mapping[str, t.Any]) -> t.Self:
        """Read a session from what is given by field: a peer of a sheet with its ends, or an entry of ``imrs_peers``.

        What is absent or None has its default. Keys that are no field are left alone. ValueError for what is missing
        or wrong.
        """
        fields = _fields(t.cast("t.Hashable", cls))  # mypy takes no type[Self] for hashable
        values = {name: read(given[name]) for name, read, _needed in fields if given.get(name) is not None}
        missing = [name for name, _read, needed in fields if needed and name not in values]
        if missing:
            raise ValueError(f"{', '.join(missing)} missing")
        values.setdefault("keepalive_time", values.get("hold_time", cls.hold_time) // 3)
        inbound = values.get("inbound", cls.inbound)
        if inbound != "all":
            values["max_prefix"] = 1 if inbound == "default" else None
        return cls(**values)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Peer(Session):
    """A session of a node: one entry of ``imrs_peers``. Holds the name of the password's variable, never the password.

    The neighbour is a router of the host; in a cluster it is a router of our own.
    """

    name: str
    mark: str
    """What the gate puts on routes that are for this session: a large community (RFC 8092)."""
    interface: str | None = None
    """The uplink's, where the address is link-local."""
    internal: bool = False
    """With a router of our own, in our AS."""
    password_variable: str | None = None
    next_hop: str | None = None
    """Through what we reach what the neighbour tells: the uplink's gateway over several hops, a router of our own
    itself. None: what the neighbour says."""
    next_hop_interface: str | None = None
    """The uplink's, where the next hop is link-local."""
    global_address: str | None = None
    """Of a session between link-local addresses, our global address on the link: the next hop of what we announce
    (RFC 2545 section 3)."""

    @property
    def md5(self) -> bool:
        """Whether the session has a password (RFC 2385)."""
        return bool(self.password_variable)

    def variables(self) -> dict[str, t.Any]:
        """The entry of ``imrs_peers``; ``read`` makes the same session of it."""
        return {name: _plain(value) for name, value in vars(self).items()}


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostSession(Session):
    """An eBGP session as documents for the host tell of it: no password, and no name of one."""

    our_name: str
    """Node, or router of a cluster."""
    link: str | None = None
    """The subnet that both ends share; None when there is none."""
    md5: bool = False
    """Whether the session has a password (RFC 2385)."""


_READERS: dict[str, t.Callable[[t.Any], t.Any]] = {
    "str": str,
    "str | None": str,
    "int": int,
    "int | None": int,
    "bool": bool,
    "tuple[str, ...]": lambda given: tuple(str(each) for each in given),
    "Bfd | None": lambda given: given and Bfd(int(given["interval_ms"]), int(given["multiplier"])),
}
"""How a value is read, by the type of its field."""


@functools.cache
def _fields(cls: t.Any) -> tuple[tuple[str, t.Callable[[t.Any], t.Any], bool], ...]:
    """Name of each field of a class, how its value is read, and whether it has to be given."""
    found = dataclasses.fields(cls)
    return tuple((each.name, _READERS[str(each.type)], each.default is dataclasses.MISSING) for each in found)


def _plain(value: t.Any) -> t.Any:
    """As JSON has it."""
    if isinstance(value, Bfd):
        return value._asdict()
    return list(value) if isinstance(value, tuple) else value
