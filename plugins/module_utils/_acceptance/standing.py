# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Where each session of the sheet stands: certified, ready to be, or waiting for its router.

A peer's problem is that peer's: a session that is not there keeps no other one from its prefixes, and gets none itself.
What a peer could not have caused (another AS number in our file, a filter that is missing) is never a reason to wait.
"""

from __future__ import annotations

import enum
import typing as t

from .evidence import Missing
from .peering import bfd_of, session_of

if t.TYPE_CHECKING:
    from .._site.session import Peer
    from .evidence import Evidence
    from .expected import Expected


class Standing(enum.StrEnum):
    """What becomes of a session."""

    CERTIFIED = "certified"
    """It gets what is announced at the moment."""
    READY = "ready"
    """It is there, and gets nothing yet: the next certificate may be for it, too."""
    WAITING = "waiting"
    """It is not there, and gets nothing until acceptance has judged it."""


class Placed(t.NamedTuple):
    """One session: ``why`` it is not there, in the routing daemon's words, if it is not."""

    peer: Peer
    standing: Standing
    why: str

    @property
    def words(self) -> str:
        """For people."""
        peer = self.peer
        who = f"{peer.name} with {peer.address} (AS{peer.asn})"
        if self.standing is not Standing.WAITING:
            return f"{who} is {self.standing}" + (f", but {self.why}" if self.why else "")
        return f"{who} is degraded: {self.why}; it gets nothing: run icann.imrs.accept when its router is there"


def absence(evidence: Evidence, peer: Peer) -> str:
    """Why a session is not there, as far as its peer or the way to it can be the cause; empty when it is.

    The peer alone can bring that about, for itself, and it cannot hide it. A session that the daemon does not even know
    is our own fault, and no absence.
    """
    session = session_of(evidence, peer)
    if session is None:
        return ""
    if session.get("bgp_state") != "Established":
        why = f" ({session['last_error']})" if session.get("last_error") else ""
        return f"{session.get('bgp_state') or session.get('state')}{why}"
    if not any(each["family"] == peer.family and each.get("state") == "UP" for each in session["channels"]):
        return f"the {peer.family} channel is not up"
    if peer.bfd:
        watched = bfd_of(evidence, peer)
        if (state := watched.get("state", "not running")) != "Up":
            return f"BFD is {state}"
        if not 0 < watched.get("timeout_ms", 0) <= peer.bfd.detection_ms:
            return f"BFD notices after {watched.get('timeout_ms')} ms, within {peer.bfd.detection_ms} ms in the sheet"
    return ""


def place(evidence: Evidence, peer: Peer) -> Placed:
    """Where a session stands."""
    why = absence(evidence, peer)
    if peer.mark in evidence.certified:
        return Placed(peer, Standing.CERTIFIED, why)
    return Placed(peer, Standing.WAITING if why else Standing.READY, why)


def all_of(evidence: Evidence, expected: Expected) -> list[Placed]:
    """All sessions of the sheet, in its order; none where the routing daemon gave no evidence."""
    try:
        return [place(evidence, peer) for peer in expected.peers]
    except Missing:
        return []


def due(evidence: Evidence, expected: Expected, peer: Peer) -> tuple[str, ...]:
    """The prefixes that go out over a session at this stage: nothing, unless it is certified."""
    return expected.announced(evidence.stage)[peer.family] if peer.mark in evidence.certified else ()
