# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Does what the nameserver serves follow from the configured trust anchors? DNSKEY from DS, SOA from DNSKEY (RFC 4035).

A process of its own for each new serial, as cryptography takes more memory than all of the gate, and
a serial is new twice a day. Reads what to ask from standard input, as JSON; prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
import typing as t

try:
    import dns.dnssec
    import dns.dnssectypes
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.query
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset
except ImportError:  # pragma: no cover - nameserver.require() says so
    pass

PATIENCE = 3.0
"""Seconds for one question."""
REVOKE = 0x0080
"""The flag of a key that is revoked (RFC 5011 section 3)."""
BOGUS, UNKNOWN = "bogus", "unknown"
"""The nameserver serves what does not verify; it could not be asked or verified, which says nothing about it."""


def verify(name: dns.name.Name, anchors: t.Sequence[str], dnskey: t.Any, soa: t.Any, now: float) -> str:
    """Why the SOA does not verify, empty when it does. ``dnskey`` and ``soa`` are (RRset, its RRSIGs).

    Without anchors of the zone its own keys are believed: then only the SOA is judged. A revoked key proves nothing
    (RFC 5011 section 2.1), also where an anchor names it.
    """
    keys = [key for key in dnskey[0] if not key.flags & REVOKE]
    trusted = [key for key in keys if _anchored(name, key, anchors)] if anchors else keys
    if not trusted:
        return "no key of the zone is a configured trust anchor"
    for what, rrset, signers in (("DNSKEY", dnskey, trusted), ("SOA", soa, keys)):
        believed = dns.rrset.from_rdata_list(name, dnskey[0].ttl, signers)
        try:
            dns.dnssec.validate(rrset[0], rrset[1], {name: believed}, now=now)
        except (dns.exception.DNSException, ValueError) as error:
            return f"the {what} does not verify: {error or type(error).__name__}"
    return ""


def _anchored(name: dns.name.Name, key: t.Any, anchors: t.Sequence[str]) -> bool:
    for anchor in anchors:
        tag, _algorithm, kind, digest = anchor.split()[-4:]
        made = dns.dnssec.make_ds(name, key, dns.dnssectypes.DSDigest(int(kind)), validating=True)
        if (made.key_tag, made.digest.hex().upper()) == (int(tag), digest.upper()):
            return True
    return False


def ask(address: str, port: int, name: dns.name.Name, kind: str) -> tuple[t.Any, t.Any]:
    """An RRset and its RRSIGs, over UDP or, where it is too long, TCP; DNSException, OSError or ValueError for none."""
    query = dns.message.make_query(name, kind, want_dnssec=True, payload=1232)
    query.flags &= ~dns.flags.RD
    answer, _used_tcp = dns.query.udp_with_fallback(query, address, PATIENCE, port, source=address)
    rdtype = dns.rdatatype.from_text(kind)
    found = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, rdtype)
    signatures = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.RRSIG, rdtype)
    if found is None:
        raise ValueError(f"no {kind} in the answer")
    return found, signatures if signatures is not None else dns.rrset.RRset(
        name, dns.rdataclass.IN, dns.rdatatype.RRSIG
    )


def examine(request: t.Mapping[str, t.Any], now: float) -> dict[str, t.Any]:
    """``{"verdict": "" | "bogus" | "unknown", "reason": …}`` for a request of ``address``, ``port``,
    ``zone`` and ``anchors`` (DS records in presentation format, of any zone).
    """
    name = dns.name.from_text(request["zone"])
    anchors = [text for text in request["anchors"] if dns.name.from_text(text.split()[0]) == name]
    try:
        soa = ask(request["address"], request["port"], name, "SOA")
        dnskey = ask(request["address"], request["port"], name, "DNSKEY")
        reason = verify(name, anchors, dnskey, soa, now)
    except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
        return {"verdict": UNKNOWN, "reason": str(error) or type(error).__name__}
    except ImportError as error:  # dnspython asks for it when it verifies
        return {"verdict": UNKNOWN, "reason": f"{error}: install the package python3-cryptography"}
    return {"verdict": BOGUS if reason else "", "reason": reason}


def main() -> int:
    """One request, one answer."""
    sys.stdout.write(json.dumps(examine(json.load(sys.stdin), time.time())) + "\n")
    return 0
