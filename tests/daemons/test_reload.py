# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/changes.md, row by row, with the daemons that it is about.

A reload loses no answer, resets no session, withdraws nothing, and puts the change in force. What the table says takes
a restart is not in force after a reload; what it says resets a session does. tests/unit/roles keeps the stored changes
equal to what the roles render and the bundle says. Needs root and the lab image.
"""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import typing as t

import pytest
from imrs_changes_table import promises
from imrs_gate_bench import FIVE, until
from imrs_gate_config import SERVICE
from imrs_provider_config import PLAIN
from imrs_reload_bench import CASE, CHANGES, SOFT, Changing, output, rows

SERVERS = 3
"""Processes of NSD with one worker."""
QUESTIONS = 5000
"""At least so many in each stream."""
MULTIHOP = "routing_peers: multihop"
SPECIFIC = "199.7.83.0/24"


@pytest.fixture
def bench(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A nameserver with its zone; ``request.param`` is which."""
    with Changing(tmp_path, "bird", CASE) as running:
        running.serve(request.param)
        yield running


def each(*disruptions: str, but: t.Collection[tuple[str, str]] = ()) -> pytest.MarkDecorator:
    """Every row of both nameservers that does one of these, but for those that cannot be seen here."""
    cases = [(provider, row) for provider in ("knot", "nsd") for row in rows(provider, *disruptions)]
    cases = [case for case in cases if case not in but]
    return pytest.mark.parametrize(
        ("bench", "provider", "row"),
        [(provider, provider, row) for provider, row in cases],
        ids=["-".join(case) for case in cases],
        indirect=["bench"],
    )


def limited(bench: Changing) -> bool:
    """Whether many questions at once are answered in brief."""
    with bench.ask_from_outside() as stream:
        return bool(stream.end()["udp"]["truncated"])


def moved(bench: Changing) -> bool:
    """Whether a zone is fetched from the master's other port, the only one that it has from now on."""
    bench.start_master(2026010101, port=5353)
    until(lambda: bench.serial_served() == "2026010101", what="a zone from the other port")
    return True


def unknown(*command: str) -> bool:
    """Whether a nameserver does not know the zone that it is asked for."""
    return re.search("no such zone|not configured|error", output(*command)) is not None


IN_FORCE: dict[str, t.Callable[[Changing], bool]] = {
    "nameserver_identity": lambda bench: "xlb02" in bench.dig("id.server", "TXT", "CH", "+short"),
    "nameserver_edns_size": lambda bench: "udp: 1400" in bench.dig(".", "SOA"),
    "nameserver_tcp_clients": lambda bench: bench.takes(260),  # Knot; NSD makes room by closing what is idle
    # 1 s then, and 5 s before; Knot 2 s later. NSD has no such time, and closes sooner only while its table fills.
    "nameserver_tcp_idle_timeout": lambda bench: "nsd" in bench.processes or bench.closes_within(4),
    "nameserver_rate_limit": limited,
    "nameserver_masters": moved,
    "nameserver_zones": lambda bench: (
        unknown("knotc", "zone-status", "arpa.")
        if "knot" in bench.processes
        else unknown("nsd-control", "zonestatus", "arpa.")
    ),
    "nameserver_workers": lambda bench: (
        "UDP workers: 2" in output("knotc", "status", "workers")
        if "knot" in bench.processes
        else len(bench.nsd_processes()) > SERVERS
    ),
    "nameserver_tcp_workers": lambda bench: (
        "knot" not in bench.processes or "TCP workers: 33" in output("knotc", "status", "workers")
    ),
    "nameserver_private_addresses": lambda bench: not bench.answers_at("::1"),
    "nameserver_service_addresses": lambda bench: not bench.answers_at(SERVICE[2]),
    "nameserver_notify_addresses": lambda bench: not bench.answers_at("2001:db8::2"),
}
"""How a nameserver shows that it does what a row's change says; the others do not show."""


def only_for_want_of_room(bench: Changing, found: dict[str, t.Any]) -> None:
    """Over UDP nothing is lost but what the kernel itself dropped before the nameserver could have seen it."""
    dropped = bench.dropped()
    assert found["udp"]["lost"] <= dropped, f"there was no room for {dropped}, and more than these are lost: {found}"


@each(*SOFT)
def test_a_reload_loses_no_answer_and_puts_the_change_in_force(bench: Changing, provider: str, row: str) -> None:
    with bench.ask_from_outside() as stream:
        bench.put(provider, row)
        bench.tell(provider, row)
        stream.await_more(QUESTIONS)
        found = stream.end()
    assert found["sent"] >= QUESTIONS, found
    only_for_want_of_room(bench, found)
    assert found["lost"] == found["udp"]["lost"], found
    until(lambda: IN_FORCE.get(row, lambda _bench: True)(bench), what="the change")


# NSD makes room for more clients by itself; its certificates are seen in test_transfer_over_tls.py.
@each("restart", but=[("nsd", "nameserver_tcp_clients"), ("nsd", "nameserver_masters: tls")])
def test_what_takes_a_restart_is_not_in_force_after_a_reload(bench: Changing, provider: str, row: str) -> None:
    in_force = IN_FORCE[row]
    # NSD answers with the zone just fetched while the process that had none is still about to end.
    until(lambda: not in_force(bench), what="what is in force before the change")
    bench.put(provider, row)
    bench.reload(provider)
    assert not in_force(bench), "this need not be a restart"
    bench.restart(provider)
    until(lambda: in_force(bench), what="the change")


def test_nsd_is_started_again_when_none_of_its_processes_is_left(tmp_path: pathlib.Path) -> None:
    """One that outlives its parent, as amid a reload, keeps the addresses: the next NSD would not start."""
    with Changing(tmp_path, "bird", CASE) as bench:
        bench.serve("nsd")
        parent = bench.processes["nsd"].pid
        children = set(bench.nsd_processes()) - {parent}
        assert children
        for child in children:
            os.kill(child, signal.SIGSTOP)
        bench.kill("nsd")
        assert not bench.nsd_processes()
        bench.run_nsd()
        assert bench.nsd_answers()


def test_a_stream_notices_a_restart(tmp_path: pathlib.Path) -> None:
    """The guard: were a reload a restart, answers would be lost."""
    with Changing(tmp_path, "bird", CASE) as bench:
        bench.serve("knot")
        with bench.ask_from_outside() as stream:
            bench.restart("knot")
            assert stream.end()["lost"] > bench.dropped()


def test_a_stream_notices_a_limit_of_time_over_tcp(tmp_path: pathlib.Path) -> None:
    """The guard: were it Knot's own, a slow machine would lose answers; one microsecond is too little for any."""
    with Changing(tmp_path, "bird", CASE) as bench:
        bench.serve("knot")
        answers = pathlib.Path("/etc/knot/answers.conf")
        limited = answers.read_text().replace("time-rate-limit: 0\n", "time-rate-limit: 1\n")
        assert limited != answers.read_text()
        answers.write_text(limited)
        bench.reload("knot")
        with bench.ask_from_outside() as stream:
            found = stream.end()
        only_for_want_of_room(bench, found)
        assert found["kept"]["lost"] > 0, found
        assert found["new"]["lost"] > 0, found


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A node that announces everything, and learns."""
    with Changing(tmp_path_factory.mktemp(request.param), request.param, CASE) as running:
        running.start_knot()
        running.start_gate()
        running.raise_to_live()
        running.await_routes(FIVE)
        yield running


SEEN: dict[str, t.Callable[[Changing], bool]] = {
    "routing_peers: communities": lambda node: "(64500,300)" in node.attribute(SPECIFIC, "community"),
    "routing_peers: large_communities": lambda node: "(64500, 1, 2)" in node.attribute(SPECIFIC, "large_community"),
    "routing_peers: no_export": lambda node: "(65535,65281)" in node.attribute(SPECIFIC, "community"),
    "routing_peers: prepend": lambda node: node.attribute(SPECIFIC, "as_path") == "20144 20144 20144",
    "routing_peers: max_prefix": lambda node: "2000" in node.limit(),
    "routing_peers: inbound": lambda node: {prefix for prefix, _gateway in node.learned()} == {"0.0.0.0/0", "::/0"},
    "routing_peers: inbound, from or to none": lambda node: node.learned() == set(),
    "routing_learnable": lambda node: {prefix for prefix, _gateway in node.learned()} == {"192.0.32.0/20"},
    "routing_refused": lambda node: "198.18.0.0/16" in {prefix for prefix, _gateway in node.learned()},
}
"""How a change of sessions is seen; the others change nothing that can be seen from outside at once."""


def each_session(milder: bool) -> pytest.MarkDecorator:
    """Every row of both routing daemons that ends no session, or that does; but none that restarts the daemon, which
    ends all and needs no proof.
    """
    cases = [
        (provider, row)
        for provider in ("bird", "frr")
        for row, promise in promises(provider).items()
        if not row.startswith("routing_members")  # a router's: test_router_files.py
        and milder == (promise.milder or promise.disruption in SOFT)
        and ["restart"] not in [command[1:2] for command in CHANGES[provider][row]["commands"]]
    ]
    return pytest.mark.parametrize(("node", "row"), cases, ids=["-".join(case) for case in cases], indirect=["node"])


@pytest.fixture
def at_rest(node: Changing) -> t.Iterator[Changing]:
    """Before a change and after it: the case's own files, all sessions, all prefixes, and what the peers told."""
    node.rest()
    yield node
    node.put(node.routing, None)
    node.take_in()
    node.rest()


@each_session(milder=True)
def test_sessions_and_prefixes_stay_while_the_change_comes_into_force(at_rest: Changing, row: str) -> None:
    before = at_rest.watched()
    assert all(before["connections"].values()), before
    at_rest.put(at_rest.routing, row)
    at_rest.tell(at_rest.routing, row)
    seen = SEEN.get(row, lambda _node: True)
    until(lambda: seen(at_rest), what=lambda: f"{row}: {at_rest.received()}, {at_rest.learned()}")
    assert at_rest.watched() == before
    assert set(at_rest.routes()) == FIVE
    assert at_rest.routing == "bird" or at_rest.frr_differences() == []


@each_session(milder=False)
def test_what_resets_a_session_does(at_rest: Changing, row: str) -> None:
    before = at_rest.watched()
    at_rest.put(at_rest.routing, row)
    at_rest.tell(at_rest.routing, row)
    until(lambda: at_rest.watched() != before, what="a session that ends, or a withdrawal")
    assert at_rest.routing == "bird" or at_rest.frr_differences() == []


@pytest.fixture(params=["bird", "frr"])
def going_far(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Changing]:
    """A node that announces everything, and whose peers next door are told to be several hops away."""
    with Changing(tmp_path, request.param, CASE) as bench:
        bench.start_knot()
        bench.start_gate()
        bench.raise_to_live()
        bench.rest()
        bench.put(request.param, MULTIHOP)
        bench.tell(request.param, MULTIHOP)
        yield bench


def test_what_frr_refuses_fails_however_often_it_is_told(tmp_path: pathlib.Path) -> None:
    """The guard of the second try."""
    with Changing(tmp_path, "frr", CASE) as bench:
        bench.put("frr", MULTIHOP)
        path = pathlib.Path("/etc/frr/frr.conf")
        hops = " neighbor 192.0.2.1 ebgp-multihop 2\n"
        assert hops in path.read_text()
        path.write_text(path.read_text().replace(hops, f"{hops} neighbor 192.0.2.1 ttl-security hops 1\n"))
        with pytest.raises(subprocess.CalledProcessError):
            bench.tell("frr", MULTIHOP)


def test_peers_move_away_and_back_with_their_host(going_far: Changing) -> None:
    going_far.reconfigure_router(PLAIN.replace("ttl security on;", "multihop 2;"))
    going_far.rest()
    going_far.put(going_far.routing, None)
    going_far.take_in()
    going_far.reconfigure_router(PLAIN)
    going_far.rest()


def test_a_host_that_did_not_follow_has_its_sessions_again(going_far: Changing) -> None:
    """Its TTL security drops all that comes from several hops away but a connection's first packet, so that it waits in
    one connection of each session or in two, as it happens: even their ends are dropped, and it takes no third.
    """

    def waits() -> bool:
        families = {connection.startswith("[") for connection in going_far.connections()["router"]}
        return families == {True, False} and not going_far.received()

    until(waits, what=lambda: f"connections of both sessions that bring nothing, not {going_far.connections()}")
    going_far.put(going_far.routing, None)
    going_far.take_in()
    going_far.rest()
