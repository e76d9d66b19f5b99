# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `_site/features.py` says that no node uses, no role configures: in no template, and in nothing that is rendered.

A vulnerability that needs such a feature is told as harmless, so who begins to use one has to take it off that table.
"""

from __future__ import annotations

import pathlib
import re

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import features

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDERS = (
    "roles/nameserver/templates/etc",
    "roles/routing/templates/etc",
    "tests/golden/example",
    "tests/daemons/rendered",
)
DAEMONS = re.compile(r"/(knot|nsd|bird|frr|imrs-identity)/")
"""Folders of the daemons' own configuration; documents for hosts speak of their routers."""

SEEN: dict[str, tuple[str, list[str]]] = {
    "babel": (r"protocol babel|router babel|^babeld=yes", ["protocol babel {", "router babel", "babeld=yes"]),
    "bmp": (r"protocol bmp|bmp targets|-M bmp", ["protocol bmp {", " bmp targets collector", 'bgpd_options="-M bmp"']),
    "evpn": (r"\bevpn\b", [" address-family l2vpn evpn", "protocol evpn {"]),
    "flowspec": (r"\bflow[46]\b|flowspec", ["  flow4 { import all; };", " address-family ipv4 flowspec"]),
    "isis": (r"router isis|^isisd=yes", ["router isis 1", "isisd=yes"]),
    "ldp": (r"mpls ldp|^ldpd=yes|\bmpls domain", ["mpls ldp", "ldpd=yes", "mpls domain d;"]),
    "multicast": (r"router pim6?\b|ip(v6)? pim|ip igmp|^pim6?d=yes", ["router pim", " ip pim", " ip igmp", "pimd=yes"]),
    "ospf": (r"protocol ospf|router ospf6?|^ospf6?d=yes", ["protocol ospf v2 {", "router ospf", "ospfd=yes"]),
    "rip": (r"protocol rip|router rip(ng)?|^rip(ng)?d=yes", ["protocol rip ng {", "router ripng", "ripd=yes"]),
    "rpki": (r"protocol rpki|^\s*rpki\b|-M rpki", ["protocol rpki {", "rpki", 'bgpd_options="-M rpki"']),
    "vpn": (r"\bvpn[46]\b|\b(ipv4|ipv6) vpn\b|rd vpn", ["  vpn4 { };", " address-family ipv4 vpn"]),
    "vrf": (r"^\s*vrf\b|\bbgp \d+ vrf\b", ['  vrf "red";', "router bgp 20144 vrf red"]),
    "catalog_zones": (r"catalog", ["    catalog-role: interpret", 'catalog: "consumer"']),
    "dns_over_tls": (r"listen-(tls|quic)|tls-port|tls-service", ["    listen-tls: ::@853", "    tls-port: 853"]),
    "dnssec_signing": (r"dnssec-signing:\s*on|dnssec-policy", ["    dnssec-signing: on", "    dnssec-policy: d"]),
    "dnstap": (r"dnstap", ["mod-dnstap:", "    dnstap-enable: yes"]),
    "dynamic_update": (r"action:.*\bupdate\b", ["    action: update", "    action: [transfer, update]"]),
    "transfer_out": (
        r"action:.*\btransfer\b|provide-xfr",
        ["    action: transfer", "    provide-xfr: 0.0.0.0/0 NOKEY"],
    ),
    "xdp": (r"xdp", ["    listen-xdp: eth0", "    xdp-interface: eth0"]),
}
"""By feature: what configures it, and lines in which it does, each of which has to be found."""


def configured(text: str, feature: str) -> list[str]:
    """The lines of a daemon's configuration that use the feature; not its comments."""
    pattern = re.compile(SEEN[feature][0])
    lines = (line for line in text.splitlines() if not line.lstrip().startswith(("#", "!", "//", "{#", "{%")))
    return [line for line in lines if pattern.search(line.partition(" #")[0])]


def texts() -> dict[str, str]:
    """The daemons' configuration, as templates and rendered."""
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.is_file())
    return {str(path): path.read_text(encoding="utf-8") for path in paths if DAEMONS.search(str(path))}


def test_every_such_feature_is_looked_for() -> None:
    assert set(SEEN) == set(features.USED_BY_NONE) - {"unused"}  # that one is an engineer's word


@pytest.mark.parametrize("feature", SEEN)
def test_no_role_configures_it(feature: str) -> None:
    found = texts()
    assert len(found) > 50
    assert {path: lines for path, text in found.items() if (lines := configured(text, feature))} == {}


@pytest.mark.parametrize("feature", SEEN)
def test_it_would_be_found(feature: str) -> None:
    for line in SEEN[feature][1]:
        assert configured(f"# a comment\n{line}\n", feature) == [line]
