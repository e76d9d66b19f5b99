# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gate is told, for tests to change."""

from __future__ import annotations

import copy
import typing as t

NODE = "xlb01.l.root-servers.org"
V4, V6 = "199.7.83.42", "2001:500:9f::42"
MARK, LATER = "20144:1:2", "20144:4294967295:0"
"""Marks of two sessions."""
SESSIONS = (MARK,)
DATA: dict[str, t.Any] = {
    "node": NODE,
    "asn": 20144,
    "router_id": "192.0.2.2",
    "session": {"local": "127.0.0.2", "peer": "127.0.0.1", "port": 179, "hold_time": 3},
    "prefixes": {
        "ipv4": {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]},
        "ipv6": {"specific": ["2001:500:9f::/48"], "covering": []},
    },
    "probe": {
        "addresses": {"ipv4": [V4], "ipv6": [V6]},
        "private": {"ipv4": "127.0.0.3", "ipv6": "::1"},
        "port": 53,
        "interval": 0.1,
        "timeout": 0.1,
        "silence": 0.5,
        "busy": 10,
        "deaf": 5,
        "udp_every": 10,
        "tcp_every": 25,
        "rise": 5,
    },
    "zones": [
        {"name": ".", "signed": True, "witness": "com."},
        {"name": "arpa.", "signed": True, "witness": "in-addr.arpa."},
        {"name": "root-servers.net.", "signed": False},
    ],
    "masters": {"path": "/run/imrs/upstream.json", "every": 60, "limit": 3900},
    "way": {"devices": ["uplink"], "addresses": {"ipv4": ["198.41.0.4"], "ipv6": ["2001:503:ba3e::2:30"]}},
    "hold_down": {"first": 5, "longest": 300, "forget_after": 600},
    "service": "knot.service",
    "routing": "bird.service",
    "overload": "absorb",
    "fingerprint_paths": ["/etc/knot/knot.conf"],
}
UPSTREAM: dict[str, t.Any] = {
    "masters": [
        {
            "name": f"dist{number}",
            "address": address,
            "port": 53,
            "key": f"key{number}.",
            "algorithm": "hmac-sha256",
            "secret": "c2VjcmV0c2VjcmV0c2VjcmV0",
        }
        for number, address in ((1, "203.0.113.1"), (2, "2001:db8::2"))
    ],
    "trust_anchors": [". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"],
}
NODES = {name: {"ipv4": f"192.0.2.{n}", "ipv6": f"2001:db8::{n}"} for n, name in enumerate(("n01", "n02", "n03"), 1)}
"""Of a cluster, each with its addresses."""
OF_NODES = ("probe", "zones", "masters", "service", "overload")
"""What the gate of a router is not told."""
GONE: t.Any = object()


def changed(path: str, value: t.Any, data: dict[str, t.Any] = DATA) -> dict[str, t.Any]:
    """The configuration with one place changed or taken out."""
    data = copy.deepcopy(data)
    *way, last = path.split(".")
    inner: t.Any = data
    for key in way:
        inner = inner[int(key) if key.isdigit() else key]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return data


def without_a_network(port: int = 1) -> dict[str, t.Any]:
    """For a gate that asks nobody and has nothing to announce."""
    data = copy.deepcopy(DATA)
    data["session"]["port"] = data["probe"]["port"] = port
    data["prefixes"] = {family: {"specific": [], "covering": []} for family in ("ipv4", "ipv6")}
    data["probe"]["addresses"] = {"ipv4": [], "ipv6": []}
    data["masters"]["path"] = "/nonexistent"
    return data


def router_data(**members: t.Any) -> dict[str, t.Any]:
    """What the gate of a cluster's router is told; its prefixes are of IPv4 alone, and no way out is asked for."""
    found = {key: copy.deepcopy(value) for key, value in DATA.items() if key not in OF_NODES}
    found["prefixes"]["ipv4"] = {"specific": ["199.7.83.0/24"], "covering": ["199.7.82.0/23"]}
    found["prefixes"]["ipv6"] = {"specific": [], "covering": []}
    found["way"] = {"devices": ["lo"], "addresses": {"ipv4": [], "ipv6": []}}
    nodes = [{"node": name, **addresses} for name, addresses in NODES.items()]
    return {**found, "members": {"nodes": nodes, "minimum": 2, "below": "drained", "rise": 5, **members}}
