# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Rules of one peer: the host's router, and what is agreed on with it."""

from __future__ import annotations

import typing as t

from ... import _addressing as addressing
from .. import addresses, formats
from ..session import Session
from .common import Record, once, records, sound, times

if t.TYPE_CHECKING:
    from ..document import Document, Path
    from ..errors import Problem

RESERVED = {
    23456: "AS_TRANS (RFC 6793)",
    65535: "reserved (RFC 7300)",
    4294967295: "reserved (RFC 7300)",
}
"""AS numbers that no network has."""

Links = t.Sequence[t.Sequence[str]]
"""The addresses of each of our machines that may be a peer's neighbour, sound lists only."""


def problems(site: Document) -> t.Iterator[Problem]:
    """Everything that is wrong with the entries of ``peers``."""
    data = site.data or {}
    links, what = _links(data)
    seen: dict[str, int] = {}
    for index, peer in records(data, "peers"):
        path: Path = ("peers", index)
        asn = peer.get("asn")
        if asn == addressing.ASN:
            yield site.problem((*path, "asn"), f"{addressing.ASN} is our own AS number; give the host's")
        elif asn in RESERVED:
            yield site.problem((*path, "asn"), f"{asn} is {RESERVED[asn]}; no network has it")
        yield from addresses.families(site, (*path, "addresses"), peer.get("addresses"), single=True)
        for at, text in sound(peer.get("addresses")):
            wrong = addresses.unfit_on_link(text) or _lost_link_local(text, peer, data, links)
            if not wrong and seen.setdefault(addresses.host(text), index) != index:
                wrong = f"{text} was already given in peers[{seen[addresses.host(text)]}]; give every router once"
            if not wrong and "multihop" not in peer:
                wrong = _off_link(text, links, what)
            wrong = wrong or next(filter(None, (addresses.not_a_host_on(text, own) for own in links)), None)
            if wrong:
                yield site.problem((*path, "addresses", at), wrong)
        yield from times(site, path, peer)
        yield from _session(site, path, peer)
        yield from _over_link_local_gateway(site, path, peer, data)


def _links(data: Record) -> tuple[Links, str]:
    """The neighbours of peers: the node of a single, the routers of a cluster; and what to call their addresses."""
    if data.get("kind") == "cluster":
        found = [router.get("uplink") for _index, router in records(data.get("cluster") or {}, "routers")]
        what = "the uplink of a router"
    else:
        found = [(node.get("uplink") or {}).get("addresses") for _index, node in records(data, "nodes")]
        what = "the uplink"
    known = [own for own in found if own and None not in own]
    return (known if len(known) == len(found) else []), what


def _lost_link_local(text: str, peer: Record, data: Record, links: Links) -> str | None:
    """Why nobody could speak to a link-local address; None when the node can, or it is none."""
    if not addressing.is_link_local(text):
        return None
    if "multihop" in peer:
        return f"{text} is a link-local address, which nobody reaches over several hops; remove multihop, or correct it"
    if data.get("kind") == "cluster":
        return f"{text} is a link-local address, and a cluster has several links; give the router's own address on each"
    own = [each for link in links for each in link if addressing.is_link_local(each)]
    if links and not own:
        return (
            f"{text} is a link-local address, and the host's router has to be told the node's: add one to the uplink's "
            "addresses, such as fe80::2/64"
        )
    if any(addresses.host(each) == addresses.host(text) for each in own):
        return f"{text} is the node's own address on the uplink; give the router's"
    return None


def _over_link_local_gateway(site: Document, path: Path, peer: Record, data: Record) -> t.Iterator[Problem]:
    """Neither BIRD nor FRR can send what came over several hops to a gateway that has no address but on the link."""
    if data.get("kind") == "cluster" or "multihop" not in peer or peer.get("inbound", Session.inbound) == "none":
        return
    for _index, node in records(data, "nodes"):
        for _at, text in sound((node.get("uplink") or {}).get("gateways")):
            if addressing.is_link_local(text):
                yield site.problem(
                    (*path, "inbound"),
                    f"routes taken over several hops go by the gateway, and {text} is a link-local one, which they "
                    "cannot name; take none, or give the gateway another address",
                )


def _off_link(text: str, links: Links, what: str) -> str | None:
    if not links or any(addresses.on_link(text, own) for own in links):
        return None
    shown = ", ".join(address for own in links for address in own)
    return f"{text} is not on {what} ({shown}); correct it, or say multihop"


def _session(site: Document, path: Path, peer: Record) -> t.Iterator[Problem]:
    inbound, most = peer.get("inbound", Session.inbound), peer.get("max_prefix")
    if inbound == "all" and "max_prefix" not in peer:
        yield site.problem((*path, "max_prefix"), "is missing; with inbound all, say how many prefixes may come")
    elif inbound == "none" and most is not None:
        yield site.problem((*path, "max_prefix"), "stands beside inbound none, which takes no prefix; remove it")
    elif inbound == "default" and most not in {None, 1}:
        yield site.problem((*path, "max_prefix"), f"{most} is not 1, the number of default routes; remove it")
    for at, text in sound(peer.get("communities")):
        if text.startswith("65535:") and text.count(":") == 1:
            yield site.problem(
                (*path, "communities", at),
                f"{text} is a well-known community (RFC 1997, RFC 7999), which may stop our prefixes; "
                "for NO_EXPORT say no_export: true",
            )
    given = [(at, formats.communities([text])) for at, text in sound(peer.get("communities"))]
    spelt = ((at, (standard + large)[0]) for at, (standard, large) in given)
    yield from once(site, (*path, "communities"), spelt)
