# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which sessions are not as the sheet says; a part of test_sessions.py."""

from __future__ import annotations

import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._acceptance import examples

if t.TYPE_CHECKING:
    from recordings import Scene, Spoil

NEAR, FAR = ("as64500_ipv4_1", "as64500_ipv6_1"), ("as64501_ipv4_1", "as64501_ipv6_1")
INSIDE = "as20144_ipv6_1"
WORLD = examples.WORLD["ipv4"]


def peer(name: str, **values: t.Any) -> Spoil:
    """The sheet says something else."""

    def spoil(scene: Scene) -> None:
        next(peer for peer in scene.expected["peers"] if peer["name"] == name).update(values)

    return spoil


def session(name: str, **values: t.Any) -> Spoil:
    """The routing daemon says something else of a session."""
    return lambda scene: next(s for s in scene.routing["sessions"] if s["name"] == name).update(values)


def channel(name: str, key: str, **values: t.Any) -> Spoil:
    """The routing daemon says something else of a session's channel."""

    def spoil(scene: Scene) -> None:
        session = next(s for s in scene.routing["sessions"] if s["name"] == name)
        session["channels"][0].setdefault(key, {}).update(values)

    return spoil


def sent(name: str, prefix: str, **attributes: str) -> Spoil:
    """A route is exported with other attributes."""

    def spoil(scene: Scene) -> None:
        route = next(route for route in scene.routing["exports"][name] if route["to"] == prefix)
        route["attributes"].update(attributes)

    return spoil


def undressed(name: str, prefix: str, *attributes: str) -> Spoil:
    """A route is exported without some attributes."""

    def spoil(scene: Scene) -> None:
        route = next(route for route in scene.routing["exports"][name] if route["to"] == prefix)
        for attribute in attributes:
            del route["attributes"][attribute]

    return spoil


def seen(address: str, prefix: str, **values: t.Any) -> Spoil:
    """The router has a route with something else."""

    def spoil(scene: Scene) -> None:
        routes = scene.scope("router")["host_router"]["routes"][address]
        next(route for route in routes if route["to"] == prefix).update(values)

    return spoil


def came(name: str, *prefixes: str) -> Spoil:
    """More was imported."""
    return lambda scene: scene.routing["imports"][name].extend({"to": prefix} for prefix in prefixes)


def takes(name: str, *prefixes: str, taken: bool = True) -> Spoil:
    """The running daemon's filter says something else of these."""
    return lambda scene: scene.routing["takes"][name].update(dict.fromkeys(prefixes, taken))


def beyond(does: str) -> Spoil:
    return lambda scene: scene.session["channels"][0]["beyond"].update({"import": does})


def bfd(**values: t.Any) -> Spoil:
    return lambda scene: scene.routing["bfd"][0].update(values)


def listens(port: int, address: str = "0.0.0.0", process: str = "bird", protocol: str = "udp") -> Spoil:
    row = {"protocol": protocol, "address": address, "port": port, "process": process}
    return lambda scene: scene.machine["sockets"].append(row)


def limits(scene: Scene) -> dict[str, str]:
    limits: dict[str, str] = scene.session["channels"][0]["limits"]
    return limits


FAILS: list[tuple[str, str, str, Spoil, str]] = [
    ("BG-01", "bfd", "BFD down", bfd(state="Down"), "BFD is Down"),
    ("BG-01", "bfd", "no BFD", lambda scene: scene.routing["bfd"].clear(), "as64500_ipv4_1: BFD is not running"),
    ("BG-01", "cluster", "another AS", session(INSIDE, neighbor_as=64500), "AS20144 to AS64500"),
    (
        "BG-04",
        "options",
        "covering prefix prepended",
        sent(NEAR[0], "199.7.82.0/23", as_path="20144 20144"),
        "199.7.82.0/23 with AS path 20144 20144",
    ),
    (
        "BG-04",
        "options",
        "covering prefix with communities",
        sent(NEAR[1], "2001:500:9e::/47", community="(64500,100) (64500,200)"),
        "2001:500:9e::/47 with communities 64500:100 64500:200",
    ),
    (
        "BG-04",
        "options",
        "covering prefix not to be exported",
        sent(NEAR[0], "199.7.82.0/23", community="(65535,65281)"),
        "199.7.82.0/23 with communities 65535:65281",
    ),
    (
        "BG-04",
        "options",
        "not prepended",
        sent(NEAR[0], "199.7.83.0/24", as_path=""),
        "199.7.83.0/24 with AS path empty",
    ),
    (
        "BG-04",
        "options",
        "no NO_EXPORT",
        sent(NEAR[0], "199.7.83.0/24", community="(64500,100) (64500,200)"),
        "communities 64500:100 64500:1:2 64500:200 65551:4294967295:0, not 64500:100 64500:1:2 64500:200 65535:65281",
    ),
    (
        "BG-04",
        "options",
        "NO_EXPORT that was not agreed",
        peer(NEAR[0], no_export=False),
        "65535:65281 65551:4294967295:0, not 64500:100",
    ),
    (
        "BG-04",
        "options",
        "no large community",
        undressed(NEAR[1], "2001:500:3::/48", "large_community"),
        "2001:500:3::/48 with communities 64500:100 64500:200 65535:65281, not",
    ),
    (
        "BG-04",
        "options",
        "large community of another value",
        sent(NEAR[0], "199.7.83.0/24", large_community="(64500, 1, 2) (65551, 4294967295, 1)"),
        "65551:4294967295:1, not",
    ),
    (
        "BG-04",
        "options",
        "extended community",
        sent(FAR[0], "199.7.83.0/24", ext_community="(rt, 64500, 1)"),
        "199.7.83.0/24 with communities rt:64500:1",
    ),
    (
        "BG-04",
        "options",
        "covering prefix prepended at the router",
        seen("192.0.2.2", "199.7.82.0/23", as_path="20144 20144 20144"),
        "the host's router has 199.7.82.0/23 with AS path 20144 20144 20144",
    ),
    (
        "BG-04",
        "options",
        "not prepended at the router",
        seen("2001:db8::2", "2001:500:9f::/48", as_path="20144"),
        "the host's router has 2001:500:9f::/48 with AS path 20144",
    ),
    (
        "BG-04",
        "cluster",
        "our AS inside our AS",
        seen("192.0.2.2", "199.7.83.0/24", as_path="20144"),
        "the host's router has 199.7.83.0/24 with AS path 20144",
    ),
    ("BG-04", "options", "empty at the border", seen("192.0.2.2", "199.7.82.0/23", as_path=""), "with AS path empty"),
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
        came(NEAR[0], "0.0.0.0/0"),
        "0.0.0.0/0 came in, against inbound none",
    ),
    ("BG-07", "bfd", "counted only", channel(NEAR[0], "routes", imported=1), "1 routes, at most 0 with inbound none"),
    (
        "BG-07",
        "options",
        "more than a default route",
        came(NEAR[0], "192.0.32.0/20"),
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
        came(INSIDE, "0.0.0.0/0"),
        "0.0.0.0/0 came in, against inbound default",
    ),
    ("BG-07", "table", "a default route", came(NEAR[1], "::/0"), "::/0 came in, against inbound all"),
    ("BG-07", "table", "too many", channel(NEAR[0], "routes", imported=3), "3 routes, at most 2 with inbound all"),
    ("BG-07", "options", "ours", came(FAR[1], "2001:500:9f::/48"), "2001:500:9f::/48 came in, which is ours"),
    ("BG-07", "options", "part of ours", came(FAR[1], "2001:500:3:1::/64"), "2001:500:3:1::/64 came in, which is"),
    ("BG-07", "table", "part of what covers", came(NEAR[0], "199.7.82.0/24"), "199.7.82.0/24 came in, which is ours"),
    ("BG-07", "table", "no route server", peer(NEAR[0], route_server=True), "paths have to begin with the peer's AS"),
    ("BG-07", "table", "any AS", lambda s: s.routing["options"][NEAR[0]].pop("first_as"), "paths need not begin with"),
    ("BG-07", "table", "unread", lambda s: s.routing["imports"].update({NEAR[0]: None}), "could not be listed"),
    ("BG-08", "table", "no limit", lambda s: limits(s).pop("import"), "import limit none, 2 in the sheet"),
    ("BG-08", "table", "higher limit", lambda s: limits(s).update({"import": "3 [HIT]"}), "import limit 3, 2 in the"),
    ("BG-08", "options", "of a default route", peer(NEAR[0], max_prefix=2, inbound="all"), "import limit 1, 2 in the"),
    ("BG-08", "table", "only a word", beyond("warned of"), "beyond its limit: warned of, not "),
    ("BG-08", "table", "for ever", beyond("ends the session"), "beyond its limit: ends the session, not "),
    ("BG-09", "bfd", "ours", takes(NEAR[0], "199.7.83.0/24"), "199.7.83.0/24 would be taken, against inbound none"),
    ("BG-09", "table", "part of ours", takes(NEAR[1], "2001:500:9e::/48"), "2001:500:9e::/48 would be taken"),
    ("BG-09", "table", "a bogon", takes(NEAR[0], "10.0.0.0/16"), "10.0.0.0/16 would be taken, against inbound all"),
    ("BG-09", "table", "default", takes(NEAR[0], "0.0.0.0/0"), "0.0.0.0/0 would be taken, against inbound all"),
    ("BG-09", "table", "the link", takes(NEAR[0], "192.0.2.0/29"), "192.0.2.0/29 would be taken"),
    ("BG-09", "table", "too long", takes(NEAR[0], "193.0.14.129/32"), "193.0.14.129/32 would be taken"),
    (
        "BG-09",
        "table",
        "nothing",
        takes(NEAR[0], *WORLD, taken=False),
        "193.0.14.0/24, 198.41.0.0/24 would be refused, against inbound all",
    ),
    (
        "BG-09",
        "options",
        "no default",
        takes(NEAR[0], "0.0.0.0/0", taken=False),
        "0.0.0.0/0 would be refused, against",
    ),
    ("BG-09", "options", "more", takes(NEAR[0], "8.0.0.0/9"), "8.0.0.0/9 would be taken, against inbound default"),
    ("BG-09", "cluster", "not agreed", peer(INSIDE, inbound="none"), "::/0 would be taken, against inbound none"),
    ("BG-10", "options", "near in the sheet", peer(FAR[0], multihop=None), "multihop 2, directly connected in the"),
    (
        "BG-10",
        "bfd",
        "both",
        lambda scene: scene.routing["options"][NEAR[0]].update(multihop=64),
        "multihop 64, directly connected in the sheet",
    ),
    ("BG-10", "bfd", "far in the sheet", peer(NEAR[0], multihop=2), "multihop off, 2 in the sheet"),
    ("BG-12", "bfd", "keepalive too slow", session(NEAR[0], keepalive_time=4), "keepalive 4 s, 3 s in the sheet"),
    ("BG-12", "bfd", "no keepalive", session(NEAR[0], keepalive_time=0), "keepalive 0 s, 3 s in the sheet"),
    ("BG-12", "bfd", "hold too long", session(NEAR[1], hold_time=30), "30 s, 9 s in the sheet"),
    ("BG-12", "bfd", "BFD too slow", bfd(timeout_ms=3000), "BFD notices after 3000 ms, within 900 ms in the sheet"),
    ("BG-12", "bfd", "BFD down", bfd(state="Init"), "BFD notices nothing, within 900 ms"),
    ("BG-14", "bfd", "down", bfd(state="Init"), "BFD is Init"),
    ("BG-14", "bfd", "no BFD", lambda scene: scene.routing["bfd"].clear(), "BFD is not running"),
    (
        "BG-14",
        "bfd",
        "the peer is nervous",
        bfd(receive={"interval_ms": 300, "multiplier": 2}),
        "the peer sends every 300 ms, 2 times, 300 ms and 3 times in the sheet",
    ),
    (
        "BG-14",
        "bfd",
        "the node is nervous",
        bfd(send={"interval_ms": 50, "multiplier": 3}),
        "the node sends every 50 ms, 3 times, 300 ms and 3 times in the sheet",
    ),
    (
        "BG-14",
        "bfd",
        "the peer notices late",
        bfd(send={"interval_ms": 1000, "multiplier": 3}),
        "the peer notices after 3000 ms, within 900 ms in the sheet",
    ),
    ("HD-01", "table", "BFD that no session has", listens(3784), "bird on udp 0.0.0.0 port 3784"),
    ("HD-01", "bfd", "not in the sheet", lambda s: [p.update(bfd=None) for p in s.expected["peers"]], "port 3784"),
    ("HD-01", "bfd", "of another", listens(4784, process="nc"), "nc on udp 0.0.0.0 port 4784"),
    ("HD-01", "bfd", "over TCP", listens(3784, protocol="tcp"), "bird on tcp 0.0.0.0 port 3784"),
    ("HD-01", "bfd", "on all addresses", listens(54417), "bird on udp 0.0.0.0 port 54417"),
    ("HD-01", "bfd", "low port", listens(161, "192.0.2.2"), "bird on udp 192.0.2.2 port 161"),
    ("HD-01", "options", "session without BFD", listens(54417, "2001:db8::2"), "bird on udp 2001:db8::2 port 54417"),
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
        seen("2001:db8::2", "2001:500:3::/48", valid=False),
        "as20144_ipv6_1: 2001:500:3::/48 missing",
    ),
]
