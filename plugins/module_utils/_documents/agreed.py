# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the host and ICANN agreed on for routing: prefixes, sessions, and what stands in the registries; for people."""

from __future__ import annotations

import typing as t

from .. import _addressing as addressing
from .._routing.policy import Prefixes
from . import sheet_words as words
from .language import ENGLISH, Translator, msg

if t.TYPE_CHECKING:
    from .._site.contract import SiteRecord
    from .._site.session import HostSession

Page = dict[str, t.Any]


def of_family(record: SiteRecord, family: str) -> Prefixes:
    """The record's prefixes of one family, as the routing policy takes them."""
    found = record["prefixes"][family]
    return Prefixes(tuple(found["specific"]), tuple(found["covering"]))


def prefixes(record: SiteRecord, tr: Translator = ENGLISH) -> list[Page]:
    """The five prefixes, IPv4 first, the covering one of a family before its specific ones."""
    return [
        {
            "prefix": prefix,
            "length": prefix.partition("/")[2],
            "family": f"IPv{family[-1]}",
            "kind": tr(_KINDS[kind]),
            "when": tr("drained and live") if kind == "covering" else tr("live only"),
        }
        for family in addressing.FAMILIES
        for kind in ("covering", "specific")
        for prefix in record["prefixes"][family][kind]
    ]


_KINDS = {"covering": msg("covering"), "specific": msg("specific")}


def neighbours(record: SiteRecord, tr: Translator = ENGLISH) -> list[Page]:
    """The sessions, those of one of the host's routers with one of ours side by side."""
    together: dict[tuple[str, int, str], list[HostSession]] = {}
    for session in record["sessions"]:
        together.setdefault((session.description, session.asn, session.our_name), []).append(session)
    return [
        {
            "description": description,
            "asn": asn,
            "our_name": our_name,
            "sessions": [f"IPv{session.family[-1]}" for session in sessions],
            "addresses": [session.local_address for session in sessions],
            "rows": [
                {"label": tr(label), "cells": _merged([_told(record, session, key, tr) for session in sessions])}
                for key, label in _AGREED
            ],
        }
        for (description, asn, our_name), sessions in together.items()
    ]


_AGREED = (
    ("address", msg("Your address")),
    ("local_address", msg("Our address")),
    ("link", msg("Link")),
    ("md5", msg("MD5 password")),
    ("ttl", msg("TTL")),
    ("bfd", msg("BFD")),
    ("timers", msg("Hold time, keepalive")),
    ("limit", msg("You accept at most")),
    ("sends", msg("We take from you")),
    ("marks", msg("On specific prefixes")),
)


def _merged(cells: list[Page]) -> list[Page]:
    """One cell for all sessions where it says the same of each."""
    if len(cells) > 1 and all(cell == cells[0] for cell in cells):
        return [{**cells[0], "span": len(cells)}]
    return [{**cell, "span": 1} for cell in cells]


def _told(record: SiteRecord, session: HostSession, key: str, tr: Translator) -> Page:
    """One cell: ``{"text", "code"}``; code marks what one would copy."""
    code = False
    if key in {"address", "local_address"}:
        text, code = getattr(session, key), True
    elif key == "link":
        text, code = (session.link, True) if session.link else (tr("routed, not on a common link"), False)
    elif key == "md5":
        text = tr("yes; it is exchanged on the telephone or in writing, never here") if session.md5 else tr("no")
    elif key == "ttl":
        hops = session.multihop
        text = (
            tr("multihop, at most %(hops)s hops", hops=hops) if hops else tr("255 in both directions (GTSM, RFC 5082)")
        )
    elif key == "bfd":
        bfd = session.bfd
        text = tr("%(ms)s ms, %(times)s times", ms=bfd.interval_ms, times=bfd.multiplier) if bfd else tr("no")
    elif key == "timers":
        text = f"{session.hold_time} s, {session.keepalive_time} s"
    elif key == "limit":
        found = of_family(record, session.family)
        text = tr("%(count)s prefixes", count=len(found.specific) + len(found.covering))
    elif key == "sends":
        text = _sends(session, tr)
    else:
        text = _marks(session, tr)
    return {"text": text, "code": code}


def _sends(session: HostSession, tr: Translator) -> str:
    """What we take from the host."""
    said = tr(words.INBOUND[session.inbound])
    if session.inbound == "all":
        said = tr("your table, at most %(count)s prefixes", count=tr.number(session.max_prefix or 0))
    if session.inbound != "none" and session.route_server:
        said = tr("%(routes)s; paths begin with the AS of a member (route server)", routes=said)
    return said


def _marks(session: HostSession, tr: Translator) -> str:
    """What our routes carry beyond the plain minimum."""
    said = [tr("communities %(list)s", list=tr.listed(session.every_community))] if session.every_community else []
    said += ["NO_EXPORT"] if session.no_export else []
    if session.prepend:
        said += [
            tr.plural(
                session.prepend,
                "AS%(asn)s prepended %(number)s time",
                "AS%(asn)s prepended %(number)s times",
                asn=addressing.ASN,
            )
        ]
    return "; ".join(said) or tr("nothing added")


def registries(record: SiteRecord) -> Page:
    """Lines for the routing registries, and what they rest on."""
    irr = record["irr"]
    lists = {
        family: ", ".join(row["prefix"] for row in prefixes(record) if row["family"] == f"IPv{family[-1]}")
        for family in addressing.FAMILIES
    }
    taken = {"none": "NOT ANY", "default": "{0.0.0.0/0}", "all": "ANY"}
    blocks = []
    by_asn: dict[int, set[str]] = {}
    for session in record["sessions"]:
        by_asn.setdefault(session.asn, set()).add(session.inbound)
    for asn, inbound in sorted(by_asn.items()):
        given = next(kind for kind in ("all", "default", "none") if kind in inbound)
        given6 = taken[given].replace("0.0.0.0/0", "::/0")
        blocks += [
            f"aut-num:        AS{asn}",
            f"import:         from AS{record['asn']} accept {{{lists['ipv4']}}}",
            f"mp-import:      afi ipv6.unicast from AS{record['asn']} accept {{{lists['ipv6']}}}",
            f"export:         to AS{record['asn']} announce {taken[given]}",
            f"mp-export:      afi ipv6.unicast to AS{record['asn']} announce {given6}",
            "",
        ]
    routes = []
    for row in prefixes(record):
        key = "route:          " if row["family"] == "IPv4" else "route6:         "
        routes += [key + row["prefix"], f"origin:         AS{record['asn']}"]
        routes += [f"source:         {irr['source']}", ""] if irr else [""]
    return {
        "source": irr["source"] if irr else "",
        "object": irr["object"] if irr else f"AS{record['asn']}",
        "policy": "\n".join(blocks).strip(),
        "routes": "\n".join(routes).strip(),
        "member": f"members:        AS{record['asn']}",
    }
