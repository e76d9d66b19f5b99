# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a zone holds, by RRset."""

from __future__ import annotations

import typing as t

try:
    import dns.name
    import dns.rdatatype
    import dns.zone
except ImportError:  # said by whoever needs it
    HAS_DNSPYTHON = False
else:
    HAS_DNSPYTHON = True

Name = t.Any
"""``dns.name.Name``, absolute."""
NOT_JUDGED = {
    *("CNAME", "DNAME", "NSEC3", "NSEC3PARAM"),  # answers are made in another way
    *("AFSDB", "HTTPS", "KX", "MX", "NAPTR", "RT", "SRV", "SVCB"),  # addresses may come with them (RFC 1035 s. 3.3)
}
"""Types of which no zone that is judged may have a record."""


class Rrset(t.NamedTuple):
    """An RRset, or the signatures (RRSIG) that cover one; ``kind`` is its type in letters.

    ``rdatas`` are dnspython's, by their octets in canonical form (RFC 4034 section 6.2): equal data has equal octets.
    """

    name: Name
    kind: str
    covers: str
    """The type that RRSIG records cover; else empty."""
    ttl: int
    rdatas: t.Mapping[bytes, t.Any]


class Zone:
    """A zone, or so much of one as the answers in question are made of."""

    def __init__(self, origin: Name, rrsets: t.Iterable[Rrset]) -> None:
        """ValueError for a zone whose answers are not judged here: with wildcards or ``NOT_JUDGED``, or without SOA."""
        self.origin = origin
        self._sets = {(each.name, each.kind, each.covers): each for each in rrsets}
        for name, kind, _covers in self._sets:
            if kind in NOT_JUDGED or name.is_wild():
                raise ValueError(f"{name} {kind}: zones with wildcards, or records of that type, are not judged")
        if self.get(origin, "SOA") is None:
            raise ValueError(f"{origin} has no SOA")
        owners = {name for name, _kind, _covers in self._sets}
        self._names = {
            ancestor for name in owners for ancestor in ancestors(name, origin)
        }  # names without records of their own exist, too (RFC 8020)

    @classmethod
    def read(cls, text: str, origin: str = ".") -> Zone:
        """From a master file (RFC 1035 section 5). ValueError when it is none."""
        apex = dns.name.from_text(origin)
        try:
            found = dns.zone.from_text(text, apex, relativize=False, check_origin=False)
        except Exception as error:  # dnspython raises many kinds
            raise ValueError(f"no zone: {error}") from error
        return cls(apex, (_of(name, rdataset) for name, rdataset in found.iterate_rdatasets()))

    def get(self, name: Name, kind: str, covers: str = "") -> Rrset | None:
        """An RRset, or None."""
        return self._sets.get((name, kind, covers))

    def signed(self, name: Name, kind: str) -> list[Rrset]:
        """An RRset and its signatures, as far as there are any."""
        found = (self.get(name, kind), self.get(name, "RRSIG", kind))
        return [each for each in found if each is not None]

    def exists(self, name: Name) -> bool:
        """Whether the zone has this name, or names below it."""
        return name in self._names

    def delegation(self, name: Name) -> Name | None:
        """Where this name, or one above it, is delegated to other servers (RFC 1034 section 4.2.1); None if nowhere."""
        above = reversed(ancestors(name, self.origin)[:-1])
        return next((each for each in above if self.get(each, "NS")), None)

    def covering(self, name: Name) -> Rrset | None:
        """The NSEC record that says that there is nothing of this name (RFC 4034 section 4.1.1), if there are any."""
        for rrset in self._sets.values():
            if rrset.kind == "NSEC":
                (nsec,) = rrset.rdatas.values()
                last = nsec.next <= rrset.name  # it leads back to the first
                if rrset.name < name and (last or name < nsec.next):
                    return rrset
        return None

    def delegations(self) -> list[Name]:
        """All names that are delegated, in canonical order."""
        return sorted(name for name, kind, _covers in self._sets if kind == "NS" and name != self.origin)

    def own(self) -> list[Name]:
        """All names with records that are its own to answer for, in canonical order."""
        owners = {name for name, _kind, _covers in self._sets}
        return sorted(name for name in owners if self.delegation(name) is None)

    def kinds(self, name: Name) -> list[str]:
        """The types that a name has, signatures aside, in the order of their letters."""
        return sorted(kind for owner, kind, _covers in self._sets if owner == name and kind != "RRSIG")

    @property
    def serial(self) -> int:
        """That of its SOA."""
        (soa,) = t.cast("Rrset", self.get(self.origin, "SOA")).rdatas.values()
        return int(soa.serial)


def ancestors(name: Name, origin: Name) -> list[Name]:
    """A name and those above it, up to ``origin``, which is the last one."""
    found = [name]
    while found[-1] != origin:
        found.append(found[-1].parent())
    return found


def _of(name: Name, rdataset: t.Any) -> Rrset:
    covers = dns.rdatatype.to_text(rdataset.covers) if rdataset.covers else ""
    rdatas = {rdata.to_digestable(): rdata for rdata in rdataset}
    return Rrset(name, dns.rdatatype.to_text(rdataset.rdtype), covers, rdataset.ttl, rdatas)
