# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Certificates of distribution masters for zone transfer over TLS (RFC 9103). Each stands for itself, and for no other.

One nameserver compares the key with a pin, another trusts the certificate as the end of a chain. So a certificate is
signed by itself, and is none of an authority: with such a one's key somebody could make a certificate for another
master, and it would be taken. Nothing here is secret.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import typing as t

if t.TYPE_CHECKING:
    from cryptography import x509

COMMAND = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -keyout master.key "
    "-out master.pem -subj /CN={name} -addext subjectAltName=DNS:{name} -addext basicConstraints=critical,CA:FALSE"
)
"""How the operator of a master makes one that can be used here."""


@dataclasses.dataclass(frozen=True)
class Certificate:
    """``pem``: it alone, without what may stand around it. ``pin``: SHA-256 of its public key (SubjectPublicKeyInfo),
    in base64. ``names``: DNS names that it is for. ``since``, ``until``: its first and its last day, in UTC.
    """

    pem: str
    pin: str
    names: tuple[str, ...]
    since: datetime.date
    until: datetime.date


def read(pem: str) -> Certificate:
    """One certificate in PEM (RFC 7468). ValueError, with what is wrong and what to do, when it is none that can be
    used here.
    """
    try:
        from cryptography import exceptions, x509  # noqa: PLC0415 - only who transfers over TLS needs it
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    except ImportError as error:
        raise ValueError("cannot be read without the Python package cryptography; install it") from error
    if pem.count("-----BEGIN") != 1 or "-----BEGIN CERTIFICATE-----" not in pem:
        raise ValueError("is not one certificate in PEM, and nothing else; put each into an entry of its own")
    unread = (ValueError, exceptions.UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)
    try:
        found = x509.load_pem_x509_certificate(pem.encode("ascii"))
        names, authority = _names(found), _authority(found)
        key = found.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (*unread, x509.UnsupportedGeneralNameType) as error:
        # What the library says of it helps nobody.
        raise ValueError("is no certificate that can be read; copy the file anew, with all of its lines") from error
    try:
        found.verify_directly_issued_by(found)
    except (ValueError, TypeError, exceptions.InvalidSignature) as error:
        raise ValueError("is not signed by itself; give one that the master has signed with its own key") from error
    if authority:
        made = COMMAND.format(name=names[0] if names else "NAME")
        raise ValueError(f"may sign others (CA:TRUE), so it would vouch for any master; make one with: {made}")
    return Certificate(
        found.public_bytes(serialization.Encoding.PEM).decode("ascii").strip(),
        base64.b64encode(hashlib.sha256(key).digest()).decode("ascii"),
        names,
        found.not_valid_before_utc.date(),
        found.not_valid_after_utc.date(),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names of the subjectAltName; the common name counts no more (RFC 9525)."""
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower().rstrip(".") for name in extension.value.get_values_for_type(x509.DNSName))


def _authority(certificate: x509.Certificate) -> bool:
    """Whether it may sign others: OpenSSL takes one of the first version, which cannot say, for one that may."""
    from cryptography import x509  # noqa: PLC0415 - as above

    if certificate.version is x509.Version.v1:
        return True
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
