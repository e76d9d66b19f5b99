# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The speaker against a peer of a few lines: what it says, and that it says it again."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import update, wire
from ansible_collections.icann.imrs.plugins.module_utils._gate.session import CONNECT, ESTABLISHED, Peering, Session
from gate_data import LATER, MARK

HOLD_TIME = 90
"""Seconds; no story takes so long, and nobody keeps its session alive."""
OPEN = wire.Open(20144, HOLD_TIME, "192.0.2.2")


class Peer:
    """A routing daemon that writes down what it is told, connection by connection."""

    def __init__(self, open_: wire.Message = OPEN) -> None:
        self.open = open_
        self.heard: list[list[wire.Message]] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard: list[wire.Message] = []
        self.heard.append(heard)
        self.writers.append(writer)
        writer.write(wire.encode(self.open) + wire.encode(wire.Keepalive()))
        decoder = wire.Decoder()
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                heard += decoder.feed(data)
        writer.close()

    def updates(self, connection: int = -1) -> list[wire.Update]:
        return [message for message in self.heard[connection] if isinstance(message, wire.Update)]


async def until(condition: t.Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - of things that send no event
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def speaking(peer: Peer) -> t.AsyncIterator[Session]:
    """A session that runs towards ``peer``."""
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hops = {"ipv4": "127.0.0.2", "ipv6": "100::1"}
    session = Session(Peering("127.0.0.2", "127.0.0.1", port, 20144, HOLD_TIME, hops))
    task = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()
        for writer in peer.writers:
            writer.close()
        await asyncio.sleep(0.01)


def test_it_says_what_there_is_and_what_changes() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            session.announce(["199.7.82.0/23"])
            await until(lambda: session.state == ESTABLISHED and bool(peer.updates()))
            session.announce(["199.7.83.0/24", "2001:500:3::/48"])
            session.announce(["199.7.83.0/24", "2001:500:3::/48"])
            await until(lambda: len(peer.updates()) == 4)
            session.announce([])
            await until(lambda: len(peer.updates()) == 6)
            assert session.announced == ()
        assert peer.heard[0][0] == wire.Open(20144, HOLD_TIME, "127.0.0.2")
        assert peer.updates(0) == [
            wire.Update("ipv4", ("199.7.82.0/23",), next_hop="127.0.0.2"),
            wire.Update("ipv4", withdrawn=("199.7.82.0/23",), local_pref=None),
            wire.Update("ipv4", ("199.7.83.0/24",), next_hop="127.0.0.2"),
            wire.Update("ipv6", ("2001:500:3::/48",), next_hop="100::1"),
            wire.Update("ipv4", withdrawn=("199.7.83.0/24",), local_pref=None),
            wire.Update("ipv6", withdrawn=("2001:500:3::/48",), local_pref=None),
        ]

    asyncio.run(story())


def test_after_an_interruption_it_says_exactly_the_current_set() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            session.announce(["199.7.82.0/23", "199.7.83.0/24"])
            await until(lambda: bool(peer.heard) and bool(peer.updates()))
            peer.writers[0].transport.abort()
            await until(lambda: session.state != ESTABLISHED)
            assert session.announced == ()
            session.announce(["199.7.82.0/23"])
            await until(lambda: len(peer.heard) == 2 and bool(peer.updates()))
            assert peer.updates() == [wire.Update("ipv4", ("199.7.82.0/23",), next_hop="127.0.0.2")]

    asyncio.run(story())


def test_with_nothing_to_say_it_says_nothing() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            await until(lambda: session.state == ESTABLISHED)
            await until(lambda: wire.Keepalive() in peer.heard[0])
            assert peer.updates() == []

    asyncio.run(story())


def test_a_route_refresh_is_answered_with_that_family() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            session.announce(["199.7.82.0/23", "2001:500:3::/48"])
            await until(lambda: bool(peer.heard) and len(peer.updates()) == 2)
            peer.writers[0].write(wire.encode(wire.RouteRefresh("ipv6")))
            await until(lambda: len(peer.updates()) == 3)
            assert peer.updates()[2] == peer.updates()[1]

    asyncio.run(story())


def test_what_will_be_withdrawn_soon_says_so_and_takes_it_back() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            session.announce(["199.7.82.0/23", "199.7.83.0/24"])
            await until(lambda: bool(peer.heard) and len(peer.updates()) == 1)
            session.announce(["199.7.82.0/23", "199.7.83.0/24"], graceful=True)
            session.announce(["199.7.82.0/23", "199.7.83.0/24"], graceful=True)
            await until(lambda: len(peer.updates()) == 2)
            session.announce(["199.7.82.0/23", "2001:500:3::/48"], graceful=True)
            await until(lambda: len(peer.updates()) == 4)
            session.announce(["199.7.82.0/23"])
            await until(lambda: len(peer.updates()) == 6)
            assert session.announced == ("199.7.82.0/23",)
        said = {"next_hop": "127.0.0.2", "communities": (update.GRACEFUL_SHUTDOWN,)}
        assert peer.updates(0)[1:] == [
            wire.Update("ipv4", ("199.7.82.0/23", "199.7.83.0/24"), **said),
            wire.Update("ipv4", withdrawn=("199.7.83.0/24",), local_pref=None),
            wire.Update("ipv6", ("2001:500:3::/48",), **{**said, "next_hop": "100::1"}),
            wire.Update("ipv6", withdrawn=("2001:500:3::/48",), local_pref=None),
            wire.Update("ipv4", ("199.7.82.0/23",), next_hop="127.0.0.2"),
        ]

    asyncio.run(story())


def test_a_new_session_and_a_route_refresh_hear_of_a_near_withdrawal_too() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            session.announce(["199.7.82.0/23"], graceful=True)
            await until(lambda: bool(peer.heard) and bool(peer.updates()))
            peer.writers[0].transport.abort()
            await until(lambda: len(peer.heard) == 2 and bool(peer.updates()))
            peer.writers[1].write(wire.encode(wire.RouteRefresh("ipv4")))
            await until(lambda: len(peer.updates()) == 2)
            said = [*peer.updates(0), *peer.updates()]
            assert [update_.communities for update_ in said] == [(update.GRACEFUL_SHUTDOWN,)] * 3

    asyncio.run(story())


def test_other_sessions_are_an_update_in_place_and_no_withdrawal() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            session.announce(["199.7.82.0/23"], sessions=[LATER, MARK])
            await until(lambda: bool(peer.heard) and len(peer.updates()) == 1)
            session.announce(["199.7.82.0/23"], sessions=[MARK, LATER])
            session.announce(["199.7.82.0/23"], sessions=[MARK])
            await until(lambda: len(peer.updates()) == 2)
            session.announce(["199.7.82.0/23"])
            await until(lambda: len(peer.updates()) == 3)
        first, later = (20144, 1, 2), (20144, 4294967295, 0)
        assert peer.updates(0) == [
            wire.Update("ipv4", ("199.7.82.0/23",), next_hop="127.0.0.2", large_communities=marks)
            for marks in ((first, later), (first,), ())
        ]

    asyncio.run(story())


def test_closing_says_cease_and_does_not_come_back() -> None:
    async def story() -> None:
        peer = Peer()
        async with speaking(peer) as session:
            await until(lambda: session.state == ESTABLISHED)
            await session.close()
            await until(lambda: wire.Notification(6, 2) in peer.heard[0])
            assert len(peer.heard) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (wire.Open(64500, 3, "192.0.2.2"), wire.Notification(2, 2)),
        (wire.Open(20144, 0, "192.0.2.2"), wire.Notification(2, 6)),
        (wire.Open(20144, 3, "192.0.2.2", ("ipv4",)), wire.Notification(2, 7)),
        (wire.Keepalive(), wire.Notification(5, 1)),
    ],
)
def test_a_wrong_peer_is_told_why(said: wire.Message, answer: wire.Notification) -> None:
    async def story() -> None:
        peer = Peer(said)
        async with speaking(peer) as session:
            session.announce(["199.7.82.0/23"])
            await until(lambda: bool(peer.heard) and answer in peer.heard[0])
            assert peer.updates(0) == []

    asyncio.run(story())


def test_a_peer_that_is_not_there_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """It is tried again and again: a log of a line for each attempt hides what else happens in that hour."""
    attempts: list[str] = []

    async def story() -> None:
        server = await asyncio.start_server(Peer().serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        session = Session(
            Peering("127.0.0.2", "127.0.0.1", port, 20144, HOLD_TIME, {}), lambda: attempts.append(session.state)
        )
        task = asyncio.create_task(session.run())
        await until(lambda: attempts.count(CONNECT) > 3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with caplog.at_level("INFO"):
        asyncio.run(story())
    (line,) = caplog.messages
    assert line.startswith("session to 127.0.0.1: ")
