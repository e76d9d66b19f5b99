#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel of a host's router follows the table of GoBGP, which tells it nothing itself.

It runs on the router, as root, and needs Python alone. What the daemon no longer says, or a daemon that does not
answer, takes the routes away.
"""

from __future__ import annotations

import json
import subprocess
import time
import typing as t

EVERY = 1.0
"""Seconds from one look to the next."""


def ways(said: str) -> dict[str, str]:
    """The next hop of each prefix, of its best route, from what `gobgp -j global rib` printed; or ValueError."""
    table: t.Any = json.loads(said)
    best = {prefix: path for prefix, paths in table.items() for path in paths if path["best"]}
    hops = {prefix: [each["nexthop"] for each in path["attrs"] if "nexthop" in each] for prefix, path in best.items()}
    return {prefix: found[0] for prefix, found in hops.items() if found}


def changes(have: t.Mapping[str, str], wanted: t.Mapping[str, str]) -> list[list[str]]:
    """What ip(8) has to be told, so that the kernel comes from the one to the other."""
    gone = [["route", "del", prefix, "proto", "bgp"] for prefix in have if prefix not in wanted]
    new = [
        ["route", "replace", prefix, "via", hop, "proto", "bgp"]
        for prefix, hop in wanted.items()
        if have.get(prefix) != hop
    ]
    return gone + new


def follow(
    have: t.Mapping[str, str], wanted: t.Mapping[str, str], tell: t.Callable[[list[str]], bool]
) -> dict[str, str]:
    """Tell ip(8) what changes; what the kernel has then. What it refuses is tried again at the next look."""
    refused = {words[2] for words in changes(have, wanted) if not tell(words)}
    return {prefix: hop for prefix, hop in wanted.items() if prefix not in refused}


def look() -> dict[str, str]:
    """What the daemon has; nothing where it does not answer."""
    found: dict[str, str] = {}
    for family in ("ipv4", "ipv6"):
        command = ["gobgp", "-j", "global", "rib", "-a", family]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            found |= ways(done.stdout) if done.returncode == 0 else {}
        except ValueError:
            continue
    return found


def main() -> None:
    """Follow it until the end."""
    have: dict[str, str] = {}
    while True:
        wanted = look()
        have = follow(have, wanted, lambda words: subprocess.run(["ip", *words], check=False).returncode == 0)
        time.sleep(EVERY)  # it asks the client, which has no events for it to wait for


if __name__ == "__main__":
    main()
