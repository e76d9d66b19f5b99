# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role `routing` writes for a cluster's own router, with the daemons that it is for.

Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import signal
import typing as t

import pytest
from imrs_changes_table import promises
from imrs_gate_bench import COVERING, FIVE, run, until
from imrs_reload_bench import CHANGES
from imrs_router_bench import LAN, MEMBERS, OTHERS, Router

BOTH = dict.fromkeys(MEMBERS, FIVE)
EVERYWHERE = {"xlc01", "xlc02"}


def of(name: str, prefixes: t.Iterable[str]) -> set[tuple[str, str]]:
    """Paths to a node: prefix and next hop."""
    return {(prefix, MEMBERS[name]["ipv6" if ":" in prefix else "ipv4"]) for prefix in prefixes}


@pytest.fixture(params=["bird", "frr"])
def router(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Router]:
    """A router whose sessions are all there, two nodes that tell everything, and a gate that says nothing yet."""
    with Router(tmp_path, request.param) as running:
        for name in MEMBERS:
            running.start_member(name)
            running.say(name, {name: FIVE})
        running.say("gate", {})
        assert running.routing == "bird" or running.frr_differences() == [], "FRR took not all of its file"
        everything = of("xlc01", FIVE) | of("xlc02", FIVE)
        until(lambda: running.told("gate") == everything, what=lambda: f"all paths, not {running.told('gate')}")
        until(
            lambda: set(running.sessions().values()) == {"Established"}, what=lambda: f"sessions: {running.sessions()}"
        )
        yield running


def await_ways(router: Router, members: t.Collection[str], prefixes: t.Iterable[str] = FIVE) -> None:
    """Until the kernel sends what is for these prefixes to these nodes, or drops it where there are none."""
    due = {
        prefix: {hop for name in members for each, hop in of(name, [prefix])} or {"blackhole"} for prefix in prefixes
    }
    until(
        lambda: {prefix: router.hops(prefix) for prefix in due} == due,
        what=lambda: f"{due}, not {router.ways()}",
    )


def await_default(router: Router, name: str, due: set[tuple[str, str]]) -> None:
    """Until that is what a node has learned."""
    until(lambda: router.learned_by(name) == due, what=lambda: f"{due} at {name}, not {router.learned_by(name)}")


def test_the_gate_is_told_each_nodes_paths_and_nothing_goes_out_without_it(router: Router) -> None:
    await_ways(router, MEMBERS)
    assert router.routes() == {}, "told the host without the gate"
    router.say("xlc01", {"xlc01": COVERING})
    due = of("xlc01", COVERING) | of("xlc02", FIVE)
    until(lambda: router.told("gate") == due, what=lambda: f"{due}, not {router.told('gate')}")
    await_ways(router, ["xlc02"], FIVE - COVERING)
    router.kill("xlc02")
    until(lambda: router.told("gate") == of("xlc01", COVERING), what=lambda: f"one node, not {router.told('gate')}")
    await_ways(router, ["xlc01"], COVERING)
    await_ways(router, [], FIVE - COVERING)
    assert router.routes() == {}


def test_what_the_gate_says_goes_out_and_the_kernel_spreads_it_over_the_nodes(router: Router) -> None:
    router.say("gate", BOTH)
    router.await_routes(FIVE)
    await_ways(router, MEMBERS)
    for prefix, attributes in router.received().items():
        assert attributes["as_path"] == ("20144" if prefix in COVERING else "20144 20144"), prefix
        assert attributes["next_hop"].split()[0] == ("2001:db8::2" if ":" in prefix else "192.0.2.2")
        assert attributes.get("community", "") == ("" if prefix in COVERING else "(64500,100)"), prefix
        assert not {"large_community", "originator_id", "cluster_list"} & set(attributes), prefix
    before = router.connections()
    router.say("gate", {"xlc02": FIVE})
    await_ways(router, ["xlc02"])
    router.say("gate", BOTH)  # as the gate itself does: another way is there before one goes
    await_ways(router, MEMBERS)
    router.say("gate", {"xlc01": FIVE, "xlc02": COVERING})
    await_ways(router, MEMBERS, COVERING)
    await_ways(router, ["xlc01"], FIVE - COVERING)
    assert set(router.routes()) == FIVE
    assert {router.withdrawals("imrs4"), router.withdrawals("imrs6")} == {0}
    router.say("gate", {"xlc01": COVERING})
    router.await_routes(COVERING)
    assert router.connections() == before
    assert router.told("gate") == of("xlc01", FIVE) | of("xlc02", FIVE), "what the gate says comes back to it"


def test_no_route_hangs_on_a_next_hop_object_that_others_may_remove(router: Router) -> None:
    """systemd-networkd removes groups of them whenever it configures a link, against ManageForeignNextHops=no
    (systemd 257; sonic-net/sonic-buildimage pull request 26344). The kernel removes their routes with them.
    """
    await_ways(router, MEMBERS)
    for family in ("-4", "-6"):
        run("ip", "-n", router.node, family, "nexthop", "flush")
    assert {prefix: router.hops(prefix) for prefix in FIVE} == {
        prefix: {hop for name in MEMBERS for _prefix, hop in of(name, [prefix])} for prefix in FIVE
    }


def test_without_its_mark_a_session_of_the_hosts_gets_nothing(router: Router) -> None:
    router.say("gate", BOTH, marks=["ipv6"])
    router.await_routes({prefix for prefix in FIVE if ":" in prefix})
    await_ways(router, MEMBERS)


def test_without_the_gate_packets_under_way_reach_the_nodes_and_never_the_host(router: Router) -> None:
    router.say("gate", {"xlc01": FIVE})
    router.await_routes(FIVE)
    await_ways(router, ["xlc01"])
    router.kill("gate-gate", signal.SIGKILL)
    router.await_routes(set())
    await_ways(router, MEMBERS)
    for name in MEMBERS:
        router.kill(name)
    await_ways(router, [])


def test_what_is_about_to_go_is_told_so_and_the_other_node_is_taken(router: Router) -> None:
    """RFC 8326: of one node to the gate, and of the gate to the host."""
    router.say("xlc01", {"xlc01": FIVE}, leaving=["xlc01"])
    leaving = of("xlc01", FIVE)
    until(lambda: router.told_leaving() == leaving, what=lambda: f"{leaving}, not {router.told_leaving()}")
    await_ways(router, ["xlc02"])
    router.say("gate", BOTH, leaving=["xlc02"])
    router.await_routes(FIVE)
    await_ways(router, ["xlc01"])
    router.say("gate", BOTH, leaving=MEMBERS)
    until(
        lambda: all("(65535,0)" in each.get("community", "") for each in router.received().values()),
        what=lambda: f"all of it, not {router.received()}",
    )
    await_ways(router, MEMBERS)
    assert set(router.routes()) == FIVE


def test_nodes_are_told_the_default_route_of_the_host_and_nothing_else(router: Router) -> None:
    router.say("gate", BOTH)
    router.await_routes(FIVE)
    for name in MEMBERS:
        # The case has a node take what comes over IPv6 alone.
        await_default(router, name, {("::/0", LAN["ipv6"])})
    assert router.exported_to("xlc01") == {"0.0.0.0/0"}
    router.kill("router")
    for name in MEMBERS:
        await_default(router, name, set())


def test_only_the_five_prefixes_come_in(router: Router) -> None:
    """The gate and the host's router tell more than that."""
    router.say("gate", BOTH)
    router.await_routes(FIVE)
    assert set(router.ways()) - FIVE <= {"default"}
    assert not set(OTHERS.values()) & (set(router.ways()) | set(router.routes()))


@pytest.mark.parametrize("routing", ["bird", "frr"])
def test_of_a_node_that_tells_more_only_the_five_prefixes_are_taken(tmp_path: pathlib.Path, routing: str) -> None:
    with Router(tmp_path, routing) as router:
        router.start_member("xlc01", sound=False)
        router.say("xlc01", {"xlc01": FIVE - {"199.7.83.0/24"}})
        router.say("gate", {})
        told = FIVE - {"199.7.83.0/24"} | set(OTHERS.values())
        until(lambda: router.tells("xlc01") == told, what=lambda: f"{told}, not {router.tells('xlc01')}")
        # What comes after it over the same sessions has come: then it would have been there.
        for prefixes in (FIVE, FIVE - {"2001:500:3::/48"}):
            router.say("xlc01", {"xlc01": prefixes})
            due = of("xlc01", prefixes)
            until(lambda due=due: router.told("gate") == due, what=lambda: f"all, not {router.told('gate')}")  # type: ignore[misc]
        await_ways(router, ["xlc01"], FIVE - {"2001:500:3::/48"})
        assert not set(OTHERS.values()) & set(router.ways())


@pytest.mark.parametrize("routing", ["bird", "frr"])
def test_the_gate_itself_announces_what_enough_nodes_do(tmp_path: pathlib.Path, routing: str) -> None:
    """From the nodes to the host and back to the kernel, all with ADD-PATH."""
    with Router(tmp_path, routing) as router:
        for name in MEMBERS:
            router.start_member(name)
            router.say(name, {name: FIVE})
        router.start_gate()
        router.raise_to_live()
        router.await_routes(FIVE)
        await_ways(router, MEMBERS)
        said = router.status()
        assert said["members"]["live"] == {"ipv4": [*MEMBERS], "ipv6": [*MEMBERS]}
        router.say("xlc01", {"xlc01": COVERING})
        await_ways(router, ["xlc02"], FIVE - COVERING)
        await_ways(router, MEMBERS, COVERING)
        assert set(router.routes()) == FIVE
        router.kill("xlc02")
        router.await_routes(COVERING)
        await_ways(router, ["xlc01"], COVERING)
        router.say("xlc01", {"xlc01": FIVE})
        router.await_routes(FIVE)
        assert {router.withdrawals("imrs4"), router.withdrawals("imrs6")} == {1, 2}, "the specific prefixes, once each"
        router.kill("xlc01")
        router.await_routes(set())
        await_ways(router, [])


def test_a_router_with_bird_watches_its_nodes_with_bfd(tmp_path: pathlib.Path) -> None:
    """FRR cannot within an AS: the inventory asks for it only where both ends can."""
    with Router(tmp_path, "bird") as router:
        router.take("routing_members: bfd")
        for name in MEMBERS:
            router.start_member(name, bfd=True)
        due = {address: "Up" for addresses in MEMBERS.values() for address in addresses.values()}
        until(lambda: router.bfd("bird") == due, what=lambda: f"{due}, not {router.bfd('bird')}")


def members_rows(milder: bool) -> pytest.MarkDecorator:
    """Rows of docs/changes.md about sessions with nodes that end none, or that do; but no restart."""
    cases = [
        (provider, row)
        for provider in ("bird", "frr")
        for row, promise in promises(provider).items()
        if row.startswith("routing_members")
        and promise.milder == milder
        and ["restart"] not in [command[1:2] for command in CHANGES[provider][row]["commands"]]
    ]
    return pytest.mark.parametrize(
        ("router", "row"), cases, ids=["-".join(case) for case in cases], indirect=["router"]
    )


@members_rows(milder=True)
def test_no_session_ends_while_the_change_of_a_nodes_session_comes_into_force(router: Router, row: str) -> None:
    router.say("gate", BOTH)
    router.await_routes(FIVE)
    before = router.connections()
    router.take(row)
    until(lambda: router.connections() == before, what=lambda: f"{before}, not {router.connections()}")
    assert set(router.routes()) == FIVE
    assert {router.withdrawals("imrs4"), router.withdrawals("imrs6")} == {0}
    assert router.routing == "bird" or router.frr_differences() == []


@members_rows(milder=False)
def test_a_change_of_a_nodes_session_ends_that_one_and_none_of_the_hosts_and_the_gates(
    router: Router, row: str
) -> None:
    router.say("gate", BOTH)
    router.await_routes(FIVE)
    before, others = router.connections()["node"], router.connections()["router"]
    gate = [line for line in before if "127.0.0.2" in line]
    assert gate
    router.take(row)
    until(lambda: router.connections()["node"] != before, what="a session that ends")
    after = router.connections()
    assert after["router"] == others
    assert [line for line in after["node"] if "127.0.0.2" in line] == gate
    assert set(router.routes()) == FIVE
    assert {router.withdrawals("imrs4"), router.withdrawals("imrs6")} == {0}
    assert router.routing == "bird" or router.frr_differences() == []
