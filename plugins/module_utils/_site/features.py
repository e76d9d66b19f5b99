# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Features of software that a vulnerability may need, and which of them a node uses, as its sheet has it.

No feed of vulnerabilities says which feature one needs; engineers write it into the fleet's file (``vulnerabilities``).
Here is only what can be told for sure: from host variables, or because no role configures it
(``tests/unit/contracts/test_features.py`` holds that against the templates and all that is rendered).
"""

from __future__ import annotations

import typing as t

Variables = t.Mapping[str, t.Any]
"""Host variables of one appliance (``host_variables.HostVariables``)."""


class Feature(t.NamedTuple):
    """One feature."""

    title: str
    """What it is, for people."""
    used: t.Callable[[Variables], bool]
    """Whether an appliance with these host variables uses it."""


def _never(_variables: Variables) -> bool:
    return False


def _peers(variables: Variables) -> list[t.Mapping[str, t.Any]]:
    return list(variables["imrs_peers"])


def _sessions(variables: Variables) -> list[t.Mapping[str, t.Any]]:
    """Of a router of a cluster, those with its nodes, too."""
    return [*_peers(variables), *variables["imrs_members"]]


USED_BY_SOME = {
    "bfd": Feature("a BGP session is watched by BFD (RFC 5880)", lambda of: any(each["bfd"] for each in _sessions(of))),
    "bgp_ipv4": Feature("a BGP session over IPv4", lambda of: any(each["family"] == "ipv4" for each in _sessions(of))),
    "bgp_ipv6": Feature("a BGP session over IPv6", lambda of: any(each["family"] == "ipv6" for each in _sessions(of))),
    "bgp_link_local": Feature(
        "a BGP session between link-local addresses", lambda of: any(each["interface"] for each in _peers(of))
    ),
    "bgp_multihop": Feature("a BGP session over several hops", lambda of: any(each["multihop"] for each in _peers(of))),
    "bgp_password": Feature(
        "a BGP session with a password (RFC 2385)", lambda of: any(each["password_variable"] for each in _sessions(of))
    ),
    "bgp_role": Feature(
        "a BGP session with a role (RFC 9234)", lambda of: any(each["bgp_role"] for each in _peers(of))
    ),
    "bgp_routes_in": Feature(
        "routes of a BGP neighbour are taken (inbound is default or all)",
        lambda of: any(each["inbound"] != "none" for each in _peers(of)),
    ),
    "bgp_route_server": Feature(
        "a BGP session with a route server (RFC 7947)", lambda of: any(each["route_server"] for each in _peers(of))
    ),
    "cluster": Feature("the node, or router, is one of a cluster", lambda of: bool(of["imrs_cluster"])),
    "bond": Feature("the uplink is a bond", lambda of: bool(of["imrs_uplink"]["bond"])),
    "vlan": Feature("the uplink is a VLAN", lambda of: bool(of["imrs_uplink"]["vlan"])),
    "bmc": Feature("the machine has a BMC, and the programs that ask it", lambda of: bool(of["imrs_bmc"])),
    "dns": Feature("a nameserver, which transfers zones and answers", lambda of: bool(of["imrs_nameserver"])),
    "identity_zone": Feature(
        "the identity zone is served (RFC 7108 section 4.4)", lambda of: bool(of["imrs_identity_zone"])
    ),
    "transfer_tls": Feature(
        "zones are transferred over TLS (RFC 9103)", lambda of: any(each["tls"] for each in of["imrs_masters"])
    ),
    "ntp": Feature("the clock is set by NTP", lambda of: bool(of["imrs_time_sources"])),
    "nts": Feature(
        "sources of time sign their answers (NTS, RFC 8915)",
        lambda of: any(each["nts"] for each in of["imrs_time_sources"]),
    ),
    "log_server": Feature("the log is sent to a log server", lambda of: bool(of["imrs_log_server"])),
}
"""By name: what some nodes use, and others do not."""

USED_BY_NONE = {
    name: Feature(title, _never)
    for name, title in {
        "babel": "the routing protocol Babel",
        "bmp": "the BGP Monitoring Protocol (RFC 7854)",
        "evpn": "EVPN (RFC 7432)",
        "flowspec": "flow specifications in BGP (RFC 8955)",
        "isis": "the routing protocol IS-IS",
        "ldp": "label distribution (LDP, MPLS)",
        "multicast": "multicast routing (PIM, IGMP)",
        "ospf": "the routing protocol OSPF",
        "rip": "the routing protocols RIP and RIPng",
        "rpki": "a session with a validator of the RPKI (RTR)",
        "vpn": "VPNs in BGP (RFC 4364)",
        "vrf": "more than one routing table for BGP (VRF)",
        "catalog_zones": "catalog zones (RFC 9432)",
        "dns_over_tls": "questions over TLS, HTTPS or QUIC",
        "dnssec_signing": "zones are signed on the node",
        "dnstap": "answers are logged by dnstap",
        "dynamic_update": "zones are changed by dynamic updates (RFC 2136)",
        "transfer_out": "zones are handed out by transfer",
        "xdp": "packets by XDP, past the kernel",
        "unused": "something else that no node uses; the reason says what, and why that is so",
    }.items()
}
"""By name: what no role configures. ``unused`` is an engineer's word alone."""

FEATURES = {**USED_BY_SOME, **USED_BY_NONE}


def unused(needs: t.Iterable[str], variables: Variables) -> list[str]:
    """Those of ``needs`` that an appliance does not use; one is enough to say that it is not affected.

    KeyError for a name that is not in ``FEATURES``, or a host variable that is not there.
    """
    return [name for name in needs if not FEATURES[name].used(variables)]
