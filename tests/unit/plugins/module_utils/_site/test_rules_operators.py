# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the fleet's operators; each by the exact sentence that it says."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site.rules import operators

if t.TYPE_CHECKING:
    from .conftest import Lab

NOT_REPEATED = "the value is not repeated here, because it may be a secret: keep secrets in the vault"
PUBLIC = (
    "a public key of OpenSSH: the first two words of the .pub file, of type ed25519, ecdsa or rsa,"
    " in hardware (sk-) or not"
)


def key(kind: str, *fields: bytes) -> str:
    """A public key in two words (RFC 4253 section 6.6); what it holds is nobody's."""
    octets = b"".join(len(each).to_bytes(4) + each for each in (kind.encode(), *fields))
    return f"{kind} {base64.b64encode(octets).decode()}"


def rsa(bits: int) -> str:
    """An RSA key whose modulus has so many bits; its first octet keeps the number positive."""
    return key("ssh-rsa", b"\x01\x00\x01", b"\x00" + (1 << (bits - 1)).to_bytes(bits // 8))


ED25519 = key("ssh-ed25519", bytes(32))
OTHER = key("ssh-ed25519", bytes(31) + b"\x01")
TOKEN = key("sk-ssh-ed25519@openssh.com", bytes(32), b"ssh:")
CARD = key("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", bytes(65), b"ssh:")
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----"


def given(*accounts: tuple[str, list[str]]) -> str:
    """As YAML, in front of the zones."""
    rows = "".join(f"  - {{name: {name}, keys: {json.dumps(keys)}}}\n" for name, keys in accounts)
    return f"operators:\n{rows}zones:\n"


WRONG: dict[str, tuple[str, list[str]]] = {
    "a private key": (given(("anna", [PRIVATE])), [f"operators[0].keys[0]: is not {PUBLIC}; {NOT_REPEATED}"]),
    "a comment": (
        given(("anna", [f"{ED25519} anna@host"])),
        [f"operators[0].keys[0]: is not {PUBLIC}; {NOT_REPEATED}"],
    ),
    "options": (given(("anna", [f"no-pty {ED25519}"])), [f"operators[0].keys[0]: is not {PUBLIC}; {NOT_REPEATED}"]),
    "another type inside": (
        given(("anna", [ED25519.replace("ssh-ed25519", "sk-ssh-ed25519@openssh.com")])),
        [f"operators[0].keys[0]: is not {PUBLIC}; {NOT_REPEATED}"],
    ),
    "no key": (given(("anna", [])), ["operators[0].keys: is empty; give a list of public keys"]),
    "RSA": (
        given(("anna", [rsa(2048)])),
        ["operators[0].keys[0]: is an RSA key of 2048 bits, of which sshd asks 3072; make one of type ed25519"],
    ),
    "one key, two people": (
        given(("anna", [ED25519]), ("bob", [TOKEN, ED25519])),
        ["operators[1].keys[1]: was already given in operators[0].keys[0]; a key is one person's"],
    ),
    "twice": (
        given(("anna", [ED25519]), ("anna", [OTHER])),
        ["operators[1].name: anna was already given in operators[0]"],
    ),
    "the system's": (given(("root", [ED25519])), ["operators[0].name: root is an account or a group of the system"]),
    "a daemon's": (given(("knot", [ED25519])), ["operators[0].name: knot is an account or a group of the system"]),
    "capitals": (
        given(("Anna", [ED25519])),
        ["operators[0].name: Anna is not the name of an account (lower-case letters, digits and _, a letter first)"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_operators(case: str, lab: Lab) -> None:
    new, expected = WRONG[case]
    found = lab.messages(fleet_=[("\nzones:\n", f"\n{new}")])
    assert found == [f"fleet.yml: {message}" for message in expected]
    assert "b3BlbnNzaC1rZXktdjEAAAAA" not in "".join(found)


def test_operators_come_to_every_node(lab: Lab) -> None:
    assert lab.hosts()["xlb01"]["imrs_operators"] == []
    text = given(("anna", [TOKEN, CARD]), ("bob", [rsa(4096)]))
    assert lab.hosts(fleet_=[("\nzones:\n", f"\n{text}")])["xlb01"]["imrs_operators"] == [
        {"name": "anna", "keys": [TOKEN, CARD]},
        {"name": "bob", "keys": [rsa(4096)]},
    ]


@pytest.mark.parametrize(("text", "bits"), [(rsa(3072), 3072), (key("ssh-rsa", b"\x03"), 0), ("ssh-rsa AAAA", 0)])
def test_bits_of_an_rsa_key(text: str, bits: int) -> None:
    assert operators.rsa_bits(text) == bits
