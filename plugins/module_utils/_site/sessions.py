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
from . import formats, schema_site

Variables = dict[str, t.Any]

_INTERNAL: Variables = {"asn": addressing.ASN}
"""What is agreed on with our own routers: nothing but the defaults."""


def of_node(site: Variables, node: Variables) -> list[Variables]:
    """The sessions of one node: with the host's routers (single), or with the site's own (cluster).

    One for each address of a neighbour, called ``as<asn>_<family>_<n>``, counted from 1 in the sheet's order.
    """
    uplink, interface = node["uplink"]["addresses"], interface_of(node["uplink"])
    if site["kind"] == "single":
        return _numbered(
            {
                **_session(peer, address, uplink),
                "interface": interface if addressing.is_link_local(address) else None,
                "password_variable": peer["md5"],
                "internal": False,
            }
            for peer in site["peers"]
            for address in peer["addresses"]
        )
    return _numbered(
        {
            **_session({**_INTERNAL, "description": f"Site router {router['router']}"}, address, uplink),
            "interface": None,
            "password_variable": router.get("md5"),
            "internal": True,
        }
        for router in site["cluster"]["routers"]
        for address in router["addresses"]
    )


def interface_of(uplink: Variables) -> str:
    """Name of the interface that carries an uplink's addresses, as a sheet gives it."""
    name: str = f"vlan{uplink['vlan']}" if uplink.get("vlan") else uplink["interface"]
    return name


def of_host(site: Variables) -> list[Variables]:
    """The eBGP sessions as the host's side sees them; no secret, and no name of one.

    A cluster's routers each have a session with every peer on their link; with a multihop peer, all of them have.
    """
    if site["kind"] == "single":
        ours = [(node["node"], node["uplink"]["addresses"]) for node in site["nodes"]]
    else:
        ours = [(router["router"], router["uplink"]) for router in site["cluster"]["routers"]]
    found = []
    for peer in site["peers"]:
        for address in peer["addresses"]:
            near = [(name, own) for name, own in ours if addressing.on_link(address, own)]
            for name, own in near or ours:
                session = _session(peer, address, own)
                link = _link(address, own)
                found.append(
                    {
                        "description": session["description"],
                        "family": session["family"],
                        "host_asn": session["asn"],
                        "host_address": session["address"],
                        "our_asn": addressing.ASN,
                        "our_address": session["local_address"],
                        "our_name": name,
                        "link": addressing.network_of(link) if link else None,
                        "md5": peer["md5"] is not None,
                        "multihop": session["multihop"],
                        "gtsm": session["multihop"] is None,
                        **{key: session[key] for key in _AGREED},
                    }
                )
    return found


_AGREED = (
    "bfd",
    "hold_time",
    "keepalive_time",
    "communities",
    "large_communities",
    "no_export",
    "prepend",
    "inbound",
    "max_prefix",
    "bgp_role",
)
"""What both sides of a session configure."""


def _session(peer: Variables, address: str, own: t.Sequence[str]) -> Variables:
    """Everything of a session but its name and its password, defaults filled in."""
    hold = peer.get("hold_time", schema_site.DEFAULT_HOLD_TIME)
    standard, large = formats.communities(peer.get("communities", ()))
    inbound = peer.get("inbound", schema_site.DEFAULT_INBOUND)
    theirs = addressing.parse(address)
    return {
        "family": theirs.family,
        "asn": peer["asn"],
        "address": theirs.text,
        "local_address": _local(theirs, own),
        "multihop": peer.get("multihop"),
        "hold_time": hold,
        "keepalive_time": peer.get("keepalive_time", hold // 3),
        "description": peer["description"],
        "bfd": dict(peer["bfd"]) if "bfd" in peer else None,
        "communities": standard,
        "large_communities": large,
        "no_export": peer.get("no_export", False),
        "prepend": peer.get("prepend", 0),
        "inbound": inbound,
        "max_prefix": 1 if inbound == "default" else peer.get("max_prefix"),
        "bgp_role": peer.get("bgp_role"),
    }


def _link(address: str, own: t.Sequence[str]) -> str | None:
    """Our address on the neighbour's link, with its prefix length; None when there is no common one.

    Of a link-local neighbour's link it is the other one of the family: that is the prefix which tells links apart.
    """
    if addressing.is_link_local(address):
        return next(each for each in own if ":" in each and not addressing.is_link_local(each))
    return addressing.on_link(address, own)


def _local(theirs: addressing.Address, own: t.Sequence[str]) -> str:
    """Our address on the neighbour's link, else (multihop) our first one of its family."""
    same_family = [ours for ours in map(addressing.parse, own) if ours.family == theirs.family]
    return next((ours for ours in same_family if ours.shares(theirs)), same_family[0]).text


def _numbered(found: t.Iterable[Variables]) -> list[Variables]:
    counts: collections.Counter[str] = collections.Counter()
    named = []
    for session in found:
        stem = f"as{session['asn']}_{session['family']}"
        counts[stem] += 1
        named.append({"name": f"{stem}_{counts[stem]}", "mark": mark(session), **session})
    return named


def mark(session: Variables) -> str:
    """What marks routes that are for this session: a large community of ours (RFC 8092), in canonical spelling.

    It follows from what makes the session another one (its two addresses, the neighbour's AS number) and from nothing
    else: no other peer that comes or goes, and no option, changes it. It stays on the node.
    """
    identity = f"{session['local_address']} {session['address']} {session['asn']}"
    digest = hashlib.sha256(identity.encode("ascii")).digest()
    return ":".join(str(number) for number in (addressing.ASN, *struct.unpack_from("!II", digest)))
