# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with every option: each check passes on what real daemons showed, and fails when that is spoilt."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance import examples
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Bfd
from recordings import CHECKS, Spoil, load, sessions
from session_cases import FAILS, FAR, INSIDE, NEAR, channel, listens, takes

CASES = ("options", "bfd", "table", "cluster")
TOUCHED = [*sorted(ident for ident in CHECKS if ident.startswith("BG")), "HD-01"]


@pytest.mark.parametrize("routing", ["bird", "frr"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ident", TOUCHED)
def test_passes_on_a_real_node(ident: str, case: str, routing: str) -> None:
    status, said = sessions(case, routing).judge(ident)
    assert status.value == "pass", said


AT_THE_ROUTER = {"our AS inside our AS", "empty at the border"}
"""Beside those that say so; no router of the host was recorded beside a node with FRR."""

SPOILT = [
    pytest.param(ident, case, routing, spoil, said, id=f"{ident}-{name}-{routing}")
    for ident, case, name, spoil, said in FAILS
    for routing in ("bird", "frr")
    if routing == "bird" or (ident.startswith("BG") and "router" not in name and name not in AT_THE_ROUTER)
]


@pytest.mark.parametrize(("ident", "case", "routing", "spoil", "said"), SPOILT)
def test_fails_on_a_spoilt_one(ident: str, case: str, routing: str, spoil: Spoil, said: str) -> None:
    scene = sessions(case, routing)
    assert scene.judge(ident).status.value == "pass"
    spoil(scene)
    status, words = scene.judge(ident)
    assert status.value == "fail", words
    assert said in words


@pytest.mark.parametrize("case", ["options", "cluster"])
def test_a_router_answers_for_its_own_sessions(case: str) -> None:
    assert sessions(case).judge("PR-02") == (
        "pass",
        f"every prefix accepted over 2 of {len(sessions(case).expected['peers'])} sessions",
    )


def test_a_router_whose_session_is_down_is_known_by_its_as() -> None:
    scene = sessions("options")
    router = scene.scope("router")["host_router"]
    router["sessions"]["192.0.2.2"].update(address="", state="Idle")
    router["routes"]["192.0.2.2"].clear()
    assert "as64501" not in scene.judge("PR-02").message
    router["sessions"]["192.0.2.2"]["local_as"] = None  # not even configured: whose it would be, nobody knows
    said = scene.judge("PR-02").message
    assert said.count("as64500_ipv4_1") == 2
    assert "as64501_ipv4_1: 199.7.82.0/23 missing; and 1 more" in said


def test_a_default_route_that_was_agreed_may_be_missing() -> None:
    scene = sessions("cluster")
    scene.routing["imports"][INSIDE].clear()
    channel(INSIDE, "routes", imported=0)(scene)
    assert scene.judge("BG-07").status.value == "pass"


def test_a_whole_table_is_counted_and_only_what_matters_is_listed() -> None:
    scene = sessions("options")
    channel(FAR[1], "routes", imported=1000)(scene)
    scene.routing["imports"][FAR[1]].clear()
    assert scene.judge("BG-07").status.value == "pass"
    channel(FAR[1], "routes", imported=1001)(scene)
    assert "1001 routes, at most 1000 with inbound all" in scene.judge("BG-07").message


@pytest.mark.parametrize("routing", ["bird", "frr"])
def test_what_a_daemon_does_not_tell_is_no_verdict(routing: str) -> None:
    scene = sessions("table", routing)
    takes(NEAR[0], "10.0.0.0/8", taken=None)(scene)
    assert scene.judge("BG-09") == ("error", f"{NEAR[0]}: whether it would take 10.0.0.0/8 could not be asked")
    del scene.routing["takes"]
    assert scene.judge("BG-09").status.value == "error"
    scene.session["channels"][0].pop("beyond")
    assert scene.judge("BG-08") == (
        "error",
        f"{NEAR[0]}: the routing daemon does not tell what it does beyond its limit",
    )


def test_a_daemon_without_details_of_its_bfd_is_no_verdict() -> None:
    scene = sessions("bfd")
    scene.routing["bfd"][0].pop("send")
    status, said = scene.judge("BG-14")
    assert (status.value, "does not tell its BFD's intervals" in said) == ("error", True)


def test_what_the_link_is_part_of_need_not_be_taken() -> None:
    """A node at the site of another root server: its own link is never learned."""
    scene = sessions("table")
    scene.expected["link"]["ipv4"] = [{"address": "193.0.14.2", "length": 24, "link_local": False}]
    sheet = scene.sheet
    assert examples.learnable(sheet, "ipv4") == ("198.41.0.0/24", "8.0.0.0/9")
    assert "193.0.14.0/24" in examples.refused(sheet, "ipv4")


def test_a_hold_time_that_the_host_shortened_shortens_the_keepalive_time() -> None:
    scene = sessions("options")  # 12 and 4 in the sheet, 9 at the host's router
    assert (scene.session["hold_time"], scene.session["keepalive_time"]) == (9, 3)
    assert scene.judge("BG-12").status.value == "pass"


def test_every_number_of_hops_is_as_agreed_where_frr_has_bfd() -> None:
    scene = sessions("options")  # the first of these has BFD
    for hops, wrong in ((2, FAR), (3, FAR[1:])):  # two hops need no exception
        for peer in (peer for peer in scene.expected["peers"] if peer["name"] in FAR):
            peer["multihop"], scene.routing["options"][peer["name"]]["multihop"] = hops, 255
        said = "; ".join(f"{name}: multihop 255, {hops} in the sheet" for name in wrong)
        assert scene.judge("BG-10") == ("fail", said)


def test_the_sockets_of_frr_are_known() -> None:
    scene = sessions("bfd", "frr")
    assert scene.judge("HD-01").status.value == "pass"
    listens(3784, process="bgpd")(scene)
    assert scene.judge("HD-01") == ("fail", "bgpd on udp 0.0.0.0 port 3784")


@pytest.mark.parametrize(
    "change", [{"inbound": "all", "max_prefix": None}, {"inbound": "some"}], ids=["all without a limit", "unknown"]
)
def test_a_sheet_that_cannot_be_judged_is_refused(change: dict[str, t.Any]) -> None:
    data = load("knot", "live")["expected"]
    data["peers"][0].update(change)
    with pytest.raises(ValueError, match="as64500_ipv4_1: inbound is none, default, or all with a max_prefix"):
        Expected.parse(data)


def test_a_sheet_is_read_as_it_is_written() -> None:
    near, *_others = Expected.parse(sessions("options").expected).peers
    assert near.every_community == ("64500:100", "64500:200", "64500:1:2", "65551:4294967295:0")
    assert near.no_export
    assert (near.prepend, near.inbound, near.max_prefix, near.keepalive_time, near.bfd) == (2, "default", 1, 4, None)
    bfd, _other = Expected.parse(sessions("bfd").expected).peers
    assert (bfd.bfd, bfd.bfd and bfd.bfd.detection_ms, bfd.max_prefix) == (Bfd(300, 3), 900, None)
    assert Expected.parse(sessions("cluster").expected).peers[0].internal
