# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with every option: each check passes on what real daemons showed, and fails when that is spoilt."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.expected import Expected
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Bfd
from recordings import CHECKS, Scene, Spoil, load, sessions

CASES = ("options", "bfd", "table", "cluster")
TOUCHED = [*sorted(ident for ident in CHECKS if ident.startswith("BG")), "HD-01"]
NEAR, FAR = ("as64500_ipv4_1", "as64500_ipv6_1"), ("as64501_ipv4_1", "as64501_ipv6_1")
INSIDE = "as20144_ipv6_1"


def _peer(name: str, **values: t.Any) -> Spoil:
    """The sheet says something else."""

    def spoil(scene: Scene) -> None:
        next(peer for peer in scene.expected["peers"] if peer["name"] == name).update(values)

    return spoil


def _session(name: str, **values: t.Any) -> Spoil:
    """The routing daemon says something else of a session."""
    return lambda scene: next(s for s in scene.routing["sessions"] if s["name"] == name).update(values)


def _channel(name: str, key: str, **values: t.Any) -> Spoil:
    """The routing daemon says something else of a session's channel."""

    def spoil(scene: Scene) -> None:
        session = next(s for s in scene.routing["sessions"] if s["name"] == name)
        session["channels"][0].setdefault(key, {}).update(values)

    return spoil


def _sent(name: str, prefix: str, **attributes: str) -> Spoil:
    """A route is exported with other attributes."""

    def spoil(scene: Scene) -> None:
        route = next(route for route in scene.routing["exports"][name] if route["to"] == prefix)
        route["attributes"].update(attributes)

    return spoil


def _undressed(name: str, prefix: str, *attributes: str) -> Spoil:
    """A route is exported without some attributes."""

    def spoil(scene: Scene) -> None:
        route = next(route for route in scene.routing["exports"][name] if route["to"] == prefix)
        for attribute in attributes:
            del route["attributes"][attribute]

    return spoil


def _seen(address: str, prefix: str, **values: t.Any) -> Spoil:
    """The router has a route with something else."""

    def spoil(scene: Scene) -> None:
        routes = scene.scope("router")["host_router"]["routes"][address]
        next(route for route in routes if route["to"] == prefix).update(values)

    return spoil


def _came(name: str, *prefixes: str) -> Spoil:
    """More was imported."""
    return lambda scene: scene.routing["imports"][name].extend({"to": prefix} for prefix in prefixes)


def _bfd(**values: t.Any) -> Spoil:
    return lambda scene: scene.routing["bfd"][0].update(values)


def _listens(port: int, address: str = "0.0.0.0", process: str = "bird", protocol: str = "udp") -> Spoil:
    row = {"protocol": protocol, "address": address, "port": port, "process": process}
    return lambda scene: scene.machine["sockets"].append(row)


FAILS: list[tuple[str, str, str, Spoil, str]] = [
    ("BG-01", "bfd", "BFD down", _bfd(state="Down"), "BFD is Down"),
    ("BG-01", "bfd", "no BFD", lambda scene: scene.routing["bfd"].clear(), "as64500_ipv4_1: BFD is not running"),
    ("BG-01", "cluster", "another AS", _session(INSIDE, neighbor_as=64500), "AS20144 to AS64500"),
    (
        "BG-04",
        "options",
        "covering prefix prepended",
        _sent(NEAR[0], "199.7.82.0/23", as_path="20144 20144"),
        "199.7.82.0/23 with AS path 20144 20144",
    ),
    (
        "BG-04",
        "options",
        "covering prefix with communities",
        _sent(NEAR[1], "2001:500:9e::/47", community="(64500,100) (64500,200)"),
        "2001:500:9e::/47 with communities 64500:100 64500:200",
    ),
    (
        "BG-04",
        "options",
        "covering prefix not to be exported",
        _sent(NEAR[0], "199.7.82.0/23", community="(65535,65281)"),
        "199.7.82.0/23 with communities 65535:65281",
    ),
    (
        "BG-04",
        "options",
        "not prepended",
        _sent(NEAR[0], "199.7.83.0/24", as_path=""),
        "199.7.83.0/24 with AS path empty",
    ),
    (
        "BG-04",
        "options",
        "no NO_EXPORT",
        _sent(NEAR[0], "199.7.83.0/24", community="(64500,100) (64500,200)"),
        "communities 64500:100 64500:1:2 64500:200 65551:4294967295:0, not 64500:100 64500:1:2 64500:200 65535:65281",
    ),
    (
        "BG-04",
        "options",
        "NO_EXPORT that was not agreed",
        _peer(NEAR[0], no_export=False),
        "65535:65281 65551:4294967295:0, not 64500:100",
    ),
    (
        "BG-04",
        "options",
        "no large community",
        _undressed(NEAR[1], "2001:500:3::/48", "large_community"),
        "2001:500:3::/48 with communities 64500:100 64500:200 65535:65281, not",
    ),
    (
        "BG-04",
        "options",
        "large community of another value",
        _sent(NEAR[0], "199.7.83.0/24", large_community="(64500, 1, 2) (65551, 4294967295, 1)"),
        "65551:4294967295:1, not",
    ),
    (
        "BG-04",
        "options",
        "extended community",
        _sent(FAR[0], "199.7.83.0/24", ext_community="(rt, 64500, 1)"),
        "199.7.83.0/24 with communities rt:64500:1",
    ),
    (
        "BG-04",
        "options",
        "covering prefix prepended at the router",
        _seen("192.0.2.2", "199.7.82.0/23", as_path="20144 20144 20144"),
        "the host's router has 199.7.82.0/23 with AS path 20144 20144 20144",
    ),
    (
        "BG-04",
        "options",
        "not prepended at the router",
        _seen("2001:db8::2", "2001:500:9f::/48", as_path="20144"),
        "the host's router has 2001:500:9f::/48 with AS path 20144",
    ),
    (
        "BG-04",
        "cluster",
        "our AS inside our AS",
        _seen("192.0.2.2", "199.7.83.0/24", as_path="20144"),
        "the host's router has 199.7.83.0/24 with AS path 20144",
    ),
    ("BG-04", "options", "empty at the border", _seen("192.0.2.2", "199.7.82.0/23", as_path=""), "with AS path empty"),
    (
        "BG-05",
        "options",
        "what was learned goes on",
        lambda scene: scene.routing["exports"][FAR[1]].append({"to": "2620:0:2d0::/48", "protocol": NEAR[1]}),
        "exports 2620:0:2d0::/48",
    ),
    (
        "BG-05",
        "options",
        "a leak over a session of another router",
        lambda scene: (
            scene.scope("router")["host_router"]["sessions"]["192.0.2.2"].update(address="203.0.113.1"),
            scene.scope("router")["host_router"]["routes"]["192.0.2.2"].append({"to": "198.51.100.0/24"}),
        ),
        "the host's router holds 198.51.100.0/24 from 192.0.2.2",
    ),
    (
        "BG-07",
        "bfd",
        "a default route that was not agreed",
        _came(NEAR[0], "0.0.0.0/0"),
        "0.0.0.0/0 came in, against inbound none",
    ),
    ("BG-07", "bfd", "counted only", _channel(NEAR[0], "routes", imported=1), "1 routes, at most 0 with inbound none"),
    (
        "BG-07",
        "options",
        "more than a default route",
        _came(NEAR[0], "192.0.32.0/20"),
        "192.0.32.0/20 came in, against inbound default; as64500_ipv4_1: 2 routes, at most 1",
    ),
    (
        "BG-07",
        "options",
        "something else in its place",
        lambda scene: scene.routing["imports"].update({NEAR[0]: [{"to": "192.0.32.0/20"}]}),
        "192.0.32.0/20 came in, against inbound default",
    ),
    (
        "BG-07",
        "cluster",
        "the other family's default",
        _came(INSIDE, "0.0.0.0/0"),
        "0.0.0.0/0 came in, against inbound default",
    ),
    ("BG-07", "table", "a default route", _came(NEAR[1], "::/0"), "::/0 came in, against inbound all"),
    ("BG-07", "table", "too many", _channel(NEAR[0], "routes", imported=3), "3 routes, at most 2 with inbound all"),
    ("BG-07", "options", "ours", _came(FAR[1], "2001:500:9f::/48"), "2001:500:9f::/48 came in, which is ours"),
    ("BG-07", "options", "part of ours", _came(FAR[1], "2001:500:3:1::/64"), "2001:500:3:1::/64 came in, which is"),
    ("BG-07", "table", "part of what covers", _came(NEAR[0], "199.7.82.0/24"), "199.7.82.0/24 came in, which is ours"),
    ("BG-07", "table", "no limit", lambda s: _limits(s).pop("import"), "import limit none, 2 in the sheet"),
    ("BG-07", "table", "higher limit", lambda s: _limits(s).update({"import": "3 [HIT]"}), "import limit 3, 2 in the"),
    ("BG-07", "table", "no route server", _peer(NEAR[0], route_server=True), "paths have to begin with the peer's AS"),
    ("BG-07", "table", "any AS", lambda s: s.routing["options"][NEAR[0]].pop("first_as"), "paths need not begin with"),
    ("BG-07", "table", "unread", lambda s: s.routing["imports"].update({NEAR[0]: None}), "could not be listed"),
    ("BG-10", "options", "near in the sheet", _peer(FAR[0], multihop=None), "multihop 2, directly connected in the"),
    (
        "BG-10",
        "bfd",
        "both",
        lambda scene: scene.routing["options"][NEAR[0]].update(multihop=64),
        "multihop 64, directly connected in the sheet",
    ),
    ("BG-10", "bfd", "far in the sheet", _peer(NEAR[0], multihop=2), "multihop off, 2 in the sheet"),
    ("BG-12", "bfd", "keepalive too slow", _session(NEAR[0], keepalive_time=4), "keepalive 4 s, 3 s in the sheet"),
    ("BG-12", "bfd", "no keepalive", _session(NEAR[0], keepalive_time=0), "keepalive 0 s, 3 s in the sheet"),
    ("BG-12", "bfd", "hold too long", _session(NEAR[1], hold_time=30), "30 s, 9 s in the sheet"),
    ("BG-12", "bfd", "BFD too slow", _bfd(timeout_ms=3000), "BFD notices after 3000 ms, within 900 ms in the sheet"),
    ("BG-12", "bfd", "BFD down", _bfd(state="Init"), "BFD notices nothing, within 900 ms"),
    ("HD-01", "table", "BFD that no session has", _listens(3784), "bird on udp 0.0.0.0 port 3784"),
    ("HD-01", "bfd", "not in the sheet", lambda s: [p.update(bfd=None) for p in s.expected["peers"]], "port 3784"),
    ("HD-01", "bfd", "of another", _listens(4784, process="nc"), "nc on udp 0.0.0.0 port 4784"),
    ("HD-01", "bfd", "over TCP", _listens(3784, protocol="tcp"), "bird on tcp 0.0.0.0 port 3784"),
    ("HD-01", "bfd", "on all addresses", _listens(54417), "bird on udp 0.0.0.0 port 54417"),
    ("HD-01", "bfd", "low port", _listens(161, "192.0.2.2"), "bird on udp 192.0.2.2 port 161"),
    ("HD-01", "options", "session without BFD", _listens(54417, "2001:db8::2"), "bird on udp 2001:db8::2 port 54417"),
    (
        "PR-02",
        "options",
        "one missing",
        lambda scene: scene.scope("router")["host_router"]["routes"]["192.0.2.2"].pop(),
        "as64500_ipv4_1: 199.7.83.0/24 missing",
    ),
    (
        "PR-02",
        "options",
        "session down",
        lambda scene: (
            scene.scope("router")["host_router"]["sessions"]["192.0.2.2"].update(address="", state="Idle"),
            scene.scope("router")["host_router"]["routes"]["192.0.2.2"].clear(),
        ),
        "as64500_ipv4_1: 199.7.82.0/23 missing; as64500_ipv4_1: 199.7.83.0/24 missing",
    ),
    (
        "PR-02",
        "options",
        "another router",
        lambda scene: [
            s.update(address="203.0.113.1") for s in scene.scope("router")["host_router"]["sessions"].values()
        ],
        "the router that was read has none of the sheet's sessions",
    ),
    (
        "PR-02",
        "cluster",
        "not valid",
        _seen("2001:db8::2", "2001:500:3::/48", valid=False),
        "as20144_ipv6_1: 2001:500:3::/48 missing",
    ),
]


def _limits(scene: Scene) -> dict[str, str]:
    limits: dict[str, str] = scene.session["channels"][0]["limits"]
    return limits


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
    _channel(INSIDE, "routes", imported=0)(scene)
    assert scene.judge("BG-07").status.value == "pass"


def test_a_whole_table_is_counted_and_only_what_matters_is_listed() -> None:
    scene = sessions("options")
    _channel(FAR[1], "routes", imported=1000)(scene)
    scene.routing["imports"][FAR[1]].clear()
    assert scene.judge("BG-07").status.value == "pass"
    _channel(FAR[1], "routes", imported=1001)(scene)
    assert "1001 routes, at most 1000 with inbound all" in scene.judge("BG-07").message


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
    _listens(3784, process="bgpd")(scene)
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
