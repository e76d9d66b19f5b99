# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What proves that the host's router has nothing of a node any more, and what does not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._decommission import peer

FOUR = {"name": "as64500_ipv4_1", "address": "192.0.2.1", "local_address": "192.0.2.2"}
SIX = {"name": "as64500_ipv6_1", "address": "2001:db8:0:1::1", "local_address": "2001:db8:0:1::2"}
SECOND = {"name": "as64500_ipv4_2", "address": "192.0.2.3", "local_address": "192.0.2.2"}
UP = {"state": "Established", "local_as": 64500}
ROUTE = {"to": "199.7.82.0/23"}


def router(four: t.Any = None, six: t.Any = None, held: t.Sequence[t.Any] = ()) -> dict[str, t.Any]:
    """What a router says; ``held``: over the IPv4 session."""
    sessions = {
        "192.0.2.2": {**UP, "address": "192.0.2.1", **(four or {})},
        "2001:db8:0:1::2": {**UP, "address": "2001:db8:0:1::1", **(six or {})},
    }
    return {"host_router": {"sessions": sessions, "routes": {"192.0.2.2": list(held), "2001:db8:0:1::2": []}}}


DOWN = {"state": "Active", "address": ""}
"""After the daemon has ended."""


@pytest.mark.parametrize("evidence", [router(), router(DOWN, DOWN)])
def test_a_router_that_has_nothing_proves_it(evidence: dict[str, t.Any]) -> None:
    proof = peer.look([FOUR, SIX], evidence, "")
    assert (proof.held, proof.unseen) == ([], [])
    assert peer.refusal("xlb01", proof, "") == ""
    assert proof.words()[0].startswith("as64500_ipv4_1 (192.0.2.1): nothing from the node, session ")


@pytest.mark.parametrize("four", [None, {"state": "Active"}])
def test_what_the_router_has_takes_no_persons_word_away(four: t.Any) -> None:
    proof = peer.look([FOUR, SIX], router(four, held=[ROUTE]), "")
    assert "as64500_ipv4_1 (192.0.2.1): 199.7.82.0/23" in peer.refusal("xlb01", proof, "the NOC saw nothing")


@pytest.mark.parametrize(
    ("peers", "evidence", "said"),
    [
        ([FOUR, SIX], None, "as64500_ipv6_1 (2001:db8:0:1::1) (the sheet names no looking_glass)"),
        ([FOUR, SIX], {"host_router": {"error": "vtysh: not found"}}, "(vtysh: not found)"),
        ([FOUR, SIX], router({"state": "", "address": "", "local_as": None}), "of as64500_ipv4_1 (192.0.2.1)"),
        ([FOUR, SECOND], router(), "of as64500_ipv4_2 (192.0.2.3)"),
        ([FOUR, SECOND], router(DOWN), "of as64500_ipv4_1 (192.0.2.1), as64500_ipv4_2 (192.0.2.3)"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_refused_unless_somebody_says_so(
    peers: list[dict[str, str]], evidence: t.Any, said: str
) -> None:
    proof = peer.look(peers, evidence, "the sheet names no looking_glass")
    assert said in peer.refusal("xlb01", proof, "")
    assert "imrs_peer_says" in peer.refusal("xlb01", proof, "")
    assert peer.refusal("xlb01", proof, "NOC of Example Net, ticket 17") == ""
    assert any("not seen" in line or "was not read" in line for line in proof.words())
