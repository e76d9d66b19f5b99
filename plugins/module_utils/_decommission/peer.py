# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether the host's router has nothing from the node any more, by what the router itself says.

A session that this router does not have, or a router that nobody may ask, proves nothing. A person may have asked there
by telephone, and says so by a variable, which goes into the record. What a router still has, nobody's word takes away.
"""

from __future__ import annotations

import typing as t


class Session(t.NamedTuple):
    """One session of the sheet, as the host's router has it."""

    name: str
    address: str
    """The router's end, by the sheet."""
    state: str
    """What the router says of it; empty where it does not have it."""
    held: tuple[str, ...]
    """Prefixes that it has from the node."""
    seen: bool
    """Whether the router that was asked is the one of this session."""


class Proof(t.NamedTuple):
    """What was seen at the peer."""

    sessions: tuple[Session, ...]
    error: str = ""
    """Why the router could not be read."""

    @property
    def held(self) -> list[str]:
        """Each session over which something is still announced, in words."""
        return [f"{each.name} ({each.address}): {', '.join(each.held)}" for each in self.sessions if each.held]

    @property
    def unseen(self) -> list[str]:
        """The sessions of which the router's side is not known."""
        return [f"{each.name} ({each.address})" for each in self.sessions if not each.seen]

    def words(self) -> list[str]:
        """A line for each session, for people."""
        if self.error:
            return [f"the host's router was not read: {self.error}"]
        return [
            f"{each.name} ({each.address}): "
            + (f"{', '.join(each.held) or 'nothing'} from the node, session {each.state}" if each.seen else "not seen")
            for each in self.sessions
        ]


def look(peers: t.Sequence[t.Mapping[str, t.Any]], evidence: t.Mapping[str, t.Any] | None, absent: str) -> Proof:
    """What the router has from each session of the sheet.

    ``peers``: the sessions, as ``imrs_peers`` has them. ``evidence``: of the scope ``router``
    (``_probes.host_router.received``), None where there is none, for the reason ``absent``. Of two routers behind one
    address of the node's, one that is down does not say which it is, and is not seen.
    """
    seen = (evidence or {}).get("host_router") or {"error": absent or "nobody could be asked"}
    error = str(seen.get("error") or "")
    ends = [str(peer["local_address"]) for peer in peers]
    found = []
    for peer in peers:
        local = str(peer["local_address"])
        there = {} if error else seen.get("sessions", {}).get(local, {})
        own, state = str(there.get("address") or ""), str(there.get("state") or "")
        mine = own == peer["address"] or (not own and ends.count(local) == 1)
        routes = () if error or not mine else seen.get("routes", {}).get(local, ())
        held = tuple(sorted({str(route["to"]) for route in routes}))
        found.append(Session(str(peer["name"]), str(peer["address"]), state, held, bool(state) and mine))
    return Proof(tuple(found), error)


def refusal(node: str, proof: Proof, word: str) -> str:
    """Why the node is not proven withdrawn; empty when it is. ``word``: what a person says of what nobody has seen."""
    if proof.held:
        return (
            f"{node} is still announced, by its host's router: {'; '.join(proof.held)}. Nothing is wiped: have the "
            "host shut these sessions, and run again"
        )
    if proof.unseen and not word:
        why = f" ({proof.error})" if proof.error else ""
        return (
            f"It is not seen at the peer that {node} is withdrawn, of {', '.join(proof.unseen)}{why}. Nothing is "
            "wiped: see that the looking glass can be read; or ask the host to look, and say who has seen it: "
            "-e \"imrs_peer_says='…'\", which goes into the record"
        )
    return ""
