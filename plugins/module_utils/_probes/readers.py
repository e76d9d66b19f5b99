# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which file of this room reads which daemon. A daemon without a reader is an error, never another one's reader."""

from __future__ import annotations

import typing as t

from .. import _products as products
from . import bird, bird_running, frr, frr_sessions, gobgp, host, knot, nsd, openbgpd

if t.TYPE_CHECKING:
    from .seal import Seal


class Running(t.Protocol):
    """Reads what a daemon runs, for drift."""

    def running(self, contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = ..., /) -> dict[str, t.Any]:
        """What it runs, and what it would with ``contents`` (by path), all sealed; or ``{"error"}``."""


class Nameserver(Running, t.Protocol):
    """Reads a nameserver, for acceptance, too."""

    def zone_text(self, zone: str, command: t.Sequence[str], timeout: float, /) -> tuple[str, str]:
        """The text of a zone as it is served, and why there is none; ``timeout`` in seconds."""

    def zone_status(self, command: t.Sequence[str], /) -> dict[str, dict[str, str]]:
        """What it says of each zone, in its own words, for people."""

    def idle_timeout(self, command: t.Sequence[str], /) -> float | None:
        """Seconds that it is configured to keep a TCP connection without a question; None when it is not known."""

    def rate_limit(self, command: t.Sequence[str], /) -> dict[str, t.Any] | None:
        """Its limit of what one source gets over UDP: ``rate`` (answers a second, 0: none), ``slip`` (every how many
        above it are sent truncated), ``exempt`` (sources without a limit); None when it is not known.
        """


class Sessions(t.Protocol):
    """Reads the BGP sessions of a routing daemon, for acceptance."""

    def read(
        self,
        runner: host.Runner,
        command: t.Sequence[str],
        path: str,
        prefixes: t.Mapping[str, t.Sequence[str]] | None,
        /,
    ) -> dict[str, t.Any]:
        """Sessions, BFD, exports, imports and judged options, in one shape whatever the daemon; or ``{"error"}``.

        ``path``: its configuration, empty for its own place. ``prefixes``: ours, by family.
        """

    def takes(
        self,
        sessions: t.Iterable[t.Mapping[str, t.Any]],
        prefixes: t.Mapping[str, t.Sequence[str]],
        runner: host.Runner,
        command: t.Sequence[str],
        /,
    ) -> dict[str, dict[str, bool | None]]:
        """By session whether it would take each of ``prefixes`` (by family) from its peer; null where it is not known.

        ``sessions`` as ``read`` has them. The daemon that runs is asked; nothing is announced.
        """


class HostRouter(t.Protocol):
    """Reads a router at the host, for acceptance."""

    def received(
        self, addresses: t.Mapping[str, t.Sequence[str]], runner: host.Runner, command: t.Sequence[str], /
    ) -> dict[str, t.Any]:
        """As ``host_router.received``, by this command."""


_NAMESERVERS: dict[str, Nameserver] = {"knot": knot, "nsd": nsd}
_ROUTING: dict[str, Running] = {"bird": bird_running, "frr": frr}
_SESSIONS: dict[str, Sessions] = {"bird": bird, "frr": frr_sessions}
_HOST_ROUTERS: tuple[tuple[tuple[str, ...], HostRouter], ...] = (
    (products.FRR.control, frr),
    (products.BIRD.control, bird),
    (openbgpd.CONTROL, openbgpd),
    (gobgp.CONTROL, gobgp),
)
"""Asked in this order."""


def nameserver(name: str) -> Nameserver:
    """The reader of a nameserver; ValueError for a name that is none."""
    return _NAMESERVERS[products.named(products.NAMESERVER, name).name]


def routing(name: str) -> Running:
    """The reader of what a routing daemon runs; ValueError for a name that is none."""
    return _ROUTING[products.named(products.ROUTING, name).name]


def sessions(name: str) -> Sessions:
    """The reader of a routing daemon's sessions; ValueError for a name that is none."""
    return _SESSIONS[products.named(products.ROUTING, name).name]


def host_routers() -> tuple[tuple[tuple[str, ...], HostRouter], ...]:
    """By the command that asks a daemon of a host's router: its reader, in the order in which they are tried."""
    return _HOST_ROUTERS
