# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dead is more than one silent SOA: what is wrong with zones, keys, routes and daemons is not announced."""

from __future__ import annotations

import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL, PATIENCE

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

IPV4 = {prefix for prefix in ALL if ":" not in prefix}


def why(drill: Drill, family: str = "ipv4") -> str:
    """What the gate says of a family."""
    return str(drill.status()["verdict"][family]["reason"])


@pytest.fixture
def silent_masters(drill: Drill) -> t.Iterator[None]:
    """No zone comes from anywhere."""
    drill.inside("dist1", "systemctl", "stop", "knot")
    drill.inside("dist2", "systemctl", "stop", "nsd")
    yield
    drill.inside("dist1", "systemctl", "start", "knot")
    drill.inside("dist2", "systemctl", "start", "nsd")


@pytest.mark.usefixtures("silent_masters")
@pytest.mark.parametrize("zone", ["arpa.", "root-servers.net."])
def test_a_zone_that_is_lost_while_no_master_answers_is_withdrawn(drill: Drill, zone: str) -> None:
    """T-5: nobody but a resolver that asks for it would notice."""
    drill.node("knotc", "--force", "--blocking", "zone-purge", zone)
    drill.wait(set())
    assert f"zone {zone}: SERVFAIL" in why(drill)


@pytest.mark.usefixtures("silent_masters")
def test_masters_that_are_silent_withdraw_nothing(drill: Drill) -> None:
    shell.wait_for("the alarm", lambda: any("master " in text for text in drill.status()["degraded"]), PATIENCE)
    assert drill.received() == ALL


def test_a_zone_that_is_signed_with_a_foreign_key_is_withdrawn(drill: Drill) -> None:
    """T-6: its serial is higher, its ZONEMD is right, and all of it is signed."""
    drill.publish("foreign")
    try:
        shell.wait_for("the reason", lambda: "no key of the zone is a configured trust anchor" in why(drill), PATIENCE)
        drill.wait(set())
    finally:
        drill.publish("real")
        drill.restore()


def test_a_node_without_a_way_back_is_withdrawn(drill: Drill) -> None:
    """T-9: BGP is up, and answers have no route."""
    drill.node("ip", "-6", "route", "del", "default")
    drill.wait(IPV4)
    assert "way out: no route leaves by uplink" in why(drill, "ipv6")
    drill.node("networkctl", "reconfigure", "uplink")
    drill.wait(ALL)
