# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What an FRR router at the host says it received from the node: JSON of ``vtysh`` to structure."""

from __future__ import annotations

import json
import typing as t

from . import host

FAMILIES = ("ipv4", "ipv6")


def _load(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """The object a command printed, or an empty one."""
    try:
        loaded = json.loads(result["stdout"] or "{}") if result["rc"] == 0 else {}
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def parse_neighbor(neighbors: dict[str, t.Any], address: str) -> dict[str, t.Any]:
    """``show bgp neighbors ADDRESS json``: state, ends, timers, protection and restart mode of one session.

    The router's own ``address`` is empty while the session is down; a session that is not configured has no AS number.
    """
    neighbor = neighbors.get(address, {})
    restart = neighbor.get("gracefulRestartInfo", {})
    return {
        "state": neighbor.get("bgpState", ""),
        "local_as": neighbor.get("localAs"),
        "remote_as": neighbor.get("remoteAs"),
        "address": neighbor.get("hostLocal", ""),
        "hold_time": neighbor.get("bgpTimerHoldTimeMsecs", 0) // 1000,
        "maximum_hops": neighbor.get("externalBgpNbrMaxHopsAway"),
        "authentication": bool(neighbor.get("authenticationEnabled")),
        "restart_mode": restart.get("remoteGrMode", ""),
    }


def parse_table(table: dict[str, t.Any], address: str) -> list[dict[str, t.Any]]:
    """``show bgp FAMILY unicast json``: the routes that came from one peer."""
    routes = []
    for prefix, paths in table.get("routes", {}).items():
        for path in paths:
            if path.get("peerId") != address:
                continue
            hops = [hop.get("ip", "") for hop in path.get("nexthops", []) if hop.get("scope", "global") == "global"]
            routes.append(
                {
                    "to": prefix,
                    "as_path": path.get("path", ""),
                    "origin": path.get("origin", ""),
                    "next_hops": hops,
                    "valid": bool(path.get("valid")),
                    "best": bool(path.get("bestpath")),
                }
            )
    return sorted(routes, key=lambda route: str(route["to"]))


def read(
    addresses: t.Mapping[str, t.Sequence[str]], runner: host.Runner = host.run, command: t.Sequence[str] = ("vtysh",)
) -> dict[str, t.Any]:
    """What the router knows of the node, whose addresses are given by family."""
    found: dict[str, t.Any] = {"sessions": {}, "routes": {}}
    for family in FAMILIES:
        table = runner([*command, "-c", f"show bgp {family} unicast json"])
        if table["rc"] != 0:
            return {"error": (table["stderr"] or table["stdout"]).strip()[:200] or "vtysh failed"}
        for address in addresses.get(family, ()):
            neighbors = _load(runner([*command, "-c", f"show bgp neighbors {address} json"]))
            found["sessions"][address] = parse_neighbor(neighbors, address)
            found["routes"][address] = parse_table(_load(table), address)
    return found
