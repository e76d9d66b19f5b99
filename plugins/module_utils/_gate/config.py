# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the gate is told: ``/etc/imrs/gate.json``, checked to the last key before anything is announced."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import typing as t

from .. import _addressing as addressing
from .._routing import policy
from .authority import LONGEST_PROVISIONAL
from .health import HoldDown
from .session import SHORTEST_HOLD, Peering

if t.TYPE_CHECKING:
    import pathlib

DISCARD = "100::1"
"""IPv6 next hop when none is given: in the discard-only prefix (RFC 6666), as the routing daemon puts its own there."""


class ConfigError(ValueError):
    """The file cannot be used; the text names the place and what was expected there."""


@dataclasses.dataclass(frozen=True)
class Probe:
    """How the nameserver is asked; ``interval`` and ``timeout`` in seconds, ``timeouts`` in a row over UDP."""

    addresses: t.Mapping[str, tuple[str, ...]]
    port: int
    zone: str
    interval: float
    timeout: float
    timeouts: int
    tcp_every: int
    rise: int


@dataclasses.dataclass(frozen=True)
class Config:
    """All of it. ``drain`` is the seconds between the last withdrawal and the end of the session; ``foresee`` those for
    which a planned change may go without acceptance, 0: none may.
    """

    node: str
    router_id: str
    peering: Peering
    prefixes: t.Mapping[str, policy.Prefixes]
    probe: Probe
    hold_down: HoldDown
    service: str
    fingerprint_paths: tuple[str, ...]
    drain: float
    foresee: int


def load(path: pathlib.Path) -> Config:
    """Read and parse the file; ConfigError for all that can be wrong with it."""
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(data: t.Any) -> Config:
    """The configuration that decoded JSON says; ConfigError for anything missing, unknown or out of bounds."""
    top = _Table(data, "")
    asn = top.integer("asn", addressing.ASN, addressing.ASN)
    config = Config(
        node=top.text("node"),
        router_id=top.address("router_id", "ipv4"),
        peering=_peering(top.table("session"), asn),
        prefixes=_prefixes(top.table("prefixes")),
        probe=_probe(top.table("probe")),
        hold_down=_hold_down(top.table("hold_down")),
        service=top.text("service"),
        fingerprint_paths=top.texts("fingerprint_paths"),
        drain=top.number("drain", 0, 60, default=1.0),
        foresee=top.integer("foresee", 0, int(LONGEST_PROVISIONAL), default=0),
    )
    top.finish()
    if config.peering.local == config.router_id:
        raise ConfigError("session.local: must differ from router_id, for it is the gate's own BGP identifier")
    for family, prefixes in config.prefixes.items():
        if (prefixes.specific or prefixes.covering) and not config.probe.addresses[family]:
            raise ConfigError(f"probe.addresses.{family}: must not be empty where there are prefixes to announce")
    return config


def _peering(table: _Table, asn: int) -> Peering:
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
    )
    hops.finish()
    table.finish()
    return peering


def _prefixes(table: _Table) -> dict[str, policy.Prefixes]:
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


def _probe(table: _Table) -> Probe:
    addresses = table.table("addresses")
    probe = Probe(
        addresses={family: addresses.addresses(family) for family in addressing.FAMILIES},
        port=table.integer("port", 1, 65535),
        zone=table.text("zone"),
        interval=table.number("interval", 0.01, 10),
        timeout=table.number("timeout", 0.01, 10),
        timeouts=table.integer("timeouts", 1, 100),
        tcp_every=table.integer("tcp_every", 1, 1000),
        rise=table.integer("rise", 1, 10000),
    )
    addresses.finish()
    table.finish()
    return probe


def _hold_down(table: _Table) -> HoldDown:
    settings = HoldDown(
        first=table.number("first", 0, 86400),
        longest=table.number("longest", 0, 86400),
        forget_after=table.number("forget_after", 0, 604800),
    )
    table.finish()
    return settings


_REQUIRED: t.Any = object()


class _Table:
    """One JSON object: hands out checked values, and refuses what nobody asked for."""

    def __init__(self, data: t.Any, path: str) -> None:
        if not isinstance(data, dict):
            raise ConfigError(f"{path or 'top level'}: must be an object")
        self._data = dict(data)
        self._path = path

    def finish(self) -> None:
        if self._data:
            raise ConfigError(f"{self._at(next(iter(self._data)))}: is not a known key")

    def table(self, key: str, default: t.Any = _REQUIRED) -> _Table:
        return _Table(self._take(key, default), self._at(key))

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{self._at(key)}: must be text, not {value!r}")
        return value

    def texts(self, key: str, among: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{self._at(key)}: must be a list of texts, not {value!r}")
        for item in value:
            if among is not None and item not in among:
                raise ConfigError(f"{self._at(key)}: {item} is not one of the IMRS's ({', '.join(among)})")
        return tuple(value)

    def integer(self, key: str, least: int, most: int, default: t.Any = _REQUIRED) -> int:
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigError(f"{self._at(key)}: must be a whole number from {least} to {most}, not {value!r}")
        return value

    def number(self, key: str, least: float, most: float, default: t.Any = _REQUIRED) -> float:
        value = self._take(key, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigError(f"{self._at(key)}: must be a number from {least:g} to {most:g}, not {value!r}")
        return float(value)

    def address(self, key: str, family: str, default: t.Any = _REQUIRED) -> str:
        return self._address(self._take(key, default), key, family)

    def addresses(self, family: str) -> tuple[str, ...]:
        return tuple(self._address(item, family, family) for item in self.texts(family))

    def _address(self, value: t.Any, key: str, family: str) -> str:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            address = None
        if address is None or not isinstance(value, str) or f"ipv{address.version}" != family:
            raise ConfigError(f"{self._at(key)}: must be an {family} address, not {value!r}")
        return str(address)

    def _take(self, key: str, default: t.Any = _REQUIRED) -> t.Any:
        value = self._data.pop(key, default)
        if value is _REQUIRED:
            raise ConfigError(f"{self._at(key)}: is missing")
        return value

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key
