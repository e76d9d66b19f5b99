# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked is bounded, comes from the node's own addresses, and meets no limit but where that is the subject."""

from __future__ import annotations

import collections
import ipaddress
import random

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._load import plan
from hypothesis import given
from hypothesis import strategies as st
from load_cases import zone

SERVICE = ("199.7.83.42", "2001:500:9f::42", "2001:500:3::42")
OWN = ("192.0.2.2", "2001:db8:0:1::2")
KNOT = plan.Limit(400, 1, (*SERVICE, "127.0.0.3", "::1"))
NSD = plan.Limit(400)
NONE = plan.Limit(0)


def test_steps_rise_from_the_peak_to_ten_times_it() -> None:
    found = plan.steps(1000, plan.Bounds())
    assert [(step.rate, step.tcp_rate, step.seconds) for step in found] == [
        (1000, 100, 5.0),
        (3000, 300, 5.0),
        (10000, 1000, 5.0),
    ]


def test_an_operator_s_rate_is_never_exceeded_nor_ten_times_the_peak() -> None:
    assert plan.steps(1000, plan.Bounds(rate=200))[-1].rate == 200
    assert plan.steps(1000, plan.Bounds(rate=10**6))[-1].rate == 10_000


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(1, 30), st.integers(1, 10**7))
def test_all_steps_together_keep_the_bounds(peak: int, rate: int, seconds: float, most: int) -> None:
    found = plan.steps(peak, plan.Bounds(rate, seconds, most))
    assert 1 <= len(found) <= 3
    assert sum(step.questions for step in found) <= most + len(found), "one question each, at the least rate"
    assert all(1 <= step.seconds <= seconds and step.rate <= 10 * peak for step in found)
    assert [step.rate for step in found] == sorted({step.rate for step in found})


@pytest.mark.parametrize("limit", [KNOT, NSD, NONE, plan.Limit(100)])
@pytest.mark.parametrize("rate", [10, 9000, 90_000])
def test_no_source_meets_the_limit(limit: plan.Limit, rate: int) -> None:
    found = plan.lanes(SERVICE, rate, limit)
    each = collections.Counter(lane.source or lane.server for lane in found)
    for source, number in each.items():
        assert limit.spares(source) or number * rate / len(found) <= limit.rate / plan.SHARE_OF_LIMIT
    assert {lane.server for lane in found} == set(SERVICE)
    assert all(ipaddress.ip_address(lane.source).is_loopback for lane in found if lane.source)


def test_each_ipv4_source_has_a_network_of_its_own() -> None:
    sources = [lane.source for lane in plan.lanes(SERVICE, 90_000, NSD) if lane.source]
    networks = {ipaddress.ip_network(f"{source}/24", strict=False) for source in sources}
    assert len(networks) == len(sources) > 800


def test_where_there_is_ipv6_alone_each_address_has_one_lane() -> None:
    assert plan.lanes(SERVICE[1:], 9000, NSD) == [plan.Lane(address) for address in SERVICE[1:]]


def test_lanes_are_not_more_than_a_process_may_open() -> None:
    assert len(plan.lanes(SERVICE, 10**7, NSD)) == plan.MOST_LANES


def test_a_step_is_slower_where_there_are_too_few_sources() -> None:
    step = plan.Step(10_000, 1000, 5.0)
    assert plan.within(step, plan.lanes(SERVICE, 9000, NSD), NSD) == step
    assert plan.within(step, plan.lanes(SERVICE[1:], 9000, KNOT), KNOT) == step
    assert plan.within(step, plan.lanes(SERVICE[1:], 9000, NSD), NSD) == plan.Step(1200, 1000, 5.0)


def test_a_latency_is_measured_below_the_limit() -> None:
    assert (plan.pace(NSD), plan.pace(plan.Limit(100)), plan.pace(NONE)) == (100.0, 25.0, 100.0)


def test_the_limit_is_tried_once_in_each_family_from_who_has_it() -> None:
    trials, why = plan.trials(SERVICE, OWN, KNOT)
    assert [(each.server, each.source, each.rate) for each in trials] == [
        (SERVICE[0], plan.SOURCE, 1000),
        (SERVICE[1], OWN[1], 1000),
    ]
    assert why == ""


@pytest.mark.parametrize("limit", [100, 400, 5000])
def test_a_trial_asks_more_than_twice_what_the_limit_lets_pass(limit: int) -> None:
    (trial, _other), _why = plan.trials(SERVICE, OWN, plan.Limit(limit))
    assert trial.rate > 2 * limit


@pytest.mark.parametrize(
    ("limit", "own", "said"),
    [
        (NONE, OWN, "there is no limit"),
        (plan.Limit(10_000), OWN, "a limit of 10000 a second takes 25000 questions a second, and 20000 are asked"),
        (plan.Limit(400, 1, ("127.0.0.0/8", "2001:db8::/32")), OWN, "the node has no address of its own"),
    ],
)
def test_where_the_limit_cannot_be_tried_that_is_said(limit: plan.Limit, own: tuple[str, ...], said: str) -> None:
    trials, why = plan.trials(SERVICE, own, limit)
    assert (trials, said in why) == ([], True)


def test_an_uplink_with_link_local_addresses_alone_leaves_ipv6_out() -> None:
    trials, _why = plan.trials(SERVICE, ("192.0.2.2", "fe80::2"), NSD)
    assert [each.server for each in trials] == [SERVICE[0]]


def test_questions_are_of_every_kind_and_none_is_of_another_zone() -> None:
    root = zone()
    origin = root.delegations()[1]
    net = type(root)(origin, [root.get(root.origin, "SOA")._replace(name=origin)])
    found = plan.questions({".": root, "net.": net}, random.Random(1), 200)  # noqa: S311 - the same each time
    assert len(found) == len(set(found)) == 200
    names = {each.name.to_text() for each in found}
    assert not [name for name in names if name.endswith("net.")]
    assert sum(root.exists(each.name) is False and len(each.name) == 2 for each in found) > 100
    assert any(name.startswith("www.") and name.endswith(".com.") for name in names)
    assert {each.kind for each in found if each.name == root.origin} == {"SOA", "NS", "DNSKEY"}


def test_a_zone_without_delegations_has_questions_still() -> None:
    root = zone()
    empty = type(root)(root.origin, [root.get(root.origin, "SOA"), root.get(root.origin, "NS")])
    assert {len(each.name) for each in plan.questions({".": empty}, random.Random(1), 50)} == {1, 2}  # noqa: S311
