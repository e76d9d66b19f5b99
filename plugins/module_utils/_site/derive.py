# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""From data that passed every check to what the roles read: the contract "host variables" of docs/architecture.md."""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .. import _products as products
from . import addresses, bogons, certificates, host_variables, lifetimes, onboarding, rules, sessions
from .regions import REGION_OF
from .schema_fleet import DEFAULT_BUDGET, DEFAULT_DISKS, DEFAULT_PEAK_QUERIES, DEFAULT_RATE_LIMIT, LOG_PORT
from .schema_site import BELOW_MINIMUM

if t.TYPE_CHECKING:
    from .contract import ByFamily, IdentityZone, Kinds, LogServer, Master, Tls, Uplink
    from .host_variables import HostVariables

Sheet = dict[str, t.Any]
"""Data of a sheet, or part of one, that passed every check."""


class Deriver:
    """Host variables of one fleet. What is the same for all is made once, and shared by all of them."""

    def __init__(self, fleet: Sheet, anchors: t.Sequence[str], today: str) -> None:
        self._today = today
        self._fleet = fleet
        self._masters = masters(fleet)
        self._shared: host_variables.OfFleet = {
            "imrs_fleet": fleet["fleet"],
            "imrs_asn": addressing.ASN,
            "imrs_held_packages": list(products.held()),
            "imrs_service_addresses": service_addresses(),
            "imrs_anycast_addresses": anycast_addresses(fleet),
            "imrs_prefixes": prefixes(),
            "imrs_refused": bogons.refused(),
            "imrs_master_addresses": addressing.by_family(
                address for master in self._masters for address in master["addresses"]
            ),
            "imrs_zones": fleet["zones"],
            "imrs_trust_anchors": list(anchors),
            "imrs_operator_networks": operator_networks(fleet),
            "imrs_time_sources": time_sources(fleet),
            "imrs_log_server": log_server(fleet),
            "imrs_irr": fleet.get("irr"),
            "imrs_waivers": fleet.get("waivers", []),
            "imrs_required_attestations": fleet.get("required_attestations", []),
            "imrs_raised_checks": fleet.get("raised_checks", []),
            "imrs_vulnerabilities": fleet.get("vulnerabilities", []),
            "imrs_maintenance_windows": fleet.get("maintenance_windows", []),
            "imrs_budget": fleet.get("budget", DEFAULT_BUDGET),
            "imrs_accepted_losses": rules.losses(fleet),
            "imrs_certificate": _certificate(fleet),
            "imrs_operators": fleet.get("operators", []),
        }
        self._products = {product.name: product.variables() for product in products.PRODUCTS}
        self._profiles = {profile["name"]: _profile(profile) for profile in fleet["profiles"]}
        self._with_bmc = {
            profile["name"] for profile in fleet["profiles"] if any(port["role"] == "bmc" for port in profile["ports"])
        }

    def hosts(self, site: Sheet) -> dict[str, HostVariables]:
        """The variables of each appliance of a site: of its routers that are ours to provision, then of its nodes."""
        of_site = _of_site(site, self._today)
        routers = _provisioned(site)
        found: dict[str, HostVariables] = {
            router["router"]: {**self._shared, **of_site, **self._router(site, router)} for router in routers
        }
        if routers:  # it holds what a node has told it, and is outside of the node
            first = routers[0]["router"]
            of_site = {**of_site, "imrs_vantage": first, "imrs_looking_glass": first}
        for node in site["nodes"]:
            found[node["node"]] = {**self._shared, **of_site, **self._node(site, node)}
        return found

    def _node(self, site: Sheet, node: Sheet) -> host_variables.OfOne:
        return {
            **self._any(site, node["node"], node, _uplink(node["uplink"])),
            "imrs_function": "node",
            "imrs_bmc": "bmc" in node or node["profile"] in self._with_bmc,
            "imrs_bmc_address": addressing.parse(node["bmc"]).text if "bmc" in node else "",
            "imrs_nameserver_provider": node["nameserver"],
            "imrs_nameserver": self._products[node["nameserver"]],
            "imrs_identity_zone": self._identity_zone(site["location"], node),
            "imrs_inside": None,
            "imrs_peers": [peer.variables() for peer in sessions.of_node(site, node)],
            "imrs_members": [],
            "imrs_masters": [{**master, "tsig": _tsig(master["name"], node["tsig"])} for master in self._masters],
        }

    def _router(self, site: Sheet, router: Sheet) -> host_variables.OfOne:
        machine, neighbour = router["machine"], site["nodes"][0]["uplink"]
        interfaces = machine["interfaces"]
        uplink: Uplink = {
            "interface": interfaces["uplink"],
            "mtu": machine["mtu"],
            "addresses": _interfaces(router["uplink"]),
            "gateways": hosts(machine["gateways"]),
            "vlan": None,
            "bond": None,
        }
        inside: host_variables.Inside = {
            "interface": interfaces["nodes"],
            "mtu": neighbour["mtu"],
            "addresses": [addresses.beside(text, neighbour["addresses"]) for text in router["addresses"]],
        }
        return {
            **self._any(site, router["router"], machine, uplink),
            "imrs_function": "router",
            "imrs_bmc": machine["profile"] in self._with_bmc,
            "imrs_bmc_address": "",
            "imrs_nameserver_provider": "",
            "imrs_nameserver": None,
            "imrs_identity_zone": None,
            "imrs_inside": inside,
            "imrs_peers": [peer.variables() for peer in sessions.of_router(site, router)],
            "imrs_members": sessions.members(site, router),
            "imrs_masters": [],
        }

    def _identity_zone(self, location: Sheet, node: Sheet) -> IdentityZone | None:
        """What the node tells of itself; the country is its code (ISO 3166-1), which no language changes."""
        zone = self._fleet.get("identity_zone")
        region = REGION_OF[location["country"]].title().replace("_", "")
        place = [location["city"], location.get("subdivision", ""), location["country"], region]
        return zone and {
            "name": zone["name"],
            "server": zone["server"],
            "addresses": addressing.by_family(hosts(zone["addresses"])),
            "mailbox": _mailbox(self._fleet["operator"]["email"]),
            "strings": [_string(text) for text in (rules.full_name(node["node"]), *place)],
            "address": _router_id(node["uplink"]["addresses"]),
        }

    def _any(self, site: Sheet, name: str, machine: Sheet, uplink: Uplink) -> host_variables.OfMachine:
        """What nodes and routers have alike; ``machine``: what the sheet says of it."""
        return {
            "imrs_node": name,
            "imrs_node_name": rules.full_name(name),
            "imrs_serial": machine.get("serial", ""),
            "imrs_profile": self._profiles[machine["profile"]],
            "imrs_routing_provider": machine["routing"],
            "imrs_routing": self._products[machine["routing"]],
            "imrs_router_id": _router_id(uplink["addresses"]),
            "imrs_uplink": uplink,
            "imrs_link": sessions.link(uplink["addresses"]),
            "imrs_management": {
                "interface": machine["management"]["interface"],
                "addresses": _interfaces(machine["management"]["addresses"]),
            },
            "imrs_management_routes": _management_routes(self._fleet, machine["management"]),
            "imrs_attestations": _attested(site, name),
            "imrs_keys": lifetimes.of(self._fleet, machine),
        }


def _management_routes(fleet: Sheet, management: Sheet) -> list[host_variables.Route]:
    """How operators' networks are reached that are not on the link. By nothing else: there is no default route."""
    networks, own = operator_networks(fleet), management["addresses"]
    return [
        {"destination": destination, "gateway": addressing.parse(gateway).text}
        for gateway in management.get("gateways", ())
        for destination in networks[addressing.parse(gateway).family]
        if not any(addresses.network(destination) in addresses.network(text) for text in own)
    ]


def _attested(site: Sheet, name: str) -> list[host_variables.Attested]:
    """What is attested of a machine: of it alone, or of all of its site. One of its own counts more."""
    given = [entry for entry in site.get("attestations", ()) if entry.get("node", name) == name]
    found = {entry["check"]: entry for entry in sorted(given, key=lambda entry: "node" in entry)}
    return [{key: entry[key] for key in ("check", "by", "date", "what")} for entry in found.values()]  # type: ignore[misc]


def _router_id(interfaces: t.Iterable[str]) -> str:
    """The first IPv4 address of an uplink: no other machine has it."""
    return next(address.text for address in map(addressing.parse, interfaces) if address.family == "ipv4")


def _string(text: str) -> str:
    """As a zone file has it between quotes (RFC 1035, section 5.1); not every nameserver reads more than ASCII."""
    return "".join(chr(octet) if octet < 128 else rf"\{octet:03}" for octet in text.encode())


def _mailbox(email: str) -> str:
    """As a name (RFC 1035, section 8): dots before the @ belong to the first label."""
    local, _at, domain = email.partition("@")
    label = local.replace(".", r"\.")
    return f"{label}.{domain}."


def _provisioned(site: Sheet) -> list[Sheet]:
    """The routers of a site that are ours to provision: all of a cluster's, or none."""
    return [router for router in site.get("cluster", {}).get("routers", ()) if "machine" in router]


def _profile(profile: Sheet) -> host_variables.Profile:
    """What roles need of a hardware profile; the picture of its rear side is for people."""
    return {
        "name": profile["name"],
        "link_mbps": profile["link_mbps"],
        "cores": profile["cores"],
        "memory_mib": profile["memory_mib"],
        "tcp_clients": profile["tcp_clients"],
        "rate_limit": profile.get("rate_limit", DEFAULT_RATE_LIMIT),
        "peak_queries": profile.get("peak_queries", DEFAULT_PEAK_QUERIES),
        "ecc": profile.get("ecc", True),
        "disks": profile.get("disks", DEFAULT_DISKS),
        "power_supplies": profile["power_supplies"],
        "firmware": {part: list(versions) for part, versions in profile.get("firmware", {}).items()},
        "cards": dict(profile.get("cards", {})),
    }


def _of_site(site: Sheet, today: str) -> host_variables.OfSite:
    """The variables that are the same for every appliance of a site."""
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
        "imrs_unlimited_resolvers": [addressing.canonical(text) for text in site.get("unlimited_resolvers", ())],
        "imrs_cluster": {
            "minimum_live": cluster["minimum_live"],
            "below_minimum": cluster.get("below_minimum", BELOW_MINIMUM),
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


def anycast_addresses(fleet: Sheet) -> ByFamily:
    """Those that every node has: the service addresses, and those of the identity zone where there is one."""
    more = addressing.by_family(hosts(fleet.get("identity_zone", {}).get("addresses", ())))
    return {family: found + more[family] for family, found in service_addresses().items()}


def prefixes() -> dict[str, Kinds]:
    """``{"ipv4": {"specific": [...], "covering": [...]}, "ipv6": …}``"""
    return {
        family: {"specific": list(addressing.SPECIFIC[family]), "covering": list(addressing.COVERING[family])}
        for family in addressing.FAMILIES
    }


def operator_networks(fleet: Sheet) -> ByFamily:
    """By family, each in its one spelling."""
    return addressing.by_family(addressing.canonical(text) for text in fleet["operator_networks"])


def time_sources(fleet: Sheet) -> list[host_variables.TimeSource]:
    """The NTP servers that set the clocks; none where the fleet leaves the clocks alone."""
    return [
        {
            "name": source["name"].removesuffix("."),
            "addresses": hosts(source["addresses"]),
            "nts": source.get("nts", False),
        }
        for source in fleet.get("time_sources", ())
    ]


def log_server(fleet: Sheet) -> LogServer | None:
    """Where the log goes; None where it stays on the nodes."""
    given = fleet.get("log_server")
    return given and {
        "name": given["name"].removesuffix("."),
        "addresses": hosts(given["addresses"]),
        "port": given.get("port", LOG_PORT),
        "certificates": [certificates.read(pem).pem for pem in given["certificates"]],
    }


def masters(fleet: Sheet) -> list[Master]:
    """The distribution masters: name, addresses, port, and how they hand out zones over TLS."""
    return [
        {
            "name": master["name"],
            "addresses": hosts(master["addresses"]),
            "port": master.get("port", 53),
            "tls": _tls(master["tls"]) if "tls" in master else None,
        }
        for master in fleet["masters"]
    ]


def _tls(given: Sheet) -> Tls:
    read = [certificates.read(pem) for pem in given["certificates"]]
    return {
        "name": given["name"].removesuffix("."),
        "port": given.get("port", 853),
        "certificates": [each.pem for each in read],
        "pins": list(dict.fromkeys(each.pin for each in read)),  # one that was renewed has its key still
    }


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


def _certificate(fleet: Sheet) -> host_variables.Certificate | None:
    """Who signs certificates; None where nobody has to."""
    found = fleet.get("certificate")
    return {"signers": found["signers"], "days": found.get("days")} if found else None


def _interfaces(texts: t.Iterable[str]) -> list[str]:
    return [addressing.parse(text).interface for text in texts]


def entrance(variables: HostVariables) -> str:
    """The address that operators reach an appliance at: its first management address."""
    return variables["imrs_management"]["addresses"][0].partition("/")[0]


def groups(variables: HostVariables) -> list[str]:
    """The inventory groups of a node or router; playbooks name them, roles do not."""
    nameserver = variables["imrs_nameserver_provider"]
    found = [
        "appliances",
        f"function_{variables['imrs_function']}",
        f"kind_{variables['imrs_kind']}",
        f"profile_{variables['imrs_profile']['name']}",
        *([f"nameserver_{nameserver}"] if nameserver else []),
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


ALWAYS = ("function_node", "function_router")
"""Groups that are there even if they are empty: a playbook is for one of them."""


def machines(variables: HostVariables, appliances: t.Container[str]) -> list[tuple[str, str]]:
    """The machines beside an appliance that judge it, each with its group: its vantage, and its looking glass if any.

    ``appliances``: all of the fleet. What is one of them, as a router of ours that judges the nodes behind it, has the
    groups of an appliance and no other.
    """
    found = [(variables["imrs_vantage"], "vantages"), (variables["imrs_looking_glass"], "routers")]
    return [(name, group) for name, group in found if name and name not in appliances]


def _tsig(master: str, keys: t.Iterable[Sheet]) -> host_variables.Tsig:
    key = next(key for key in keys if key["master"] == master)
    previous = key.get("previous")
    return {**_key(key), "previous": _key(previous) if previous else None}


def _key(key: Sheet) -> host_variables.Key:
    return {"name": key["name"], "algorithm": key["algorithm"], "secret_variable": key["secret"]}
