# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets that an operator may write: hypothesis strategies over every option of a link and of a session.

What is drawn here is valid by docs/sheet.md: when the library refuses a sheet, one of the two is wrong.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._site import document, fleet
from ansible_collections.icann.imrs.plugins.module_utils._site.rules import peer as rules
from hypothesis import strategies as st
from valid_fleets import KEYS, PROSE, SITE, either, fleets, nodes, plain

Sheet = dict[str, t.Any]
Draw = t.Callable[..., t.Any]

NETWORKS = {
    4: ("41.0.0.0/8", "203.0.113.0/24", "5.0.0.0/8", "62.0.0.0/8"),
    6: ("2c0f::/16", "2001:db8::/33", "2a00::/12", "2a10::/16"),
}
"""Where hosts have their links."""
FAR = {4: ("192.0.2.0/24", "185.0.0.0/8"), 6: ("2001:db8:8000::/34", "2600::/12")}
"""And where their routers are that are some hops away."""
SHORTEST, LONGEST = {4: 16, 6: 48}, {4: 31, 6: 127}
"""Prefix lengths of links."""
FEW_HOSTS = 6
"""Machines on one link, at most."""
PASSWORDS = st.text(sorted(set(map(chr, range(0x21, 0x7F))) - set('"\\')), min_size=1, max_size=80)
"""What ``_site.secrets`` takes for a BGP session."""
SECRET_NAMES = ("vault_bgp_a", "vault_bgp_b")
INSIDE_NAMES = ("vault_bgp_inside", "vault_bgp_within")
LINK_LOCAL = st.integers(2, 9).map(lambda last: f"fe80::{last}/64") | st.integers(1 << 32, (1 << 64) - 1).map(
    lambda last: f"{ipaddress.ip_address((0xFE80 << 112) + last)}/64"
)
"""Ours, which is none of the routers'."""


@dataclasses.dataclass(frozen=True)
class Example:
    """A sheet and the fleet that it is in, and what the vault holds for it."""

    sheet: Sheet
    fleet: Sheet
    secrets: dict[str, str]

    def load(self) -> fleet.Fleet:
        """The fleet that has this site alone."""
        site = document.Document(f"sites/{self.sheet['site']}.yml", self.sheet)
        return fleet.load(document.Document("fleet.yml", self.fleet), [site])


@st.composite
def examples(draw: Draw) -> Example:
    """A single, or a cluster."""
    secrets = {name: draw(PASSWORDS) for name in (*SECRET_NAMES, *INSIDE_NAMES)}
    around = draw(fleets())
    sheet = draw(clusters(around) if draw(st.integers(0, 4)) == 0 else singles(around))
    secrets |= {key["secret"]: draw(KEYS) for node in sheet["nodes"] for key in node["tsig"]}
    return Example(draw(_spelt(sheet)), around, secrets)


@st.composite
def singles(draw: Draw, around: Sheet) -> Sheet:
    """One node on one link, with one to four peers on it or behind it; it may have more addresses, and subnets."""
    local = draw(st.booleans())
    at4, at6 = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    link4, link6 = draw(links(4, at4)), draw(links(6, at6))
    here4, here6 = ([str(each.ip) for each in link[1:]] for link in (link4, link6))
    local6 = [f"fe80::{number + 10:x}" for number in range(FEW_HOSTS)]
    ours = [str(link4[0]), str(link6[0]), *([draw(LINK_LOCAL)] if local else [])]
    for here, link, version, at in ((here4, link4, 4, at4), (here6, link6, 6, at6)):
        more = draw(st.sampled_from(["nothing", "nothing", "an address", "a subnet"]))
        if more == "an address" and len(here) > 1:
            ours.append(f"{here.pop()}/{link[0].network.prefixlen}")
        elif more == "a subnet":
            beside = draw(links(version, (at + 1) % 3))
            ours.append(str(beside[0]))
            here[1:1] = [str(each.ip) for each in beside[1:3]]
    near = min(len(here4), FEW_HOSTS if local else len(here6))
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
        **draw(plain("single")),
        "nodes": [draw(nodes(around, 1, draw(st.permutations(ours)), gateways))],
        "peers": _apart(peers),
    }


@st.composite
def clusters(draw: Draw, around: Sheet) -> Sheet:
    """Two to four nodes and one to three routers on one link; the routers have a link each to the host, or one LAN.

    All routers are ours to provision, or none.
    """
    link4, link6 = (draw(links(version, 0, LONGEST[version] - 2)) for version in (4, 6))
    # A /29 has six machines.
    count = draw(st.integers(2, min(4, len(link4) - 1, len(link6) - 1)))
    routers = draw(st.integers(1, min(3, len(link4) - count, len(link6) - count)))
    inside = [[str(each.ip) for each in pair] for pair in zip(link4[count:], link6[count:], strict=False)][:routers]
    if draw(st.booleans()):
        out4, out6 = ([draw(links(version, 1 + at)) for at in range(routers)] for version in (4, 6))
    else:
        lan = [draw(links(version, 1, LONGEST[version] - 3)) for version in (4, 6)]
        out4, out6 = ([[machines[at], machines[3]] for at in range(routers)] for machines in lan)
    ours, peers = draw(st.booleans()), []
    for at in range(draw(st.integers(routers if ours else 1, 3))):
        near = at < routers and (ours or draw(st.integers(0, 3)) > 0)
        addresses = [str(out[at][1].ip) for out in (out4, out6)] if near else [draw(far(4)), draw(far(6))]
        peers.append(draw(sessions(addresses, not near)))
    inner = [
        draw(nodes(around, at + 1, [str(link4[at]), str(link6[at])], draw(st.sampled_from(inside))))
        for at in range(count)
    ]
    for node in inner if ours else ():  # one link, one MTU
        node["uplink"]["mtu"] = inner[0]["uplink"]["mtu"]
    return {
        **draw(plain("cluster")),
        "cluster": {
            "minimum_live": draw(st.integers(1, count - 1)),
            **(draw(either(below_minimum=st.sampled_from(["drained", "dark"]))) if ours else {}),
            "uplink_mbps": draw(st.integers(100, 1_000_000)),
            "routers": [
                {
                    "router": f"{SITE}-r{at + 1}",
                    "addresses": draw(st.permutations(inside[at])),
                    "uplink": [str(out4[at][0]), str(out6[at][0])],
                    **draw(either(md5=st.sampled_from([None, *INSIDE_NAMES]))),
                    **draw(times()),
                    **draw(either(inbound=st.sampled_from(["none", "default"]))),
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


@st.composite
def times(draw: Draw) -> Sheet:
    """How soon a neighbour that is silent is noticed."""
    hold = st.sampled_from([3, 9, 90, 180, 65535]) | st.integers(3, 65535)
    bfd = st.fixed_dictionaries({"interval_ms": st.integers(50, 60_000), "multiplier": st.integers(2, 50)})
    given: Sheet = draw(either(bfd=bfd, hold_time=hold))
    return given | draw(either(keepalive_time=st.integers(1, given.get("hold_time", 9) // 3)))


@st.composite
def _spelt(draw: Draw, sheet: Sheet) -> Sheet:
    """The same sheet with its addresses in another spelling."""
    how = draw(st.sampled_from([str, str.upper, _in_full]))

    def each(found: t.Any) -> t.Any:
        if isinstance(found, dict):
            return {
                key: list(map(how, value)) if key in {"addresses", "gateways", "uplink"} and isinstance(value, list)
                else each(value) for key, value in found.items()
            }  # fmt: skip
        return list(map(each, found)) if isinstance(found, list) else found

    return t.cast("Sheet", each(sheet))


def _in_full(text: str) -> str:
    """An address, with all of its zeros."""
    address, slash, length = text.partition("/")
    return f"{ipaddress.ip_address(address).exploded}{slash}{length}"


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
    inbound = draw(st.sampled_from(["none", "default", "all"])) if takes else "none"
    most = draw(st.sampled_from([1, 2, 1000, 1_100_000, 10_000_000]) | st.integers(1, 10_000_000))
    given = draw(times()) | draw(
        either(
            communities=COMMUNITIES,
            no_export=st.booleans(),
            prepend=st.integers(0, 5),
            bgp_role=st.just("customer"),
            route_server=st.booleans(),
        )
    )
    if inbound != "none" or draw(st.booleans()):
        given["inbound"] = inbound
    if inbound == "all":
        given["max_prefix"] = most
    elif inbound == "default" and draw(st.booleans()):
        given["max_prefix"] = 1
    if multihop:
        given["multihop"] = draw(st.sampled_from([2, 255]) | st.integers(2, 255))
    return {
        "description": draw(PROSE),
        "asn": draw(ASNS),
        "addresses": draw(st.permutations(addresses)),
        "md5": draw(st.sampled_from([None, *SECRET_NAMES])),
        **given,
    }
