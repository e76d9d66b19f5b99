# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator may write beside links and sessions: the fleet's file, and the plain parts of sheets and nodes.

Hypothesis strategies. What is drawn is valid by docs/sheet.md: when the library refuses it, one of the two is wrong.
"""

from __future__ import annotations

import base64
import datetime
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._site import document, prose
from hypothesis import strategies as st
from lab_sheets import DIGEST, LAB

Sheet = dict[str, t.Any]
Draw = t.Callable[..., t.Any]

FLEET: Sheet = document.parse("fleet.yml", (LAB.parent / "example/fleet.yml").read_bytes()).data or {}
"""The example fleet: what does not change from one drawn fleet to the next."""
ANCHORS = (*(f". IN DS {tag} 8 2 {DIGEST}" for tag in (20326, 38696)), f". IN DS 1 13 4 {'0123456789ABCDEF' * 6}")
SITE = "nbo"
STEPS = ("contact", "documents", "nda", "agreement", "purchase", "rack", "install", "notify")
SERVED = ("arpa.", "root-servers.net.")
"""Zones of the service beside the root."""
PROSE = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='"\\{}', include_characters=" "),
    min_size=1,
    max_size=40,
).filter(lambda text: bool(text.strip()) and prose.unseen(text) is None) | st.sampled_from(
    ["N'Djamena's router", "! exit", "# a comment", "*/ accept; /*", "$HOME?", "% d", "; |", "a" * 200]
)
PLACE = PROSE.filter(lambda text: len(text) <= 60)
ZONE = st.sampled_from(["UTC", "Africa/Porto-Novo", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
LONGEST_NAME = 254
"""Characters of a name that ends in a dot: 255 octets on the wire (RFC 1035, section 2.3.4)."""
NAMES = st.text("abcxyz019_", min_size=1, max_size=32).map(lambda text: f"m{text}"[:32])
_LABELS = st.text("az09_-", min_size=1, max_size=62).map(lambda text: f"x{text}") | st.sampled_from(
    ["_", "a", "0", "ns"]
)
DNS_NAMES = (
    st.lists(_LABELS, min_size=1, max_size=20)
    .map(lambda labels: f"{'.'.join(labels)}.")
    .filter(lambda name: len(name) <= LONGEST_NAME and name not in (*SERVED, "root."))
)
KEYS = st.binary(min_size=16, max_size=64).map(lambda octets: base64.b64encode(octets).decode("ascii"))
"""What ``_site.secrets`` takes for a TSIG key."""


def either(**options: t.Any) -> st.SearchStrategy[Sheet]:
    """Each field is given or left out."""
    return st.fixed_dictionaries({}, optional=options)


@st.composite
def fleets(draw: Draw) -> Sheet:
    """The fleet's file: other masters, zones, hardware and whatever else may be left out."""
    given = dict(FLEET)
    for optional in ("maintenance_windows", "budget", "irr", "ixp_exceptions", "identity_zone"):
        if draw(st.booleans()):
            del given[optional]
    zones, risks = draw(_zones())
    waivers = draw(st.lists(st.sampled_from(["TM-01", "PR-02", "ZI-04", "BG-20"]), unique=True, max_size=3))
    risks += [{"risk": "waived_proof", "what": each} for each in waivers if each not in {"TM-01", "PR-02"}]
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    return {
        **given,
        "profiles": [
            {
                **each,
                "cores": draw(st.integers(1, 1024)),
                "tcp_clients": draw(st.integers(1, 1_000_000)),
                **draw(either(rate_limit=st.integers(100, 100_000))),
                **draw(either(peak_queries=st.integers(10, 1_000_000))),
                **draw(either(ecc=st.booleans())),
                **draw(either(cards=st.just({"queues": 8, "receive_ring": 4096, "hash_ports": True}))),
                **draw(either(firmware=st.just({"bios": ["1.10.2"], "bmc": ["6.10", "6.10 00 1e 00 00"]}))),
            }
            for each in FLEET["profiles"]
        ],
        "zones": zones,
        "masters": [draw(_masters(at, name)) for at, name in enumerate(names)],
        "trust_anchors": draw(st.lists(st.sampled_from(ANCHORS), min_size=1, unique=True)),
        "waivers": [{"check": each, "reason": draw(PROSE)} for each in waivers],
        "accepted_risks": [{**each, "reason": draw(PROSE)} for each in risks],
    }  # fmt: skip


@st.composite
def _masters(draw: Draw, at: int, name: str) -> Sheet:
    own = [f"198.51.100.{64 + 4 * at + more}" for more in range(draw(st.integers(1, 2)))]
    own += [f"2001:db8:f200:{at}::{1 + more}" for more in range(draw(st.integers(1, 2)))]
    return {"name": name, "addresses": draw(st.permutations(own)), **draw(either(port=st.integers(1, 65535)))}


@st.composite
def _zones(draw: Draw) -> tuple[list[Sheet], list[Sheet]]:
    """The zones, and what is risked with them."""
    names = [".", *(each for each in SERVED if draw(st.integers(0, 3)))]
    risks = [{"risk": "zone_left_out", "what": each} for each in SERVED if each not in names]
    more = draw(st.lists(DNS_NAMES, max_size=3, unique=True))
    zones = [{"name": each, "zonemd": draw(st.booleans()), "dnssec": draw(st.booleans())} for each in (*names, *more)]
    risks += [
        {"risk": "zone_unproven", "what": f"{zone['name']}/{key}"}
        for zone in zones[: len(names)]
        for key in ("zonemd", "dnssec")
        if not zone[key] and (key == "zonemd" or zone["name"] != "root-servers.net.")
    ]
    return draw(st.permutations(zones)), risks


@st.composite
def plain(draw: Draw, kind: str) -> Sheet:
    """What a sheet says that has nothing to do with routing: who, where, how far, and since when."""
    contact = {"email": "noc@host.example", "phone": "+254 20 555 0100"}
    days = iter(
        sorted(draw(st.lists(st.dates(datetime.date(2020, 1, 1), datetime.date(2026, 1, 1)), min_size=12, max_size=12)))
    )
    done = STEPS[: draw(st.just(len(STEPS)) | st.integers(0, len(STEPS)))]
    record: Sheet = {"steps": {step: {"date": str(next(days)), "by": draw(PROSE)} for step in done}}
    if draw(st.booleans()):
        record["expression_of_interest"] = {"date": str(next(days)), "programme": "africa_phase_2", "funding_usd": 6000}
    if draw(st.booleans()):
        record["override"] = {"date": str(next(days)), "by": draw(PROSE), "reason": draw(PROSE)}
    gone = draw(st.integers(0, 9)) == 0
    return {
        "site": SITE,
        "kind": kind,
        "operational": not gone and draw(st.booleans()),
        "mode": draw(st.sampled_from(["live", "drained", "dark"])),
        "asn": 20144,
        "host": {
            "name": draw(PROSE),
            "type": draw(st.sampled_from(["isp", "nren", "ixp", "other"])),
            "country": "KE",
            "contacts": {"noc": contact, **draw(either(remote_hands=st.just({**contact, "hours": "24/7"})))},
            "gse": {"region": "africa", "coordinator": draw(PROSE)},
        },
        "location": {
            "iata": SITE,
            "city": draw(PLACE),
            "country": "KE",
            "coordinates": "-1.3192, 36.9278",
            **draw(either(subdivision=PLACE, time_zone=ZONE)),
        },
        "vantage": "vantage-nbo",
        "onboarding": record,
        **draw(either(language=st.sampled_from(["en", "fr", "pt"]))),
        **draw(either(looking_glass=st.just("router-nbo"))),
        **draw(either(unlimited_resolvers=st.just(["192.0.2.53/32", "2001:db8:53::/48"]))),
        **draw(either(maintenance=st.just([{"date": str(next(days)), "by": "J. Doe", "note": "# a note"}]))),
        **({"decommissioned": {"date": str(next(days)), "by": "J. Doe", "reason": draw(PROSE)}} if gone else {}),
    }  # fmt: skip


@st.composite
def nodes(draw: Draw, fleet: Sheet, number: int, addresses: list[str], gateways: list[str]) -> Sheet:
    """One appliance."""
    name = f"{SITE}{number:02}"
    members = draw(st.sampled_from([[], [], ["eno2"], ["eno2", "eno3"], ["ens1f0", "ens1f1", "eno4"]]))
    bond = {"members": members, "mode": draw(st.sampled_from(["802.3ad", "active-backup"]))}
    prefix = draw(st.sampled_from(["", f"{'k' * 63}.", f"{'_' * 63}." * 3]))
    ports = ["bond0", "uplink"] if members else ["eno2", "ens1f0", "enp0s31f6.12", "if-1_a"]
    operators = [f"10.144.0.{number}/24", *([f"fd00::{number}/64"] if draw(st.booleans()) else [])]
    shared = draw(st.booleans())
    return {
        "node": name,
        "profile": draw(st.sampled_from([each["name"] for each in fleet["profiles"]])),
        "serial": f"CLP-{number}",
        "nameserver": draw(st.sampled_from(["knot", "nsd"])),
        "routing": draw(st.sampled_from(["bird", "frr"])),
        "uplink": {
            "interface": draw(st.sampled_from(ports)),
            "mtu": draw(st.integers(1280, 9216)),
            "addresses": addresses,
            "gateways": draw(st.permutations(gateways)),
            **({"bond": bond} if members else {}),
            **draw(either(vlan=st.sampled_from([1, 4094]) | st.integers(1, 4094))),
        },
        "management": {
            "interface": "eno1",
            "addresses": draw(st.permutations(operators)),
        },
        "tsig": [
            {
                "master": each["name"],
                "name": f"{prefix}{name}-{at}.imrs.example.",
                "algorithm": draw(st.sampled_from(["hmac-sha256", "hmac-sha384", "hmac-sha512"])),
                "secret": f"vault_tsig_{name}_{0 if shared else at}",
            }
            for at, each in enumerate(draw(st.permutations(fleet["masters"])))
        ],
        **draw(either(bmc=st.just(f"10.145.0.{number}"))),
    }  # fmt: skip
