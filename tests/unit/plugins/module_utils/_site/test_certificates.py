# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of masters: what is made of them, and what is said of those that cannot be used."""

from __future__ import annotations

import base64
import datetime
import sys
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import certificates
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import plain

if t.TYPE_CHECKING:
    from .conftest import Lab

ONE = "is not one certificate in PEM, and nothing else; put each into an entry of its own"
KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
"""Made for these tests; nothing is signed with them but what is here."""
NAME = "dist1.example"
FIRST = '    addresses: [203.0.113.1, "2001:db8:0:3::1"]\n    port: 53\n'


def made(*names: str, key: ec.EllipticCurvePrivateKey = KEY, issuer: str = "a master") -> str:
    """A certificate in PEM."""
    subject, by = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in ("a master", issuer))
    built = x509.CertificateBuilder(by, subject, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(datetime.datetime(2026, 1, 1)).not_valid_after(datetime.datetime(2036, 1, 1))  # noqa: DTZ001
    if names:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def pin(key: ec.EllipticCurvePrivateKey) -> str:
    """The pin of its public half, by another way."""
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(spki)
    return base64.b64encode(digest.finalize()).decode("ascii")


def fleet(*pems: str, name: str = f"{NAME}.") -> list[tuple[str, str]]:
    """The lab's fleet, where the first master hands out zones over TLS."""
    each = "".join(f"        - |\n{_indented(pem)}" for pem in pems)
    return [(FIRST, f"{FIRST}    tls:\n      name: {name}\n      certificates:\n{each}")]


def _indented(pem: str) -> str:
    return "".join(f"          {line}\n" for line in pem.splitlines())


def test_a_master_has_the_pins_of_its_certificates(lab: Lab) -> None:
    old, new = made(NAME), made("other.example", NAME.upper(), key=OTHER)
    first, second = lab.hosts(fleet_=fleet(old, new))["xlb01"]["imrs_masters"]
    assert second["tls"] is None
    assert first["tls"] == {
        "name": NAME,
        "port": 853,
        "certificates": [old.strip(), new.strip()],
        "pins": [pin(KEY), pin(OTHER)],
    }


WRONG = {
    "no name": (made(), f"is for no name (subjectAltName), not for {NAME}., and would be refused"),
    "another name": (
        made("dist2.example"),
        f"is for dist2.example (subjectAltName), not for {NAME}., and would be refused",
    ),
    "of an authority": (
        made(NAME, issuer="an authority"),
        "is signed by another certificate; give one that the master has signed itself",
    ),
    "two in one": (made(NAME) + made(NAME, key=OTHER), ONE),
    "no certificate": (made(NAME).replace("CERTIFICATE", "PRIVATE KEY"), ONE),
    "a copy with a fault": (
        made(NAME).replace("\nMI", "\nIM"),
        "is no certificate that can be read; copy the file anew, with all of its lines",
    ),
}


@pytest.mark.parametrize(("pem", "wrong"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_refused_with_its_place(pem: str, wrong: str, lab: Lab) -> None:
    assert lab.messages(fleet_=fleet(pem)) == [f"fleet.yml: masters[0].tls.certificates[0]: {wrong}"]


def test_one_key_is_given_once(lab: Lab) -> None:
    wrong = "masters[0].tls.certificates[1]: has the key of number 1; leave one out"
    assert lab.messages(fleet_=fleet(made(NAME), made(NAME))) == [f"fleet.yml: {wrong}"]


def test_an_end_that_is_near_is_a_warning(lab: Lab) -> None:
    edits = fleet(made(NAME))
    (near,) = lab.load(fleet_=edits, today="2035-12-01").warnings
    assert plain(near).startswith("fleet.yml: masters[0].tls.certificates[0]: holds until 2036-01-01; after that ")
    assert not lab.load(fleet_=edits, today="2035-10-01").warnings


def test_what_the_library_does_not_know_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pem: bytes) -> t.NoReturn:
        raise x509.InvalidVersion("9 is not a valid X509 version", 9)

    monkeypatch.setattr(x509, "load_pem_x509_certificate", refuse)
    with pytest.raises(ValueError, match="can be read; copy the file anew"):
        certificates.read(made(NAME))


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(ValueError, match=r"cryptography; install it$"):
        certificates.read(made(NAME))
