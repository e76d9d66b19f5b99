#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows find another node when one of a cluster's goes, with the hash that its own routers have; Markdown.

The kernel is asked by which node it would send each of 20,000 flows, with all nodes and with one less. In a network
namespace of its own: ``unshare -n python3 tests/bench/flows.py``. Needs root.
"""

from __future__ import annotations

import pathlib
import random
import re
import subprocess
import sys
import typing as t

FLOWS = 20_000
NODES = (2, 3, 4, 8)
INSIDE = {"-4": "192.0.2.{}", "-6": "2001:db8:0:21::{}"}
OWN = (
    ("near", "198.51.100.2/24"),
    ("near", "2001:db8:0:22::2/64"),
    ("nodes", "192.0.2.1/24"),
    ("nodes", "2001:db8:0:21::1/64"),
)
SERVICE = {"-4": "199.7.83.42", "-6": "2001:500:9f::42"}
SOURCES = {"-4": "198.51.{}.{}", "-6": "2001:db8:9:{:x}::{:x}"}
SETTINGS = {
    "ipv4/ip_forward": 1,
    "ipv6/conf/all/forwarding": 1,
    "ipv4/fib_multipath_hash_policy": 1,
    "ipv6/fib_multipath_hash_policy": 1,
}
"""As role `hardening` has them on a router."""


def ip(*words: str, text: str = "") -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True, input=text).stdout


def cable() -> None:
    """An uplink, and an interface towards the nodes."""
    for name in ("near", "nodes"):
        ip("link", "add", name, "type", "veth", "peer", "name", f"{name}-end")
        ip("link", "set", name, "up")
        ip("link", "set", f"{name}-end", "up")
    for link, address in OWN:
        ip("address", "add", address, "dev", link, *(["nodad"] if ":" in address else []))
    ip("route", "add", "default", "via", "198.51.100.1")
    ip("-6", "route", "add", "default", "via", "2001:db8:0:22::1")
    for path, value in SETTINGS.items():
        pathlib.Path("/proc/sys/net", path).write_text(str(value))


def node(family: str, number: int) -> str:
    return INSIDE[family].format(10 + number)


def spread(family: str, nodes: t.Iterable[int], flows: t.Sequence[str]) -> list[str]:
    """By flow, the node that gets it."""
    hops = [word for each in nodes for word in ("nexthop", "via", node(family, each), "dev", "nodes")]
    ip(family, "route", "replace", SERVICE[family], *hops)
    found = re.findall(r"via (\S+)", ip(family, "-o", "-batch", "-", text="\n".join(flows)))
    if len(found) != len(flows):
        sys.exit(f"{len(found)} of {len(flows)} flows have a way")
    return found


def main() -> None:
    """The table."""
    cable()
    chance = random.Random(1)  # noqa: S311 - the same flows each time
    print("| nodes | one that goes | its own flows | others that move, IPv4 | IPv6 |\n|---|---|---|---|---|")
    low, high = range(100, 250), range(1, 250)
    flows = {
        family: [
            f"route get {SERVICE[family]} from {SOURCES[family].format(chance.choice(low), chance.choice(high))}"
            f" iif near ipproto tcp sport {chance.randrange(1024, 65536)} dport 53"
            for _ in range(FLOWS)
        ]
        for family in SERVICE
    }
    for count in NODES:
        for gone in sorted({1, (count + 1) // 2, count}):
            own, moved = [], []
            for family in SERVICE:
                before = spread(family, range(1, count + 1), flows[family])
                after = spread(family, [each for each in range(1, count + 1) if each != gone], flows[family])
                pairs = list(zip(before, after, strict=True))
                own.append(sum(old == node(family, gone) for old, _new in pairs))
                moved.append(sum(old not in {new, node(family, gone)} for old, new in pairs))
            percent = [f"{100 * number / FLOWS:.0f} %" for number in (own[0], *moved)]
            print(f"| {count} | {gone} | {' | '.join(percent)} |")


if __name__ == "__main__":
    main()
