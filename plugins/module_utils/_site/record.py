# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The record of a site: what documents for people are made from. No secret, and no name of one, is in it."""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from . import contract, derive, formats, onboarding, sessions
from .regions import REGION_OF
from .rules.cluster import without_one

if t.TYPE_CHECKING:
    from .host_variables import HostVariables

Sheet = dict[str, t.Any]
"""Data of a sheet, or part of one, that passed every check."""


class Recorder:
    """Records of one fleet. What is the same for every site is made once, and shared by all of them."""

    def __init__(self, fleet: Sheet, today: str) -> None:
        self._today = today
        self._shared: contract.FleetPart = {
            "prefixes": derive.prefixes(),
            "service_addresses": derive.service_addresses(),
            "anycast_addresses": derive.anycast_addresses(fleet),
            "operator": fleet["operator"],
            "operator_networks": derive.operator_networks(fleet),
            "masters": derive.masters(fleet),
            "maintenance_windows": fleet.get("maintenance_windows", []),
            "time_signed": any(source["nts"] for source in derive.time_sources(fleet)),
            "log_server": derive.log_server(fleet),
            "irr": fleet.get("irr"),
        }
        self._name = fleet["fleet"]
        self._profiles = {profile["name"]: profile for profile in fleet["profiles"]}

    def record(self, site: Sheet, hosts: t.Mapping[str, HostVariables]) -> contract.SiteRecord:
        """The record of one site; ``hosts`` are the variables of its appliances."""
        return {
            "fleet": self._name,
            "language": site.get("language", "en"),
            "day": self._today,
            "site": site["site"],
            "kind": site["kind"],
            "state": onboarding.state(site, self._today),
            "operational": site["operational"],
            "mode": onboarding.effective_mode(site, self._today),
            "asn": addressing.ASN,
            "host": _host(site["host"]),
            "location": _location(site["location"]),
            "nodes": [_node(self._profiles[node["profile"]], hosts[node["node"]]) for node in site["nodes"]],
            "cluster": self._cluster(site) if "cluster" in site else None,
            "sessions": sessions.of_host(site),
            "onboarding": onboarding.progress(site, self._today),
            "maintenance": site.get("maintenance", []),
            "decommissioned": site.get("decommissioned"),
            **self._shared,
        }

    def _cluster(self, site: Sheet) -> contract.Cluster:
        cluster = site["cluster"]
        links = [self._profiles[node["profile"]]["link_mbps"] for node in site["nodes"]]
        return {
            "minimum_live": cluster["minimum_live"],
            "uplink_mbps": cluster["uplink_mbps"],
            "links_without_one_mbps": without_one(links),
            "routers": [
                {
                    "router": router["router"],
                    "addresses": derive.hosts(router["addresses"]),
                    "uplink": [addressing.parse(text).interface for text in router["uplink"]],
                }
                for router in cluster["routers"]
            ],
        }


def _host(host: Sheet) -> contract.Host:
    noc, hands = host["contacts"]["noc"], host["contacts"].get("remote_hands")
    desk: contract.Contact = {"name": noc.get("name", ""), "email": noc["email"], "phone": noc["phone"]}
    people: contract.Contact | None = None
    if hands:
        people = {
            "name": hands.get("name", ""),
            "email": hands["email"],
            "phone": hands["phone"],
            "hours": hands.get("hours", ""),
        }
    return {
        "name": host["name"],
        "type": host["type"],
        "country": host["country"],
        "contacts": {"noc": desk, "remote_hands": people},
        "gse": host["gse"],
    }


def _location(location: Sheet) -> contract.Location:
    latitude, longitude = formats.coordinates(location["coordinates"])
    return {
        "iata": location["iata"],
        "city": location["city"],
        "country": location["country"],
        "region": REGION_OF[location["country"]],
        "latitude": latitude,
        "longitude": longitude,
        "time_zone": location.get("time_zone", ""),
    }


def _node(profile: contract.Profile, variables: HostVariables) -> contract.NodeRecord:
    return {
        "node": variables["imrs_node"],
        "node_name": variables["imrs_node_name"],
        "profile": profile,
        "serial": variables["imrs_serial"],
        "bmc": variables["imrs_bmc_address"],
        "nameserver": variables["imrs_nameserver_provider"],
        "routing": variables["imrs_routing_provider"],
        "uplink": variables["imrs_uplink"],
        "management": variables["imrs_management"],
        "keys": variables["imrs_keys"],
    }
