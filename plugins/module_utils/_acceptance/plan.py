# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which questions are asked from where, at which stage. Pure: the probes ask them, the verdicts look them up.

Identity and SOA go to every service address over both transports; the rest over one IPv4 UDP and one IPv6
TCP exchange, so that a run stays far below any rate limit (requirements section 3, budget).
"""

from __future__ import annotations

import typing as t

from .._routing.policy import Mode

if t.TYPE_CHECKING:
    from .expected import Expected, IdentityZone

TRANSPORTS = ("udp", "tcp")
TLD = "com."
"""The signed delegation that is asked for (requirements DN-11, DN-13)."""
PAYLOAD = 1232
"""Octets that a question says it can take over UDP, unless it says otherwise."""
UNKNOWN_TYPES = ("TYPE666", "TYPE1000")
UNKNOWN_OPCODES = (15, 2, 1)
"""Unassigned, STATUS, IQUERY."""
NOTIFY, UPDATE = 4, 5
OPTION: list[t.Any] = [100, "0102"]
"""An EDNS option that nobody knows."""
COOKIE: list[t.Any] = [10, "0102030405060708"]
"""A client's cookie (RFC 7873)."""
EDNS_FLAG = 0x0080
"""An EDNS flag that means nothing."""
SUBNET: list[t.Any] = [8, "00010000"]
"""A client's subnet, 0.0.0.0/0 (RFC 7871)."""
EXPIRE, PADDING = [9, ""], [12, "00000000"]
"""RFC 7314, and RFC 7830."""
SHORT_COOKIE, STALE_COOKIE = [10, "01020304"], [10, f"{8 * '01'}{16 * '02'}"]
"""Four octets, which is none; and a client's cookie with a server's that no server of ours has made."""
VERSIONS = ("version.bind.", "version.server.")
PLAUSIBLE = (
    *("arpa.", "in-addr.arpa.", "ip6.arpa.", "root-servers.net.", "root-servers.org.", "l.root-servers.org."),
    "identity.l.root-servers.org.",
)
"""Zones that a root server may be thought to have (requirement DN-53); none that the fleet does not list is served."""
TOGETHER = 24
"""So many answers of some 1200 octets are more than the first round trip of a connection carries: ten segments (RFC
6928 section 2)."""
LARGE = 4096
"""Octets that some resolvers still say they can take over UDP."""
LONGEST = ".".join(["a" * 63] * 3 + ["a" * 61]) + "."
"""A name of 255 octets (RFC 1035 section 2.3.4)."""
_SOA = "000006 0001"  # the question: the root, SOA, IN
_OPT = "000029 04d0 00000000"
RAW = {
    "two_opt": f"0000 0001 0000 0000 0002 {_SOA} {_OPT} 0000 {_OPT} 0000",
    "overrun": f"0000 0001 0000 0000 0001 {_SOA} {_OPT} 0014",
    "ixfr": f"0000 0001 0000 0001 0000 0000fb 0001 {_SOA} 00000000 0016 0000 00000001 {16 * '00'}",
}
"""Octets behind the identifier: two OPT records; one that claims more octets than there are; IXFR from serial 1."""
MIXED_CASE = "wWw.ExAmPlE.cOm."

Question = dict[str, t.Any]

_EVERYWHERE: tuple[Question, ...] = (
    {"probe": "soa", "name": ".", "type": "SOA", "nsid": True},
    {"probe": "hostname", "name": "hostname.bind.", "type": "TXT", "rdclass": "CH"},
    {"probe": "id", "name": "id.server.", "type": "TXT", "rdclass": "CH"},
)
_TWO_WAYS: tuple[Question, ...] = (
    {"probe": "soa_plain", "name": ".", "type": "SOA", "edns": None},
    {"probe": "ns", "name": ".", "type": "NS"},
    {"probe": "zonemd", "name": ".", "type": "ZONEMD"},
    {"probe": "referral", "name": TLD, "type": "NS"},
    {"probe": "ds", "name": TLD, "type": "DS"},
    *({"probe": "unknown_type", "name": ".", "type": name} for name in UNKNOWN_TYPES),
    {"probe": "case", "name": MIXED_CASE, "type": "A"},
    {"probe": "edns1", "name": ".", "type": "SOA", "edns": 1},
    {"probe": "any", "name": ".", "type": "ANY"},
    {"probe": "recursion", "name": ".", "type": "SOA", "flags": ["RD"]},
    {"probe": "recursive", "name": f"www.example.{TLD}", "type": "A", "flags": ["RD"]},
    {"probe": "nodata", "name": ".", "type": "A"},
    {"probe": "deep", "name": f"www.example.{TLD}", "type": "A"},
    {"probe": "longest", "name": LONGEST, "type": "A"},
    {"probe": "option", "name": ".", "type": "SOA", "options": [OPTION]},
    {"probe": "edns1_option", "name": ".", "type": "SOA", "edns": 1, "options": [OPTION]},
    {"probe": "edns_flag", "name": ".", "type": "SOA", "edns_flags": EDNS_FLAG},
    {"probe": "cookie", "name": ".", "type": "SOA", "options": [COOKIE]},
    {"probe": "other_class", "name": "foo.bar.", "type": "TXT", "rdclass": "CH"},
    {"probe": "other_class", "name": ".", "type": "SOA", "rdclass": "HS"},
    *({"probe": "opcode", "name": ".", "type": "SOA", "opcode": code} for code in UNKNOWN_OPCODES),
)

_AT_HOME: tuple[Question, ...] = (
    {"probe": "bits", "name": ".", "type": "SOA", "flags": ["AA", "TC", "RA", "Z", "AD", "CD"]},
    {"probe": "update", "name": ".", "type": "SOA", "opcode": UPDATE},
    {"probe": "notify", "name": ".", "type": "SOA", "opcode": NOTIFY},
    {"probe": "ixfr", "name": ".", "type": "IXFR", "raw": RAW["ixfr"]},
    *({"probe": probe, "name": ".", "type": "SOA", "raw": RAW[probe]} for probe in ("two_opt", "overrun")),
    {"probe": "subnet", "name": ".", "type": "SOA", "options": [SUBNET], "dnssec": False},
    {"probe": "expire", "name": ".", "type": "SOA", "options": [EXPIRE], "dnssec": False},
    {"probe": "padding", "name": ".", "type": "SOA", "options": [PADDING], "dnssec": False},
    {"probe": "short_cookie", "name": ".", "type": "SOA", "options": [SHORT_COOKIE], "dnssec": False},
    {"probe": "stale_cookie", "name": ".", "type": "SOA", "options": [STALE_COOKIE], "dnssec": False},
    *({"probe": "version", "name": name, "type": "TXT", "rdclass": "CH", "edns": None} for name in VERSIONS),
)
"""What a firewall on the way may drop, whatever the node does: asked by the node alone."""


def reachable(expected: Expected, stage: Mode, scope: str) -> tuple[str, ...]:
    """The service addresses that ``scope`` can ask: from outside, all at stage live and none before.

    Drained, a node announces the covering prefixes only; every other instance announces the specific ones, and the
    longest match takes a vantage with a full table there.
    """
    if scope == "node":
        return expected.addresses if expected.nameserver else ()  # a router answers nobody
    return expected.addresses if stage is Mode.LIVE else ()


def questions(expected: Expected, stage: Mode, scope: str, token: str = "") -> list[Question]:
    """All questions of one scope; ``token`` is a label that no zone has (ten random letters)."""
    addresses = reachable(expected, stage, scope)
    ipv4 = [address for address in addresses if ":" not in address][:1]
    ipv6 = [address for address in addresses if ":" in address][:1]
    two_ways = [(address, "udp") for address in ipv4] + [(address, "tcp") for address in ipv6]
    both, tcp = ipv4 + ipv6, [(address, "tcp") for address in ipv4 + ipv6]
    nxdomain = {"probe": "nxdomain", "name": f"www.rssac047-test.{token or 'x'}.", "type": "A"}
    planned: list[tuple[Question, list[tuple[str, str]]]] = [
        *((question, [(a, how) for a in addresses for how in TRANSPORTS]) for question in _EVERYWHERE),
        *((question, two_ways) for question in (*_TWO_WAYS, nxdomain)),
        ({"probe": "priming_512", "name": ".", "type": "NS", "payload": 512}, [(a, "udp") for a in both]),
        ({"probe": "priming_1232", "name": ".", "type": "NS", "payload": 1232}, [(a, "udp") for a in both]),
        ({"probe": "dnskey", "name": ".", "type": "DNSKEY"}, tcp),
        *(
            ({"probe": probe, "name": ".", "type": "DNSKEY", "payload": payload}, [(a, "udp") for a in both])
            for probe, payload in (("dnskey_udp", PAYLOAD), ("dnskey_512", 512), ("size_0", 0), ("size_100", 100))
        ),
        ({"probe": "axfr_other", "name": "example.net.", "type": "AXFR", "edns": None}, tcp),
        ({"probe": "axfr", "name": ".", "type": "AXFR", "edns": None}, tcp),
    ]
    if addresses and expected.identity_zone:
        planned += _identity(expected.identity_zone)
    if scope == "node":
        planned += [(question, two_ways) for question in _AT_HOME]
        planned += [({"probe": "large", "name": LONGEST, "type": "A", "payload": LARGE}, [(a, "udp") for a in both])]
        planned += [(question, two_ways[:1]) for question in _not_listed(expected)]
        extra = [zone for zone in expected.zones if zone != "."]
        planned += [({"probe": "zone_soa", "name": zone, "type": "SOA"}, two_ways) for zone in extra]
        planned += [
            (
                {"probe": "master_soa", "name": zone, "type": "SOA", "port": master.port},
                [(address, how) for address in master.addresses for how in TRANSPORTS],
            )
            for zone in expected.zones
            for master in expected.masters
        ]
    return [{**question, "server": server, "transport": how} for question, ways in planned for server, how in ways]


def together(expected: Expected, stage: Mode, scope: str) -> list[Question]:
    """Questions that go to each address over one TCP connection, all at once (requirement PR-04): who answers, and the
    longest answer that there is (``longest``), over and over.
    """
    questions: list[Question] = [{"name": ".", "type": "SOA", "nsid": True}]
    questions += [{"name": LONGEST, "type": "A"}] * TOGETHER
    addresses = reachable(expected, stage, scope) if scope == "vantage" else ()
    return [
        {"probe": "whole", **each, "server": server, "transport": "tcp"} for server in addresses for each in questions
    ]


def _not_listed(expected: Expected) -> list[Question]:
    """For the SOA of zones that the fleet does not have; that of an identity zone of its own has another server."""
    names = [*PLAUSIBLE, *([expected.identity_zone.name] if expected.identity_zone else [])]
    others = [name for name in dict.fromkeys(names) if name not in expected.zones]
    return [{"probe": "not_listed", "name": name, "type": "SOA", "edns": None} for name in others]


def _identity(zone: IdentityZone) -> list[tuple[Question, list[tuple[str, str]]]]:
    """What its own process is asked. It has no part in the service, so nobody waits for an answer."""
    text: Question = {"probe": "identity_txt", "name": zone.name, "type": "TXT", "optional": True}
    address: Question = {"probe": "identity_a", "name": zone.name, "type": "A", "optional": True}
    return [
        (text, [(server, how) for server in zone.addresses for how in TRANSPORTS]),
        (address, [(server, "udp") for server in zone.addresses]),
    ]


def signed(expected: Expected) -> list[Question]:
    """What the node asks of every address of every master with its transfer key, for every zone (requirement ZI-12);
    over TLS where the nameserver transfers over TLS, as it has no other way then.
    """
    return [
        {
            "name": zone,
            "type": kind,
            "server": address,
            "port": master.tls.port if master.tls else master.port,
            "key": master.key,
            "tls": {"name": master.tls.name, "certificates": list(master.tls.certificates)} if master.tls else None,
        }
        for master in expected.masters
        for address in master.addresses
        for zone in expected.zones
        for kind in ("SOA", "IXFR")
    ]
