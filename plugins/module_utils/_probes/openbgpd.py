# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""OpenBGPD, on a host's router: what it has from the node, by bgpctl(8)."""

from __future__ import annotations

import json
import typing as t

from . import host

CONTROL = ("bgpctl",)
_NOBODY = "no such neighbor"
"""What it says of a session that is not configured."""


def received(
    addresses: t.Mapping[str, t.Sequence[str]], runner: host.Runner = host.run, command: t.Sequence[str] = CONTROL
) -> dict[str, t.Any]:
    """What a host's router with OpenBGPD knows of the node (``host_router.received``).

    It does not tell its own AS number, so ``local_as`` is None.
    """
    found: dict[str, t.Any] = {"sessions": {}, "routes": {}}
    for address in (address for family in addresses.values() for address in family):
        said, error = _ask(runner, command, "neighbor", address)
        if error and error != _NOBODY:
            return {"error": error[:200]}
        neighbor: dict[str, t.Any] = next(iter(said.get("neighbors", ())), {})
        local = neighbor.get("session", {}).get("local", {})
        found["sessions"][address] = {
            "state": neighbor.get("state", ""),
            "local_as": None,
            "address": local.get("address", ""),
        }
        table, error = _ask(runner, command, "rib", "neighbor", address)
        if error and error != _NOBODY:
            return {"error": error[:200]}
        found["routes"][address] = _routes(table)
    return found


def _ask(runner: host.Runner, command: t.Sequence[str], *words: str) -> tuple[dict[str, t.Any], str]:
    """``bgpctl -j show …``: what it said, which is ``{}`` of a table without a route, and why it said nothing."""
    done = runner([*command, "-j", "show", *words])
    try:
        said = json.loads(done["stdout"])
    except ValueError:
        said = None
    if isinstance(said, dict) and done["rc"] == 0 and "error" not in said:
        return said, ""
    told = said.get("error") if isinstance(said, dict) else ""
    return {}, str(told or (done["stderr"] or done["stdout"]).strip() or f"{command[0]} failed")


def _routes(table: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """What its filters let in."""
    routes = [
        {
            "to": str(route["prefix"]),
            "as_path": str(route.get("aspath", "")),
            "origin": str(route.get("origin", "")),
            "next_hops": [route["exit_nexthop"]] if route.get("exit_nexthop") else [],
            "valid": bool(route.get("valid")),
        }
        for route in table.get("rib", ())
    ]
    return sorted(routes, key=lambda route: str(route["to"]))
