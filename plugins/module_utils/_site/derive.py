# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""From data that passed every check to what the roles read: the contract "host variables" of docs/architecture.md."""

from __future__ import annotations

import collections
import ipaddress
import typing as t

from .. import _addressing as addressing
from . import rules, schema

Variables = dict[str, t.Any]


def host_variables(fleet: Variables, site: Variables, node: Variables, anchors: t.Sequence[str]) -> Variables:
    """Everything the roles know of one node. Copies nothing that has to be looked up again."""
    uplink = [str(ipaddress.ip_interface(text)) for text in node["uplink"]["addresses"]]
    sorted_ = {family: tuple(_hosts(texts)) for family, texts in addressing.by_family(uplink).items()}
    return {
        "imrs_fleet": fleet["fleet"],
        "imrs_site": site["site"],
        "imrs_node": node["node"],
        "imrs_node_name": rules.full_name(node["node"]),
        "imrs_kind": site["kind"],
        "imrs_mode": site["mode"],
        "imrs_vantage": site["vantage"],
        "imrs_looking_glass": site.get("looking_glass", ""),
        "imrs_profile": dict(next(item for item in fleet["profiles"] if item["name"] == site["profile"])),
        "imrs_nameserver_provider": site["nameserver"],
        "imrs_routing_provider": site["routing"],
        "imrs_asn": addressing.ASN,
        "imrs_router_id": sorted_["ipv4"][0],
        "imrs_service_addresses": {
            family: list(addressing.SERVICE_ADDRESSES[family]) for family in addressing.FAMILIES
        },
        "imrs_prefixes": {
            family: {"specific": list(addressing.SPECIFIC[family]), "covering": list(addressing.COVERING[family])}
            for family in addressing.FAMILIES
        },
        "imrs_uplink": {
            "interface": node["uplink"]["interface"],
            "mtu": node["uplink"]["mtu"],
            "addresses": uplink,
            "gateways": _hosts(node["uplink"]["gateways"]),
        },
        "imrs_management": {
            "interface": node["management"]["interface"],
            "addresses": [str(ipaddress.ip_interface(text)) for text in node["management"]["addresses"]],
        },
        "imrs_peers": sessions(site["peers"], uplink),
        "imrs_zones": [dict(zone) for zone in fleet["zones"]],
        "imrs_masters": [_master(master, node["tsig"]) for master in fleet["masters"]],
        "imrs_trust_anchors": list(anchors),
        "imrs_operator_networks": {
            family: [addressing.canonical(text) for text in texts]
            for family, texts in addressing.by_family(fleet["operator_networks"]).items()
        },
        "imrs_waivers": [dict(waiver) for waiver in fleet.get("waivers", [])],
    }


def sessions(peers: t.Iterable[Variables], uplink: t.Sequence[str]) -> list[Variables]:
    """One BGP session per address of a peer, called ``as<asn>_<family>_<n>``, counted from 1 in the sheet's order."""
    counts: collections.Counter[str] = collections.Counter()
    found = []
    for peer in peers:
        for address in _hosts(peer["addresses"]):
            family = addressing.family_of(address)
            stem = f"as{peer['asn']}_{family}"
            counts[stem] += 1
            found.append(
                {
                    "name": f"{stem}_{counts[stem]}",
                    "family": family,
                    "asn": peer["asn"],
                    "address": address,
                    "local_address": _local(address, uplink),
                    "multihop": peer.get("multihop"),
                    "password_variable": peer["md5"],
                    "hold_time": peer.get("hold_time", schema.DEFAULT_HOLD_TIME),
                    "description": peer["description"],
                }
            )
    return found


def entrance(variables: Variables) -> str:
    """The address that operators reach a node at: its first management address."""
    address: str = variables["imrs_management"]["addresses"][0]
    return address.partition("/")[0]


def groups(variables: Variables) -> list[str]:
    """The inventory groups of a node; playbooks name them, roles do not."""
    return [
        "appliances",
        f"kind_{variables['imrs_kind']}",
        f"profile_{variables['imrs_profile']['name']}",
        f"nameserver_{variables['imrs_nameserver_provider']}",
        f"routing_{variables['imrs_routing_provider']}",
        f"site_{variables['imrs_site']}",
        f"mode_{variables['imrs_mode']}",
    ]


def _hosts(texts: t.Iterable[str]) -> list[str]:
    return [str(ipaddress.ip_interface(text).ip) for text in texts]


def _local(address: str, uplink: t.Sequence[str]) -> str:
    """The uplink address that shares the peer's link, else (multihop) the first one of its family."""
    same_family = addressing.by_family(uplink)[addressing.family_of(address)]
    return _hosts([addressing.on_link(address, uplink) or same_family[0]])[0]


def _master(master: Variables, keys: t.Iterable[Variables]) -> Variables:
    key = next(key for key in keys if key["master"] == master["name"])
    return {
        "name": master["name"],
        "addresses": _hosts(master["addresses"]),
        "port": master.get("port", 53),
        "tsig": {"name": key["name"], "algorithm": key["algorithm"], "secret_variable": key["secret"]},
    }
