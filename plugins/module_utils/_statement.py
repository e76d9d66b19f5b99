# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What acceptance states of a node, as the text that a key of the fleet signs. Acceptance writes it, the gate reads it.

Signatures are OpenSSH's (PROTOCOL.sshsig, ssh-keygen(1) "-Y"), so a key may be a file, in an agent, or in hardware.
"""

from __future__ import annotations

import dataclasses
import json
import math
import typing as t

NAMESPACE = "certificate@imrs.icann.org"
"""What the signature is for: a signature that was made for something else, such as a login, does not count."""
FORMAT = 1
LONGEST = 32768
"""Characters of a statement at most; with some 200 checks it has 6,000."""
CERTIFY, TRIAL = "certify", "trial"
TIME = "%Y-%m-%dT%H:%M:%SZ"
"""How times are written (RFC 3339, UTC)."""


class Seal(t.NamedTuple):
    """A statement's text, and its signature in OpenSSH's armour."""

    statement: str
    signature: str


@dataclasses.dataclass(frozen=True)
class Statement:
    """What the gate is to take. ``about`` is for people: what was judged, by whom, with what result."""

    verb: str
    """``certify`` or ``trial``, as the gate's verbs of that name."""
    node: str
    """The node's FQDN: for no other one."""
    challenge: str
    """What that gate has said in its status: a statement counts once, and none of before the last revocation."""
    mode: str
    """Up to which mode; empty for a trial."""
    fingerprint: str
    """Of the configuration that was judged, in hexadecimal digits."""
    sessions: tuple[str, ...]
    """Marks of the sessions."""
    seconds: float | None
    """For how long it counts without a further one; None: for good."""
    issued: str
    """When it was written."""
    ends: str
    """After that it is not taken any more, nor by a gate that starts; empty: never."""
    about: t.Mapping[str, t.Any]

    def text(self) -> str:
        """What is signed, octet by octet."""
        return json.dumps({"format": FORMAT, **dataclasses.asdict(self)}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Statement:
        """Read a statement; ValueError says what is wrong with it."""
        if len(text) > LONGEST:
            raise ValueError(f"a statement of {len(text)} characters is longer than {LONGEST}")
        data = json.loads(text)
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(data, dict) or data.get("format") != FORMAT or set(data) != {"format", *names}:
            raise ValueError(f"not a statement of format {FORMAT}")
        kinds: dict[str, tuple[type, ...]] = dict.fromkeys(names, (str,))
        kinds |= {"sessions": (list,), "seconds": (int, float, type(None)), "about": (dict,)}
        for name, kind in kinds.items():
            if not isinstance(data[name], kind) or isinstance(data[name], bool):
                raise ValueError(f"{name} of the statement is {data[name]!r}")  # noqa: TRY004 - what came is data
        if data["seconds"] is not None and not math.isfinite(data["seconds"]):
            raise ValueError("seconds of the statement is not finite")
        if data["verb"] not in {CERTIFY, TRIAL}:
            raise ValueError(f"{data['verb']!r} is not what a statement can ask for")
        return cls(**{name: data[name] for name in names} | {"sessions": tuple(data["sessions"])})
