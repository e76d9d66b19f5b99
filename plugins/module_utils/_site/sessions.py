# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""BGP sessions, from what a sheet says of peers and routers: as a node has them, and as a host sees them."""

from __future__ import annotations

import collections
import hashlib
import struct
import typing as t

from .. import _addressing as addressing
from .. import _products as products
from . import addresses, formats
from .session import HostSession, Peer

if t.TYPE_CHECKING:
    from .host_variables import LinkAddress, Member

Variables = dict[str, t.Any]


def of_node(site: Variables, node: Variables) -> list[Peer]:
    """The sessions of one node: with the host's routers (single), or with the site's own (cluster).

    One for each address of a neighbour, called ``as<asn>_<family>_<n>``, counted from 1 in the sheet's order.
    """
    uplink = {**node["uplink"], "interface": interface_of(node["uplink"])}
    return _named(uplink, ((peer, address) for peer in _peers(site, node) for address in peer["addresses"]))


def of_router(site: Variables, router: Variables) -> list[Peer]:
    """The eBGP sessions of a cluster's router that is ours to provision, called as those of a node."""
    machine = router["machine"]
    uplink = {
        "interface": machine["interfaces"]["uplink"],
        "addresses": router["uplink"],
        "gateways": machine["gateways"],
    }
    met = ((peer, address) for peer, address, name, _own in meetings(site) if name == router["router"])
    return _named(uplink, met)


def members(site: Variables, router: Variables) -> list[Member]:
    """A router's sessions with the nodes of its cluster: theirs, seen from its end.

    Called ``<node>_<family>``, with ``_`` for ``-``, which not every configuration file takes in a name.
    """
    own = {addressing.parse(address).text for address in router["addresses"]}
    return [
        {
            "name": f"{node['node'].replace('-', '_')}_{peer.family}",
            "node": node["node"],
            "family": peer.family,
            "address": peer.local_address,
            "local_address": peer.address,
            "hold_time": peer.hold_time,
            "keepalive_time": peer.keepalive_time,
            "bfd": {"interval_ms": peer.bfd.interval_ms, "multiplier": peer.bfd.multiplier} if peer.bfd else None,
            "password_variable": peer.password_variable,
        }
        for node in site["nodes"]
        for peer in of_node(site, node)
        if peer.address in own
    ]


def _named(uplink: Variables, met: t.Iterable[tuple[Variables, str]]) -> list[Peer]:
    """The sessions over one uplink with these neighbours, each given with one of its addresses."""
    counts: collections.Counter[str] = collections.Counter()
    found = []
    for peer, address in met:
        given = _given(peer, address, uplink["addresses"])
        stem = f"as{given['asn']}_{given['family']}"
        counts[stem] += 1
        given |= {
            "name": f"{stem}_{counts[stem]}",
            "mark": mark(given),
            "password_variable": peer["md5"],
            **over(given, uplink),
        }
        found.append(Peer.read(given))
    return found


def _peers(site: Variables, node: Variables) -> t.Iterator[Variables]:
    """The neighbours of a site's nodes. With our own routers nothing is agreed on of what they tell others."""
    if site["kind"] == "single":
        yield from site["peers"]
        return
    for router in site["cluster"]["routers"]:
        ends = [node["routing"], *([router["machine"]["routing"]] if "machine" in router else [])]
        watched = all(products.named(products.ROUTING, daemon).bfd_inside for daemon in ends)
        yield {
            "description": f"Site router {router['router']}",
            "asn": addressing.ASN,
            "addresses": router["addresses"],
            "md5": router.get("md5"),
            **{key: router[key] for key in ("hold_time", "keepalive_time", "inbound") if key in router},
            "bfd": router.get("bfd") if watched else None,
            "internal": True,
        }


def over(session: t.Mapping[str, t.Any], uplink: t.Mapping[str, t.Any]) -> Variables:
    """What a session takes from the uplink, by field of ``Peer``.

    ``session``: its ``address``, ``family``, ``multihop`` and ``internal``. ``uplink``: ``interface`` (the one that
    carries the addresses), ``addresses`` and ``gateways``. Of several gateways of a family the first one counts.
    """
    address, next_hop = addressing.parse(session["address"]).text, None
    if session.get("internal"):
        next_hop = address
    elif session.get("multihop"):
        gateways = [addressing.parse(text).text for text in uplink["gateways"]]
        next_hop = addressing.by_family(gateways)[session["family"]][0]
    beside = link(uplink["addresses"])["ipv6"] if addressing.is_link_local(address) else []
    return {
        "interface": uplink["interface"] if addressing.is_link_local(address) else None,
        "next_hop": next_hop,
        "next_hop_interface": uplink["interface"] if next_hop and addressing.is_link_local(next_hop) else None,
        "global_address": next((each["address"] for each in beside if not each["link_local"]), None),
    }


def link(interfaces: t.Iterable[str]) -> dict[str, list[LinkAddress]]:
    """Our addresses on a link, by family, in the order given."""
    found: dict[str, list[LinkAddress]] = {family: [] for family in addressing.FAMILIES}
    for address in map(addressing.parse, interfaces):
        local = addressing.is_link_local(address.text)
        found[address.family].append({"address": address.text, "length": address.length, "link_local": local})
    return found


def interface_of(uplink: Variables) -> str:
    """Name of the interface that carries an uplink's addresses, as a sheet gives it."""
    name: str = f"vlan{uplink['vlan']}" if uplink.get("vlan") else uplink["interface"]
    return name


def of_host(site: Variables) -> list[HostSession]:
    """The eBGP sessions as the host's side sees them; no secret, and no name of one.

    A cluster's routers each have a session with every peer on their link; with a multihop peer, all of them have.
    """
    found = []
    for peer, address, name, own in meetings(site):
        link = _link(address, own)
        given = _given(peer, address, own)
        given |= {"our_name": name, "link": str(addresses.network(link).cidr) if link else None}
        found.append(HostSession.read(given))
    return found


def meetings(site: Variables) -> t.Iterator[tuple[Variables, str, str, list[str]]]:
    """Which machine of ours meets which address of which peer: peer, address, our name, our addresses there.

    Those that are on its link do; if none is, all do, over several hops.
    """
    if site["kind"] == "single":
        ours = [(node["node"], node["uplink"]["addresses"]) for node in site["nodes"]]
    else:
        ours = [(router["router"], router["uplink"]) for router in site["cluster"]["routers"]]
    for peer in site["peers"]:
        for address in peer["addresses"]:
            near = [(name, own) for name, own in ours if addresses.on_link(address, own)]
            yield from ((peer, address, name, own) for name, own in near or ours)


def _given(peer: Variables, address: str, own: t.Sequence[str]) -> Variables:
    """What the sheet says of a session with one address of a peer, by field of ``Session``."""
    standard, large = formats.communities(peer.get("communities", ()))
    theirs = addressing.parse(address)
    return {
        **peer,
        "family": theirs.family,
        "address": theirs.text,
        "local_address": _local(theirs, own),
        "communities": standard,
        "large_communities": large,
    }


def _link(address: str, own: t.Sequence[str]) -> str | None:
    """Our address on the neighbour's link, with its prefix length; None when there is no common one.

    Of a link-local neighbour's link it is the other one of the family: that is the prefix which tells links apart.
    """
    if addressing.is_link_local(address):
        return next(each for each in own if ":" in each and not addressing.is_link_local(each))
    return addresses.on_link(address, own)


def _local(theirs: addressing.Address, own: t.Sequence[str]) -> str:
    """Our address on the neighbour's link, else (multihop) our first one of its family that is more than the link's."""
    far = [text for text in own if addressing.family_of(text) == theirs.family and not addressing.is_link_local(text)]
    return addressing.parse(addresses.on_link(theirs.text, own) or far[0]).text


def mark(session: t.Mapping[str, t.Any]) -> str:
    """What marks routes that are for this session: a large community of ours (RFC 8092), in canonical spelling.

    It follows from what makes the session another one (its two addresses, the neighbour's AS number) and from nothing
    else: no other peer that comes or goes, and no option, changes it. It stays on the node.
    """
    identity = f"{session['local_address']} {session['address']} {session['asn']}"
    digest = hashlib.sha256(identity.encode("ascii")).digest()
    return ":".join(str(number) for number in (addressing.ASN, *struct.unpack_from("!II", digest)))
