# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""R-4: a session between link-local addresses, judged on what real daemons showed of another one."""

from __future__ import annotations

import pytest
from recordings import CHECKS, Scene, sessions

NAME = "as64500_ipv6_1"
TOUCHED = [*sorted(ident for ident in CHECKS if ident.startswith("BG")), "HD-01"]


def _over_the_link_alone(scene: Scene) -> None:
    """Both ends of the IPv6 session have link-local addresses (R-4)."""
    old, new = ("2001:db8::1", "2001:db8::2"), ("fe80::1", "fe80::2")
    peer = next(each for each in scene.expected["peers"] if each["name"] == NAME)
    peer.update(address=new[0], local_address=new[1], interface="uplink")
    scene.expected["notify_addresses"] = ["192.0.2.2", "2001:db8::2"]
    next(each for each in scene.routing["sessions"] if each["name"] == NAME).update(neighbor=new[0], source=new[1])
    for watched in scene.routing["bfd"]:
        watched["address"] = watched["address"].replace(old[0], new[0])
    for router in (each["host_router"] for each in scene.documents if each["scope"] == "router"):
        for kind in ("sessions", "routes"):
            router[kind][new[1]] = router[kind].pop(old[1])
        router["sessions"][new[1]]["address"] = new[0]
    for row in scene.machine["sockets"]:
        row["address"] = row["address"].replace(old[1], new[1]) if row["process"] == "bird" else row["address"]


@pytest.mark.parametrize("case", ["bfd", "options"])
@pytest.mark.parametrize("ident", TOUCHED)
def test_passes_over_link_local_addresses(ident: str, case: str) -> None:
    scene = sessions(case)
    _over_the_link_alone(scene)
    status, said = scene.judge(ident)
    assert status.value == "pass", said


def test_over_link_local_addresses_the_next_hop_is_the_uplinks_global_one() -> None:
    scene = sessions("options")
    _over_the_link_alone(scene)
    routes = scene.scope("router")["host_router"]["routes"]["fe80::2"]
    next(route for route in routes if route["to"] == "2001:500:3::/48").update(next_hops=["2001:db8::7"])
    status, said = scene.judge("BG-04")
    assert status.value == "fail"
    assert "2001:500:3::/48 by 2001:db8::7" in said
