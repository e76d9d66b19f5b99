# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOA from DNSKEY, DNSKEY from the trust anchors: with zones signed here, whatever is wrong with them."""

from __future__ import annotations

import datetime
import io
import json
import socket
import sys
import threading
import typing as t

import dns.dnssec
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import trust
from cryptography.hazmat.primitives.asymmetric import ec

NOW = 1_800_000_000.0
ROOT = dns.name.root
SOA = dns.rrset.from_text(".", 60, "IN", "SOA", "a. b. 2026010100 1800 900 604800 86400")
KSK, REVOKED_KSK, ZSK = 257, 257 | trust.REVOKE, 256


class Key(t.NamedTuple):
    """A key pair."""

    private: ec.EllipticCurvePrivateKey
    public: t.Any

    @property
    def anchor(self) -> str:
        """As the fleet file has it."""
        return f". IN DS {dns.dnssec.make_ds(ROOT, self.public, 'SHA256')}"


def key(flags: int = KSK) -> Key:
    """A new one, ECDSA P-256."""
    private = ec.generate_private_key(ec.SECP256R1())
    return Key(private, dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags))


OURS, FOREIGN, ZONE = key(), key(), key(ZSK)


def signed(rrset: t.Any, *keys: Key, until: float = NOW + 1000) -> tuple[t.Any, t.Any]:
    """The RRset and its signatures."""
    window = {
        "inception": datetime.datetime.fromtimestamp(NOW - 1000, datetime.UTC),
        "expiration": datetime.datetime.fromtimestamp(until, datetime.UTC),
    }
    signatures = [dns.dnssec.sign(rrset, one.private, ROOT, one.public, **window) for one in keys]
    return rrset, dns.rrset.from_rdata_list(ROOT, 60, signatures) if signatures else dns.rrset.RRset(
        ROOT, dns.rdataclass.IN, dns.rdatatype.RRSIG
    )


def keyset(*keys: Key) -> t.Any:
    """The DNSKEY RRset."""
    return dns.rrset.from_rdata_list(ROOT, 60, [one.public for one in keys])


GOOD = signed(keyset(OURS, ZONE), OURS)


@pytest.mark.parametrize(
    ("anchors", "dnskey", "soa", "reason"),
    [
        ([OURS], GOOD, signed(SOA, ZONE), ""),
        ([FOREIGN, OURS], GOOD, signed(SOA, ZONE), ""),
        ([], GOOD, signed(SOA, ZONE), ""),
        ([FOREIGN], GOOD, signed(SOA, ZONE), "no key of the zone is a configured trust anchor"),
        ([OURS], signed(keyset(FOREIGN, ZONE), FOREIGN), signed(SOA, ZONE), "no key of the zone is a configured"),
        # The keys of a stranger, with our key set beside them: it has not signed.
        ([OURS], signed(keyset(OURS, FOREIGN), FOREIGN), signed(SOA, FOREIGN), "the DNSKEY does not verify"),
        ([OURS], GOOD, signed(SOA, FOREIGN), "the SOA does not verify"),
        ([OURS], GOOD, signed(SOA), "the SOA does not verify"),
        ([OURS], signed(keyset(OURS, ZONE), OURS, until=NOW - 1), signed(SOA, ZONE), "the DNSKEY does not verify"),
        ([OURS], GOOD, signed(SOA, ZONE, until=NOW - 1), "the SOA does not verify"),
    ],
)
def test_only_what_follows_from_the_anchors_verifies(
    anchors: list[Key], dnskey: t.Any, soa: t.Any, reason: str
) -> None:
    found = trust.verify(ROOT, [one.anchor for one in anchors], dnskey, soa, NOW)
    assert found.startswith(reason)
    assert bool(found) is bool(reason)


@pytest.mark.parametrize(
    ("ahead", "reason"),
    [
        (-999.0, ""),
        (999.0, ""),
        (-1001.0, "the DNSKEY does not verify"),
        (1001.0, "the DNSKEY does not verify"),
        (-20 * 365 * 86400.0, "the DNSKEY does not verify"),
    ],
    ids=["nearly too early", "nearly too late", "too early", "too late", "without a battery"],
)
def test_a_clock_is_wrong_where_signatures_are_not_valid_by_it(ahead: float, reason: str) -> None:
    """Off by less than the signatures last, it takes no node down; by more, it keeps the node dark."""
    said = trust.verify(ROOT, [OURS.anchor], GOOD, signed(SOA, ZONE), NOW + ahead)
    assert said.startswith(reason) if reason else said == ""


def test_a_revoked_key_proves_nothing() -> None:
    revoked = key(REVOKED_KSK)
    found = trust.verify(ROOT, [revoked.anchor], signed(keyset(revoked, ZONE), revoked), signed(SOA, ZONE), NOW)
    assert found == "no key of the zone is a configured trust anchor"


def serve(answers: dict[int, t.Any]) -> tuple[int, threading.Thread, socket.socket]:
    """A nameserver of a few lines on 127.0.0.1: RRset and signatures by type."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def loop() -> None:
        for _ in answers:
            wire, peer = server.recvfrom(4096)
            query = dns.message.from_wire(wire)
            reply = dns.message.make_response(query)
            reply.answer += [part for part in answers[query.question[0].rdtype] if part]
            server.sendto(reply.to_wire(), peer)

    thread = threading.Thread(target=loop)
    thread.start()
    return server.getsockname()[1], thread, server


@pytest.mark.parametrize(
    ("anchor", "answers", "verdict", "reason"),
    [
        (OURS, {48: GOOD, 6: signed(SOA, ZONE)}, "", ""),
        (FOREIGN, {48: GOOD, 6: signed(SOA, ZONE)}, trust.BOGUS, "no key of the zone is a configured trust anchor"),
        (OURS, {6: (None, None)}, trust.UNKNOWN, "no SOA in the answer"),
    ],
)
def test_what_is_served_is_examined(
    anchor: Key,
    answers: dict[int, t.Any],
    verdict: str,
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port, thread, server = serve(answers)
    request = {"address": "127.0.0.1", "port": port, "zone": ".", "anchors": [anchor.anchor, "arpa. IN DS 1 8 2 00"]}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(request)))
    monkeypatch.setattr(trust.time, "time", lambda: NOW)
    assert trust.main() == 0
    thread.join()
    server.close()
    assert json.loads(capsys.readouterr().out) == {"verdict": verdict, "reason": reason}


def test_a_nameserver_that_cannot_be_asked_says_nothing_about_the_zone() -> None:
    request = {"address": "127.0.0.1", "port": 1, "zone": ".", "anchors": []}
    assert trust.examine(request, NOW)["verdict"] == trust.UNKNOWN
