# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The shape of the fleet's file and of a site sheet: JSON Schema (draft 2020-12) as Python data.

Every part has a ``description`` that completes the sentence "this is not …", so a message says what would be right.
``x-imrs-secret`` marks a field whose value is never repeated in a message, because a secret may stand there by mistake.
Rules that a schema cannot say, or cannot say clearly, are in ``rules``.
"""

from __future__ import annotations

import typing as t

Schema = dict[str, t.Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _record(description: str, required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema, description: str, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "description": description}


def _text(pattern: str, description: str) -> Schema:
    """Text that matches as a whole; ``$`` alone would let a line end pass."""
    return {"type": "string", "pattern": rf"^(?:{pattern})$(?!\n)", "description": description}


def _number(least: int, most: int, description: str) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "description": f"{description} ({least}\u2013{most})"}


def _choice(*choices: str) -> Schema:
    return {"enum": list(choices), "description": f"one of: {', '.join(choices)}"}


ASN = _number(1, 2**32 - 1, "an AS number")
NAME = _text(r"[a-z][a-z0-9_]{0,31}", "a short name (lower-case letters, digits and _, a letter first)")
NODE = _text(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", "the name of a node, such as xlb01")
INTERFACE = _text(r"[A-Za-z][A-Za-z0-9_.-]{0,14}", "the name of a network interface (at most 15 characters)")
DNS_NAME = _text(r"\.|(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.){1,20}", "a DNS name in lower case that ends in a dot")
# Printed into configuration files: no quotes, backslashes, braces or control characters, whatever the syntax there.
PROSE = _text(
    r'[^\x00-\x1f\x7f-\x9f"\'\\{}\u2028\u2029\ud800-\udfff]{1,200}',
    "one line of text without quotes, braces and backslashes",
)
FILE = _text(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,1000}", "the path of a file")
FLAG: Schema = {"type": "boolean", "description": "true or false"}

ADDRESS: Schema = {
    "type": "string",
    "format": "imrs-address",
    "description": "an IP address, such as 192.0.2.1 or 2001:db8::1",
}
INTERFACE_ADDRESS: Schema = {
    "type": "string",
    "format": "imrs-interface-address",
    "description": "an IP address with its prefix length, such as 192.0.2.2/29",
}
NETWORK: Schema = {
    "type": "string",
    "format": "imrs-network",
    "description": "a prefix without host bits, such as 192.0.2.0/24",
}
PATTERN: Schema = {"type": "string", "format": "imrs-pattern", "description": "a regular expression"}

ADDRESSES = _list(ADDRESS, "a list of IP addresses")
INTERFACE_ADDRESSES = _list(INTERFACE_ADDRESS, "a list of IP addresses with their prefix lengths")
NETWORKS = _list(NETWORK, "a list of prefixes")

SECRET: Schema = {
    **_text(
        r"vault_[a-z0-9_]{1,100}", "the name of a vault variable (vault_ and then lower-case letters, digits and _)"
    ),
    "x-imrs-secret": True,
}
OPTIONAL_SECRET: Schema = {**SECRET, "type": ["string", "null"], "description": f"null or {SECRET['description']}"}

PROFILE = _record(
    "a hardware profile",
    {
        "name": NAME,
        "link_mbps": _number(1, 1_000_000, "a link speed in Mbit/s"),
        "cores": _number(1, 1024, "a number of cores"),
        "memory_mib": _number(512, 2**24, "an amount of memory in MiB"),
        "tcp_clients": _number(1, 1_000_000, "a number of TCP clients served at a time"),
    },
)
ZONE = _record("a zone", {"name": DNS_NAME, "zonemd": FLAG, "dnssec": FLAG})
MASTER = _record(
    "a distribution master", {"name": NAME, "addresses": ADDRESSES}, {"port": _number(1, 65535, "a port number")}
)
WAIVER = _record(
    "a waiver",
    {"check": _text(r"[A-Z]{2}-[0-9]{2}", "the name of an acceptance check, such as TM-01"), "reason": PROSE},
)

FLEET: Schema = {
    "$schema": DIALECT,
    "title": "Fleet of the IMRS: what is true of all sites",
    **_record(
        "a fleet",
        {
            "fleet": NAME,
            "asn": ASN,
            "node_name_pattern": PATTERN,
            "service_addresses": ADDRESSES,
            "prefixes": _record("the two lists specific and covering", {"specific": NETWORKS, "covering": NETWORKS}),
            "profiles": _list(PROFILE, "a list of hardware profiles"),
            "zones": _list(ZONE, "a list of zones"),
            "masters": _list(MASTER, "a list of distribution masters"),
            "operator_networks": NETWORKS,
        },
        {
            "trust_anchors": _list({"type": "string", "description": "a DS record"}, "a list of DS records"),
            "trust_anchor_file": FILE,
            "waivers": _list(WAIVER, "a list of waivers", least=0),
        },
    ),
}

TSIG = _record(
    "a TSIG key",
    {
        "master": NAME,
        "name": DNS_NAME,
        "algorithm": _choice("hmac-sha256", "hmac-sha384", "hmac-sha512"),
        "secret": SECRET,
    },
)
NODE_RECORD = _record(
    "a node",
    {
        "node": NODE,
        "uplink": _record(
            "an uplink",
            {
                "interface": INTERFACE,
                "mtu": _number(1280, 9216, "an MTU in bytes"),
                "addresses": INTERFACE_ADDRESSES,
                "gateways": ADDRESSES,
            },
        ),
        "management": _record("a management port", {"interface": INTERFACE, "addresses": INTERFACE_ADDRESSES}),
        "tsig": _list(TSIG, "a list of TSIG keys, one for each distribution master"),
    },
)
DEFAULT_HOLD_TIME = 9
"""Seconds until a silent neighbour counts as gone (requirements section 2); RFC 4271 allows no less than 3."""
PEER = _record(
    "a peer",
    {"description": PROSE, "asn": ASN, "addresses": ADDRESSES, "md5": OPTIONAL_SECRET},
    {
        "multihop": _number(2, 255, "a number of hops"),
        "hold_time": _number(3, 65535, "a hold time in seconds"),
    },
)

SITE: Schema = {
    "$schema": DIALECT,
    "title": "Site sheet of an IMRS instance",
    **_record(
        "a site sheet",
        {
            "site": NAME,
            "kind": _choice("single"),
            "mode": _choice("dark", "drained", "live"),
            "asn": ASN,
            "profile": NAME,
            "nameserver": _choice("knot"),
            "routing": _choice("bird"),
            "vantage": NODE,
            "nodes": _list(NODE_RECORD, "a list of nodes"),
            "peers": _list(PEER, "a list of peers"),
        },
        {"looking_glass": NODE},
    ),
}
