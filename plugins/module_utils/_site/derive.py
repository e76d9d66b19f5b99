# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""From data that passed every check to what the roles read: the contract "host variables" of docs/architecture.md."""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .. import _products as products
from . import bogons, host_variables, onboarding, rules, sessions
from .regions import REGION_OF
from .schema_fleet import DEFAULT_BUDGET

if t.TYPE_CHECKING:
    from .contract import ByFamily, Kinds, Master, Uplink
    from .host_variables import HostVariables

Sheet = dict[str, t.Any]
"""Data of a sheet, or part of one, that passed every check."""


class Deriver:
    """Host variables of one fleet. What is the same for every node is made once, and shared by all of them."""

    def __init__(self, fleet: Sheet, anchors: t.Sequence[str], today: str) -> None:
        self._today = today
        self._masters = masters(fleet)
        self._shared: host_variables.OfFleet = {
            "imrs_fleet": fleet["fleet"],
            "imrs_asn": addressing.ASN,
            "imrs_held_packages": list(products.held()),
            "imrs_service_addresses": service_addresses(),
            "imrs_prefixes": prefixes(),
            "imrs_refused": bogons.refused(),
            "imrs_master_addresses": addressing.by_family(
                address for master in self._masters for address in master["addresses"]
            ),
            "imrs_zones": fleet["zones"],
            "imrs_trust_anchors": list(anchors),
            "imrs_operator_networks": operator_networks(fleet),
            "imrs_waivers": fleet.get("waivers", []),
            "imrs_maintenance_windows": fleet.get("maintenance_windows", []),
            "imrs_budget": fleet.get("budget", DEFAULT_BUDGET),
        }
        self._products = {product.name: product.variables() for product in products.PRODUCTS}
        self._profiles = {profile["name"]: _profile(profile) for profile in fleet["profiles"]}

    def nodes(self, site: Sheet) -> dict[str, HostVariables]:
        """The variables of each node of a site."""
        of_site = _of_site(site, self._today)
        return {node["node"]: {**self._shared, **of_site, **self._node(site, node)} for node in site["nodes"]}

    def _node(self, site: Sheet, node: Sheet) -> host_variables.OfNode:
        uplink = _uplink(node["uplink"])
        return {
            "imrs_node": node["node"],
            "imrs_node_name": rules.full_name(node["node"]),
            "imrs_serial": node.get("serial", ""),
            "imrs_bmc_address": addressing.parse(node["bmc"]).text if "bmc" in node else "",
            "imrs_profile": self._profiles[node["profile"]],
            "imrs_nameserver_provider": node["nameserver"],
            "imrs_nameserver": self._products[node["nameserver"]],
            "imrs_routing_provider": node["routing"],
            "imrs_routing": self._products[node["routing"]],
            "imrs_router_id": next(
                address.text for address in map(addressing.parse, uplink["addresses"]) if address.family == "ipv4"
            ),
            "imrs_uplink": uplink,
            "imrs_link": sessions.link(uplink["addresses"]),
            "imrs_management": {
                "interface": node["management"]["interface"],
                "addresses": _interfaces(node["management"]["addresses"]),
            },
            "imrs_peers": [peer.variables() for peer in sessions.of_node(site, node)],
            "imrs_masters": [{**master, "tsig": _tsig(master["name"], node["tsig"])} for master in self._masters],
        }


def _profile(profile: Sheet) -> host_variables.Profile:
    """What roles need of a hardware profile; the picture of its rear side is for people."""
    return {
        "name": profile["name"],
        "link_mbps": profile["link_mbps"],
        "cores": profile["cores"],
        "memory_mib": profile["memory_mib"],
        "tcp_clients": profile["tcp_clients"],
    }


def _of_site(site: Sheet, today: str) -> host_variables.OfSite:
    """The variables that are the same for every node of a site."""
    cluster, location = site.get("cluster"), site["location"]
    return {
        "imrs_site": site["site"],
        "imrs_kind": site["kind"],
        "imrs_operational": site["operational"],
        "imrs_state": onboarding.state(site, today),
        "imrs_mode": onboarding.effective_mode(site, today),
        "imrs_provisioning": onboarding.provisioning(site, today),
        "imrs_location": {
            "iata": location["iata"],
            "city": location["city"],
            "country": location["country"],
            "region": REGION_OF[location["country"]],
        },
        "imrs_vantage": site["vantage"],
        "imrs_looking_glass": site.get("looking_glass", ""),
        "imrs_cluster": {
            "minimum_live": cluster["minimum_live"],
            "nodes": [node["node"] for node in site["nodes"]],
            "node_names": [rules.full_name(node["node"]) for node in site["nodes"]],
            "routers": [router["router"] for router in cluster["routers"]],
        }
        if cluster
        else None,
    }


def service_addresses() -> ByFamily:
    """``{"ipv4": [...], "ipv6": [...]}``"""
    return {family: list(addressing.SERVICE_ADDRESSES[family]) for family in addressing.FAMILIES}


def prefixes() -> dict[str, Kinds]:
    """``{"ipv4": {"specific": [...], "covering": [...]}, "ipv6": …}``"""
    return {
        family: {"specific": list(addressing.SPECIFIC[family]), "covering": list(addressing.COVERING[family])}
        for family in addressing.FAMILIES
    }


def operator_networks(fleet: Sheet) -> ByFamily:
    """By family, each in its one spelling."""
    return addressing.by_family(addressing.canonical(text) for text in fleet["operator_networks"])


def masters(fleet: Sheet) -> list[Master]:
    """The distribution masters: name, addresses, port."""
    return [
        {"name": master["name"], "addresses": hosts(master["addresses"]), "port": master.get("port", 53)}
        for master in fleet["masters"]
    ]


def _uplink(given: Sheet) -> Uplink:
    """The uplink; ``interface`` is the one that carries the addresses, whatever is below it."""
    interface, vlan, bond = given["interface"], given.get("vlan"), given.get("bond")
    return {
        "interface": sessions.interface_of(given),
        "mtu": given["mtu"],
        "addresses": _interfaces(given["addresses"]),
        "gateways": hosts(given["gateways"]),
        "vlan": {"id": vlan, "parent": interface} if vlan else None,
        "bond": {"name": interface, "members": bond["members"], "mode": bond["mode"]} if bond else None,
    }


def hosts(texts: t.Iterable[str]) -> list[str]:
    """Bare addresses, each in its one spelling."""
    return [addressing.parse(text).text for text in texts]


def _interfaces(texts: t.Iterable[str]) -> list[str]:
    return [addressing.parse(text).interface for text in texts]


def entrance(variables: HostVariables) -> str:
    """The address that operators reach a node at: its first management address."""
    return variables["imrs_management"]["addresses"][0].partition("/")[0]


def groups(variables: HostVariables) -> list[str]:
    """The inventory groups of a node; playbooks name them, roles do not."""
    found = [
        "appliances",
        f"kind_{variables['imrs_kind']}",
        f"profile_{variables['imrs_profile']['name']}",
        f"nameserver_{variables['imrs_nameserver_provider']}",
        f"routing_{variables['imrs_routing_provider']}",
        f"site_{variables['imrs_site']}",
        f"mode_{variables['imrs_mode']}",
        f"state_{variables['imrs_state']}",
        f"country_{variables['imrs_location']['country'].lower()}",
        f"region_{variables['imrs_location']['region']}",
    ]
    if variables["imrs_cluster"]:
        found.append(f"cluster_{variables['imrs_site']}")
    if variables["imrs_provisioning"]["allowed"]:
        found.append("provisionable")
    return found


def machines(variables: HostVariables) -> list[tuple[str, str]]:
    """The machines beside a node that judge it, each with its group: its vantage, and its looking glass if any."""
    found = [(variables["imrs_vantage"], "vantages"), (variables["imrs_looking_glass"], "routers")]
    return [(name, group) for name, group in found if name]


def _tsig(master: str, keys: t.Iterable[Sheet]) -> host_variables.Tsig:
    key = next(key for key in keys if key["master"] == master)
    return {"name": key["name"], "algorithm": key["algorithm"], "secret_variable": key["secret"]}
