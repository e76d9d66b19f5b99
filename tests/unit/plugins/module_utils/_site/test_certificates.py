# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of masters: what is made of them, and what is said of those that cannot be used."""

from __future__ import annotations

import base64
import datetime
import pathlib
import subprocess
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import certificates
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .conftest import plain

if t.TYPE_CHECKING:
    from .conftest import Lab

ONE = "is not one certificate in PEM, and nothing else; put each into an entry of its own"
KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
"""Made for these tests; nothing is signed with them but what is here."""
NAME = "dist1.example"
FIRST = '    addresses: [203.0.113.1, "2001:db8:0:3::1"]\n    port: 53\n'


def made(
    *names: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = KEY,
    by: ec.EllipticCurvePrivateKey | None = None,
    authority: bool | None = False,
    since: str = "2026-01-01",
    usage: x509.ExtensionType | None = None,
) -> str:
    """A certificate in PEM, signed with its own key or ``by`` another one."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a master")])
    built = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    first, last = (datetime.datetime.fromisoformat(day) for day in (since, "2036-01-01"))
    built = built.not_valid_before(first).not_valid_after(last)
    if names:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    if authority is not None:
        built = built.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    if usage is not None:
        built = built.add_extension(usage, critical=True)
    return built.sign(by or key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


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
    old, new = made(NAME), made("other.example", NAME.upper(), key=OTHER, authority=False)
    renewed = made(NAME, since="2026-06-01")
    first, second = lab.hosts(fleet_=fleet(f"\n{old}", new, renewed))["xlb01"]["imrs_masters"]
    assert second["tls"] is None
    assert first["tls"] == {
        "name": NAME,
        "port": 853,
        "certificates": [old.strip(), new.strip(), renewed.strip()],
        "pins": [pin(KEY), pin(OTHER)],
    }


MADE = f"; make one with: {certificates.COMMAND.format(name=NAME)}"
VOUCHES = "may sign others (no CA:FALSE in it), so it would vouch for any server"
UNREAD = "is no certificate that can be read; copy the file anew, with all of its lines"
SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
WRONG = {
    "no name": (made(), f"is for no name (subjectAltName), not for {NAME}., and would be refused"),
    "another name": (
        made("dist2.example"),
        f"is for dist2.example (subjectAltName), not for {NAME}., and would be refused",
    ),
    "many names": (
        made(NAME, "*.example"),
        "is for *.example, which other masters' names match; name the master alone",
    ),
    "of an authority": (
        made(NAME, by=OTHER),
        "is not signed by itself with SHA-256 or better; give one that the server has signed with its own key",
    ),
    "an authority": (made(NAME, authority=True), f"{VOUCHES}{MADE}"),
    # OpenSSL goes by the key usage then.
    "one that does not say that it is none": (made(NAME, authority=None, usage=SIGNS), f"{VOUCHES}{MADE}"),
    "of a client": (
        made(NAME, usage=x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH])),
        f"is for no server (extendedKeyUsage), and would be refused{MADE}",
    ),
    "a short key": (
        made(NAME, key=rsa.generate_private_key(65537, 1024)),  # noqa: S505 - it is refused
        f"has an RSA key of 1024 bits, and would be refused below 2048{MADE}",
    ),
    "a name with a dot at its end": (
        made(f"{NAME}."),
        f"is for {NAME}. (subjectAltName), not for {NAME}., and would be refused",
    ),
    "a name that is none": (made("$(reboot)"), UNREAD),
    "two in one": (made(NAME) + made(NAME, key=OTHER), ONE),
    "no certificate": (made(NAME).replace("CERTIFICATE", "PRIVATE KEY"), ONE),
    "a copy with a fault": (
        made(NAME).replace("\nMI", "\nIM"),
        UNREAD,
    ),
}


@pytest.mark.parametrize(("pem", "wrong"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_refused_with_its_place(pem: str, wrong: str, lab: Lab) -> None:
    assert lab.messages(fleet_=fleet(pem)) == [f"fleet.yml: masters[0].tls.certificates[0]: {wrong}"]


def test_one_certificate_is_given_once(lab: Lab) -> None:
    one = made(NAME)
    wrong = "masters[0].tls.certificates[1]: stands at masters[0].tls.certificates[0] already; leave one out"
    assert lab.messages(fleet_=fleet(one, one)) == [f"fleet.yml: {wrong}"]


def test_no_masters_certificate_is_for_another_master_as_well(lab: Lab) -> None:
    first, second = (
        fleet(made(NAME, "dist2.example"))[0],
        fleet(made("dist2.example", key=OTHER), name="dist2.example."),
    )
    other = [(old.replace("203.0.113.1", "203.0.113.2").replace("::1", "::2"), new) for old, new in second]
    other = [(old, new.replace("203.0.113.1", "203.0.113.2").replace("0:3::1", "0:3::2")) for old, new in other]
    said = "is for dist2.example as well, which is dist2: its key could speak for that master"
    assert lab.messages(fleet_=[first, *other]) == [f"fleet.yml: masters[0].tls.certificates[0]: {said}"]


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (
            "2035-12-01",
            "holds until 2036-01-01; after that no nameserver that looks at it takes a zone from dist1: give",
        ),
        (
            "2036-01-02",
            "has ended on 2036-01-01; no nameserver that looks at it takes a zone from dist1 any more: give",
        ),
        ("2025-12-31", "holds from 2026-01-01 on; before that no nameserver that looks at it takes a zone from dist1"),
    ],
)
def test_a_time_that_is_over_or_soon_or_not_yet_is_a_warning(lab: Lab, today: str, said: str) -> None:
    (warned,) = lab.load(fleet_=fleet(made(NAME)), today=today).warnings
    assert plain(warned).startswith(f"fleet.yml: masters[0].tls.certificates[0]: {said}")


def test_a_time_far_off_is_no_warning(lab: Lab) -> None:
    assert not lab.load(fleet_=fleet(made(NAME)), today="2035-10-01").warnings


def test_the_command_makes_one_that_can_be_used(tmp_path: pathlib.Path) -> None:
    subprocess.run(certificates.COMMAND.format(name=NAME).split(), cwd=tmp_path, check=True, capture_output=True)
    assert certificates.read((tmp_path / "server.pem").read_text()).names == (NAME,)


def test_what_the_library_does_not_know_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pem: bytes) -> t.NoReturn:
        raise x509.InvalidVersion("9 is not a valid X509 version", 9)

    monkeypatch.setattr(x509, "load_pem_x509_certificate", refuse)
    with pytest.raises(ValueError, match="can be read; copy the file anew"):
        certificates.read(made(NAME))


def test_the_root_is_no_name_of_a_master(lab: Lab) -> None:
    said = "fleet.yml: masters[0].tls.name: is the root; give the name in its certificates"
    assert lab.messages(fleet_=fleet(made(NAME), name=".")) == [said]


def test_an_old_library_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x509, "Certificate", object)
    with pytest.raises(ValueError, match="install 42 or newer"):
        certificates.read(made(NAME))


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "HAS_CRYPTOGRAPHY", False)
    with pytest.raises(ValueError, match=r"cryptography; install it$"):
        certificates.read(made(NAME))
