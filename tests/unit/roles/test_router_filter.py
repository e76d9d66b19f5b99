# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster's own router forwards, in a network namespace of its own that has no way out."""

from __future__ import annotations

import ipaddress
import json
import pathlib
import socket
import struct
import subprocess
import time
import typing as t

import pytest
from imrs_network_wire import V4, V6, Wire, checksum, laid, ruleset
from imrs_role_cases import CASES, INSIDE_LINK, NODE, members

NODES = {":" in each["address"]: each["address"] for each in reversed(members())}
"""Of the first node: its IPv4 address (False), and its IPv6 address."""
STRANGER = {False: "203.0.113.9", True: "2001:db8:9::9"}
MASTER = {False: NODE["imrs_master_addresses"]["ipv4"][0], True: NODE["imrs_master_addresses"]["ipv6"][0]}
SERVICE = {False: V4, True: V6}
CLOCK = dict(enumerate(NODE["imrs_time_sources"][0]["addresses"]))
"""Of the first source of time."""
UNUSED = {False: "199.7.83.7", True: "2001:500:9f::7"}
"""Of the prefixes of the IMRS, but no service address."""
OWN = {False: "192.0.2.2", True: "2001:db8::2"}
INSIDE = {False: "192.0.2.33", True: "2001:db8:0:21::1"}
MAC = "02:00:00:00:00:01"
"""Of everything that is behind a cable."""
both = pytest.mark.parametrize("six", [False, True], ids=["ipv4", "ipv6"])
COUNT = """table inet seen {
  counter arrived { }
  counter forwarded { }
  counter tracked { }
  counter let_in { }
  counter redirects { }
  counter small { }
  counter smallest { }
  chain first { type filter hook prerouting priority -400; ether saddr 02:00:00:00:00:01 counter name arrived; }
  chain way { type filter hook forward priority 10; counter name forwarded; ct state != untracked counter name tracked;
    tcp option maxseg size 1220 counter name small; tcp option maxseg size 536 counter name smallest; }
  chain in { type filter hook input priority 10; ether saddr 02:00:00:00:00:01 counter name let_in; }
  chain out { type filter hook output priority 10;
    icmp type redirect counter name redirects; icmpv6 type nd-redirect counter name redirects; }
}"""
TCP, UDP = 6, 17
ECHO = {False: (8, 0), True: (128, 0)}
ECHO_REPLY = {False: (0, 0), True: (129, 0)}
TOO_BIG = {False: (3, 4), True: (2, 0)}
REDIRECT = {False: (5, 1), True: (137, 0)}


SYN, ACK = 2, 16


def segment(
    source: str, target: str, kind: int, ports: tuple[int, int], largest: int = 1460, flags: int = SYN
) -> bytes:
    """A datagram, or the first segment of a connection, with its option of the maximum segment size."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    body = (
        struct.pack("!HHIIHHHHBBH", *ports, 1, 0, 6 << 12 | flags, 1024, 0, 0, 2, 4, largest)
        if kind == TCP
        else struct.pack("!HHHH", *ports, 8, 0)
    )
    total = checksum(ends + struct.pack("!II", len(body), kind) + body)
    at = 16 if kind == TCP else 6
    return body[:at] + struct.pack("!H", total) + body[at + 2 :]


def icmp(source: str, target: str, kind: tuple[int, int]) -> bytes:
    """A message of ICMP, which quotes nothing."""
    body = struct.pack("!BBHI", *kind, 0, 1280) + bytes(8)
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    total = checksum((ends + struct.pack("!II", len(body), 58) if ":" in source else b"") + body)
    return body[:2] + struct.pack("!H", total) + body[4:]


def packet(source: str, target: str, kind: int, body: bytes, hops: int) -> bytes:
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28, len(body), kind, hops) + ends + body
    head = [0x45, 0, 20 + len(body), 1, 0, hops, kind, 0]
    head[7] = checksum(struct.pack("!BBHHHBBH", *head) + ends)
    return struct.pack("!BBHHHBBH", *head) + ends + body


class Router:
    """Cables to the host (``far``) and to the nodes (``beyond``); the packet filter is between them."""

    def __init__(self, wire: Wire, text: str) -> None:
        self.wire = wire
        for step in (
            "link add nodes type veth peer name beyond",
            "link set nodes up",
            "link set beyond up",
            *(f"address add {each} dev nodes {'nodad' * (':' in each)}" for each in INSIDE_LINK["addresses"]),
            f"address delete {V4}/32 dev lo",
            f"address delete {V6}/128 dev lo",
            "route add default via 192.0.2.1",
            "route add default via 2001:db8::1",
            f"neighbor add 192.0.2.1 lladdr {MAC} dev near",
            f"neighbor add 2001:db8::1 lladdr {MAC} dev near",
            *(f"neighbor add {each} lladdr {MAC} dev nodes" for each in NODES.values()),
            *(f"route add {SERVICE[six]} via {NODES[six]}" for six in NODES),
        ):
            subprocess.run(["ip", *step.split()], check=True)
        for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            pathlib.Path("/proc/sys/net", name).write_text("1")
        pathlib.Path("/proc/sys/net/ipv4/conf/all/rp_filter").write_text("2")
        subprocess.run(["nft", "-f", "-"], input=text + COUNT, text=True, check=True)

    def send(
        self, by: str, source: str, target: str, kind: int | tuple[int, int], *ports: int, hops: int = 60
    ) -> dict[str, int]:
        """One packet by a cable: how often it arrived, was forwarded, was tracked on the way, and was let in."""
        if isinstance(kind, tuple):
            return self.sent(by, source, target, 58 if ":" in source else 1, icmp(source, target, kind), hops)
        return self.sent(by, source, target, kind, segment(source, target, kind, (ports[0], ports[1])), hops)

    def sent(self, by: str, source: str, target: str, number: int, body: bytes, hops: int = 60) -> dict[str, int]:
        """What became of one packet of this body."""
        before = self.wire.counters()
        near = {"far": "near", "beyond": "nodes"}[by]
        links = json.loads(subprocess.check_output(["ip", "-j", "link"]))
        to = next(each["address"] for each in links if each["ifname"] == near)
        frame = bytes.fromhex((to + MAC).replace(":", "")) + (b"\x86\xdd" if ":" in source else b"\x08\x00")
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
            cable.bind((by, 0))
            cable.send(frame + packet(source, target, number, body, hops))
        end = time.monotonic() + 20
        while self.wire.counters()["arrived"] == before["arrived"]:
            assert time.monotonic() < end, "it did not arrive"
        return {name: value - before[name] for name, value in self.wire.counters().items()}

    def opens(self, source: str, target: str, largest: int) -> dict[str, int]:
        """A client of the host's side opens a connection."""
        return self.sent("far", source, target, TCP, segment(source, target, TCP, (40000, 53), largest), 60)

    def passes(self, by: str, source: str, target: str, kind: int | tuple[int, int], *ports: int) -> bool:
        """Whether it is forwarded."""
        return self.send(by, source, target, kind, *ports)["forwarded"] == 1


@pytest.fixture
def router() -> t.Iterator[Router]:
    given = {
        "network_uplink": {**NODE["imrs_uplink"], "interface": "near"},
        "network_members": members(bfd={"interval_ms": 300, "multiplier": 3}),
        "network_time_sources": [{**source, "nts": True} for source in NODE["imrs_time_sources"]],
    }
    with laid() as wire:
        yield Router(wire, ruleset("router", **given))


@both
def test_questions_and_answers_pass_and_are_not_tracked(router: Router, six: bool) -> None:
    ask, answer = ("far", STRANGER[six], SERVICE[six]), ("beyond", SERVICE[six], STRANGER[six])
    for kind in (TCP, UDP):
        for words in ((*ask, kind, 40000, 53), (*answer, kind, 53, 40000)):
            found = router.send(*words)
            assert (found["forwarded"], found["tracked"]) == (1, 0), words
    for words in ((*ask, ECHO[six]), (*answer, ECHO_REPLY[six]), (*ask, TOO_BIG[six]), (*answer, TOO_BIG[six])):
        found = router.send(*words)
        assert (found["forwarded"], found["tracked"]) == (1, 0), words


@both
def test_no_segment_of_an_answer_needs_an_icmp_error(router: Router, six: bool) -> None:
    """It would reach any node, not the one that it is about."""
    assert router.opens(STRANGER[six], SERVICE[six], 1460)["small"] == 1
    assert router.opens(STRANGER[six], SERVICE[six], 536)["smallest"] == 1, "nobody is told more than it can take"


@both
def test_strangers_get_nowhere_else(router: Router, six: bool) -> None:
    other = {False: "198.51.100.77", True: "2001:db8:7::7"}[six]
    for kind in (TCP, UDP):
        assert not router.passes("far", STRANGER[six], SERVICE[six], kind, 40000, 22)
        assert not router.passes("far", STRANGER[six], NODES[six], kind, 40000, 53)
        assert not router.passes("far", STRANGER[six], NODES[six], kind, 53, 40000)
        assert not router.passes("far", STRANGER[six], other, kind, 40000, 53), "back to the host"
        assert not router.passes("beyond", STRANGER[six], other, kind, 40000, 53), "nobody inside has that address"
        assert not router.passes("beyond", SERVICE[six], STRANGER[six], kind, 40000, 25), "a nameserver asks nobody"
    assert not router.passes("far", STRANGER[six], NODES[six], ECHO[six])
    assert not router.passes("far", STRANGER[six], SERVICE[six], REDIRECT[six])


@both
def test_our_addresses_as_a_source_come_from_the_nodes_alone(router: Router, six: bool) -> None:
    for source in (SERVICE[six], UNUSED[six], NODES[six]):
        assert not router.passes("far", source, SERVICE[six], UDP, 40000, 53), source
        assert router.send("far", source, OWN[six], ECHO[six])["let_in"] == 0, source
    assert router.send("far", STRANGER[six], OWN[six], ECHO[six])["let_in"] == 1
    assert not router.passes("beyond", UNUSED[six], STRANGER[six], UDP, 53, 40000)


@both
def test_nodes_ask_for_themselves_and_get_what_they_asked_for(router: Router, six: bool) -> None:
    far = STRANGER[six]
    assert not router.passes("far", far, NODES[six], UDP, 123, 40123)
    assert router.passes("beyond", NODES[six], far, UDP, 40123, 123)
    assert router.passes("far", far, NODES[six], UDP, 123, 40123)
    assert not router.passes("far", far, NODES[six], UDP, 123, 40124)
    assert router.passes("far", far, NODES[six], TOO_BIG[six])
    for kind in (TCP, UDP):
        assert router.passes("far", MASTER[six], NODES[six], kind, 40000, 53), "NOTIFY"
        assert router.passes("far", MASTER[six], NODES[six], kind, 53, 40999), "the question took another router"


@both
def test_the_answers_of_the_sources_of_time_pass_by_whichever_router(router: Router, six: bool) -> None:
    """The question took another one, which no connection table knows of here; and nobody else's answers do."""
    assert router.passes("far", CLOCK[six], NODES[six], UDP, 123, 40123)
    assert not router.passes("far", CLOCK[six], NODES[six], UDP, 40123, 123)
    assert not router.passes("far", CLOCK[six], NODES[six], TCP, 4460, 40123), "it begins no connection"
    answers = segment(CLOCK[six], NODES[six], TCP, (4460, 40123), flags=SYN | ACK)
    assert router.sent("far", CLOCK[six], NODES[six], TCP, answers)["forwarded"] == 1
    assert not router.passes("far", CLOCK[six], SERVICE[six], UDP, 123, 40123)
    assert not router.passes("far", STRANGER[six], NODES[six], UDP, 123, 40123)


@both
def test_the_answers_of_the_log_server_pass_by_whichever_router(router: Router, six: bool) -> None:
    server = dict(enumerate(NODE["imrs_log_server"]["addresses"]))[six]
    assert not router.passes("far", server, NODES[six], TCP, 19532, 40123), "it begins no connection"
    answers = segment(server, NODES[six], TCP, (19532, 40123), flags=SYN | ACK)
    assert router.sent("far", server, NODES[six], TCP, answers)["forwarded"] == 1
    others = segment(STRANGER[six], NODES[six], TCP, (19532, 40123), flags=SYN | ACK)
    assert router.sent("far", STRANGER[six], NODES[six], TCP, others)["forwarded"] == 0


@both
def test_a_router_itself_hears_its_nodes_and_no_questions(router: Router, six: bool) -> None:
    def let_in(by: str, source: str, target: str, kind: int, port: int, hops: int) -> bool:
        return router.send(by, source, target, kind, 40000, port, hops=hops)["let_in"] == 1

    for kind, port in ((TCP, 179), (UDP, 3784), (UDP, 3785)):
        assert let_in("beyond", NODES[six], INSIDE[six], kind, port, 255)
        assert not let_in("beyond", NODES[six], INSIDE[six], kind, port, 253)
        assert let_in("beyond", NODES[six], INSIDE[six], kind, port, 254) == (port == 3785)
        assert not let_in("beyond", NODES[six], OWN[six], kind, port, 255)
        assert not let_in("far", NODES[six], INSIDE[six], kind, port, 255)
        assert not let_in("beyond", STRANGER[six], INSIDE[six], kind, port, 255)
    host = {":" in peer["address"]: peer["address"] for peer in CASES["router"][1]["imrs_peers"]}
    assert let_in("far", host[six], OWN[six], TCP, 179, 255)
    for source, target in ((STRANGER, OWN), (STRANGER, INSIDE), (MASTER, OWN)):
        assert not let_in("far", source[six], target[six], UDP, 53, 60)
    # It asks the nodes itself, when they are judged.
    for kind in (UDP, TCP):
        assert router.send("beyond", SERVICE[six], INSIDE[six], kind, 53, 40000)["let_in"] == 1
        assert router.send("far", SERVICE[six], INSIDE[six], kind, 53, 40000)["let_in"] == 0
        assert router.send("beyond", SERVICE[six], INSIDE[six], kind, 40000, 179)["let_in"] == 0


@both
def test_a_router_sends_no_redirects(router: Router, six: bool) -> None:
    """A node that sends there what is for another node would be told so."""
    words = ("beyond", NODES[six], SERVICE[six], UDP, 40000, 53)
    if six:  # the kernel redirects to no other address
        for step in (f"neighbor add fe80::5 lladdr {MAC} dev nodes", f"route replace {V6} via fe80::5 dev nodes"):
            subprocess.run(["ip", *step.split()], check=True)
    assert router.send(*words)["redirects"] == 0
    subprocess.run(["nft", "delete", "table", "inet", "imrs"], check=True)
    end = time.monotonic() + 20
    while router.send(*words)["redirects"] == 0:
        assert time.monotonic() < end, "the kernel sends none anyway"
