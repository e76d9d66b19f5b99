# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the schemas are made of: one definition for each kind of value, as JSON Schema in Python data.

``description`` completes the sentence "this is not …", so a message says what would be right, and an editor shows it.
``title`` says what a field means. ``x-imrs-secret`` marks a field whose value is never repeated in a message, because a
secret may stand there by mistake. Patterns are written for both Python and ECMA-262, as editors read them too.
"""

from __future__ import annotations

import typing as t

from .regions import REGION_OF

Schema = dict[str, t.Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def record(description: str, required: Schema, optional: Schema | None = None) -> Schema:
    """A mapping with exactly these keys."""
    return {
        "type": "object",
        "description": description,
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def many(items: Schema, description: str, least: int = 1) -> Schema:
    """A list."""
    return {"type": "array", "items": items, "minItems": least, "description": description}


def text(pattern: str, description: str) -> Schema:
    """Text that matches as a whole; ``$`` alone would let a line end pass."""
    return {"type": "string", "pattern": rf"^(?:{pattern})$(?!\n)", "description": description}


def number(least: int, most: int, description: str) -> Schema:
    """An integer within limits."""
    return {"type": "integer", "minimum": least, "maximum": most, "description": f"{description} ({least}\u2013{most})"}


def choice(*choices: str) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": list(choices), "description": f"one of: {', '.join(choices)}"}


def field(kind: Schema, title: str, *examples: object, default: object = None) -> Schema:
    """A use of a kind of value, with what it means here."""
    found = {**kind, "title": title}
    if examples:
        found["examples"] = list(examples)
    if default is not None:
        found["default"] = default
    return found


ASN = number(1, 2**32 - 1, "an AS number")
NAME = text(r"[a-z][a-z0-9_]{0,31}", "a short name (lower-case letters, digits and _, a letter first)")
MACHINE = text(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", "the name of a machine, such as xlb01")
INTERFACE: Schema = {
    **text(
        r"(?=.{1,15}$)[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*",
        "the name of a network interface that a cable is plugged into, or of a bond (at most 15 characters)",
    ),
    "format": "imrs-interface",
}
DNS_NAME = text(
    r"\.|(?=.{1,254}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.){1,20}",
    "a DNS name in lower case that ends in a dot (at most 254 characters)",
)
# Printed into configuration files: no double quotes, backslashes, braces or control characters, whatever the syntax.
# An apostrophe belongs to names (N'Djamena), and ends no text in any of these files. What is not seen is not there: the
# pattern knows the usual such characters, for editors, and the format (``prose.unseen``) all of them.
PROSE: Schema = {
    **text(
        r"""(?=.*[^ ])[^\x00-\x1f\x7f-\xa0"\\{}\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]{1,200}""",
        "one line of text without double quotes, braces and backslashes",
    ),
    "format": "imrs-prose",
}
PLACE: Schema = {
    **PROSE,
    "pattern": PROSE["pattern"].replace("{1,200}", "{1,60}"),
    "description": f"{PROSE['description']}, of at most 60 characters",
}
"""The name of a place: in a TXT record a string has at most 255 octets (RFC 1035, section 3.3)."""
FILE = text(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,1000}", "the path of a file")
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

ADDRESSES = many(ADDRESS, "a list of IP addresses")
INTERFACE_ADDRESSES = many(INTERFACE_ADDRESS, "a list of IP addresses with their prefix lengths")
NETWORKS = many(NETWORK, "a list of prefixes")

SECRET: Schema = {
    **text(
        r"vault_[a-z0-9_]{1,100}", "the name of a vault variable (vault_ and then lower-case letters, digits and _)"
    ),
    "x-imrs-secret": True,
}
OPTIONAL_SECRET: Schema = {**SECRET, "type": ["string", "null"], "description": f"null or {SECRET['description']}"}

COUNTRY: Schema = {
    "type": "string",
    "enum": sorted(REGION_OF),
    "description": "a country code of ISO 3166-1, or XK for Kosovo (two capital letters, such as KE)",
}
CHECK = text(r"[A-Z]{2}-[0-9]{2}", "the name of an acceptance check, such as TM-01")
DATE: Schema = {
    **text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date, such as 2026-01-31"),
    "format": "date",
}
TIME = text(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", 'a time of day in UTC, in quotes, such as "18:00"')
TIME_ZONE: Schema = {
    **text(
        r"UTC|[A-Z][A-Za-z]{1,30}(?:/[A-Za-z0-9_+-]{1,40}){1,2}",
        "the name of a time zone (IANA), such as Africa/Nairobi",
    ),
    "format": "imrs-time-zone",
}
EMAIL = text(
    r"[A-Za-z0-9._%+-]{1,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}", "an e-mail address, such as noc@host.example"
)
PHONE = text(
    r"\+[0-9][0-9 ()-]{4,28}[0-9](?: ext\. [0-9]{1,6})?",
    'an international telephone number in quotes, such as "+1 555 0100"',
)
COMMUNITY: Schema = {
    **text(
        r"[0-9]{1,5}:[0-9]{1,5}|[0-9]{1,10}:[0-9]{1,10}:[0-9]{1,10}",
        "a BGP community in quotes: a:b (each 0\u201365535) or, large, a:b:c (each 0\u20134294967295)",
    ),
    "format": "imrs-community",
}
COORDINATES: Schema = {
    **text(
        r"-?[0-9]{1,2}(?:\.[0-9]{1,8})?, ?-?[0-9]{1,3}(?:\.[0-9]{1,8})?",
        "latitude (\u221290\u201390) and longitude (\u2212180\u2013180) in degrees, such as -1.3192, 36.9278",
    ),
    "format": "imrs-coordinates",
}
