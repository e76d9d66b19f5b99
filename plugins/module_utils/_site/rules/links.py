# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules between sheets about the network around the nodes: one site a link, one AS number a router."""

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from .. import addresses
from .common import Record, records, sound

if t.TYPE_CHECKING:
    import netaddr

    from ..document import Document, Path
    from ..errors import Problem


class _Link(t.NamedTuple):
    """The subnet of one of our addresses."""

    network: netaddr.IPNetwork
    order: int
    """Among all of the sheets."""
    text: str
    place: str
    """The site."""
    site: Document
    path: Path

    def place_in_order(self) -> tuple[int, int, int, int]:
        """By what it holds, the larger subnet first; then in the sheets' order."""
        return self.network.version, self.network.first, self.network.prefixlen, self.order


class Links:
    """Who is on which link, over the whole fleet; takes one sheet after the other, and grows no faster than they do."""

    def __init__(self) -> None:
        self._links: list[_Link] = []
        self._routers: dict[str, tuple[int, Document, Path]] = {}
        """The AS number of each of the hosts' routers, by address, and where it was given first."""

    def site(self, site: Document, data: Record) -> t.Iterator[Problem]:
        """Take the ``data`` of a sheet; ``site`` is kept, for the lines of later problems."""
        place = data.get("site") or "?"
        for index, node in records(data, "nodes"):
            self._take(
                site, ("nodes", index, "uplink", "addresses"), (node.get("uplink") or {}).get("addresses"), place
            )
        for index, router in records(data.get("cluster") or {}, "routers"):
            self._take(site, ("cluster", "routers", index, "uplink"), router.get("uplink"), place)
        for index, peer in records(data, "peers"):
            yield from self._peer(site, ("peers", index), peer)

    def end(self) -> t.Iterator[Problem]:
        """Subnets of two sites that have addresses in common. Prefixes nest or are apart: one walk finds all."""
        outer: _Link | None = None
        for link in sorted(self._links, key=_Link.place_in_order):
            if outer is None or link.network not in outer.network:
                outer = link
            elif outer.place != link.place:
                late, early = (link, outer) if link.order > outer.order else (outer, link)
                where = f"{early.site.file}:{early.site.line(early.path)}".removesuffix(":0")
                yield late.site.problem(
                    late.path,
                    f"{late.text} overlaps {early.text}, the uplink of site {early.place} in {where}; "
                    "a link belongs to one site, so correct one of the two",
                )

    def _take(self, site: Document, path: Path, texts: list[str | None] | None, place: str) -> None:
        for at, text in sound(texts):
            if addressing.is_link_local(text):  # every link has these
                continue
            if not addresses.swallows(text, addresses.WIDEST_UPLINK):  # else it is told, and would overlap everything
                network = addresses.network(text)
                self._links.append(_Link(network, len(self._links), text, place, site, (*path, at)))

    def _peer(self, site: Document, path: Path, peer: Record) -> t.Iterator[Problem]:
        asn = peer.get("asn")
        if asn is None:
            return
        for _at, text in sound(addresses.routed(peer.get("addresses"))):
            first, document, given = self._routers.setdefault(addresses.host(text), (asn, site, path))
            if first != asn and document is not site:
                where = f"{document.file}:{document.line((*given, 'asn'))}".removesuffix(":0")
                yield site.problem(
                    (*path, "asn"),
                    f"{asn} is not {first}, which the router at {text} has in {where}; a router has one AS number, "
                    "so correct one of the two",
                )
                return
