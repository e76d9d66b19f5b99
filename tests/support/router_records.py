# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three site records, as far as the router texts read them: what a single, a distant single and a cluster come to."""

from __future__ import annotations

import copy
import pathlib
import typing as t

import jinja2
from ansible_collections.icann.imrs.plugins.module_utils._documents import routers
from ansible_collections.icann.imrs.plugins.module_utils._site.session import HostSession

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "roles/documents/templates"
GOLDEN = ROOT / "tests/unit/plugins/module_utils/_documents/routers"

PREFIXES = {
    "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
    "ipv6": {"specific": ["2001:500:9f::/48", "2001:500:3::/48"], "covering": ["2001:500:9e::/47"]},
}
NETWORKS = [network for kinds in PREFIXES.values() for networks in kinds.values() for network in networks]


def session(family: str, host: str, our: str, **agreed: t.Any) -> HostSession:
    """One session of a site record; what is not named is as a plain direct session has it."""
    usual: dict[str, t.Any] = {
        "description": "Savanna Research Network, router 1",
        "family": family,
        "asn": 64500,
        "address": host,
        "local_address": our,
        "our_name": "nbo01",
        "link": {"ipv4": "192.0.2.0/29", "ipv6": "2001:db8:0:1::/64"}[family],
        "md5": True,
    }
    return HostSession.read(usual | agreed)


def record(site: str, city: str, country: str, sessions: list[HostSession], **more: t.Any) -> dict[str, t.Any]:
    """A site record with these sessions."""
    return {
        "fleet": "example",
        "site": site,
        "kind": "single",
        "asn": 20144,
        "location": {"iata": site, "city": city, "country": country, "region": "africa"},
        "prefixes": copy.deepcopy(PREFIXES),
        "sessions": sessions,
        "irr": {"source": "RIPE", "object": "AS20144"},
    } | more


SINGLE = record(
    "nbo",
    "Nairobi",
    "KE",
    [session("ipv4", "192.0.2.1", "192.0.2.2"), session("ipv6", "2001:db8:0:1::1", "2001:db8:0:1::2")],
)

_FAR: dict[str, t.Any] = {
    "description": "Universität Zürich, core",
    "asn": 65536,
    "our_name": "zrh01",
    "link": None,
    "md5": False,
    "multihop": 2,
    "bfd": {"interval_ms": 300, "multiplier": 3},
    "hold_time": 30,
    "keepalive_time": 10,
    "communities": ["64500:100"],
    "large_communities": ["65536:1:2"],
    "no_export": True,
    "prepend": 1,
    "inbound": "default",
    "max_prefix": 1,
}
DISTANT = record(
    "zrh",
    "Zürich",
    "CH",
    [
        session("ipv4", "203.0.113.10", "198.51.100.2", **_FAR),
        session("ipv6", "2001:db8:ffff::10", "2001:db8:5::2", **_FAR),
    ],
    irr=None,
)

_NORTH: dict[str, t.Any] = {
    "description": "Northern Transit, edge 1",
    "asn": 64501,
    "bfd": {"interval_ms": 300, "multiplier": 3},
    "inbound": "all",
    "max_prefix": 1200000,
}
_SOUTH: dict[str, t.Any] = {"description": "Southern Transit, edge 7", "asn": 65537, "md5": False}
CLUSTER = record(
    "jnb",
    "Johannesburg",
    "ZA",
    [
        session("ipv4", "198.51.100.129", "198.51.100.130", our_name="jnb-r1", link="198.51.100.128/29", **_NORTH),
        session("ipv6", "2001:db8:0:9::1", "2001:db8:0:9::2", our_name="jnb-r1", link="2001:db8:0:9::/64", **_NORTH),
        session("ipv4", "198.51.100.129", "198.51.100.131", our_name="jnb-r2", link="198.51.100.128/29", **_NORTH),
        session("ipv6", "2001:db8:0:9::1", "2001:db8:0:9::3", our_name="jnb-r2", link="2001:db8:0:9::/64", **_NORTH),
        session("ipv4", "198.51.100.137", "198.51.100.138", our_name="jnb-r1", link="198.51.100.136/29", **_SOUTH),
        session("ipv6", "2001:db8:0:a::1", "2001:db8:0:a::2", our_name="jnb-r1", link="2001:db8:0:a::/64", **_SOUTH),
    ],
    kind="cluster",
)

RECORDS = {"single": SINGLE, "distant": DISTANT, "cluster": CLUSTER}


def environment() -> jinja2.Environment:
    """The templates of the collection."""
    return routers.environment(jinja2.FileSystemLoader(TEMPLATES))


def write_golden() -> None:
    """Write the golden texts anew: PYTHONPATH=.cache .venv/bin/python <this file>; then read the difference."""
    for name, one in RECORDS.items():
        for configuration in routers.configurations(one, environment()):
            path = GOLDEN / name / f"{configuration.key}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(configuration.text, encoding="utf-8")


if __name__ == "__main__":
    write_golden()
