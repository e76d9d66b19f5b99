# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that a daemon would read as another one, or not at all (case A-7)."""

from __future__ import annotations

import re

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import secrets
from hypothesis import given, settings
from hypothesis import strategies as st

UNLIKE = (
    "holds a blank, quote, backslash, line end or another character that routing daemons do not read alike; "
    "give printable ASCII without these"
)
BASE64 = "is not base64 on one line, without blanks; give the key as tsig-keygen or keymgr prints it"

LENGTHS = r"has \d+ characters, and TCP MD5 takes 80 .*|is a key of \d+ octets, fewer than 16; .*"
SHORT = "fewer than 16; make one with tsig-keygen or keymgr"


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("x" * 80, None),
        ("x" * 81, "has 81 characters, and TCP MD5 takes 80 at most; give a shorter one"),
        ("!#$%&'()*+,-./:;<=>?@[]^_`{|}~", None),
        ('a"b', UNLIKE),
        ("a b", UNLIKE),
        ("a\\b", UNLIKE),
        ("a\nb", UNLIKE),
        ("\u00e9", UNLIKE),
        ("", UNLIKE),
    ],
    ids=lambda value: f"A-7 {ascii(value)[:12]}",
)
def test_passwords(value: str, wrong: str | None) -> None:
    assert secrets.wrong_password(value) == wrong


BOOT = (
    "is not a hash as grub-mkpasswd-pbkdf2 prints it (grub.pbkdf2.sha512 in front); put the hash into the vault, "
    "and the password into a safe"
)
HASH = (
    "is not a hash as mkpasswd --method=yescrypt prints it ($y$ or $6$ in front); put the hash into the vault, "
    "and the password into a safe"
)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", None),
        (f"$6$salt$rounds=5000$ZZ{'a' * 84}", None),
        ("a password", HASH),
        (f"$1$salt${'a' * 22}", HASH),
        ("$6$", HASH),
        (f"$6$salt${'a' * 86}\nroot:$6$salt${'a' * 86}", HASH),
        (f"$6$salt${'a' * 86}:x", HASH),
    ],
)
def test_hashes(value: str, wrong: str | None) -> None:
    """One line of chpasswd(8), and not another account's behind it."""
    assert secrets.wrong_hash(value) == wrong


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("c2VjcmV0LXNlY3JldC1zZWNyZXQ=", None),
        ("c2VjcmV0LXNlY3JldC1zZWNyZXQ=\n", BASE64),
        ("c2Vj cmV0", BASE64),
        ("c2VjcmV0LXNlY3JldC1zZWNyZXQ", BASE64),
        ("k\u00e9y", BASE64),
        ("", f"is a key of 0 octets, {SHORT}"),
        ("MTIzNDU2Nzg5MDEyMzQ1", f"is a key of 15 octets, {SHORT}"),
        ("MTIzNDU2Nzg5MDEyMzQ1Ng==", None),
    ],
    ids=lambda value: f"A-7 {ascii(value)[:12]}",
)
def test_keys(value: str, wrong: str | None) -> None:
    assert secrets.wrong_key(value) == wrong


@pytest.mark.parametrize(
    ("value", "sound"),
    [
        (f"grub.pbkdf2.sha512.10000.{'A' * 128}.{'0' * 128}", True),
        (f"grub.pbkdf2.sha512.100.{'A' * 128}.{'0' * 128}", False),
        (f"grub.pbkdf2.sha512.10000.{'A' * 128}.{'0' * 128}\nset superusers=", False),
        ("hunter2", False),
        ("", False),
    ],
)
def test_a_hash_for_the_boot_loader(value: str, sound: bool) -> None:
    """One line of GRUB's menu, and nothing behind it."""
    assert secrets.wrong_boot_hash(value) == (None if sound else BOOT)


@pytest.mark.parametrize(
    ("value", "cleaned"), [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a ", "a "), ("a", "a")]
)
def test_one_line_end_is_the_files(value: str, cleaned: str) -> None:
    assert secrets.clean(value) == cleaned


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(st.text(min_size=12))
def test_no_sentence_holds_a_secret(value: str) -> None:
    """The sentences are these, whatever the value; only its length is told."""
    for wrong in secrets.USES.values():
        sentence = wrong(value) or ""
        assert sentence in {"", UNLIKE, BASE64, HASH, BOOT} or re.fullmatch(LENGTHS, sentence)
