# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session for all: what a sheet says becomes one, and host variables give the same one back."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._site import schema_site
from ansible_collections.icann.imrs.plugins.module_utils._site.session import Bfd, HostSession, Peer, Session
from hypothesis import given
from hypothesis import strategies as st

ENDS: dict[str, t.Any] = {"family": "ipv4", "asn": 64500, "address": "192.0.2.1", "local_address": "192.0.2.2"}
NAMED: dict[str, t.Any] = {**ENDS, "name": "as64500_ipv4_1", "mark": "20144:1:2"}
FROM_ENDS = {"family", "address", "local_address"}
"""Fields that follow from the addresses of both sides."""


def test_a_session_about_which_nothing_is_agreed_on() -> None:
    assert Session.read(ENDS) == Session(**ENDS)
    assert Session.read({**ENDS, "hold_time": None, "unknown": 1}) == Session(**ENDS)


@given(
    hold=st.integers(3, 65535),
    bfd=st.none() | st.builds(Bfd, st.integers(50, 60_000), st.integers(2, 50)),
    communities=st.lists(st.sampled_from(["64500:1", "64500:2"])).map(tuple),
    prepend=st.integers(0, 5),
    inbound=st.sampled_from([("none", None), ("default", 1), ("all", 7)]),
    password=st.none() | st.just("vault_bgp_xlb"),
)
def test_host_variables_give_the_same_session_back(**agreed: t.Any) -> None:
    inbound, most = agreed["inbound"]
    peer = Peer(
        **NAMED,
        hold_time=agreed["hold"],
        keepalive_time=agreed["hold"] // 3,
        bfd=agreed["bfd"],
        communities=agreed["communities"],
        prepend=agreed["prepend"],
        inbound=inbound,
        max_prefix=most,
        password_variable=agreed["password"],
    )
    assert Peer.read(peer.variables()) == peer
    assert set(peer.variables()) == {field.name for field in dataclasses.fields(Peer)}


def test_what_depends_on_another_option() -> None:
    assert Session.read({**ENDS, "hold_time": 30}).keepalive_time == 10
    assert Session.read({**ENDS, "hold_time": 30, "keepalive_time": 5}).keepalive_time == 5
    assert Session.read({**ENDS, "inbound": "default"}).max_prefix == 1
    assert Session.read({**ENDS, "max_prefix": 5}).max_prefix is None
    assert (Session.read(ENDS).gtsm, Session.read({**ENDS, "multihop": 2}).gtsm) == (True, False)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"asn": None, "address": None}, "asn, address missing"),
        ({"inbound": "some"}, "inbound is none, default, or all with a max_prefix"),
        ({"inbound": "all"}, "inbound is none, default, or all with a max_prefix"),
        ({"hold_time": "soon"}, "invalid literal"),
    ],
)
def test_what_is_no_session_is_refused(changes: dict[str, t.Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Session.read({**ENDS, **changes})


def test_no_password_and_no_name_of_one_is_in_what_hosts_read() -> None:
    session = HostSession.read({**ENDS, "our_name": "xlb01", "md5": "vault_bgp_xlb"})
    assert session.md5
    assert "vault" not in repr(session)


def test_every_option_of_a_peer_is_in_a_session() -> None:
    """An option that the schema has and ``Session`` has not would be dropped without a word."""
    options = set(schema_site.PEER["properties"]) - {"addresses", "md5"}
    assert options == {field.name for field in dataclasses.fields(Session)} - FROM_ENDS - {"large_communities"}
