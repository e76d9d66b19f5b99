# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoilt evidence on the zone and its masters, and what the checks say of it; a part of test_checks.py."""

from __future__ import annotations

import base64
import copy
import typing as t

from recordings import Scene, Spoil, flags, message, replaced, silence, without

AA, SERVFAIL = 0x0400, 2
DAY = 86400


def aged(days: float) -> Spoil:
    def spoil(scene: Scene) -> None:
        for document in scene.documents:
            document["collected_at"] += days * DAY

    return spoil


def other_anchor(scene: Scene) -> None:
    scene.expected["trust_anchors"] = [f". IN DS 20326 8 2 {'E0' * 32}"]


def verifier(rc: int | None, line: str, zone: str = ".") -> Spoil:
    return lambda scene: scene.scope("node")["zones"]["verified"].update({zone: {"rc": rc, "output": [line]}})


def serial(probe: str, serial: int) -> Spoil:
    def spoil(scene: Scene) -> None:
        for exchange in scene.scope("node")["exchanges"]:
            if exchange["probe"] == probe and exchange["query"]["name"] == ".":
                wanted = {key: exchange[key] for key in ("server", "transport")}
                message(probe, replaced("answer", "SOA", serial=serial), **wanted)(scene)

    return spoil


def transfer(kind: str = "SOA", **values: str) -> Spoil:
    """Another outcome of one signed question to a master."""
    return lambda scene: next(f for f in scene.scope("node")["transfers"] if f["type"] == kind).update(values)


def served(change: t.Callable[[bytearray], None], name: str, kind: str, transport: str) -> Spoil:
    """Another answer to one of the questions that are held against the zone; ``unsigned``: for such a delegation."""

    def spoil(scene: Scene) -> None:
        found = copy.deepcopy(scene.scope("node")["zones"]["served"])
        fields = [line.split("\t") for line in found["records"]["."]]
        names = {name}
        if name == "unsigned":
            names = {owner for owner, _ttl, _class, of, *_data in fields if of == "NS" and owner != "."}
            names -= {owner for owner, _ttl, _class, of, *_data in fields if of == "DS"}
        one = next(
            each
            for each in found["exchanges"]
            if each["query"]["name"] in names and each["query"]["type"] == kind and transport in ("", each["transport"])
        )
        octets = bytearray(base64.b64decode(one["answer"]))
        change(octets)
        one["answer"] = base64.b64encode(octets).decode()
        scene.scope("node")["zones"]["served"] = found

    return spoil


def other(octets: bytes, by: bytes) -> t.Callable[[bytearray], None]:
    """These octets are others, as many."""

    def change(answer: bytearray) -> None:
        at = answer.index(octets)
        answer[at : at + len(octets)] = by

    return change


FAILS: list[tuple[str, str, Spoil, str]] = [
    (
        "ZI-05",
        "glue altered",
        served(other(bytes((198, 41, 0, 4)), bytes((198, 41, 0, 5))), ".", "NS", "udp"),
        ". NS: [vnk] additional: a.root-servers.net. 518400 A 198.41.0.5 does not belong here",
    ),
    (
        "ZI-05",
        "another TTL",
        served(other((86400).to_bytes(4, "big"), (86401).to_bytes(4, "big")), ".", "SOA", "tcp"),
        "199.7.83.42 tcp: . SOA: [vnk] answer: . 86401 SOA a.root-servers.net.",
    ),
    ("ZI-04", "another zone", verifier(112, "Zone digest does not match", "arpa."), "says 112: arpa.: Zone digest"),
    ("ZI-16", "SERVFAIL for one zone", flags("zone_soa", on=SERVFAIL), "root-servers.net. SERVFAIL instead of NOERROR"),
    ("ZI-16", "no authority", flags("zone_soa", off=AA), "199.7.83.42 udp: root-servers.net. aa=0"),
    ("ZI-16", "no SOA", message("soa", without("answer", "SOA")), "199.7.83.42 udp: . no SOA"),
    ("ZI-01", "behind", serial("master_soa", 2026073103), "2026073102, newest 2026073103"),
    ("ZI-01", "wrapped", serial("master_soa", 2026073102 + 2**31 - 1), "newest 4173556749"),
    ("ZI-01", "a dead master", silence("master_soa", server="203.0.113.1", transport="udp"), "master 203.0.113.1 udp"),
    ("ZI-02", "ahead", serial("soa", 2026073103), "2026073103 ahead of 2026073102"),
    ("ZI-04", "glue altered", verifier(112, "Zone digest does not match"), "ldns-verify-zone says 112"),
    ("ZI-06", "SOA altered", message("soa", replaced("answer", "SOA", minimum=1)), "SOA of . does not validate"),
    ("ZI-06", "wrong anchor", other_anchor, "no DNSKEY matches a configured trust anchor"),
    ("ZI-06", "too late", aged(14), "does not validate (expired)"),
    ("ZI-06", "too early", aged(-1), "does not validate (not yet valid)"),
    ("ZI-07", "two days left", aged(11.5), "expires in 1.5 days"),
    ("ZI-12", "another secret", transfer(result="BADSIG", rcode=""), "BADSIG: the master has another secret for it"),
    (
        "ZI-12",
        "unknown key",
        transfer(result="BADKEY", rcode=""),
        "key xlb01-dist1.lab.example.: BADKEY: the master does",
    ),
    (
        "ZI-12",
        "unsigned",
        transfer(result="unsigned", rcode="REFUSED"),
        "unsigned (REFUSED): the master answers without",
    ),
    (
        "ZI-12",
        "one address silent",
        transfer(result="timeout", rcode=""),
        "master 203.0.113.1: . SOA, signed: timeout",
    ),
    (
        "ZI-12",
        "another certificate",
        transfer(result="another certificate", rcode=""),
        "master 203.0.113.1 port 53: another certificate: the master shows one that fleet.yml does not have",
    ),
    ("ZI-12", "no TLS", transfer(result="no TLS", rcode=""), "no TLS: the handshake fails (TLS 1.3,"),
    ("ZI-12", "no transfers", transfer("IXFR", rcode="NOTAUTH"), "master 203.0.113.1: . IXFR, signed: NOTAUTH"),
    ("ZI-12", "no key", lambda s: s.expected["masters"][0].pop("tsig"), "2001:db8:0:3::1: no transfer key is named"),
    ("ZI-08", "slow refresh", message("soa", replaced("answer", "SOA", refresh=14400)), "14400/900/604800/86400"),
]
