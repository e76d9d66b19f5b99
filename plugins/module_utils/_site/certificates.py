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
import typing as t

if t.TYPE_CHECKING:
    from cryptography import x509


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
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    except ImportError as error:
        raise ValueError("cannot be read without the Python package cryptography; install it") from error
    if pem.count("-----BEGIN") != 1 or "-----BEGIN CERTIFICATE-----" not in pem:
        raise ValueError("is not one certificate in PEM, and nothing else; put each into an entry of its own")
    try:
        found = x509.load_pem_x509_certificate(pem.encode("ascii"))
        own, names = found.issuer == found.subject, _names(found)
        key = found.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
        # What the library says of it helps nobody.
        raise ValueError("is no certificate that can be read; copy the file anew, with all of its lines") from error
    if not own:
        raise ValueError("is signed by another certificate; give one that the master has signed itself")
    end = found.not_valid_after_utc if hasattr(found, "not_valid_after_utc") else found.not_valid_after
    return Certificate(base64.b64encode(hashlib.sha256(key).digest()).decode("ascii"), names, end.date())


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names of the subjectAltName; the common name counts no more (RFC 9525)."""
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower().rstrip(".") for name in extension.value.get_values_for_type(x509.DNSName))
