# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Certificates of distribution masters for zone transfer over TLS (RFC 9103). Each stands for itself, and for no other.

Of the nameservers one pins the key, and another one trusts the certificate, and no other. So a certificate has to be
signed by itself: OpenSSL takes no other as the end of a chain. Nothing of it is secret.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib


@dataclasses.dataclass(frozen=True)
class Certificate:
    """``pin``: SHA-256 of its public key (SubjectPublicKeyInfo), in base64. ``names``: DNS names that it is for.
    ``until``: the last day on which it holds, in UTC.
    """

    pin: str
    names: tuple[str, ...]
    until: datetime.date


def read(pem: str) -> Certificate:
    """One certificate in PEM (RFC 7468). ValueError, with what is wrong and what to do, when it is none that can be
    used here.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - only who transfers over TLS needs it
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    except ImportError as error:
        raise ValueError("cannot be read without the Python package cryptography; install it") from error
    if pem.count("-----BEGIN") != 1 or "-----BEGIN CERTIFICATE-----" not in pem:
        raise ValueError("is not one certificate in PEM, and nothing else; put each into an entry of its own")
    try:
        found = x509.load_pem_x509_certificate(pem.encode("ascii"))
    except ValueError as error:  # what OpenSSL says of it helps nobody
        raise ValueError("is no certificate that can be read; copy the file anew, with all of its lines") from error
    if found.issuer != found.subject:
        raise ValueError("is signed by another certificate; give one that the master has signed itself")
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = tuple(name.lower().rstrip(".") for name in extension.value.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        names = ()
    key = found.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    end = found.not_valid_after_utc if hasattr(found, "not_valid_after_utc") else found.not_valid_after
    return Certificate(base64.b64encode(hashlib.sha256(key).digest()).decode("ascii"), names, end.date())
