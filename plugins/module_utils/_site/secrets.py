# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a secret has to be, so that every daemon reads the same one. No sentence from here holds any of a secret."""

from __future__ import annotations

import base64
import binascii
import re

LONGEST_PASSWORD = 80
"""Bytes of a TCP MD5 key (``TCP_MD5SIG_MAXKEYLEN`` of Linux). FRR's check passes more, and it runs without one."""

SHORTEST_KEY = 16
"""Octets of a TSIG key: 128 bits. RFC 8945, section 8, wants as many as the digest has, which is more."""

_PASSWORD = re.compile(r"[!#-\[\]-~]+")
"""Printable ASCII without the blank, which ends FRR's password, the quote, which ends BIRD's, and the backslash."""

_HASH = re.compile(r"\$(?:y|6)\$[./0-9A-Za-z$=]{40,300}")
"""yescrypt, or SHA-512: what Debian 13 takes, and no quicker one."""

_BOOT = re.compile(r"grub\.pbkdf2\.sha512\.[1-9][0-9]{4,7}\.[0-9A-F]{64,512}\.[0-9A-F]{64,512}")
"""PBKDF2, of 10,000 rounds or more: what GRUB has."""


def clean(value: str) -> str:
    """The secret without the one line end that files and vaults put behind it."""
    return value.removesuffix("\n").removesuffix("\r")


def wrong_password(value: str) -> str | None:
    """Why a text cannot be the password of a BGP session (RFC 2385), whichever daemon has it; None when it can."""
    if not _PASSWORD.fullmatch(value):
        return (
            "holds a blank, quote, backslash, line end or another character that routing daemons do not read alike; "
            "give printable ASCII without these"
        )
    if len(value) > LONGEST_PASSWORD:
        return f"has {len(value)} characters, and TCP MD5 takes {LONGEST_PASSWORD} at most; give a shorter one"
    return None


def wrong_key(value: str) -> str | None:
    """Why a text cannot be a TSIG key (RFC 8945), which nameservers read as base64; None when it can."""
    try:
        key = base64.b64decode(value.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return "is not base64 on one line, without blanks; give the key as tsig-keygen or keymgr prints it"
    if len(key) < SHORTEST_KEY:
        return f"is a key of {len(key)} octets, fewer than {SHORTEST_KEY}; make one with tsig-keygen or keymgr"
    return None


def wrong_hash(value: str) -> str | None:
    """Why a text cannot be a hash of a password (crypt(5)) that is good enough for years; None when it can."""
    if not _HASH.fullmatch(value):
        return (
            "is not a hash as mkpasswd --method=yescrypt prints it ($y$ or $6$ in front); put the hash into the "
            "vault, and the password into a safe"
        )
    return None


def wrong_boot_hash(value: str) -> str | None:
    """Why a text cannot be a hash of a password for GRUB; None when it can."""
    if not _BOOT.fullmatch(value):
        return (
            "is not a hash as grub-mkpasswd-pbkdf2 prints it (grub.pbkdf2.sha512 in front); put the hash into the "
            "vault, and the password into a safe"
        )
    return None


USES = {"bgp": wrong_password, "tsig": wrong_key, "crypt": wrong_hash, "grub": wrong_boot_hash}
"""What secrets are for, each with its test."""
