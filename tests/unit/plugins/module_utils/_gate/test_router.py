# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate of a cluster's router: it counts nodes by their routes, and announces what enough of them carry."""

from __future__ import annotations

import asyncio
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import cli, config, evidence, wire
from ansible_collections.icann.imrs.plugins.module_utils._gate.daemon import Gate
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._gate.paths import Paths
from ansible_collections.icann.imrs.plugins.module_utils._gate.router import Router
from ansible_collections.icann.imrs.plugins.module_utils._gate.session import Route
from ansible_collections.icann.imrs.plugins.module_utils._gate.update import GRACEFUL_SHUTDOWN
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import MARK, NODES, router_data

SPECIFIC, COVERING = "199.7.83.0/24", "199.7.82.0/23"
HEX = "a" * 64


def router(**members: t.Any) -> Router:
    given = config.parse(router_data(**members))
    assert isinstance(given, config.RouterConfig)
    return Router(given, {}, 0.0)


def said(name: str, *prefixes: str, gone: t.Sequence[str] = (), leaving: bool = False) -> wire.Update:
    """What the routing daemon says of a node's routes; path identifiers are the daemon's own."""
    path = 70 + list(NODES).index(name)
    communities = (GRACEFUL_SHUTDOWN,) if leaving else ()
    return wire.Update("ipv4", prefixes, tuple(gone), NODES[name]["ipv4"], path=path, communities=communities)


def looks(of: Router, since: float, times: int = 5) -> float:
    for turn in range(times):
        of.look(since + turn / 10)
    return since + times / 10


def leaving(of: Router) -> set[tuple[str, int | None]]:
    """Prefix and path of what is about to go."""
    return {route.key for route in of.routes([SPECIFIC, COVERING]) if route.leaving}


def mode(of: Router, now: float) -> Mode:
    return of.modes(Mode.LIVE, Mode.LIVE, now)["ipv4"]


def test_the_number_of_nodes_is_the_verdict() -> None:
    of = router()
    now = looks(of, 0.0)
    assert mode(of, now) is Mode.DARK
    assert of.reason("ipv4", now) == "nodes: no node announces anything"
    of.heard(said("n01", SPECIFIC, COVERING), now)
    now = looks(of, now)
    assert mode(of, now) is Mode.DRAINED
    assert of.reason("ipv4", now) == "minimum: 1 of 3 nodes are live, and 2 have to be; not n02, n03"
    of.heard(said("n03", COVERING), now)  # drained: it does not count
    now = looks(of, now)
    assert mode(of, now) is Mode.DRAINED
    of.heard(said("n03", SPECIFIC), now)
    now = looks(of, now, 4)
    assert mode(of, now) is Mode.DRAINED, "not believed yet"
    now = looks(of, now, 1)
    assert (mode(of, now), of.reason("ipv4", now)) == (Mode.LIVE, "")


def test_down_at_once_and_up_after_the_hold_down() -> None:
    of = router()
    for name in ("n01", "n02"):
        of.heard(said(name, SPECIFIC, COVERING), 0.0)
    now = looks(of, 0.0)
    assert mode(of, now) is Mode.LIVE
    of.heard(said("n02", gone=[SPECIFIC]), now)
    assert mode(of, now) is Mode.DRAINED, "without a further look"
    of.heard(said("n02", SPECIFIC), now)
    now = looks(of, now, 20)
    assert mode(of, now) is Mode.DRAINED, "it has just fallen"
    now = looks(of, now + 5)
    assert mode(of, now) is Mode.LIVE
    for name in ("n01", "n02"):
        of.heard(said(name, gone=[SPECIFIC, COVERING]), now)
    assert mode(of, now) is Mode.DARK


def test_below_the_minimum_all_is_withdrawn_where_the_sheet_says_so() -> None:
    of = router(below="dark")
    of.heard(said("n01", SPECIFIC, COVERING), 0.0)
    now = looks(of, 0.0)
    assert mode(of, now) is Mode.DARK
    assert "1 of 3 nodes are live" in of.reason("ipv4", now)
    of.heard(said("n02", SPECIFIC, COVERING), now)
    now = looks(of, now)
    assert mode(of, now) is Mode.LIVE


def test_without_the_routing_daemon_nothing_is_known_and_nobody_has_fallen() -> None:
    of = router()
    for name in NODES:
        of.heard(said(name, SPECIFIC, COVERING), 0.0)
    now = looks(of, 0.0)
    of.forget(now)
    assert mode(of, now) is Mode.DARK
    assert of.members.announcing([COVERING]) == ()
    for name in NODES:
        of.heard(said(name, SPECIFIC, COVERING), now)
    now = looks(of, now)
    assert mode(of, now) is Mode.LIVE, "no hold-down"


def test_without_a_way_out_nothing_is_announced() -> None:
    given = router_data()
    given["way"]["addresses"]["ipv4"] = ["198.41.0.4"]
    parsed = config.parse(given)
    assert isinstance(parsed, config.RouterConfig)
    of = Router(parsed, {}, 0.0)
    for name in NODES:
        of.heard(said(name, SPECIFIC, COVERING), 0.0)
    now = looks(of, 0.0)
    assert mode(of, now) is Mode.DARK
    of.observe("ipv4", "way out", Outcome(Weight.GOOD), now)
    now = looks(of, now, 1)
    assert mode(of, now) is Mode.LIVE
    for turn in range(12):
        of.observe("ipv4", "way out", Outcome(Weight.SOFT, "no route leaves by lo"), now + turn / 10)
    assert mode(of, now + 1.2) is Mode.DARK
    assert "way out: no route leaves by lo" in of.reason("ipv4", now + 1.2)


def test_a_gate_that_stood_still_counts_anew() -> None:
    of = router()
    for name in NODES:
        of.heard(said(name, SPECIFIC, COVERING), 0.0)
    now = looks(of, 0.0)
    of.beat(3.0, now)
    assert mode(of, now) is Mode.DARK
    assert "the gate fell 1 times" in of.held(now)


def test_the_ways_lead_to_the_nodes_that_announce() -> None:
    of = router()
    of.heard(said("n01", COVERING), 0.0)
    of.heard(said("n03", SPECIFIC, COVERING), 0.0)
    assert of.members.routes([SPECIFIC, COVERING]) == {
        Route(COVERING, "192.0.2.1", 1),
        Route(COVERING, "192.0.2.3", 3),
        Route(SPECIFIC, "192.0.2.3", 3),
    }
    stranger = wire.Update("ipv4", (SPECIFIC,), next_hop="192.0.2.99", path=1)
    of.heard(stranger, 0.0)
    assert len(of.members.routes([SPECIFIC])) == 1, "a way that is no node's is none"


def test_a_node_that_is_about_to_go_is_counted_and_no_longer_preferred() -> None:
    """RFC 8326: the routing daemon takes the ways of the others; what will be too few is told to the host before."""
    of = router()
    for name in NODES:
        of.heard(said(name, SPECIFIC, COVERING), 0.0)
    now = looks(of, 0.0)
    of.heard(said("n03", SPECIFIC, COVERING, leaving=True), now)
    assert of.routes([SPECIFIC]) == {
        Route(SPECIFIC, "192.0.2.1", 1),
        Route(SPECIFIC, "192.0.2.2", 2),
        Route(SPECIFIC, "192.0.2.3", 3, leaving=True),
    }
    assert (mode(of, now), leaving(of)) == (Mode.LIVE, {(SPECIFIC, 3), (COVERING, 3)}), "two stay"
    of.heard(said("n02", SPECIFIC, leaving=True), now)
    too_few = {(SPECIFIC, 1), (SPECIFIC, 2), (SPECIFIC, 3), (COVERING, 3)}
    assert (mode(of, now), leaving(of)) == (Mode.LIVE, too_few), "one stays, and two have to be"
    of.heard(said("n02", SPECIFIC), now)
    assert leaving(of) == {(SPECIFIC, 3), (COVERING, 3)}, "it thought better of it"
    of.heard(said("n02", gone=[SPECIFIC]), now)
    assert (mode(of, now), leaving(of)) == (Mode.LIVE, {(SPECIFIC, 1), (SPECIFIC, 3), (COVERING, 3)})
    of.heard(said("n03", gone=[SPECIFIC, COVERING]), now)
    assert (mode(of, now), leaving(of)) == (Mode.DRAINED, set()), "what stays is not about to go"


def test_where_too_few_nodes_take_all_away_all_of_it_is_about_to_go() -> None:
    of = router(below="dark")
    for name in ("n01", "n02"):
        of.heard(said(name, SPECIFIC, COVERING), 0.0)
    looks(of, 0.0)
    assert leaving(of) == set()
    of.heard(said("n02", SPECIFIC, leaving=True), 1.0)
    assert leaving(of) == {(prefix, path) for prefix in (SPECIFIC, COVERING) for path in (1, 2)}


def test_a_fall_below_the_minimum_is_counted() -> None:
    of = router()
    for name in ("n01", "n02"):
        of.heard(said(name, SPECIFIC, COVERING), 0.0)
    now = looks(of, 0.0)
    of.heard(said("n02", gone=[SPECIFIC]), now)
    assert (of.falls("ipv4"), of.falls("ipv6")) == (1, 0)
    of.heard(said("n01", gone=[COVERING]), now)
    of.heard(said("n02", gone=[COVERING]), now)
    assert of.falls("ipv4") == 2


def test_where_there_are_no_covering_prefixes_the_specific_ones_are_all() -> None:
    given = router_data()
    given["prefixes"]["ipv4"]["covering"] = []
    parsed = config.parse(given)
    assert isinstance(parsed, config.RouterConfig)
    of = Router(parsed, {}, 0.0)
    for name in ("n01", "n02"):
        of.heard(said(name, SPECIFIC), 0.0)
    now = looks(of, 0.0)
    assert mode(of, now) is Mode.LIVE
    of.heard(said("n02", gone=[SPECIFIC]), now)
    assert mode(of, now) is Mode.DRAINED


class Daemon:
    """A routing daemon with ADD-PATH, or without."""

    def __init__(self, *, add_path: bool = True) -> None:
        self.open = wire.Open(20144, 90, "192.0.2.33", add_path=("ipv4", "ipv6") if add_path else ())
        self.heard: list[wire.Message] = []
        self.writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        writer.write(wire.encode(self.open) + wire.encode(wire.Keepalive()))
        decoder = wire.Decoder()
        while data := await reader.read(4096):
            for message in decoder.feed(data):
                self.heard.append(message)
                decoder.add_path = True
        writer.close()

    def says(self, *updates: wire.Update) -> None:
        assert self.writer
        self.writer.write(b"".join(wire.encode(update) for update in updates))

    def holds(self) -> dict[tuple[str, int | None], str | None]:
        """By prefix and path, the next hop."""
        found: dict[tuple[str, int | None], str | None] = {}
        for update in (message for message in self.heard if isinstance(message, wire.Update)):
            for prefix in update.withdrawn:
                del found[prefix, update.path]
            found |= {(prefix, update.path): update.next_hop for prefix in update.announced}
        return found

    def leaving(self) -> set[tuple[str, int | None]]:
        """Prefix and path of what it was last told with GRACEFUL_SHUTDOWN."""
        found: dict[tuple[str, int | None], bool] = {}
        for update in (message for message in self.heard if isinstance(message, wire.Update)):
            leaving = GRACEFUL_SHUTDOWN in update.communities
            found |= {(prefix, update.path): leaving for prefix in update.announced}
        return {key for key, leaving in found.items() if leaving}


async def until(condition: t.Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - of things that send no event
            await asyncio.sleep(0.01)


def run(tmp_path: pathlib.Path, daemon: Daemon, story: t.Callable[[Gate], t.Awaitable[None]]) -> None:
    """A whole gate beside such a daemon, certified for good."""

    async def play() -> None:
        server = await asyncio.start_server(daemon.serve, "127.0.0.1", 0)
        found = router_data()
        found["session"] |= {"port": server.sockets[0].getsockname()[1], "hold_time": 90}
        found |= {"drain": 0, "graceful": 0}
        (tmp_path / "fingerprint").write_text(HEX)
        given = config.parse(found)

        async def nothing() -> int:
            return 0

        gate = Gate(given, Paths(tmp_path, tmp_path), evidence.source(given, nothing), nothing)
        task = asyncio.create_task(gate.run())
        await asyncio.sleep(0)
        try:
            await gate.answer({"verb": "certify", "mode": "live", "fingerprint": HEX, "sessions": [MARK]})
            await gate.answer({"verb": "intent", "mode": "live", "by": "site.yml"})
            await story(gate)
        finally:
            gate.stop()
            assert await task == 0
            server.close()

    asyncio.run(play())


def test_a_whole_gate_announces_by_each_node(tmp_path: pathlib.Path) -> None:
    daemon = Daemon()

    async def story(gate: Gate) -> None:
        await until(lambda: gate.status()["session"]["state"] == "Established")
        daemon.says(said("n01", SPECIFIC, COVERING), said("n02", SPECIFIC, COVERING), wire.Update("ipv6"))
        ways = {(prefix, path): f"192.0.2.{path}" for prefix in (SPECIFIC, COVERING) for path in (1, 2)}
        await until(lambda: daemon.holds() == ways)
        announced = [message for message in daemon.heard if isinstance(message, wire.Update)]
        assert {mark for update in announced for mark in update.large_communities} == {(20144, 1, 2)}
        status = gate.status()
        assert (status["service"], status["members"]["live"]["ipv4"]) == (None, ["n01", "n02"])
        assert "live nodes   n01, n02 in ipv4 (2 have to be, else drained)" in cli.screen(status)
        assert (await gate.answer({"verb": "wait", "mode": "live", "timeout": 60}))["reached"]
        # What is about to go is told so by its way alone (RFC 8326), and nothing is withdrawn for that.
        daemon.says(said("n02", SPECIFIC, COVERING, leaving=True))
        await until(lambda: daemon.leaving() == {(SPECIFIC, 1), (SPECIFIC, 2), (COVERING, 2)})
        daemon.says(said("n02", SPECIFIC, COVERING))
        await until(lambda: daemon.leaving() == set())
        assert not any(message.withdrawn for message in daemon.heard if isinstance(message, wire.Update))
        # A third one is another way, and the loss of one below the minimum takes the specific prefix from all.
        daemon.says(said("n03", COVERING))
        await until(lambda: (COVERING, 3) in daemon.holds())
        daemon.says(said("n02", gone=[SPECIFIC]))
        await until(lambda: set(daemon.holds()) == {(COVERING, 1), (COVERING, 2), (COVERING, 3)})
        with pytest.raises(ValueError, match="no nameserver that could step aside"):
            await gate.answer({"verb": "step-aside"})

    run(tmp_path, daemon, story)


def test_another_way_is_there_before_the_last_one_goes(tmp_path: pathlib.Path) -> None:
    """Else the host would hear that the prefix was gone."""
    daemon = Daemon()

    async def story(gate: Gate) -> None:
        await until(lambda: gate.status()["session"]["state"] == "Established")
        gate._session.announce([Route(SPECIFIC, "192.0.2.1", 1), Route(COVERING, "192.0.2.1", 1)])
        await until(lambda: len(daemon.holds()) == 2)
        daemon.heard.clear()
        gate._session.announce([Route(SPECIFIC, "192.0.2.2", 2)])
        await until(lambda: len(daemon.heard) >= 3)
        told = [(each.announced, each.withdrawn) for each in daemon.heard if isinstance(each, wire.Update)]
        assert told == [((), (COVERING,)), ((SPECIFIC,), ()), ((), (SPECIFIC,))]

    run(tmp_path, daemon, story)


def test_what_a_daemon_has_said_is_forgotten_with_its_session(tmp_path: pathlib.Path) -> None:
    daemon = Daemon()

    async def story(gate: Gate) -> None:
        await until(lambda: gate.status()["session"]["state"] == "Established")
        daemon.says(said("n01", SPECIFIC, COVERING), said("n02", SPECIFIC, COVERING))
        await until(lambda: len(daemon.holds()) == 4)
        daemon.heard.clear()
        assert daemon.writer
        daemon.writer.close()
        await until(lambda: gate.status()["members"]["live"]["ipv4"] == [])
        await until(lambda: gate.status()["session"]["state"] == "Established")
        assert daemon.holds() == {}

    run(tmp_path, daemon, story)


def test_a_daemon_without_add_path_is_refused(tmp_path: pathlib.Path) -> None:
    daemon = Daemon(add_path=False)

    async def story(gate: Gate) -> None:
        await until(lambda: "several paths" in gate.status()["session"]["reason"])
        await until(lambda: wire.Notification(2, 7) in daemon.heard)

    run(tmp_path, daemon, story)
