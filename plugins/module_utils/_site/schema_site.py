# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The shape of a site sheet: JSON Schema (draft 2020-12) as Python data. Rules that it cannot say are in ``rules``."""

from __future__ import annotations

from .. import _products as products
from . import lifetimes, onboarding, parts
from .parts import Schema, choice, field, many, number, record, text
from .session import Session


def _providers(kind: str) -> Schema:
    """The daemons of one kind that a node can run."""
    return choice(*(product.name for product in products.of_kind(kind)))


BELOW_MINIMUM = "drained"
"""What the routers of a cluster announce with fewer live nodes than it needs, where its sheet does not say."""

NOC = record(
    "a contact",
    {"email": parts.EMAIL, "phone": parts.PHONE},
    {"name": field(parts.PROSE, "Name of the desk or person")},
)
REMOTE_HANDS = record(
    "a contact",
    {"email": parts.EMAIL, "phone": parts.PHONE},
    {"name": parts.PROSE, "hours": field(parts.PROSE, "When somebody is there", "24/7")},
)
HOST = record(
    "the host organisation",
    {
        "name": field(parts.PROSE, "Name of the host organisation", "Example Net"),
        "type": field(
            choice("isp", "enterprise", "university", "government", "registry", "nren", "ixp", "other"),
            "What the host is; an IXP only by exception",
        ),
        "country": field(parts.COUNTRY, "Country of the organisation"),
        "contacts": record(
            "the contacts noc and remote_hands",
            {"noc": field(NOC, "Network operations of the host")},
            {"remote_hands": field(REMOTE_HANDS, "People who can touch the appliance")},
        ),
        "gse": record(
            "the GSE region and coordinator",
            {
                "region": field(parts.NAME, "Region of Global Stakeholder Engagement", "africa"),
                "coordinator": field(parts.PROSE, "Who at GSE accompanies the host"),
            },
        ),
    },
)
LOCATION = record(
    "a location",
    {
        "iata": field(text(r"[a-z]{3}", "an airport code in three lower-case letters, such as nbo"), "Nearest airport"),
        "city": field(parts.PLACE, "City", "Nairobi"),
        "country": field(parts.COUNTRY, "Country of the location; it decides the ICANN region"),
        "coordinates": field(parts.COORDINATES, "Latitude and longitude (WGS 84)", "-1.3192, 36.9278"),
    },
    {
        "subdivision": field(parts.PLACE, "Province or state, as the identity zone tells it", "Ontario"),
        "time_zone": field(parts.TIME_ZONE, "Of the host, who reads maintenance windows in it, too", "Africa/Nairobi"),
    },
)
SERIAL = field(
    text(r"[A-Za-z0-9-]{1,40}", "a serial number (letters, digits and -)"), "Serial number, once it is bought"
)
PROFILE = field(parts.NAME, "Hardware class, described in fleet.yml", "calypso")
ROUTING = field(_providers(products.ROUTING), "Routing daemon")
MTU = field(number(1280, 9216, "an MTU in bytes"), "MTU", 1500)
MANAGEMENT = field(
    record(
        "a management port",
        {"interface": parts.INTERFACE, "addresses": parts.INTERFACE_ADDRESSES},
        {
            "gateways": field(
                parts.ADDRESSES, "By which the operators' networks are reached, one of each family at most"
            )
        },
    ),
    "Towards ICANN's operators only",
)
_KEY = {
    "name": field(parts.DNS_NAME, "Name of the key", "nbo01-dist1.example."),
    "algorithm": choice("hmac-sha256", "hmac-sha384", "hmac-sha512"),
    "secret": field(parts.SECRET, "Vault variable with the key", "vault_tsig_nbo01_dist1"),
}
TSIG = record(
    "a TSIG key",
    {"master": field(parts.NAME, "Master of the fleet", "dist1"), **_KEY},
    {
        "previous": field(
            record("a TSIG key", _KEY),
            "While the key is rolled: the one before, of which the node takes no more than NOTIFY",
        )
    },
)
BOND = record(
    "a bond",
    {
        "members": field(many(parts.INTERFACE, "a list of interfaces"), "Physical interfaces", ["eno2", "eno3"]),
        "mode": choice("802.3ad", "active-backup"),
    },
)
UPLINK = record(
    "an uplink",
    {
        "interface": field(parts.INTERFACE, "Physical interface, or the bond's name", "eno2"),
        "mtu": MTU,
        "addresses": field(parts.INTERFACE_ADDRESSES, "The node's addresses towards the host, both families"),
        "gateways": field(parts.ADDRESSES, "The host's routers: one IPv4 and one IPv6 address"),
    },
    {
        "bond": field(BOND, "Link aggregation"),
        "vlan": field(number(1, 4094, "a VLAN number"), "Tag of the uplink; the addresses are then on vlan<number>"),
    },
)
ROLLED = field(
    record("the days on which keys were rolled", {}, dict.fromkeys(lifetimes.KINDS, parts.DATE)),
    "Since when its keys are in use, by kind",
    {"tsig": "2026-11-30"},
)
NODE = record(
    "a node",
    {
        "node": field(parts.MACHINE, "Airport code and two digits", "nbo01"),
        "profile": PROFILE,
        "nameserver": field(_providers(products.NAMESERVER), "Nameserver"),
        "routing": ROUTING,
        "uplink": field(UPLINK, "Towards the host: queries and BGP"),
        "management": MANAGEMENT,
        "tsig": field(
            many(TSIG, "a list of TSIG keys, one for each distribution master"), "Keys of the zone transfers"
        ),
    },
    {
        "serial": SERIAL,
        "bmc": field(parts.ADDRESS, "Address of the baseboard management controller", "198.51.100.12"),
        "rolled": ROLLED,
    },
)
TIMES = {
    "bfd": field(
        record(
            "the BFD timers",
            {
                "interval_ms": number(50, 60_000, "an interval in ms"),
                "multiplier": number(2, 50, "a multiplier"),
            },
        ),
        "Fast detection of a dead neighbour (RFC 5880)",
        {"interval_ms": 300, "multiplier": 3},
    ),
    "hold_time": field(number(3, 65535, "a hold time in seconds"), "BGP hold time", default=Session.hold_time),
    "keepalive_time": field(number(1, 21845, "a keepalive time in seconds"), "A third of the hold time by default"),
}
"""How soon a neighbour counts as gone: of any session, with a host or with a router of ours."""
MACHINE = record(
    "a router's machine",
    {
        "profile": PROFILE,
        "routing": ROUTING,
        "mtu": {**MTU, "title": "MTU of the uplink; towards the nodes it is theirs"},
        "interfaces": field(
            record(
                "the interfaces nodes and uplink",
                {
                    "nodes": field(parts.INTERFACE, "Towards the nodes", "eno2"),
                    "uplink": field(parts.INTERFACE, "Towards host and transits", "eno3"),
                },
            ),
            "What its cables are plugged into",
        ),
        "gateways": field(parts.ADDRESSES, "The host's: one of each family, for when no peer tells a default route"),
        "management": MANAGEMENT,
    },
    {"serial": SERIAL, "rolled": ROLLED},
)
ROUTER = record(
    "a router of the site",
    {
        "router": field(parts.MACHINE, "Name of the router", "nbo-r1"),
        "addresses": field(parts.ADDRESSES, "Towards the nodes: one of each family"),
        "uplink": field(parts.INTERFACE_ADDRESSES, "Towards host and transits"),
    },
    {
        "md5": field(parts.OPTIONAL_SECRET, "Vault variable with the password of the nodes' sessions, or null"),
        **TIMES,
        "inbound": field(choice("none", "default"), "Routes that the nodes take from it", default=Session.inbound),
        "machine": field(MACHINE, "Ours to provision; without it, somebody else does. All routers of a site, or none"),
    },
)
CLUSTER = record(
    "the cluster's own data",
    {
        "minimum_live": field(number(1, 64, "a number of nodes"), "Nodes that stay live whatever is done"),
        "uplink_mbps": field(number(100, 1_000_000, "an uplink in Mbit/s"), "Uplink of the whole cluster"),
        "routers": field(many(ROUTER, "a list of routers"), "The site's own routers (AS20144)"),
    },
    {
        "below_minimum": field(
            choice("drained", "dark"),
            "What routers of ours announce while fewer nodes than minimum_live are live",
            default=BELOW_MINIMUM,
        ),
    },
)
PEER = record(
    "a peer",
    {
        "description": field(parts.PROSE, "Whose router it is", "Example Net, router 1"),
        "asn": field(parts.ASN, "AS number of the host", 64500),
        "addresses": field(parts.ADDRESSES, "One of each family: each is one BGP session"),
        "md5": field(parts.OPTIONAL_SECRET, "Vault variable with the session's password, or null", "vault_bgp_nbo"),
    },
    {
        "multihop": field(number(2, 255, "a number of hops"), "Not directly connected; without it, GTSM (RFC 5082)"),
        **TIMES,
        "communities": field(
            many(parts.COMMUNITY, "a list of BGP communities", least=0), "On specific prefixes only", ["64500:100"]
        ),
        "no_export": field(parts.FLAG, "NO_EXPORT (RFC 1997), on specific prefixes only", default=Session.no_export),
        "prepend": field(
            number(0, 5, "a number of prepends"), "Our AS again, on specific prefixes only", default=Session.prepend
        ),
        "inbound": field(choice("none", "default", "all"), "Routes taken from the peer", default=Session.inbound),
        "max_prefix": field(number(1, 10_000_000, "a number of prefixes"), "Needed with inbound all"),
        "route_server": field(
            parts.FLAG, "Of an exchange: its paths begin with a member's AS (RFC 7947)", default=Session.route_server
        ),
        "bgp_role": field(choice("customer"), "Our BGP role (RFC 9234): the host is our provider; absent for none"),
    },
)
STEP = record("a step that was done", {"date": parts.DATE, "by": field(parts.PROSE, "Who did it")})
INTEREST = record(
    "an expression of interest",
    {"date": parts.DATE},
    {
        "programme": field(choice(onboarding.AFRICA_PHASE_2), "Funding programme"),
        "funding_usd": field(number(1, onboarding.MOST_FUNDING, "an amount in US dollars"), "What was asked for"),
    },
)
ONBOARDING = record(
    "the course of the onboarding",
    {
        "steps": {
            **record(
                "the steps that were done",
                {},
                {step.key: field(STEP, f"{step.title} ({step.actor})") for step in onboarding.STEPS},
            ),
            "title": "Done steps only, in this order",
        }
    },
    {
        "expression_of_interest": field(INTEREST, "How it began"),
        "override": field(
            record("an override", {"date": parts.DATE, "by": parts.PROSE, "reason": parts.PROSE}),
            "Provisioning allowed before the appliance is racked",
        ),
    },
)
ATTESTATION = record(
    "an attestation",
    {
        "check": field(parts.CHECK, "What is attested (docs/checks.md, attestations)", "OB-01"),
        "by": field(parts.PROSE, "Who did it; not in reports for hosts", "A. Person"),
        "date": field(parts.DATE, "When"),
        "what": field(parts.PROSE, "What was done, and seen", "Serial console and power cycle from the NOC"),
    },
    {"node": field(parts.MACHINE, "The one machine that it is about; absent for all of the site")},
)
NOTE = record("a maintenance note", {"date": parts.DATE, "by": parts.PROSE, "note": parts.PROSE})

SITE: Schema = {
    "$schema": parts.DIALECT,
    "title": "Site sheet of an IMRS instance",
    **record(
        "a site sheet",
        {
            "site": field(parts.NAME, "Name of the site, unique in the fleet", "nbo"),
            "kind": field(choice("single", "cluster"), "One appliance, or several behind the site's own routers"),
            "operational": field(parts.FLAG, "Part of the service now; false: nothing is announced"),
            "mode": field(choice("dark", "drained", "live"), "What the instance announces once it is accepted"),
            "asn": field(parts.ASN, "Our AS number", 20144),
            "host": field(HOST, "Who hosts the instance"),
            "location": field(LOCATION, "Where it is"),
            "vantage": field(parts.MACHINE, "Machine at the host's side from which the instance is judged"),
            "nodes": field(many(NODE, "a list of nodes"), "The appliances"),
            "peers": field(many(PEER, "a list of peers"), "eBGP neighbours: the host's routers"),
            "onboarding": field(ONBOARDING, "From interest to live"),
        },
        {
            "language": field(choice("en", "fr", "pt"), "Of the host sheet, beside English", "fr", default="en"),
            "looking_glass": field(parts.MACHINE, "Machine whose BGP table may be read: the host's router"),
            "unlimited_resolvers": field(
                many(parts.NETWORK, "a list of prefixes", least=0),
                "The host's resolvers that ask more than the rate limit: never truncated",
                ["192.0.2.53/32"],
            ),
            "cluster": field(CLUSTER, "Needed for a cluster, and for a cluster only"),
            "maintenance": field(many(NOTE, "a list of notes", least=0), "What the host may read, newest last"),
            "attestations": field(
                many(ATTESTATION, "a list of attestations", least=0), "Checks that people have done, as no software can"
            ),
            "decommissioned": field(
                record("the end of the instance", {"date": parts.DATE, "by": parts.PROSE, "reason": parts.PROSE}),
                "The instance is gone for good; needs operational: false",
            ),
        },
    ),
}
