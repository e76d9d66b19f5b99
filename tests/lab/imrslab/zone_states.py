# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""With what the root zone is signed, in each of the states that it goes through from 2026 to 2030.

A key signing key (KSK) signs the DNSKEY RRset, a zone signing key (ZSK) everything else (RFC 6781 section 3.1). The KSK
that signed until October 2026, 20326, is called `ksk-2017` here, its successor 38696 `ksk-2024`; the lab makes keys of
its own for both. The new algorithm is ECDSA P-256 (RFC 6605), and comes as RFC 6781 section 4.1.4 has it: first its
signatures, then its DNSKEY records.
"""

from __future__ import annotations

import typing as t


class State(t.NamedTuple):
    """The DNSKEY records that are published, and the keys that sign, by their names in ``KEYS``."""

    published: tuple[str, ...]
    signing: tuple[str, ...]
    what: str
    """For people."""


RSA, P256 = "RSASHA256", "ECDSAP256SHA256"
KEYS = {
    "ksk-2017": f"-a {RSA} -b 2048 -k",
    "ksk-2024": f"-a {RSA} -b 2048 -k",
    "ksk-p256": f"-a {P256} -k",
    "zsk": f"-a {RSA} -b 2048",
    "zsk-next": f"-a {RSA} -b 2048",
    "zsk-1536": f"-a {RSA} -b 1536",
    "zsk-p256": f"-a {P256}",
}
"""How each is made, by ldns-keygen."""
REVOKED = "-revoked"
"""Behind the name of a key: with the flag of RFC 5011 section 7."""
ANCHORED = ("ksk-2017", "ksk-2024", "ksk-p256")
"""Of which there are DS records: trust anchors."""

STATES = {
    "before": State(("ksk-2017", "ksk-2024", "zsk"), ("ksk-2017", "zsk"), "20326 signs, 38696 is published"),
    "zsk-roll": State(
        ("ksk-2017", "ksk-2024", "zsk", "zsk-next"), ("ksk-2017", "zsk"), "two ZSKs, one of them published only"
    ),
    "successor": State(("ksk-2017", "ksk-2024", "zsk"), ("ksk-2024", "zsk"), "38696 signs alone"),
    "revoked": State(
        ("ksk-2017-revoked", "ksk-2024", "zsk"), ("ksk-2017-revoked", "ksk-2024", "zsk"), "20326 is revoked"
    ),
    "signatures": State(
        ("ksk-2024", "zsk"), ("ksk-2024", "zsk", "zsk-p256"), "signatures of P-256, its DNSKEY not published yet"
    ),
    "double-1536": State(
        ("ksk-2024", "ksk-p256", "zsk-1536", "zsk-p256"),
        ("ksk-2024", "ksk-p256", "zsk-1536", "zsk-p256"),
        "both algorithms, the RSA ZSK has 1536 bits",
    ),
    "double-2048": State(
        ("ksk-2024", "ksk-p256", "zsk", "zsk-p256"),
        ("ksk-2024", "ksk-p256", "zsk", "zsk-p256"),
        "both algorithms, the RSA ZSK has 2048 bits",
    ),
    "p256": State(("ksk-p256", "zsk-p256"), ("ksk-p256", "zsk-p256"), "P-256 alone"),
}
"""In the order in which they come."""
