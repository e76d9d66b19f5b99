# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What came of a question to a master that was signed with a transfer key (RFC 8945), in the words that people read."""

from __future__ import annotations

import typing as t

_REMEDY = {
    "BADKEY": "the master does not know this key; correct its name here or there",
    "BADSIG": "the master has another secret for it; put the same one into the vault and into the master",
    "BADTIME": "the clocks of node and master are too far apart",
    "no such key": "the nameserver's own file has no such key",
    "unusable key": "the secret is not base64 or the algorithm is unknown",
    "unsigned": "the master answers without a signature; with NOTAUTH, it does not know this key",
    "signed otherwise": "the answer is not signed with this key",
}
_REMEDY_TLS = {
    "no TLS": "the handshake fails (TLS 1.3, no client certificate); correct tls.port in fleet.yml, or the master",
    "another certificate": "the master shows one that fleet.yml does not have; ask its operator before you add it",
}


def problem(found: t.Mapping[str, t.Any]) -> str:
    """Why a signed question, as it was asked (``_probes/signed.py``), proves nothing; empty when it proves the key."""
    result, rcode, who = str(found["result"]), str(found["rcode"]), f"master {found['server']}"
    if result in _REMEDY:
        code = f" ({rcode})" if rcode else ""
        return f"{who}: TSIG key {found['key']}: {result}{code}: {_REMEDY[result]}"
    if result in _REMEDY_TLS:
        return f"{who} port {found['port']}: {result}: {_REMEDY_TLS[result]}"
    if result != "verified" or rcode != "NOERROR":
        return f"{who}: {found['name']} {found['type']}, signed: {rcode if result == 'verified' else result}"
    return ""
