# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of the fleet's operators: names that accounts can have, and keys that let in one person each."""

from __future__ import annotations

import base64
import typing as t

from ... import _products as products
from .common import once, records, sound

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem

RSA_BITS = 3072
"""What sshd asks of an RSA key on a node (``RequiredRSASize``); a shorter one would let nobody in."""

TAKEN = frozenset(
    {
        *(
            "adm",
            "audio",
            "backup",
            "bin",
            "cdrom",
            "daemon",
            "dialout",
            "dip",
            "disk",
            "fax",
            "floppy",
            "games",
            "input",
        ),
        *("irc", "kmem", "kvm", "list", "lp", "mail", "man", "messagebus", "news", "nobody", "nogroup", "operator"),
        *("plugdev", "proxy", "render", "root", "sasl", "sgx", "shadow", "src", "sshd", "staff", "sudo", "sync", "sys"),
        *("tape", "tty", "users", "utmp", "uucp", "video", "voice"),
        *(product.account for product in products.PRODUCTS),
    }
)
"""Accounts and groups of Debian's base system and of the daemons: an account has a group of its own name, too."""


def problems(fleet: Document) -> t.Iterator[Problem]:
    """Everything that is wrong with ``operators``."""
    data = fleet.data or {}
    yield from once(fleet, ("operators",), records(data, "operators"), "name")
    seen: dict[str, str] = {}
    for index, operator in records(data, "operators"):
        name = operator.get("name")
        if name in TAKEN:
            yield fleet.problem(("operators", index, "name"), f"{name} is an account or a group of the system")
        for at, key in sound(operator.get("keys")):
            path: Path = ("operators", index, "keys", at)
            place = f"operators[{index}].keys[{at}]"
            if key in seen:
                yield fleet.problem(path, f"was already given in {seen[key]}; a key is one person's")
            seen.setdefault(key, place)
            if key.startswith("ssh-rsa ") and (bits := rsa_bits(key)) < RSA_BITS:
                yield fleet.problem(
                    path, f"is an RSA key of {bits} bits, of which sshd asks {RSA_BITS}; make one of type ed25519"
                )


def rsa_bits(key: str) -> int:
    """How long the modulus of ``ssh-rsa <base64>`` is (RFC 4253 section 6.6); 0 when there is none."""
    octets, fields = base64.b64decode(key.partition(" ")[2]), []
    while octets:
        length = int.from_bytes(octets[:4])
        fields.append(octets[4 : 4 + length])
        octets = octets[4 + length :]
    return int.from_bytes(fields[2]).bit_length() if len(fields) == 3 else 0
