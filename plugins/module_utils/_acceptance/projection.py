# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""From the host variables of a node to what acceptance and drift go by. For the controller: modules get the result."""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing

if t.TYPE_CHECKING:
    from .._site.contract import Uplink
    from .._site.host_variables import HostVariables, Profile

READ = (
    "imrs_node_name",
    "imrs_asn",
    "imrs_router_id",
    "imrs_service_addresses",
    "imrs_identity_zone",
    "imrs_prefixes",
    "imrs_peers",
    "imrs_zones",
    "imrs_masters",
    "imrs_trust_anchors",
    "imrs_nameserver_provider",
    "imrs_routing_provider",
    "imrs_mode",
    "imrs_uplink",
    "imrs_cluster",
    "imrs_function",
    "imrs_members",
    "imrs_profile",
    "imrs_irr",
    "imrs_serial",
    "imrs_refused",
    "imrs_link",
    "imrs_time_sources",
    "imrs_log_server",
    "imrs_bmc",
    "imrs_bmc_address",
    "imrs_management",
)
"""The host variables that ``project`` reads."""


def project(variables: HostVariables) -> dict[str, t.Any]:
    """What ``Expected.parse`` and the probes read, from the host variables of one node (docs/architecture.md).

    KeyError with the name of a variable that is not there.
    """
    found = [text.partition("/")[0] for text in variables["imrs_uplink"]["addresses"]]
    cluster = variables["imrs_cluster"]
    return {
        "node_name": variables["imrs_node_name"],
        "asn": variables["imrs_asn"],
        "router_id": variables["imrs_router_id"],
        "service_addresses": variables["imrs_service_addresses"],
        "identity_zone": variables["imrs_identity_zone"],
        "prefixes": variables["imrs_prefixes"],
        "peers": variables["imrs_peers"],
        "zones": variables["imrs_zones"],
        "masters": variables["imrs_masters"],
        "trust_anchors": variables["imrs_trust_anchors"],
        "nameserver_provider": variables["imrs_nameserver_provider"],
        "routing_provider": variables["imrs_routing_provider"],
        "mode": variables["imrs_mode"],
        "siblings": [name for name in cluster["node_names"] if name != variables["imrs_node_name"]] if cluster else [],
        "function": variables["imrs_function"],
        "members": variables["imrs_members"],
        "irr": variables["imrs_irr"],
        "refused": variables["imrs_refused"],
        "link": variables["imrs_link"],
        "time_sources": variables["imrs_time_sources"],
        "log_server": variables["imrs_log_server"],
        "minimum_live": cluster["minimum_live"] if cluster else 0,
        "tcp_clients": variables["imrs_profile"]["tcp_clients"],
        "hardware": {
            "serial": variables["imrs_serial"],
            **_of_profile(variables["imrs_profile"]),
            "uplink": variables["imrs_uplink"]["interface"],
            "ports": _ports(variables["imrs_uplink"]),
            "management": variables["imrs_management"]["interface"],
            "bmc": variables["imrs_bmc"],
            "bmc_address": variables["imrs_bmc_address"],
        },
        # Where NOTIFY arrives. A master cannot reach a link-local address.
        "notify_addresses": [address for address in found if not addressing.is_link_local(address)],
    }


def _of_profile(profile: Profile) -> dict[str, t.Any]:
    """What a hardware class says of each of its machines."""
    return {
        "cores": profile["cores"],
        "memory_mib": profile["memory_mib"],
        "link_mbps": profile["link_mbps"],
        "ecc": profile["ecc"],
        "power_supplies": profile["power_supplies"],
        "firmware": profile["firmware"],
        "cards": profile["cards"],
    }


def _ports(uplink: Uplink) -> list[str]:
    """The physical interfaces of an uplink: a bond's members, the parent of a VLAN, or the interface itself."""
    if uplink["bond"]:
        return list(uplink["bond"]["members"])
    return [uplink["vlan"]["parent"] if uplink["vlan"] else uplink["interface"]]
