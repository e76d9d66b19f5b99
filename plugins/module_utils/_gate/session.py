# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The BGP session to the node's own routing daemon: says which prefixes there are, again after every interruption.

State is level-triggered: a caller states the whole set, and whatever happens to the session, the peer is told exactly
that set on the next one. The hold time is a lease: a gate that hangs loses its announcements when it runs out.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import logging
import typing as t

from .. import _addressing as addressing
from . import marks, update, wire

LOG = logging.getLogger("imrs.gate.session")

IDLE, CONNECT, OPEN_SENT, OPEN_CONFIRM, ESTABLISHED = "Idle", "Connect", "OpenSent", "OpenConfirm", "Established"
CEASE, ADMINISTRATIVE_SHUTDOWN = 6, 2
"""Error code and subcode of a planned end (RFC 4486 section 4)."""
FIRST_DELAY, LONGEST_DELAY = 0.05, 1.0
"""Seconds between two attempts to connect: doubles from the first to the longest."""
SHORTEST_HOLD = 3
"""Seconds; RFC 4271 section 4.2 allows nothing between 0 and this, and 0 would be no lease at all."""


class PeerError(Exception):
    """The peer cannot be used, or does not want us."""


class Loss(enum.Enum):
    """How an established session ended."""

    TOLD = "told"
    """The peer said so: it was stopped or configured anew."""
    CLOSED = "closed"
    """Without a word, as of a process that died."""
    SILENT = "silent"
    """The peer said nothing for the hold time, as of a process that hangs."""


class _SaidError(PeerError):
    loss = Loss.TOLD


class _SilentError(PeerError):
    loss = Loss.SILENT


@dataclasses.dataclass(frozen=True)
class Peering:
    """Who speaks to whom. ``hold_time`` in seconds; ``next_hops`` by family, for the routing daemon to replace."""

    local: str
    peer: str
    port: int
    asn: int
    hold_time: int
    next_hops: t.Mapping[str, str]
    add_path: bool = False
    """Several paths of a prefix are sent and taken (RFC 7911), of both families; a peer that does not is refused."""


class Route(t.NamedTuple):
    """A prefix that exists, and the way to it. ``path``: its path identifier, with ``Peering.add_path`` only.
    ``leaving``: it will be withdrawn soon (RFC 8326).
    """

    prefix: str
    next_hop: str
    path: int | None = None
    leaving: bool = False

    @property
    def key(self) -> tuple[str, int | None]:
        """What a later announcement of replaces this one."""
        return self.prefix, self.path


class Session:
    """One BGP speaker. ``run()`` for ever; ``announce()`` at any time, from the same event loop. ``on_update`` is told
    what the peer says of its own routes; when the session ends, none of that holds any more.
    """

    def __init__(
        self,
        peering: Peering,
        on_change: t.Callable[[], None] = lambda: None,
        on_loss: t.Callable[[Loss], None] = lambda _loss: None,
        on_update: t.Callable[[wire.Update], None] = lambda _update: None,
    ) -> None:
        self._peering = peering
        self._on_update = on_update
        self._on_change = on_change
        self._on_loss = on_loss
        self._wanted: frozenset[Route] = frozenset()
        self._told: frozenset[Route] = frozenset()
        self._graceful = False
        self._marks: tuple[marks.Community, ...] = ()
        self._writer: asyncio.StreamWriter | None = None
        self._established = False
        self._ended = False
        self.state = IDLE
        self.reason = ""

    @property
    def announced(self) -> tuple[str, ...]:
        """The prefixes that the peer holds from us at this moment, sorted; none unless the session is established."""
        return tuple(sorted({route.prefix for route in self._told}))

    def announce(self, routes: t.Iterable[Route | str], graceful: bool = False, sessions: t.Iterable[str] = ()) -> None:
        """From now on exactly ``routes`` exist: what is too many is withdrawn first, what is missing announced. A mere
        prefix goes by the peering's own next hop.

        ``graceful``: all of them carry GRACEFUL_SHUTDOWN (RFC 8326), as they will be withdrawn soon. ``sessions``: the
        marks that they carry; the routing daemon passes them on to these sessions alone. When one of both changes,
        what stays is announced again; a route is replaced in place then, and never withdrawn.
        """
        hops = self._peering.next_hops
        self._wanted = frozenset(
            each if isinstance(each, Route) else Route(each, hops[addressing.family_of(each)]) for each in routes
        )
        before = self._graceful, self._marks
        self._graceful, self._marks = graceful, tuple(marks.parse(mark) for mark in sorted(sessions))
        if self.state == ESTABLISHED:
            dressed_anew = before != (self._graceful, self._marks)
            self._tell(self._told, self._wanted, again=self._told & self._wanted if dressed_anew else frozenset())

    async def run(self) -> None:
        """Connect, speak, and connect again; returns only after ``close()``."""
        delay = FIRST_DELAY
        while not self._ended:
            self._established = False
            try:
                await self._converse()
            except (OSError, TimeoutError, wire.WireError, PeerError) as error:
                if self._ended:
                    return
                reason = str(error) or type(error).__name__
                if self._established or reason != self.reason:
                    LOG.warning("session to %s: %s", self._peering.peer, reason)
                self.reason = reason
                if self._established:
                    self._on_loss(getattr(error, "loss", Loss.CLOSED))
            finally:
                self._lost()
            delay = FIRST_DELAY if self._established else min(2 * delay, LONGEST_DELAY)
            await asyncio.sleep(delay)

    async def close(self) -> None:
        """Say Cease and hang up for good (RFC 4486)."""
        self._ended = True
        writer = self._writer
        if writer is not None:
            self._send(wire.Notification(CEASE, ADMINISTRATIVE_SHUTDOWN))
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1)
        self._lost()

    async def _converse(self) -> None:
        peering = self._peering
        self._enter(CONNECT)
        async with asyncio.timeout(peering.hold_time):
            local = (peering.local, 0)
            reader, writer = await asyncio.open_connection(peering.peer, peering.port, local_addr=local)
        self._writer = writer
        keepalives: asyncio.Task[None] | None = None
        decoder, hold_time = wire.Decoder(), peering.hold_time
        # Within an AS the identifier must differ from the peer's (RFC 6286 section 2.1): our own address does.
        paths = addressing.FAMILIES if peering.add_path else ()
        self._send(wire.Open(peering.asn, peering.hold_time, peering.local, add_path=tuple(paths)))
        self._enter(OPEN_SENT)
        try:
            while True:
                async with asyncio.timeout(hold_time):
                    data = await reader.read(65536)
                if not data:
                    raise PeerError("the routing daemon closed the session")
                for message in decoder.feed(data):
                    if self.state == OPEN_SENT:
                        hold_time = self._agree(message)
                        decoder.add_path = peering.add_path
                        keepalives = asyncio.create_task(self._keep_alive(hold_time / 3))
                    else:
                        self._hear(message)
        except wire.WireError as error:
            self._send(wire.Notification(error.code, error.subcode))
            raise
        except TimeoutError:
            self._send(wire.Notification(4, 0))
            raise _SilentError(f"heard nothing for {hold_time} s") from None
        finally:
            if keepalives is not None:
                keepalives.cancel()

    def _agree(self, message: wire.Message) -> int:
        """Check the peer's OPEN, answer it, and return the agreed hold time in seconds (RFC 4271 section 6.2)."""
        if isinstance(message, wire.Notification):
            raise PeerError(f"refused: NOTIFICATION {message.code}/{message.subcode}")
        if not isinstance(message, wire.Open):
            raise wire.WireError(5, 1, f"{type(message).__name__} came before OPEN")
        if message.asn != self._peering.asn:
            raise wire.WireError(2, 2, f"the peer is AS{message.asn}, not AS{self._peering.asn}")
        hold_time = min(message.hold_time, self._peering.hold_time)
        if hold_time < SHORTEST_HOLD:
            raise wire.WireError(2, 6, f"a hold time of {message.hold_time} s is no lease")
        missing = [family for family in addressing.FAMILIES if family not in message.families]
        if missing:
            raise wire.WireError(2, 7, f"the peer does not take {' and '.join(missing)}")
        if self._peering.add_path and set(message.add_path) != set(addressing.FAMILIES):
            raise wire.WireError(2, 7, "the peer does not send and take several paths of a prefix")
        self._send(wire.Keepalive())
        self._enter(OPEN_CONFIRM)
        return hold_time

    def _hear(self, message: wire.Message) -> None:
        if isinstance(message, wire.Notification):
            raise _SaidError(f"NOTIFICATION {message.code}/{message.subcode}")
        if isinstance(message, wire.Open):
            raise wire.WireError(5, 0, "a second OPEN")
        if self.state == OPEN_CONFIRM:
            if not isinstance(message, wire.Keepalive):
                raise wire.WireError(5, 2, f"{type(message).__name__} came before KEEPALIVE")
            self._established, self.reason = True, ""
            self._tell(frozenset(), self._wanted)
            self._enter(ESTABLISHED)
        elif isinstance(message, wire.RouteRefresh):
            again = frozenset(route for route in self._told if addressing.family_of(route.prefix) == message.family)
            self._tell(self._told, self._told, again)
        elif isinstance(message, wire.Update):
            self._on_update(message)

    def _tell(self, before: frozenset[Route], after: frozenset[Route], again: frozenset[Route] = frozenset()) -> None:
        """Send the way from ``before`` to ``after`` in one write: prefixes that go first, of all families. A way that
        goes while another one of its prefix is there is told last: nobody is to hear that the prefix was gone.

        ``again``: what is told although it stays.
        """
        stays, kept = {route.key for route in after}, {route.prefix for route in after}
        gone = [Route(route.prefix, "", route.path) for route in before if route.key not in stays]
        updates = _withdrawals(route for route in gone if route.prefix not in kept)
        updates += [
            wire.Update(
                of.family,
                prefixes,
                next_hop=of.next_hop,
                communities=(update.GRACEFUL_SHUTDOWN,) if self._graceful or of.leaving else (),
                large_communities=self._marks,
                path=of.path,
            )
            for of, prefixes in _alike(after - before | again).items()
        ]
        updates += _withdrawals(route for route in gone if route.prefix in kept)
        self._told = after
        if updates:
            self._send(*updates)

    def _send(self, *messages: wire.Message) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(b"".join(wire.encode(message) for message in messages))

    async def _keep_alive(self, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            self._send(wire.Keepalive())

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            if state == ESTABLISHED:  # of attempts, one a second, only their reasons are said, and each once
                LOG.info("session to %s: %s", self._peering.peer, state)
            self._on_change()

    def _lost(self) -> None:
        if self._writer is not None:
            if not self._writer.is_closing():
                self._writer.transport.abort()
            self._writer = None
        self._told = frozenset()
        self._enter(IDLE)


class _Alike(t.NamedTuple):
    """What the prefixes of one UPDATE have in common."""

    family: str
    path: int | None
    next_hop: str
    leaving: bool


def _withdrawals(routes: t.Iterable[Route]) -> list[wire.Update]:
    return [wire.Update(of.family, withdrawn=prefixes, path=of.path) for of, prefixes in _alike(routes).items()]


def _alike(routes: t.Iterable[Route]) -> dict[_Alike, tuple[str, ...]]:
    """Prefixes that one UPDATE can tell of, IPv4 first."""
    found: dict[_Alike, list[str]] = {}
    for route in sorted(routes, key=lambda route: (route.path or 0, route.prefix)):
        of = _Alike(addressing.family_of(route.prefix), route.path, route.next_hop, route.leaving)
        found.setdefault(of, []).append(route.prefix)
    order = sorted(found, key=lambda of: (addressing.FAMILIES.index(of.family), of.path or 0))
    return {of: tuple(found[of]) for of in order}
