# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What FRR says at the host, of what it received from the node; and on a node, the configuration that it runs.

What its sessions are on a node is in ``frr_sessions``.
"""

from __future__ import annotations

import json
import typing as t

from .._products import FRR
from . import apart, host

if t.TYPE_CHECKING:
    from .seal import Seal

FAMILIES = ("ipv4", "ipv6")

_KEY = r"^\s*(?:neighbor \S+ password|password|enable password|key-string)(?: \d)? (\S+)$"


def load(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """The object a command printed, or an empty one."""
    try:
        loaded = json.loads(result["stdout"] or "{}") if result["rc"] == 0 else {}
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def parse_neighbor(neighbors: dict[str, t.Any], address: str) -> dict[str, t.Any]:
    """``show bgp neighbors ADDRESS json``: state of one session, and the router's own end.

    The router's own ``address`` is empty while the session is down; a session that is not configured has no AS number.
    """
    neighbor = neighbors.get(address, {})
    return {
        "state": neighbor.get("bgpState", ""),
        "local_as": neighbor.get("localAs"),
        "address": neighbor.get("hostLocal", ""),
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
                }
            )
    return sorted(routes, key=lambda route: str(route["to"]))


def received(
    addresses: t.Mapping[str, t.Sequence[str]], runner: host.Runner = host.run, command: t.Sequence[str] = FRR.control
) -> dict[str, t.Any]:
    """What a host's router with FRR knows of the node (``host_router.received``)."""
    found: dict[str, t.Any] = {"sessions": {}, "routes": {}}
    for family in FAMILIES:
        table = runner([*command, "-c", f"show bgp {family} unicast json"])
        if table["rc"] != 0:
            return {"error": (table["stderr"] or table["stdout"]).strip()[:200] or "vtysh failed"}
        if len(table["stdout"]) >= host.LIMIT:  # cut off it is no JSON, and would look like a table without routes
            return {"error": f"its table of {family} is longer than {host.LIMIT} characters"}
        for address in addresses.get(family, ()):
            neighbors = load(runner([*command, "-c", f"show bgp neighbors {address} json"]))
            found["sessions"][address] = parse_neighbor(neighbors, address)
            found["routes"][address] = parse_table(load(table), address)
    return found


def running(_contents: t.Mapping[str, str], seal: Seal, runner: host.Runner = host.run) -> apart.Json:
    """The running configuration, sealed."""
    done = runner([*FRR.control, "-c", "show running-config"])
    if done["rc"] != 0 or "router bgp" not in done["stdout"]:
        return {"error": apart.said(done, "vtysh") if done["rc"] else "bgpd has no configuration"}
    return {"running": seal.lines(done["stdout"], _KEY)}
