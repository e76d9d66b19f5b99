# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate of a cluster's router between nodes and the host's router: with BIRD and with FRR, as the roles have them.

Needs root and the lab image.
"""

from __future__ import annotations

import pathlib
import re
import signal
import typing as t

import pytest
from imrs_counting_bench import Counting
from imrs_gate_bench import COVERING, FIVE, run, until
from imrs_gate_config import LEASE
from imrs_router_bench import MEMBERS

SPECIFIC = FIVE - COVERING
BOTH = sorted(MEMBERS)


def told(members: t.Mapping[str, t.Any] = {}, **settings: t.Any) -> pytest.MarkDecorator:
    """Run a test with a gate that is told something else."""
    cases = [(routing, members, settings) for routing in ("bird", "frr")]
    return pytest.mark.parametrize("router", cases, ids=["bird", "frr"], indirect=True)


@pytest.fixture
def router(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> t.Iterator[Counting]:
    """A router, its host's router, and neither nodes nor gate yet."""
    routing, members, settings = request.param
    with Counting(tmp_path, routing, members, settings) as running:
        yield running


@told()
def test_nodes_are_counted_but_nothing_is_announced_until_certified_and_asked(router: Counting) -> None:
    router.start_gate()
    router.await_reason("ipv4", "no node announces anything")
    router.start_member("xlc01")
    router.say("xlc01", {"xlc01": FIVE})
    router.await_counted(["xlc01"], ["xlc01"])
    router.start_member("xlc02")
    router.say("xlc02", {"xlc02": COVERING})
    router.await_counted(["xlc01"], BOTH)
    status = router.status()
    assert {each["healthy"] for each in status["verdict"].values()} == {True}
    assert (status["service"], status["session"]["announced"]) == (None, [])
    assert router.routes() == {}
    assert router.imrs("step-aside")[0] != 0


@told()
def test_the_host_is_told_five_prefixes_and_the_kernel_spreads_them_over_the_nodes(router: Counting) -> None:
    router.live()
    for prefix, attributes in router.received().items():
        assert attributes["as_path"] == ("20144" if prefix in COVERING else "20144 20144"), prefix
        assert not {"large_community", "originator_id", "cluster_list"} & set(attributes), prefix
    assert set(router.status()["session"]["announced"]) == FIVE
    router.await_counted(BOTH, BOTH)
    # A node that only drains is left out of the specific prefixes, and the host is told nothing of that.
    router.say("xlc02", {"xlc02": COVERING})
    router.await_ways(["xlc01"], SPECIFIC)
    router.await_ways(BOTH, COVERING)
    router.await_counted(["xlc01"], BOTH)
    assert set(router.routes()) == FIVE
    assert {router.withdrawals("imrs4"), router.withdrawals("imrs6")} == {0}


@told()
def test_fewer_than_the_minimum_leave_the_covering_prefixes_and_none_leaves_nothing(router: Counting) -> None:
    router.live()
    router.kill("xlc01")
    router.await_ways(["xlc02"])
    assert set(router.routes()) == FIVE
    router.say("xlc02", {"xlc02": COVERING})
    router.await_routes(COVERING)
    router.await_ways(["xlc02"], COVERING)
    router.await_ways([], SPECIFIC)
    router.await_reason("ipv6", "0 of 2 nodes are live, and 1 have to be; not xlc01, xlc02")
    router.kill("xlc02-gate")
    router.await_routes(set())
    router.await_ways([])
    router.await_reason("ipv4", "no node announces anything")
    router.start_member("xlc01")
    router.say("xlc02", {"xlc02": FIVE})
    router.await_routes(FIVE)
    router.await_ways(BOTH)


@told({"minimum": 2, "below": "dark"})
def test_where_the_sheet_says_so_fewer_than_the_minimum_leave_nothing(router: Counting) -> None:
    router.live()
    router.say("xlc01", {"xlc01": FIVE - {"2001:500:3::/48"}})
    router.await_routes({prefix for prefix in FIVE if ":" not in prefix})
    router.await_reason("ipv6", "1 of 2 nodes are live, and 2 have to be; not xlc01")
    router.kill("xlc02")
    router.await_routes(set())


@told({"minimum": 2})
def test_a_node_that_hangs_counts_until_its_session_ends(router: Counting) -> None:
    router.live()
    router.hang("xlc02")
    router.await_routes(COVERING)
    router.await_ways(["xlc01"])
    router.await_counted(["xlc01"], ["xlc01"])
    router.signal("xlc02", signal.SIGCONT)
    router.await_routes(FIVE)
    router.await_ways(BOTH)


@told({"minimum": 2})
def test_a_node_that_comes_and_goes_is_waited_for_longer_each_time(router: Counting) -> None:
    router.live()
    for fall in (1, 2, 3):
        router.say("xlc02", {"xlc02": COVERING})
        router.await_routes(COVERING)
        router.await_reason("ipv4", f"after {fall} falls")
        router.say("xlc02", {"xlc02": FIVE})
        router.await_routes(FIVE)
    assert {each["falls"] for each in router.status()["verdict"].values()} == {3}


@told()
def test_a_killed_gate_leaves_nothing_at_the_host_and_packets_still_reach_the_nodes(router: Counting) -> None:
    router.live()
    router.say("xlc02", {"xlc02": COVERING})
    router.await_ways(["xlc01"], SPECIFIC)
    router.kill("gate")
    router.await_routes(set(), 60)  # long before the hold timer
    router.await_ways(["xlc01"], SPECIFIC)
    router.await_ways(BOTH, COVERING)
    router.start_gate()
    router.await_routes(FIVE)
    assert router.status()["falls"]["gate"] == 1


@told(session=LEASE["session"])
def test_a_hanging_gate_is_withdrawn_by_the_hold_time(router: Counting) -> None:
    router.live()
    assert router.hold_time() == 3
    router.signal("gate", signal.SIGSTOP)
    router.await_routes(set(), 60)
    router.signal("gate", signal.SIGCONT)
    router.await_routes(FIVE)
    router.await_ways(BOTH)


@told(drain=10)
def test_an_orderly_stop_withdraws_first_and_hangs_up_later(router: Counting) -> None:
    router.live()
    router.signal("gate", signal.SIGTERM)
    router.await_routes(set())
    assert router.processes["gate"].poll() is None
    assert router.processes.pop("gate").wait(60) == 0
    router.await_ways(BOTH)


@told()
def test_a_routing_daemon_that_died_is_asked_for_the_nodes_anew(router: Counting) -> None:
    router.live()
    router.restart_routing()
    router.await_routes(FIVE)
    router.await_ways(BOTH)
    assert router.status()["falls"]["routing"] == 1


@told()
def test_a_routing_daemon_that_passes_on_one_path_alone_is_refused(router: Counting) -> None:
    router.live()
    router.without_paths()
    router.await_routes(set())
    until(lambda: "several paths" in router.status()["session"]["reason"], what=lambda: str(router.status()["session"]))
    assert router.counted()["live"] == {"ipv4": [], "ipv6": []}
    router.await_ways(BOTH)


@told()
def test_a_router_without_a_way_out_is_withdrawn_until_it_has_one(router: Counting) -> None:
    router.live()
    said = router.said
    router.reconfigure_router(re.sub(r"route (0\.0\.0\.0/0|::/0) \w+;", "", said))
    run("ip", "-n", router.node, "route", "del", "default", "via", "192.0.2.1", "metric", str(router.metric))
    router.await_routes({prefix for prefix in FIVE if ":" in prefix})
    router.await_reason("ipv4", "way out: no route leaves by uplink")
    router.reconfigure_router(said)
    router.await_routes(FIVE)


@told(graceful=10)
def test_what_is_drained_is_told_so_before_on_every_path(router: Counting) -> None:
    """RFC 8326. What stays announced all the time is no other path for that."""
    router.live()
    before = router.connections()
    assert router.imrs("drain")[0] == 0
    until(lambda: router.leaving() == FIVE, what=lambda: f"all of it to be going, not {router.received()}")
    assert set(router.routes()) == FIVE
    router.await_ways(BOTH)
    router.await_routes(COVERING)
    router.await_ways(BOTH, COVERING)
    assert router.connections() == before


@told()
def test_another_certificate_is_an_update_in_place_of_every_path(router: Counting) -> None:
    router.live()
    code, answer = router.imrs("certify", "live", "--fingerprint", router.fingerprint(), "--session", "20144:4:1")
    assert code == 0, answer
    router.await_routes({prefix for prefix in FIVE if ":" not in prefix})
    router.await_ways(BOTH)
    assert router.withdrawals("imrs4") == 0
    router.raise_to_live()
    router.await_routes(FIVE)


@told()
def test_a_node_that_is_about_to_go_is_spared_and_the_host_hears_of_the_last_one(router: Counting) -> None:
    """RFC 8326. A path that is told anew replaces the one before: it is not withdrawn meanwhile, nor counted out."""
    router.live()
    for _ in range(2):
        router.say("xlc01", {"xlc01": FIVE}, leaving=["xlc01"])
        router.await_ways(["xlc02"])
        assert router.leaving() == set()
        router.say("xlc02", {"xlc02": FIVE}, leaving=["xlc02"])
        until(lambda: router.leaving() == FIVE, what=lambda: f"all of it to be going, not {router.received()}")
        router.say("xlc01", {"xlc01": FIVE})
        router.await_ways(["xlc01"])
        until(lambda: router.leaving() == set(), what=lambda: f"nothing to be going, not {router.received()}")
        router.say("xlc02", {"xlc02": FIVE})
        router.await_ways(BOTH)
    router.await_counted(BOTH, BOTH)
    assert set(router.routes()) == FIVE
    assert {router.withdrawals("imrs4"), router.withdrawals("imrs6")} == {0}
    assert {each["falls"] for each in router.status()["verdict"].values()} == {0}


@told({"minimum": 2})
def test_where_too_few_would_be_left_the_host_hears_that_the_specific_prefixes_go(router: Counting) -> None:
    router.live()
    router.say("xlc02", {"xlc02": FIVE}, leaving=["xlc02"])
    until(lambda: router.leaving() == SPECIFIC, what=lambda: f"the specific ones to be going, not {router.received()}")
    assert set(router.routes()) == FIVE
    router.kill("xlc02")
    router.await_routes(COVERING)
    assert router.leaving() == set()
