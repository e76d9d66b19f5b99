# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a zone answers (RFC 1034 section 4.3.2; RFC 4035 section 3.1): by section, the RRsets that belong there.

``tag``: the requirement, as RSSAC047v2 section 5.3 marks it in its measurement text (three letters), or an RFC.
"""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    import collections.abc as c

    from .zone import Name, Rrset, Zone

ADDRESSES = ("A", "AAAA")
GLUE = "RFC 9471 s. 3.1"
"""The tag of an address inside the delegation: it has to be there, or the answer be truncated."""


@dataclasses.dataclass(frozen=True)
class Part:
    """RRsets that come together or not at all."""

    tag: str
    rrsets: tuple[Rrset, ...]
    needed: bool = True
    """Whether the server has to give them. If it need not, ``tag`` says why."""
    ttls: frozenset[int] = frozenset()
    """TTLs that the records may have beside their own."""


@dataclasses.dataclass(frozen=True)
class Expected:
    """The one right answer, as far as a server cannot choose. ``tags``: of the header's AA bit and of each section."""

    rcode: str
    aa: bool
    tags: dict[str, str]
    answer: tuple[Part, ...] = ()
    authority: tuple[Part, ...] = ()
    additional: tuple[Part, ...] = ()
    some_address: str = ""
    """The tag of "at least one address of a server in the authority section"; empty where none has to be there."""


def of(zones: t.Sequence[Zone], name: Name, kind: str, *, dnssec: bool = True, complete: bool = False) -> Expected:
    """What a server of these zones answers to a question. ``dnssec``: with the DO bit.

    ``complete``: all addresses that can be in the additional section have to be, as there is room (TCP).
    ValueError when none of the zones is above the name.
    """
    zone = _zone_of(zones, name, kind)
    maker = _Maker(zone, dnssec, complete)
    cut = zone.delegation(name)
    if cut is not None and not (cut == name and kind == "DS"):  # that one is the parent's (RFC 4035 section 3.1.4.1)
        return maker.referral(cut)
    if not zone.exists(name):
        return maker.nxdomain(name)
    if zone.get(name, kind) is None:
        return maker.nodata(name)
    return maker.positive(name, kind)


def _zone_of(zones: t.Sequence[Zone], name: Name, kind: str) -> Zone:
    """The zone that answers: the deepest one; for the DS of its own name the one above (RFC 4035 section 3.1.4.1)."""
    above = sorted((each for each in zones if name.is_subdomain(each.origin)), key=lambda each: len(each.origin.labels))
    if not above:
        raise ValueError(f"{name} is in none of the zones")
    if kind == "DS" and above[-1].origin == name and len(above) > 1:
        return above[-2]
    return above[-1]


TAGS: dict[str, dict[str, str]] = {
    "SOA": {"aa": "xhr", "answer": "obw", "authority": "ktm"},
    "NS": {"aa": "csz", "answer": "wal", "authority": "eyk"},
    "DNSKEY": {"aa": "occ", "answer": "eou", "authority": "kka", "additional": "jws"},
    "DS": {"aa": "yot", "answer": "cpf", "authority": "xdu", "additional": "mle"},
}
"""Of positive answers, by type."""
ANSWER = {"aa": "RFC 1035 s. 4.1.1", "answer": "RFC 1034 s. 4.3.2"}
"""Of those that RSSAC047 has no rule for, but the one that all is in the zone (vnk)."""
REFERRAL = {"aa": "ujy", "answer": "aeg", "authority": "pdd", "additional": "cjm"}
NEGATIVE = {"aa": "gpl", "answer": "dvh", "authority": "axj", "additional": "trw"}


class _Maker:
    """Makes the answers of one zone."""

    def __init__(self, zone: Zone, dnssec: bool, complete: bool) -> None:
        self._zone, self._dnssec, self._complete = zone, dnssec, complete

    def positive(self, name: Name, kind: str) -> Expected:
        """The RRset. With it may come the zone's NS (RFC 1034 section 4.3.2, step 6) where RSSAC047 lets it."""
        tags = {**ANSWER, **TAGS.get(kind, {})}
        apex = self._zone.origin
        authority: tuple[Part, ...] = ()
        servers: list[Rrset] = []
        if kind == "NS":
            servers = [t.cast("Rrset", self._zone.get(name, "NS"))]
        elif kind not in ("DNSKEY", "DS"):
            servers = [each for each in [self._zone.get(apex, "NS")] if each]
            if servers:
                authority = (self._part(tags.get("authority", "RFC 1034 s. 4.3.2"), apex, "NS", needed=False),)
        return Expected(
            "NOERROR",
            True,
            tags,
            answer=(self._part(tags["answer"], name, kind),),
            authority=authority,
            additional=tuple(
                self._addresses(
                    servers,
                    lambda _server: self._complete and kind == "NS",
                    "RFC 9609 s. 4.2",
                )
            ),
        )

    def referral(self, cut: Name) -> Expected:
        """To the servers of a delegation: their names, whether it is signed, and their addresses.

        Addresses of names inside the delegation have to be there (RFC 9471 section 3.1); others, as many as there is
        room for.
        """
        servers = t.cast("Rrset", self._zone.get(cut, "NS"))
        authority = [Part("pdd", (servers,))]
        if self._dnssec:
            if self._zone.get(cut, "DS"):
                authority.append(self._part("kbd", cut, "DS"))
            elif self._zone.get(cut, "NSEC"):
                authority.append(self._part("mkl", cut, "NSEC", least=True))
        additional = tuple(self._addresses([servers], lambda server: self._complete or server.is_subdomain(cut), GLUE))
        return Expected(
            "NOERROR",
            False,
            REFERRAL,
            authority=tuple(authority),
            additional=additional,
            some_address="cjm" if additional else "",
        )

    def nxdomain(self, name: Name) -> Expected:
        """The SOA; with DNSSEC also that neither the name is there, nor a wildcard (RFC 4035 section 3.1.3.2)."""
        proofs: dict[Name, str] = {}
        if self._dnssec:
            above = name
            while not self._zone.exists(above):
                above = above.parent()
            wild = type(name)((b"*", *above.labels))
            for tag, denied in (("czb", name), ("jhz", wild)):
                nsec = self._zone.covering(denied)
                if nsec:
                    proofs.setdefault(nsec.name, tag)  # one may say both
        return self._negative("NXDOMAIN", proofs)

    def nodata(self, name: Name) -> Expected:
        """The SOA; with DNSSEC also which types there are (RFC 4035 section 3.1.3.1)."""
        nsec = (self._zone.get(name, "NSEC") or self._zone.covering(name)) if self._dnssec else None
        return self._negative("NOERROR", {nsec.name: "RFC 4035 s. 3.1.3.1"} if nsec else {})

    def _negative(self, rcode: str, proofs: dict[Name, str]) -> Expected:
        soa = self._part("axj", self._zone.origin, "SOA", least=True)
        nsecs = (self._part(tag, owner, "NSEC", least=True) for owner, tag in proofs.items())
        return Expected(rcode, True, NEGATIVE, authority=(soa, *nsecs))

    def _part(self, tag: str, name: Name, kind: str, *, needed: bool = True, least: bool = False) -> Part:
        """An RRset, and with DNSSEC its signatures. ``least``: no resolver may keep it for longer than the SOA says
        (RFC 2308 section 3; RFC 9077 section 3).
        """
        rrsets = self._zone.signed(name, kind)
        if not self._dnssec:
            rrsets = rrsets[:1]
        soa = t.cast("Rrset", self._zone.get(self._zone.origin, "SOA"))
        (record,) = soa.rdatas.values()
        ttls = frozenset({min(soa.ttl, int(record.minimum), each.ttl) for each in rrsets}) if least else frozenset()
        return Part(tag, tuple(rrsets), needed, ttls)

    def _addresses(self, servers: t.Iterable[Rrset], needed: c.Callable[[Name], bool], tag: str) -> t.Iterator[Part]:
        """Of the servers' names, as far as the zone has them; each RRset whole or not at all (RFC 2181 section 5).

        Signatures of those that are no glue may be left out before their records are.
        """
        for name in sorted({rdata.target for rrset in servers for rdata in rrset.rdatas.values()}):
            glue = self._zone.delegation(name) is not None
            for kind in ADDRESSES:
                found = self._zone.signed(name, kind)
                for rrset in found[:1] if glue or not self._dnssec else found:
                    if rrset.covers:
                        yield Part("RFC 4035 s. 3.1.1", (rrset,), self._complete and needed(name))
                    else:
                        yield Part(tag, (rrset,), needed(name))
