# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second peer whose router is not there yet: the first one serves, and the second is judged when it comes (W-5)."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL, PATIENCE

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill

FIRST, SECOND = ("as64500_ipv4_1", "as64500_ipv6_1"), ("as64501_ipv4_1", "as64501_ipv6_1")
V4 = {prefix for prefix in ALL if ":" not in prefix}
PEER = """peers:
  - description: Example Transit
    asn: 64501
    addresses: [192.0.2.3, "2001:db8:0:1::3"]
    md5: null
"""
"""In front of the other one: the order tells nothing."""
ROUTER = """
router bgp 64501
 bgp router-id 192.0.2.3
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 neighbor 192.0.2.2 remote-as 20144
 neighbor 192.0.2.2 update-source 192.0.2.3
 neighbor 2001:db8:0:1::2 remote-as 20144
 neighbor 2001:db8:0:1::2 update-source 2001:db8:0:1::3
 neighbor 192.0.2.2 ttl-security hops 1
 neighbor 2001:db8:0:1::2 ttl-security hops 1
 neighbor 192.0.2.2 timers connect 1
 neighbor 2001:db8:0:1::2 timers connect 1
 address-family ipv4 unicast
  neighbor 192.0.2.2 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor 2001:db8:0:1::2 activate
 exit-address-family
"""
APPEARS = f"""
ip address add 192.0.2.3/29 dev uplink
ip address add 2001:db8:0:1::3/64 dev uplink nodad
install --directory --owner=frr --group=frr /run/frr/second /etc/frr/second
cat >/etc/frr/second/bgpd.conf <<'END'
{ROUTER}
END
chown frr:frr /etc/frr/second/bgpd.conf
systemd-run --quiet --unit=drill-second /usr/lib/frr/bgpd -N second -Z -n -p 0 -P 0 -f /etc/frr/second/bgpd.conf
"""
"""It only calls: the port of the machine is host-router's."""
GOES = """
systemctl stop drill-second 2>/dev/null || true
ip address del 192.0.2.3/29 dev uplink 2>/dev/null || true
ip address del 2001:db8:0:1::3/64 dev uplink 2>/dev/null || true
"""


@pytest.fixture
def sheets(drill: Drill, edited: t.Callable[..., pathlib.Path]) -> t.Iterator[t.Callable[[], pathlib.Path]]:
    """The lab's inventory with the second peer in its sheet."""
    try:
        yield lambda: edited(("peers:\n", PEER))
    finally:
        drill.inside("host-router", "sh", "-c", GOES)
        drill.restore()


def second_holds(drill: Drill) -> set[str]:
    """What the second router has from the appliance over IPv4; without its other daemons it takes nothing over IPv6."""
    words = "show bgp ipv4 unicast neighbors 192.0.2.2 routes json"
    said = json.loads(drill.inside("host-router", "vtysh", "-N", "second", "-c", words) or "{}")
    return set(said.get("routes", {}))


def exported(drill: Drill) -> set[str]:
    """What goes out to the second router, by the appliance's own word."""
    said = "".join(drill.node("birdc", "-r", "show", "route", "export", name) for name in SECOND)
    return set(re.findall(r"^(\S+/\d+) ", said, re.MULTILINE))


def withdrawn(drill: Drill) -> dict[str, int]:
    """How often the appliance withdrew something, by session with the first router, and how often that came up anew."""
    found = {}
    for name in FIRST:
        said = drill.node("birdc", "-r", "show", "protocols", "all", name)
        found[name] = int(re.findall(r"Export withdraws: .*?(\d+)\s*$", said, re.MULTILINE)[0])
    return found | {name: each["connectionsEstablished"] for name, each in drill.neighbors().items()}


def up(drill: Drill) -> bool:
    """Whether the sessions with the second router are established."""
    return all("Established" in drill.node("birdc", "-r", "show", "protocols", name) for name in SECOND)


def at_most(drill: Drill, prefixes: int | None) -> None:
    """How many prefixes the second router takes until it ends the session, and stays so; None: as many as come."""
    word = f"neighbor 192.0.2.2 maximum-prefix {prefixes}" if prefixes else "no neighbor 192.0.2.2 maximum-prefix"
    inside = ("configure terminal", "router bgp 64501", "address-family ipv4 unicast", word, "end", "clear bgp *")
    drill.inside("host-router", "vtysh", "-N", "second", *(word for each in inside for word in ("-c", each)))
    shell.wait_for("the second router's sessions", lambda: up(drill), PATIENCE)


def test_a_peer_that_is_not_there_yet_keeps_nobody_dark_w_5(drill: Drill, sheets: t.Callable[[], pathlib.Path]) -> None:
    def story() -> None:
        done = drill.play("site", "-e", "imrs_disrupt=true", "-e", "acceptance_patience=20", inventory=sheets())
        assert done.status == 0, done.output[-5000:]
        drill.wait(ALL)
        assert f"without every session: {SECOND[0]} with 192.0.2.3 (AS64501) is degraded" in done.output
        first = drill.status()["certificate"]["sessions"]
        assert len(first) == len(FIRST)

        drill.inside("host-router", "sh", "-ec", APPEARS)
        shell.wait_for("the second router's sessions", lambda: up(drill), PATIENCE)
        assert (exported(drill), second_holds(drill)) == (set(), set())

        before, seen = withdrawn(drill), set[frozenset[str]]()
        with drill.watching(seen.add):
            # A router that shuts the session as soon as it gets something: only a trial can show that.
            at_most(drill, 1)
            done = drill.play("accept", "-e", "acceptance_patience=8", inventory=sheets())
            assert done.status != 0
            said = " ".join(done.output.split())
            assert "BG-01 failed" in said, done.output[-5000:]
            assert "stays live" in said
            assert "The sessions that were on trial get nothing again" in said
            certificate = drill.status()["certificate"]
            assert (certificate["valid"], certificate["sessions"], certificate["trial"]) == (True, first, [])
            shell.wait_for("the second router to hold nothing", lambda: second_holds(drill) == set(), PATIENCE)

            at_most(drill, None)
            done = drill.play("accept", inventory=sheets())
            assert done.status == 0, done.output[-5000:]
            shell.wait_for("the second router to hold all", lambda: second_holds(drill) == V4, PATIENCE)
            assert exported(drill) == ALL
        certificate = drill.status()["certificate"]
        assert set(first) < set(certificate["sessions"])
        assert len(certificate["sessions"]) == len(FIRST) + len(SECOND)
        assert (certificate["valid"], certificate["expires_at"], certificate["trial"]) == (True, None, [])
        assert withdrawn(drill) == before, "the first router was told of it"
        assert seen == {frozenset(ALL)}

    try:
        drill.undisturbed(story)
    finally:
        drill.inside("host-router", "sh", "-c", GOES)
