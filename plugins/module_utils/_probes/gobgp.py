# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""GoBGP, on a host's router: what it has from the node, by its own client (cli-operations.md of GoBGP 3)."""

from __future__ import annotations

import json
import typing as t

from . import host

CONTROL = ("gobgp",)
_STATES = ("", "Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established")
"""By number, as its API has them (``PeerState.SessionState``)."""
_ORIGINS = ("IGP", "EGP", "Incomplete")
_NOBODY = "not found neighbor"
"""What it says of a session that is not configured."""
_ANY = ("0.0.0.0", "::")  # noqa: S104 - nothing is bound here
"""Its own address while the session is down."""
_ORIGIN, _AS_PATH, _NEXT_HOP, _MP_REACH_NLRI = 1, 2, 3, 14
"""Types of path attributes (RFC 4271 section 5, RFC 4760 section 3)."""
_SEQUENCE = 2
"""A segment of an AS path that is one (RFC 4271 section 4.3); others are sets."""


def received(
    addresses: t.Mapping[str, t.Sequence[str]], runner: host.Runner = host.run, command: t.Sequence[str] = CONTROL
) -> dict[str, t.Any]:
    """What a host's router with GoBGP knows of the node (``host_router.received``).

    Routes are those of its table: what it calls ``accepted`` has those that its policies refuse as well. The client
    tells the session's password with its state: no more than what is needed is taken from its answers.
    """
    found: dict[str, t.Any] = {"sessions": {}, "routes": {}}
    for family, ends in addresses.items():
        table, error = _ask(runner, command, "global", "rib", "-a", family)
        if error:
            return {"error": error}
        for address in ends:
            neighbor, error = _ask(runner, command, "neighbor", address)
            if error and not error.startswith(_NOBODY):
                return {"error": error}
            state, local = neighbor.get("state", {}), neighbor.get("transport", {}).get("local_address", "")
            found["sessions"][address] = {
                "state": _named(_STATES, state.get("session_state")),
                "local_as": state.get("local_asn"),
                "address": "" if local in _ANY else local,
            }
            found["routes"][address] = [
                _route(prefix, path)
                for prefix, paths in sorted(table.items())
                for path in paths
                if str(path.get("neighbor-ip", "")).partition("%")[0] == address
            ]
    return found


def _ask(runner: host.Runner, command: t.Sequence[str], *words: str) -> tuple[dict[str, t.Any], str]:
    """``gobgp -j …``: what it said, and why it said nothing."""
    done = runner([*command, "-j", *words])
    try:
        said = json.loads(done["stdout"])
    except ValueError:
        said = None
    if isinstance(said, dict) and done["rc"] == 0 and "error" not in said:
        return said, ""
    told = said.get("error") if isinstance(said, dict) else ""
    return {}, str(told or done["stderr"].strip() or f"{command[0]} failed")[:200]


def _named(names: t.Sequence[str], number: object) -> str:
    """What a number stands for; empty where it stands for nothing."""
    return names[number] if isinstance(number, int) and 0 <= number < len(names) else ""


def _route(prefix: str, path: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One that its filters let in. It resolves no next hops, so all are valid but those of a session that went down."""
    attributes = {each.get("type"): each for each in path.get("attrs", ())}
    segments = attributes.get(_AS_PATH, {}).get("as_paths", ())
    next_hop = attributes.get(_NEXT_HOP, attributes.get(_MP_REACH_NLRI, {})).get("nexthop")
    return {
        "to": prefix,
        "as_path": " ".join(map(_segment, segments)),
        "origin": _named(_ORIGINS, attributes.get(_ORIGIN, {}).get("value")),
        "next_hops": [next_hop] if next_hop else [],
        "valid": not path.get("stale"),
    }


def _segment(segment: t.Mapping[str, t.Any]) -> str:
    """A part of an AS path, with braces where the order means nothing."""
    numbers = " ".join(map(str, segment.get("asns", ())))
    return numbers if segment.get("segment_type") == _SEQUENCE else f"{{{numbers}}}"
