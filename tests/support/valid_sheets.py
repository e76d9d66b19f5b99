# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets that an operator may write: hypothesis strategies over every option of a link and of a session.

What is drawn here is valid by docs/sheet.md: when the library refuses a sheet, one of the two is wrong.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._site import document, fleet, prose
from ansible_collections.icann.imrs.plugins.module_utils._site.rules import peer as rules
from hypothesis import strategies as st
from lab_sheets import LAB

Sheet = dict[str, t.Any]
Draw = t.Callable[..., t.Any]

FLEET = document.parse("fleet.yml", (LAB.parent / "example/fleet.yml").read_bytes())
SITE = "nbo"
STEPS = ("contact", "documents", "nda", "agreement", "purchase", "rack", "install", "notify")
NETWORKS = {4: ("41.0.0.0/8", "203.0.113.0/24", "5.0.0.0/8"), 6: ("2c0f::/16", "2001:db8::/33", "2a00::/12")}
"""Where hosts have their links."""
FAR = {4: ("192.0.2.0/24", "185.0.0.0/8"), 6: ("2001:db8:8000::/34", "2600::/12")}
"""And where their routers are that are some hops away."""
SHORTEST, LONGEST = {4: 16, 6: 48}, {4: 31, 6: 127}
"""Prefix lengths of links."""
FEW_HOSTS = 6
"""Machines on one link, at most."""
PASSWORDS = st.text(sorted(set(map(chr, range(0x21, 0x7F))) - set('"\\')), min_size=1, max_size=80)
"""What ``_site.secrets`` takes for a BGP session."""
PROSE = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='"\\{}', include_characters=" "),
    min_size=1,
    max_size=40,
).filter(lambda text: bool(text.strip()) and prose.unseen(text) is None) | st.sampled_from(
    ["N'Djamena's router", "! exit", "# a comment", "*/ accept; /*", "$HOME?", "% d", "; |"]
)
SECRET_NAMES = ("vault_bgp_a", "vault_bgp_b")


@dataclasses.dataclass(frozen=True)
class Example:
    """A sheet, and what the vault holds for it."""

    sheet: Sheet
    secrets: dict[str, str]

    def load(self) -> fleet.Fleet:
        """The fleet that has this site alone."""
        return fleet.load(FLEET, [document.Document(f"sites/{self.sheet['site']}.yml", self.sheet)])


@st.composite
def examples(draw: Draw) -> Example:
    """A single, or a cluster."""
    secrets = {name: draw(PASSWORDS) for name in (*SECRET_NAMES, "vault_bgp_inside")}
    return Example(draw(clusters() if draw(st.integers(0, 4)) == 0 else singles()), secrets)


@st.composite
def singles(draw: Draw) -> Sheet:
    """One node on one link, with one to four peers on it or behind it."""
    local = draw(st.booleans())
    link4, link6 = (draw(links(version, draw(st.integers(0, 2)))) for version in (4, 6))
    near = min(len(link4) - 1, FEW_HOSTS if local else len(link6) - 1)
    ours = [str(link4[0]), str(link6[0]), *(["fe80::2/64"] if local else [])]
    here4 = [str(each.ip) for each in link4[1:]]
    here6 = [str(each.ip) for each in link6[1:]]
    local6 = [f"fe80::{number + 10:x}" for number in range(FEW_HOSTS)]
    # With a link-local gateway, no peer over several hops may tell of routes.
    local_gateway = local and draw(st.booleans())
    peers = []
    for at in range(draw(st.integers(1, 4))):
        multihop = at >= near or draw(st.integers(0, 3)) == 0
        if multihop:
            addresses = [draw(far(4)), draw(far(6))]
        else:
            use_local = local and (at >= len(here6) or draw(st.booleans()))
            addresses = [here4[at], local6[at] if use_local else here6[at]]
        peers.append(draw(sessions(addresses, multihop, takes=not (multihop and local_gateway))))
    gateways = [here4[0], local6[0] if local_gateway else here6[0]]
    return {
        **_site("single", draw),
        "nodes": [draw(nodes(1, ours, gateways))],
        "peers": _apart(peers),
    }


@st.composite
def clusters(draw: Draw) -> Sheet:
    """Two to four nodes and one or two routers on one link; each router has its own link to the host."""
    link4, link6 = (draw(links(version, 0, LONGEST[version] - 2)) for version in (4, 6))
    count, routers, ours = draw(st.integers(2, 4)), draw(st.integers(1, 2)), draw(st.booleans())
    inside = [[str(each.ip) for each in pair] for pair in zip(link4[4:], link6[4:], strict=False)][:routers]
    out4, out6 = ([draw(links(version, 1 + at)) for at in range(routers)] for version in (4, 6))
    md5 = draw(st.sampled_from([None, "vault_bgp_inside"]))
    times = [
        draw(
            st.sampled_from([{}, {"bfd": {"interval_ms": 50, "multiplier": 3}}, {"hold_time": 3, "inbound": "default"}])
        )
        for _ in range(routers)
    ]
    peers = []
    for at in range(draw(st.integers(routers if ours else 1, 3))):
        near = at < routers and (ours or draw(st.integers(0, 3)) > 0)
        addresses = [str(out[at][1].ip) for out in (out4, out6)] if near else [draw(far(4)), draw(far(6))]
        peers.append(draw(sessions(addresses, not near)))
    inner = [
        draw(nodes(at + 1, [str(link4[at]), str(link6[at])], draw(st.sampled_from(inside)))) for at in range(count)
    ]
    if ours:
        for node in inner:
            node["uplink"]["mtu"] = inner[0]["uplink"]["mtu"]
    return {
        **_site("cluster", draw),
        "cluster": {
            "minimum_live": draw(st.integers(1, count - 1)),
            **draw(st.sampled_from([{}, {"below_minimum": "drained"}, {"below_minimum": "dark"}])),
            "uplink_mbps": draw(st.integers(100, 1_000_000)),
            "routers": [
                {
                    "router": f"{SITE}-r{at + 1}",
                    "addresses": inside[at],
                    "uplink": [str(out4[at][0]), str(out6[at][0])],
                    **({"md5": md5} if md5 or draw(st.booleans()) else {}),
                    **times[at],
                    **({"machine": draw(machines(at, [out[at][1] for out in (out4, out6)]))} if ours else {}),
                }
                for at in range(routers)
            ],
        },
        "nodes": inner,
        "peers": _apart(peers),
    }


@st.composite
def machines(draw: Draw, at: int, beside: list[t.Any]) -> Sheet:
    """What a router of ours is; ``beside``: the host's machine on its uplink."""
    return {
        "profile": draw(st.sampled_from(["calypso", "pandora"])),
        "routing": draw(st.sampled_from(["bird", "frr"])),
        "mtu": draw(st.integers(1280, 9216)),
        "interfaces": {"nodes": "eno2", "uplink": draw(st.sampled_from(["eno3", "if-1_a"]))},
        "gateways": draw(st.permutations([str(each.ip) for each in beside])),
        "management": {"interface": "eno1", "addresses": [f"10.144.0.{101 + at}/24"]},
        "serial": f"CLR-{at + 1}",
    }


def _site(kind: str, draw: Draw) -> Sheet:
    """What has nothing to do with routing, at its plainest."""
    contact = {"email": "noc@host.example", "phone": "+254 20 555 0100"}
    return {
        "site": SITE,
        "kind": kind,
        "operational": True,
        "mode": draw(st.sampled_from(["live", "drained", "dark"])),
        "asn": 20144,
        "host": {
            "name": "Savanna",
            "type": "nren",
            "country": "KE",
            "contacts": {"noc": contact},
            "gse": {"region": "africa", "coordinator": "GSE Africa"},
        },
        "location": {"iata": SITE, "city": "Nairobi", "country": "KE", "coordinates": "-1.3192, 36.9278"},
        "vantage": "vantage-nbo",
        "onboarding": {"steps": {step: {"date": "2026-01-01", "by": "J. Doe"} for step in STEPS}},
    }


def _apart(peers: list[Sheet]) -> list[Sheet]:
    """Every router once: what was drawn twice for far ones is left out."""
    seen: set[str] = set()
    kept = []
    for peer in peers:
        if not seen & set(peer["addresses"]):
            seen.update(peer["addresses"])
            kept.append(peer)
    return kept


@st.composite
def links(draw: Draw, version: int, where: int, longest: int = 0) -> list[t.Any]:
    """Machines on one link, ours first: interface addresses of a subnet of one of NETWORKS."""
    inside = ipaddress.ip_network(NETWORKS[version][where])
    shortest, longest = max(SHORTEST[version], inside.prefixlen), longest or LONGEST[version]
    length = draw(st.integers(shortest, longest) | st.just(longest))
    bits = inside.max_prefixlen - length
    network = int(inside.network_address) + (draw(st.integers(0, (1 << (length - inside.prefixlen)) - 1)) << bits)
    # The first and the last address of a subnet are its own, but not where it has two.
    first, last = (0, 1) if bits == 1 else (1, (1 << bits) - 2)
    few = {last, *range(first, min(first + FEW_HOSTS, last)), *(draw(st.integers(first, last)) for _ in range(3))}
    made = ipaddress.IPv4Interface if version == 4 else ipaddress.IPv6Interface
    return [made((network + each, length)) for each in draw(st.permutations(sorted(few)))]


@st.composite
def far(draw: Draw, version: int) -> str:
    """A router that is on no link of ours."""
    inside = ipaddress.ip_network(draw(st.sampled_from(FAR[version])))
    return str(inside[draw(st.integers(1, inside.num_addresses - 2))])


@st.composite
def nodes(draw: Draw, number: int, addresses: list[str], gateways: list[str]) -> Sheet:
    """One appliance."""
    name = f"{SITE}{number:02}"
    bond = draw(st.sampled_from([{}, {"bond": {"members": ["eno2", "eno3"], "mode": "802.3ad"}}]))
    vlan = draw(st.sampled_from([{}, {"vlan": 1}, {"vlan": 4094}]))
    return {
        "node": name,
        "profile": draw(st.sampled_from(["calypso", "pandora", "cluster_server"])),
        "serial": f"CLP-{number}",
        "nameserver": draw(st.sampled_from(["knot", "nsd"])),
        "routing": draw(st.sampled_from(["bird", "frr"])),
        "uplink": {
            "interface": "bond0" if bond else draw(st.sampled_from(["eno2", "ens1f0", "enp0s31f6.12", "if-1_a"])),
            "mtu": draw(st.integers(1280, 9216)),
            "addresses": draw(st.permutations(addresses)),
            "gateways": draw(st.permutations(gateways)),
            **bond,
            **vlan,
        },
        "management": {"interface": "eno1", "addresses": [f"10.144.0.{number}/24"]},
        "tsig": [
            {
                "master": master["name"],
                "name": f"{name}-{master['name']}.imrs.example.",
                "algorithm": "hmac-sha256",
                "secret": f"vault_tsig_{name}_{master['name']}",
            }
            for master in (FLEET.data or {})["masters"]
        ],
    }


ASNS = (
    st.sampled_from([1, 20143, 20145, 64496, 64512, 65534, 65536, 65551, 4200000000, 4294967294])
    | st.integers(1, 2**32 - 1)
).filter(lambda asn: asn not in {20144, *rules.RESERVED})
STANDARD = st.tuples(st.integers(0, 65534), st.integers(0, 65535))
LARGE = st.tuples(*[st.sampled_from([0, 20144, 2**32 - 1]) | st.integers(0, 2**32 - 1)] * 3)
COMMUNITIES = st.lists(STANDARD | LARGE, max_size=12, unique=True).map(
    lambda drawn: [":".join(str(part) for part in each) for each in drawn]
)


@st.composite
def sessions(draw: Draw, addresses: list[str], multihop: bool, takes: bool = True) -> Sheet:
    """One entry of ``peers``; each option is given or left out."""
    hold = draw(st.sampled_from([3, 9, 90, 180, 65535]) | st.integers(3, 65535))
    inbound = draw(st.sampled_from(["none", "default", "all"])) if takes else "none"
    most = draw(st.sampled_from([1, 2, 1000, 1_100_000, 10_000_000]) | st.integers(1, 10_000_000))
    options: dict[str, t.Any] = {
        "bfd": {"interval_ms": draw(st.integers(50, 60_000)), "multiplier": draw(st.integers(2, 50))},
        "hold_time": hold,
        "communities": draw(COMMUNITIES),
        "no_export": draw(st.booleans()),
        "prepend": draw(st.integers(0, 5)),
        "bgp_role": "customer",
    }
    given = {name: value for name, value in options.items() if draw(st.booleans())}
    if draw(st.booleans()):
        given["keepalive_time"] = draw(st.integers(1, given.get("hold_time", 9) // 3))
    if inbound != "none" or draw(st.booleans()):
        given["inbound"] = inbound
    if inbound == "all":
        given["max_prefix"] = most
    if multihop:
        given["multihop"] = draw(st.sampled_from([2, 255]) | st.integers(2, 255))
    return {
        "description": draw(PROSE),
        "asn": draw(ASNS),
        "addresses": draw(st.permutations(addresses)),
        "md5": draw(st.sampled_from([None, *SECRET_NAMES])),
        **given,
    }
