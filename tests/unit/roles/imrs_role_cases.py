# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes whose files are rendered for tests: together they use every option of a session, a zone and a master."""

from __future__ import annotations

import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._site import bogons, sessions
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Peer

SECRETS = {
    "vault_bgp_host": "bgp-password-of-the-host-00",
    "vault_tsig_dist1": "ZGlzdDEtdHJhbnNmZXIta2V5LTAwMDAwMDAwMDAwMDA=",
    "vault_tsig_dist1_2027": "ZGlzdDEtdHJhbnNmZXIta2V5LW9mLTIwMjctMDAwMDA=",
    "vault_tsig_dist2": "ZGlzdDItdHJhbnNmZXIta2V5LTAwMDAwMDAwMDAwMDA=",
}
"""What the vault would hold."""

V4 = {"address": "192.0.2.1", "local_address": "192.0.2.2", "family": "ipv4", "mark": "20144:4:1"}
V6 = {"address": "2001:db8::1", "local_address": "2001:db8::2", "family": "ipv6", "mark": "20144:6:1"}


def uplink(addresses: list[str], gateways: list[str]) -> dict[str, t.Any]:
    """``imrs_uplink``, without a VLAN and a bond."""
    found: dict[str, t.Any] = {"interface": "uplink", "mtu": 1500, "addresses": addresses, "gateways": gateways}
    return {**found, "vlan": None, "bond": None}


UPLINK = uplink(["192.0.2.2/29", "2001:db8::2/64"], ["192.0.2.1", "2001:db8::1"])
LOCAL = uplink(["192.0.2.2/29", "2001:db8::2/64", "fe80::2/64"], ["192.0.2.1", "fe80::1"])


def session(family: dict[str, t.Any], own: t.Mapping[str, t.Any] = UPLINK, **options: t.Any) -> dict[str, t.Any]:
    """One entry of ``imrs_peers``; by default a directly connected eBGP session without any option."""
    entry = {"asn": 64500, "description": "Example Net", **family, **options}
    entry |= sessions.over(entry, own)
    return Peer.read({"name": f"as{entry['asn']}_{entry['family']}_1", **entry}).variables()


def both(**options: t.Any) -> list[dict[str, t.Any]]:
    """The same session for IPv4 and for IPv6."""
    return [session(V4, **options), session(V6, **options)]


FAR = [
    session(
        {"address": "198.51.100.9", "local_address": "192.0.2.2", "family": "ipv4"}, asn=64501, multihop=2,
        mark="20144:4:4294967295",
        description="Example Transit, two hops away", inbound="default", max_prefix=1,
        bfd={"interval_ms": 300, "multiplier": 3},
    ),
    session(
        {"address": "2001:db8:0:7::9", "local_address": "2001:db8::2", "family": "ipv6"}, asn=64501, multihop=2,
        mark="20144:6:4294967295",
        description="Example Transit, two hops away", inbound="all", max_prefix=1000,
    ),
]  # fmt: skip
DRESSED = both(
    description="Example Net,\nsecond line",
    hold_time=12,
    keepalive_time=4,
    communities=["64500:100", "64500:200"],
    large_communities=["64500:1:2", "65551:4294967295:0"],
    no_export=True,
    prepend=2,
    inbound="default",
    max_prefix=1,
)
INSIDE = [
    session(V4, asn=20144, internal=True, password_variable="vault_bgp_host", description="nbo-r1"),
    session(V6, asn=20144, internal=True, description="nbo-r1", inbound="default", max_prefix=1),
]

INSIDE_LINK = {"interface": "nodes", "mtu": 1500, "addresses": ["192.0.2.33/28", "2001:db8:0:21::1/64"]}
"""``imrs_inside`` of a router."""


def members(**options: t.Any) -> list[dict[str, t.Any]]:
    """``imrs_members`` of a router: two nodes, each with a session for IPv4 and one for IPv6."""
    ends = {"ipv4": ("192.0.2.33", "192.0.2.3{}"), "ipv6": ("2001:db8:0:21::1", "2001:db8:0:21::{}")}
    return [
        {
            "name": f"xlc0{number}_{family}",
            "node": f"xlc0{number}",
            "family": family,
            "address": node.format(number + (6 if family == "ipv4" else 4)),
            "local_address": own,
            "hold_time": 9,
            "keepalive_time": 3,
            "bfd": None,
            "password_variable": "vault_bgp_host" if family == "ipv4" else None,
            **options,
        }
        for number in (1, 2)
        for family, (own, node) in ends.items()
    ]


TIME_SOURCES = [
    {"name": f"ntp{number}.imrs.example", "addresses": found, "nts": False}
    for number, found in enumerate(
        (
            ["198.51.100.129", "2001:db8:f300::1"],
            ["198.51.100.130", "2001:db8:f300::2"],
            ["198.51.100.131"],
            ["2001:db8:f300::4"],
        ),
        start=1,
    )
]
"""Two servers of time with an address of each family, and two with one."""
LOG_SERVER = {
    "name": "log.imrs.example",
    "addresses": ["198.51.100.177", "2001:db8:f300:5::1"],
    "port": 19532,
    "certificates": ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"],
}
MASTERS = [
    {
        "name": name,
        "addresses": [f"203.0.113.{number}", f"2001:db8:0:3::{number}"],
        "port": 53,
        "tls": None,
        "tsig": {
            "name": f"xlb01-{name}.example.",
            "algorithm": "hmac-sha256",
            "secret_variable": f"vault_tsig_{name}",
            "previous": None,
        },
    }
    for number, name in enumerate(("dist1", "dist2"), start=1)
]
CERTIFICATES = [
    """-----BEGIN CERTIFICATE-----
MIIBRzCB76ADAgECAgEBMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDWRpc3QxLmV4
YW1wbGUwHhcNMjYwMTAxMDAwMDAwWhcNNDYwMTAxMDAwMDAwWjAYMRYwFAYDVQQD
DA1kaXN0MS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhaMVqYwI
ieCssbObfpDhFE2BfGhvOcVKOgwe//1L53ijFZpk2xZKpmQyePkbWNs9lZF6OP0N
9rPHSpUj7ScT26MqMCgwGAYDVR0RBBEwD4INZGlzdDEuZXhhbXBsZTAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0cAMEQCIAGp0hUN+l6dpJb+H8cCHgrYGEA6RFvv
bLOhXx5IXZLlAiBhBN8fLE0jtthHuitWRYgsMPNuS1Z0Om+/U/LBVm2WNg==
-----END CERTIFICATE-----""",
    """-----BEGIN CERTIFICATE-----
MIIBSDCB76ADAgECAgECMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDWRpc3QxLmV4
YW1wbGUwHhcNMjYwMTAxMDAwMDAwWhcNNDYwMTAxMDAwMDAwWjAYMRYwFAYDVQQD
DA1kaXN0MS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp7/Ds35D
hIYrtHYSc3fA1+hwWmpdKRtpuzHuPs0msqWjqRlrSuE18f006gCWUxb9x2S7OAOX
7BThS8Q4lQWHJqMqMCgwGAYDVR0RBBEwD4INZGlzdDEuZXhhbXBsZTAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQDFIIeRVFxxsSMz9lXuy2V7wbQCxJkI
V6QEfeHEdMLGPAIgJ00HSnUDDDUcUvcKmOO5sQruNIawfEfuQIfoqEajLkw=
-----END CERTIFICATE-----""",
    """-----BEGIN CERTIFICATE-----
MIIBSDCB76ADAgECAgEDMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDWRpc3QyLmV4
YW1wbGUwHhcNMjYwMTAxMDAwMDAwWhcNNDYwMTAxMDAwMDAwWjAYMRYwFAYDVQQD
DA1kaXN0Mi5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9hixDyUp
BA7/TQ9+3BfLauxyJ7wRkCYWB6//LIViuTCH+50Et45kox2ZYmVeoX4Rer4duGhr
zdUAyjPtwxt9vaMqMCgwGAYDVR0RBBEwD4INZGlzdDIuZXhhbXBsZTAMBgNVHRMB
Af8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIFcUVph4qu4DI4cnRQJmEovBbYjBFAje
n/VQ4ScuqZE6AiEAzWubmA4gAC6u9SF+N3z4cfjgiqC9Gv1PZJsvE4TXu7o=
-----END CERTIFICATE-----""",
]
"""Two of a master that hands out zones over TLS, and one of another master. Nobody has a key of theirs."""
PINS = [
    "EMt69gqYwHIDRMHhk/sd9Mftu/rEz0958L8rWWs2PQE=",
    "s2Z1/uIXGNKteffp5P+dRvA+un/yU5iBOvbATz/SN3g=",
    "8bmVo+yZy9lLnOt/nPIXl50Q412ftbT6CsO4qbh7U5o=",
]
TLS = [
    {"name": "dist1.example", "port": 853, "certificates": CERTIFICATES[:2], "pins": PINS[:2]},
    {"name": "dist2.example", "port": 8853, "certificates": CERTIFICATES[2:], "pins": PINS[2:]},
]
ZONES = [{"name": name, "zonemd": True, "dnssec": True} for name in (".", "arpa.")]
SERVED = [{"name": name, "zonemd": True, "dnssec": True} for name in (".", "arpa.", "root-servers.net.")]
EVERY_KIND_OF_ZONE = [
    {"name": ".", "zonemd": False, "dnssec": True},
    {"name": "arpa.", "zonemd": True, "dnssec": False},
    {"name": "root-servers.net.", "zonemd": False, "dnssec": False},
]

IDENTITY_ZONE = {
    "name": "identity.l.root-servers.org.",
    "server": "beacon.l.root-servers.org.",
    "addresses": {"ipv4": ["199.7.83.53"], "ipv6": ["2001:500:9f::53"]},
    "mailbox": "noc.imrs.example.",
    "strings": ["xlb01.l.root-servers.org", r"S\195\163o Tom\195\169; the city", "", "ST", "Africa"],
    "address": "192.0.2.2",
}
"""``imrs_identity_zone`` of a node in a place whose name is not written in ASCII."""

NODE: dict[str, t.Any] = {
    "imrs_node_name": "xlb01.l.root-servers.org",
    "imrs_asn": 20144,
    "imrs_router_id": "192.0.2.2",
    "imrs_maintenance_windows": [],
    "imrs_disrupt": False,
    "imrs_members": [],
    "imrs_inside": None,
    "imrs_profile": {
        "link_mbps": 1000,
        "cores": 4,
        "memory_mib": 16384,
        "tcp_clients": 250,
        "rate_limit": 400,
        "peak_queries": 1000,
        "ecc": True,
        "power_supplies": 2,
        "firmware": {},
        "cards": {},
    },
    "imrs_unlimited_resolvers": [],
    "imrs_service_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
    "imrs_anycast_addresses": {"ipv4": ["199.7.83.42"], "ipv6": ["2001:500:9f::42", "2001:500:3::42"]},
    "imrs_identity_zone": None,
    "imrs_prefixes": {
        "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
        "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
    },
    "imrs_uplink": UPLINK,
    "imrs_link": sessions.link(UPLINK["addresses"]),
    "imrs_management": {"interface": "mgmt", "addresses": ["198.51.100.11/24"]},
    "imrs_bmc": False,
    "imrs_bmc_address": "",
    "imrs_masters": MASTERS,
    "imrs_master_addresses": {
        "ipv4": ["203.0.113.1", "203.0.113.2"],
        "ipv6": ["2001:db8:0:3::1", "2001:db8:0:3::2"],
    },
    "imrs_time_sources": TIME_SOURCES,
    "imrs_log_server": LOG_SERVER,
    "ansible_facts": {"virtualization_role": "host", "virtualization_type": "none"},
    "imrs_refused": bogons.refused(),
    "imrs_zones": ZONES,
    "imrs_trust_anchors": [
        ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
        ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
    ],
}

EVERYBODY = ("knot", "nsd", "bird", "frr")
CASES: dict[str, tuple[tuple[str, ...], dict[str, t.Any]]] = {
    "plain": (EVERYBODY, {"imrs_peers": both(password_variable="vault_bgp_host")}),
    "options": (
        EVERYBODY,
        {
            "imrs_peers": DRESSED + FAR,
            "imrs_zones": EVERY_KIND_OF_ZONE,
            "imrs_masters": [{**MASTERS[0], "port": 5353}, MASTERS[1]],
            "imrs_identity_zone": IDENTITY_ZONE,
            "nameserver_rate_limit": 0,
            "nameserver_tcp_time_limit": 8000,
        },
    ),
    "changes": (
        EVERYBODY,
        {
            "imrs_peers": both(
                password_variable="vault_bgp_host", inbound="all", max_prefix=1000, communities=["64500:100"]
            ),
            "imrs_identity_zone": IDENTITY_ZONE,
            "nameserver_rate_limit": 100000,
            "nameserver_rate_limit_slip": 1,
        },
    ),
    # What is answered, without a limit of how much, and with the usual one.
    "answers": (("knot", "nsd"), {"imrs_zones": SERVED, "nameserver_rate_limit": 0}),
    "limited": (("knot", "nsd"), {"imrs_zones": SERVED}),
    "tls": (
        ("knot", "nsd"),
        {"imrs_masters": [{**master, "tls": tls} for master, tls in zip(MASTERS, TLS, strict=True)]},
    ),
    "bfd": (("bird", "frr"), {"imrs_peers": both(bgp_role="customer", bfd={"interval_ms": 300, "multiplier": 3})}),
    "local": (
        ("bird", "frr"),
        {
            "imrs_uplink": LOCAL,
            "imrs_link": sessions.link(LOCAL["addresses"]),
            "imrs_peers": [
                session(V4),
                session(
                    {"address": "fe80::1", "local_address": "fe80::2", "family": "ipv6", "mark": "20144:6:1"},
                    LOCAL,
                    bfd={"interval_ms": 300, "multiplier": 3},
                ),
            ],
        },
    ),
    "clock": (("chrony",), {}),
    "clock_nts": (("chrony",), {"imrs_time_sources": [{**source, "nts": True} for source in TIME_SOURCES]}),
    "table": (("bird", "frr"), {"imrs_peers": both(inbound="all", max_prefix=2)}),
    "cluster": (("bird", "frr"), {"imrs_peers": INSIDE}),
    "router": (
        ("bird", "frr"),
        {
            "imrs_peers": both(inbound="default", max_prefix=1, communities=["64500:100"], prepend=1),
            "imrs_members": members(),
            "imrs_inside": INSIDE_LINK,
        },
    ),
}
"""By the name of the folder that the files go to: whose files, and what is different from ``NODE``."""
