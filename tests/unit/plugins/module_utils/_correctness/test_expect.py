# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a zone answers: each shape of RSSAC047v2 section 5.3, and what other RFCs have beside it."""

from __future__ import annotations

import typing as t

import dns.flags
import dns.message
import dns.name
import dns.rrset
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._correctness import compare, expect
from ansible_collections.icann.imrs.plugins.module_utils._correctness.zone import Zone

KEY = "AwEAAaetidLzsKWUt4swWR8yu0wPHPiUi8LUsAD0QPWU+wzt89epO6tHzkMBVDkC7qphQO2hTY4hHn9npWFRw5BYubE="


def signature(covers: str, owner: str = ".") -> str:
    labels = 0 if owner == "." else owner.count(".")
    return f"RRSIG {covers} 8 {labels} 86400 20270101000000 20260101000000 1 . AAAA"


ROOT = f"""
. 86400 SOA a.root-servers.net. nstld.example. 2026010101 1800 900 604800 3600
. 86400 {signature("SOA")}
. 518400 NS a.root-servers.net.
. 518400 {signature("NS")}
. 172800 DNSKEY 257 3 8 {KEY}
. 172800 {signature("DNSKEY")}
. 86400 NSEC com. NS SOA RRSIG NSEC DNSKEY
. 86400 {signature("NSEC")}
com. 172800 NS a.gtld.net.
com. 172800 NS ns.com.
com. 86400 DS 1 8 2 {64 * "0"}
com. 86400 {signature("DS", "com.")}
com. 86400 NSEC kp. NS DS RRSIG NSEC
com. 86400 {signature("NSEC", "com.")}
ns.com. 172800 A 192.0.2.1
kp. 172800 NS ns.kp.
kp. 86400 NSEC net. NS RRSIG NSEC
kp. 86400 {signature("NSEC", "kp.")}
ns.kp. 172800 A 192.0.2.2
ns.kp. 172800 AAAA 2001:db8::2
net. 172800 NS a.gtld.net.
net. 86400 NSEC . NS RRSIG NSEC
net. 86400 {signature("NSEC", "net.")}
a.gtld.net. 172800 A 192.0.2.3
a.root-servers.net. 518400 A 192.0.2.4
"""
"""A root zone of three delegations, of which one is signed."""
BELOW = """
root-servers.net. 3600000 SOA a.root-servers.net. nstld.example. 7 14400 7200 1209600 3600000
root-servers.net. 3600000 NS a.root-servers.net.
a.root-servers.net. 3600000 A 192.0.2.4
b.c.root-servers.net. 3600000 A 192.0.2.5
"""
"""An unsigned zone, with a name (c) that has no records of its own."""
ZONES = [Zone.read(ROOT), Zone.read(BELOW, "root-servers.net.")]
UNTIL = 1796000000.0

Sections = dict[str, list[str]]


def answer(
    name: str, kind: str, sections: Sections, *, flags: str = "QR AA", rcode: str = "NOERROR"
) -> tuple[bytes, bytes]:
    """A query, and an answer to it: by section, its records."""
    query = dns.message.make_query(name, kind, want_dnssec=True, flags=0)
    made = dns.message.make_response(query)
    made.flags = dns.flags.from_text(flags)
    made.set_rcode(dns.rcode.from_text(rcode))
    made.use_edns(0, dns.flags.DO, 1232)
    for section, records in sections.items():
        for record in records:
            owner, ttl, rdtype, data = record.split(None, 3)
            getattr(made, section).append(dns.rrset.from_text(owner, int(ttl), "IN", rdtype, data))
    return query.to_wire(), made.to_wire(max_size=65535)


def lines(*wanted: str, text: str = ROOT) -> list[str]:
    """The records of a zone that begin so: ``com. DS``, or ``com. RRSIG DS``."""
    found = []
    for line in text.strip().splitlines():
        owner, _ttl, rest = line.split(None, 2)
        found += [line for want in wanted if f"{owner} {rest} ".startswith(f"{want} ")]
    return found


def wrong(name: str, kind: str, sections: Sections, *, tcp: bool = True, **options: t.Any) -> list[str]:
    """What is said of an answer."""
    query, octets = answer(name, kind, sections, **options)
    return [str(each) for each in compare.differences(ZONES, query, octets, tcp=tcp, now=UNTIL)]


SIGNED_SOA = lines(". SOA", ". RRSIG SOA")
SIGNED_NS = lines(". NS", ". RRSIG NS")
DENIAL = lines(". NSEC", ". RRSIG NSEC")
GLUE = ["a.root-servers.net. 518400 A 192.0.2.4"]

RIGHT: dict[str, tuple[str, str, Sections, dict[str, str]]] = {
    "SOA alone": (".", "SOA", {"answer": SIGNED_SOA}, {}),
    "SOA with NS": (".", "SOA", {"answer": SIGNED_SOA, "authority": SIGNED_NS, "additional": GLUE}, {}),
    "NS": (".", "NS", {"answer": SIGNED_NS, "additional": GLUE}, {}),
    "NS without addresses": (".", "NS", {"answer": SIGNED_NS}, {}),
    "DNSKEY": (".", "DNSKEY", {"answer": lines(". DNSKEY", ". RRSIG DNSKEY")}, {}),
    "NODATA": (".", "A", {"authority": SIGNED_SOA + DENIAL}, {}),
    "referral, signed": (
        "com.",
        "NS",
        {
            "authority": lines("com. NS", "com. DS", "com. RRSIG DS"),
            "additional": lines("ns.com. A", "a.gtld.net. A"),
        },
        {"flags": "QR"},
    ),
    "referral, as there is room": (
        "www.com.",
        "A",
        {"authority": lines("com. NS", "com. DS", "com. RRSIG DS"), "additional": lines("ns.com. A")},
        {"flags": "QR"},
    ),
    "referral, unsigned": (
        "www.x.kp.",
        "MX",
        {
            "authority": lines("kp. NS", "kp. NSEC", "kp. RRSIG NSEC"),
            "additional": lines("ns.kp. A", "ns.kp. AAAA"),
        },
        {"flags": "QR"},
    ),
    "DS": ("com.", "DS", {"answer": lines("com. DS", "com. RRSIG DS")}, {}),
    "no DS": ("kp.", "DS", {"authority": SIGNED_SOA + lines("kp. NSEC", "kp. RRSIG NSEC")}, {}),
    "NSEC of a delegation, which is no exception": (
        "kp.",
        "NSEC",
        {"authority": lines("kp. NS", "kp. NSEC", "kp. RRSIG NSEC"), "additional": lines("ns.kp. A", "ns.kp. AAAA")},
        {"flags": "QR"},
    ),
    "NXDOMAIN": (
        "www.x.mm.",
        "A",
        {"authority": SIGNED_SOA + DENIAL + lines("kp. NSEC", "kp. RRSIG NSEC")},
        {"rcode": "NXDOMAIN"},
    ),
    "NXDOMAIN after the last name": (
        "zz.",
        "A",
        {"authority": SIGNED_SOA + DENIAL + lines("net. NSEC", "net. RRSIG NSEC")},
        {"rcode": "NXDOMAIN"},
    ),
    "NXDOMAIN that one record proves": ("bb.", "A", {"authority": SIGNED_SOA + DENIAL}, {"rcode": "NXDOMAIN"}),
    "a zone below": ("a.root-servers.net.", "A", {"answer": lines("a.root-servers.net. A", text=BELOW)}, {}),
    "unsigned NXDOMAIN": (
        "x.root-servers.net.",
        "A",
        {"authority": lines("root-servers.net. SOA", text=BELOW)},
        {"rcode": "NXDOMAIN"},
    ),
    "a name between": ("c.root-servers.net.", "A", {"authority": lines("root-servers.net. SOA", text=BELOW)}, {}),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right(case: str) -> None:
    name, kind, sections, options = RIGHT[case]
    assert wrong(name, kind, sections, **options) == []


def short(records: t.Sequence[str]) -> list[str]:
    """As they may stand in a negative answer: for no longer than the SOA's last field (RFC 2308, RFC 9077)."""
    return [record.replace(" 86400 ", " 3600 ", 1) for record in records]


def test_a_negative_answer_may_be_kept_no_longer_than_the_soa_says() -> None:
    assert wrong(".", "A", {"authority": short(SIGNED_SOA + DENIAL)}) == []
    assert wrong(".", "A", {"authority": [*short(SIGNED_SOA[:1]), SIGNED_SOA[1], *DENIAL]}) == [
        "[RFC 2181 s. 5.2] authority: TTLs [3600, 86400] in one RRset"
    ]
    found = wrong(".", "SOA", {"answer": short(SIGNED_SOA)})
    assert len(found) == 2
    assert found[0].startswith("[vnk] answer: . 3600 SOA ")


WRONG: dict[str, tuple[str, str, Sections, dict[str, t.Any], list[str]]] = {
    "no glue": (
        "kp.", "NS", {"authority": lines("kp. NS", "kp. NSEC", "kp. RRSIG NSEC")}, {"flags": "QR"},
        [
            "[RFC 9471 s. 3.1] additional: ns.kp. 172800 A 192.0.2.2 is missing",
            "[RFC 9471 s. 3.1] additional: ns.kp. 172800 AAAA 2001:db8::2 is missing",
            "[cjm] additional: no address of any of the servers",
        ],
    ),
    "half of the servers": (
        "com.", "NS",
        {"authority": lines("com. NS", "com. DS", "com. RRSIG DS")[1:], "additional": lines("ns.com. A")},
        {"flags": "QR"},
        ["[pdd] authority: com. 172800 NS a.gtld.net. is missing"],
    ),
    "a referral with authority": (
        "com.", "NS",
        {"authority": lines("com. NS", "com. DS", "com. RRSIG DS"), "additional": lines("ns.com. A")}, {},
        ["[ujy] AA is 1"],
    ),
    "DS left out": (
        "com.", "NS", {"authority": lines("com. NS"), "additional": lines("ns.com. A")}, {"flags": "QR"},
        [f"[kbd] authority: com. 86400 {kind} is missing" for kind in (
            f"DS 1 8 2 {51 * '0'}...", "RRSIG DS 8 1 86400 20270101000000 20260101000000 1 . AAAA"
        )],
    ),
    "an address of somebody else": (
        "kp.", "NS",
        {
            "authority": lines("kp. NS", "kp. NSEC", "kp. RRSIG NSEC"),
            "additional": ["ns.kp. 172800 A 198.51.100.1", *lines("ns.kp. AAAA")],
        },
        {"flags": "QR"},
        [
            "[RFC 9471 s. 3.1] additional: ns.kp. 172800 A 192.0.2.2 is missing",
            "[cjm] additional: ns.kp. 172800 A 198.51.100.1 does not belong here",
        ],
    ),
    "a name that exists, denied": (
        "com.", "NS", {"authority": SIGNED_SOA + DENIAL}, {"rcode": "NXDOMAIN"},
        [
            "[ote] NXDOMAIN, not NOERROR",
            "[ujy] AA is 1",
        ],
    ),
    "truncated, and nothing is missing": (
        ".", "SOA", {"answer": SIGNED_SOA}, {"flags": "QR AA TC", "tcp": False},
        ["[RFC 2181 s. 9] TC is set, and nothing is missing"],
    ),
    "truncated over TCP": (
        ".", "SOA", {}, {"flags": "QR AA TC"},
        ["[RFC 2181 s. 9] TC is set over TCP"],
    ),
    "truncated, with a record of somebody else": (
        ".", "NS", {"answer": [". 518400 NS x."]}, {"flags": "QR AA TC", "tcp": False},
        ["[wal] answer: . 518400 NS x. does not belong here"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong(case: str) -> None:
    name, kind, sections, options, said = WRONG[case]
    assert wrong(name, kind, sections, **options)[: len(said)] == said


def test_a_truncated_answer_may_be_empty() -> None:
    assert wrong(".", "DNSKEY", {}, flags="QR AA TC", tcp=False) == []


def test_a_signature_ends() -> None:
    query, octets = answer(".", "SOA", {"answer": SIGNED_SOA})
    for now, right in ((1767225600.0, True), (1767225599.0, False), (1798761600.0, True), (1798761601.0, False)):
        found = compare.differences(ZONES, query, octets, tcp=True, now=now)
        assert [each.tag for each in found] == ([] if right else ["yds"]), now
    assert compare.differences(ZONES, query, octets, tcp=True) == []


def test_without_the_do_bit_nothing_is_signed() -> None:
    com = dns.name.from_text("com.")
    found = expect.of(ZONES, com, "NS", dnssec=False)
    assert [rrset.kind for part in found.authority for rrset in part.rrsets] == ["NS"]
    missing = expect.of(ZONES, dns.name.from_text("zz."), "A", dnssec=False)
    assert [rrset.kind for part in missing.authority for rrset in part.rrsets] == ["SOA"]


SIGNED = f"""
arpa. 86400 SOA ns.arpa. nstld.example. 1 1800 900 604800 86400
arpa. 86400 NS ns.arpa.
arpa. 86400 {signature("NS", "arpa.")}
ns.arpa. 86400 A 192.0.2.6
ns.arpa. 86400 {signature("A", "ns.arpa.")}
"""


@pytest.mark.parametrize(
    ("given", "complete", "tags"),
    [
        (["ns.arpa. A", "ns.arpa. RRSIG A"], True, set()),
        (["ns.arpa. A"], False, set()),
        (["ns.arpa. A"], True, {"RFC 4035 s. 3.1.1"}),
        ([], False, set()),
        ([], True, {"RFC 9609 s. 4.2", "RFC 4035 s. 3.1.1"}),
    ],
)
def test_signatures_of_addresses_go_before_these_do(given: list[str], complete: bool, tags: set[str]) -> None:
    zone = Zone.read(SIGNED, "arpa.")
    sections = {
        "answer": lines("arpa. NS", "arpa. RRSIG NS", text=SIGNED),
        "additional": lines(*given, text=SIGNED),
    }
    query, octets = answer("arpa.", "NS", sections)
    found = compare.differences([zone], query, octets, tcp=True, complete=complete)
    assert {each.tag for each in found} == tags


def test_the_ds_of_a_zone_that_is_served_is_of_the_zone_above() -> None:
    zones = [Zone.read(ROOT), Zone.read("com. 1 SOA a. b. 1 2 3 4 5\ncom. 1 NS a.gtld.net.\n", "com.")]
    found = expect.of(zones, dns.name.from_text("com."), "DS")
    assert [rrset.kind for part in found.answer for rrset in part.rrsets] == ["DS", "RRSIG"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no SOA"),
        (
            ". 1 SOA a. b. 1 2 3 4 5\n*.x. 1 A 192.0.2.1\n",
            "zones with wildcards, or records of that type, are not judged",
        ),
        (". 1 SOA a. b. 1 2 3 4 5\nx. 1 CNAME y.\n", "x. CNAME: zones with wildcards, or records of that type, are"),
        (". 1 SOA a. b. 1 2 3 4 5\nx. 1 MX 1 y.\n", "x. MX: zones with wildcards, or records of that type, are not"),
        (". 1 SOA a. b. 1 2 3 4 5\n. 1 NSEC3PARAM 1 0 0 -\n", ". NSEC3PARAM: zones with wildcards, or records of that"),
        (". 1 SOA a. b. 1 2 3\n", "no zone: "),
        ("\0", "no zone: "),
    ],
)
def test_what_is_no_zone_to_judge_by_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Zone.read(text)


@pytest.mark.parametrize(
    ("name", "kind", "options"), [(".", "ANY", {}), (".", "RRSIG", {}), (".", "SOA", {"rdclass": "CH"})]
)
def test_a_question_that_nothing_is_known_of_is_refused(name: str, kind: str, options: dict[str, str]) -> None:
    query = dns.message.make_query(name, kind, **options).to_wire()
    with pytest.raises(ValueError, match="the query: nothing is known of "):
        compare.differences(ZONES, query, query, tcp=False)


def test_a_question_that_no_zone_is_for_is_refused() -> None:
    with pytest.raises(ValueError, match="in none of the zones"):
        expect.of(ZONES[1:], dns.name.from_text("com."), "NS")
    with pytest.raises(ValueError, match="the query: "):
        compare.differences(ZONES, b"", b"", tcp=False)
