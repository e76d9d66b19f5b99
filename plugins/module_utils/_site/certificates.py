# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Certificates of servers that nodes speak to over TLS: distribution masters (RFC 9103), and the log server. Each
stands for itself, and for no other.

One nameserver compares the key with a pin, another trusts the certificate as the end of a chain. So a certificate is
signed by itself, and is none of an authority: with such a one's key somebody could make a certificate for another
server, and it would be taken. Nothing here is secret.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import re
import typing as t

try:
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID
except ImportError:  # said of the first certificate: only who transfers over TLS needs it
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

COMMAND = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -keyout server.key "
    "-out server.pem -subj /CN={name} -addext subjectAltName=DNS:{name} -addext basicConstraints=critical,CA:FALSE"
)
"""How the operator of a server makes one that can be used here."""
SHORTEST = 2048
"""Bits of an RSA key that OpenSSL takes at its usual level of security."""
_NAME = re.compile(r"[a-z0-9_*-]+(\.[a-z0-9_-]+)*\.?")


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
    if not HAS_CRYPTOGRAPHY:
        raise ValueError("cannot be read without the Python package cryptography; install it")
    if not hasattr(x509.Certificate, "not_valid_after_utc"):
        raise ValueError("cannot be read with this version of the Python package cryptography; install 42 or newer")
    if pem.count("-----BEGIN") != 1 or "-----BEGIN CERTIFICATE-----" not in pem:
        raise ValueError("is not one certificate in PEM, and nothing else; put each into an entry of its own")
    unread = (ValueError, exceptions.UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion)
    try:
        found = x509.load_pem_x509_certificate(pem.encode("ascii"))
        names, wrong = _names(found), _unusable(found)
        key = found.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (*unread, x509.UnsupportedGeneralNameType) as error:
        # What the library says of it helps nobody.
        raise ValueError("is no certificate that can be read; copy the file anew, with all of its lines") from error
    try:
        found.verify_directly_issued_by(found)
    except (ValueError, TypeError, exceptions.InvalidSignature, exceptions.UnsupportedAlgorithm) as error:
        mine = "is not signed by itself with SHA-256 or better; give one that the server has signed with its own key"
        raise ValueError(mine) from error
    if wrong:
        raise ValueError(f"{wrong}; make one with: {COMMAND.format(name=names[0] if names else 'NAME')}")
    return Certificate(
        found.public_bytes(serialization.Encoding.PEM).decode("ascii").strip(),
        base64.b64encode(hashlib.sha256(key).digest()).decode("ascii"),
        names,
        found.not_valid_before_utc.date(),
        found.not_valid_after_utc.date(),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names of the subjectAltName; the common name counts no more (RFC 9525). ValueError when one is no name."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    found = tuple(name.lower() for name in extension.value.get_values_for_type(x509.DNSName))
    if not all(_NAME.fullmatch(name) for name in found):
        raise ValueError("no DNS name")
    return found


def _unusable(certificate: x509.Certificate) -> str:
    """What OpenSSL would make of it that must not be, or why it would refuse it; empty when it will do.

    One that does not say that it is no authority may pass for one, by its key usage or by its age.
    """

    def has(kind: type[x509.ExtensionType]) -> t.Any:
        try:
            return certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

    basic, usage, key = has(x509.BasicConstraints), has(x509.ExtendedKeyUsage), certificate.public_key()
    if basic is None or basic.ca:
        return "may sign others (no CA:FALSE in it), so it would vouch for any server"
    if usage is not None and ExtendedKeyUsageOID.SERVER_AUTH not in usage:
        return "is for no server (extendedKeyUsage), and would be refused"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST:
        return f"has an RSA key of {key.key_size} bits, and would be refused below {SHORTEST}"
    return ""
