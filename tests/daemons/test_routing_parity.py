# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer sees the same of a node, whichever routing daemon runs: capabilities, attributes, refusals.

What differs all the same, and cannot be switched off, is written here. Needs root and the lab image.
"""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import wire
from imrs_gate_bench import FIVE, until
from imrs_provider_bench import vtysh
from imrs_routing_parity_bench import BesideListener, attributes, capabilities

BOTH = ("bird", "frr")
EXTENDED_MESSAGES, ADD_PATH, SOFTWARE_VERSION, PATHS_LIMIT = 6, 69, 75, 76
ONLY_FRR: dict[str, dict[str, set[tuple[int, str]]]] = {
    # FRR 10.3 always offers these three. Add-path is on in no direction (RFC 7911 section 4: to be ignored), and
    # its limit of paths is 0. So only longer messages (RFC 8654) are really offered, of which a node sends none.
    "options": {
        "ipv4": {(EXTENDED_MESSAGES, ""), (ADD_PATH, "00010100"), (PATHS_LIMIT, "0001010000")},
        "ipv6": {(EXTENDED_MESSAGES, ""), (ADD_PATH, "00020100"), (PATHS_LIMIT, "0002010000")},
    },
    # Inside our own AS it always tells its version: only our own routers hear that.
    "cluster": {
        "ipv6": {
            (EXTENDED_MESSAGES, ""),
            (ADD_PATH, "00020100"),
            (PATHS_LIMIT, "0002010000"),
            (SOFTWARE_VERSION, "0e4652526f7574696e672f31302e33"),
        }
    },
}
"""By case and family: what FRR offers and BIRD does not."""
PARTIAL = "e0"
"""BIRD marks the communities that a filter has added as `partial`, which tells a peer nothing (RFC 4271 section 5)."""
MED, MP_REACH = 4, 14
LINK_LOCAL = 32
"""Octets of a next hop that has a link-local address, too."""

OPEN = wire.Open(64500, 240, "192.0.2.1", ("ipv4",))


def opening(**changed: t.Any) -> bytes:
    """An OPEN of the host's router, with something else in it."""
    return wire.encode(dataclasses.replace(OPEN, **changed))


REFUSED = {
    "BGP version 3": (opening()[:19] + b"\3" + opening()[20:], (2, 1)),
    "another AS": (opening(asn=64499), (2, 2)),
    "no identifier": (opening(identifier="0.0.0.0"), (2, 3)),
    "a hold time of 1 s": (opening(hold_time=1), (2, 6)),
    "no keepalives": (opening(hold_time=0), (2, 6)),
    "another family": (opening(families=("ipv6",)), (2, 7)),
    "no marker": (b"\0" + opening()[1:], (1, 1)),
    "too long": (wire.MARKER + b"\xff\xff" + bytes([wire.OPEN]), (1, 2)),
    "no such message": (wire.MARKER + b"\0\x13\x09", (1, 3)),
    "no OPEN at first": (wire.encode(wire.Update("ipv4")), (5, 1)),
}
"""What a host's router may begin with, and the NOTIFICATION that both daemons send then."""


class Said(t.NamedTuple):
    """What a peer hears of a node, by family."""

    openings: dict[str, bytes]
    announced: dict[str, dict[str, dict[int, str]]]
    """By family and prefix: the path attributes."""


def said(directory: pathlib.Path, routing: str, case: str) -> Said:
    """What a node with this daemon says to its host's routers in the sessions that come up."""
    families = list(ONLY_FRR[case])
    with BesideListener(directory, routing, case) as node:
        if case == "cluster":
            for family in families:
                node.answer(family, opening(asn=20144, families=(family,)))
        node.say(FIVE)
        found = Said({}, {family: {} for family in families})

        def complete() -> bool:
            for family in families:
                for kind, body in (node.sessions(family) or [[]])[-1]:
                    if kind == wire.OPEN:
                        found.openings[family] = body
                    elif kind == wire.UPDATE:
                        prefixes, dressed = attributes(body)
                        found.announced[family] |= dict.fromkeys(prefixes, dressed)
            return {prefix for each in found.announced.values() for prefix in each} == {
                prefix for prefix in FIVE for family in families if (":" in prefix) == (family == "ipv6")
            }

        until(complete, what=lambda: f"the prefixes, not {found.announced}")
    return found


@pytest.fixture(scope="module", params=list(ONLY_FRR))
def heard(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[str, dict[str, Said]]:
    """A case, and what each daemon says in it."""
    return request.param, {
        routing: said(tmp_path_factory.mktemp(f"{routing}-{request.param}"), routing, request.param) for routing in BOTH
    }


def test_both_offer_the_same_but_for_what_is_written_here(heard: tuple[str, dict[str, Said]]) -> None:
    case, by = heard
    for family, only in ONLY_FRR[case].items():
        bird, frr = (by[routing].openings[family] for routing in BOTH)
        assert bird[:9] == frr[:9], "version, AS, hold time, identifier"
        assert capabilities(frr) - capabilities(bird) == only
        assert capabilities(bird) <= capabilities(frr)


def neutral(attributes: dict[int, str]) -> dict[int, str]:
    """Attributes without what differs between the daemons, and says nothing to a peer."""
    found = {
        kind: value.replace(PARTIAL, "c0", 1) if value.startswith(PARTIAL) else value
        for kind, value in attributes.items()
    }
    if reach := found.get(MP_REACH):
        found[MP_REACH] = f"{reach[:9]}.. {reach[11:43]}"  # the link-local address is another one each time
    if (
        found.get(MED) == "80 00000000"
    ):  # FRR's, inside our own AS; without one it counts as 0, too (RFC 4271 section 9.1.2.2)
        del found[MED]
    return found


def test_both_announce_with_the_same_attributes(heard: tuple[str, dict[str, Said]]) -> None:
    _case, by = heard
    bird, frr = (
        {
            family: {prefix: neutral(each) for prefix, each in told.items()}
            for family, told in by[routing].announced.items()
        }
        for routing in BOTH
    )
    assert bird == frr
    hops = {
        (routing, len(bytes.fromhex(each[MP_REACH][3:])) - 4)
        for routing in BOTH
        for each in by[routing].announced["ipv6"].values()
    }
    internal = (
        heard[0] == "cluster"
    )  # RFC 2545 section 3 has a link-local address as well; inside our AS FRR leaves it out
    assert hops == {("bird", LINK_LOCAL), ("frr", LINK_LOCAL // 2 if internal else LINK_LOCAL)}


def refused(node: BesideListener, octets: bytes) -> tuple[int, ...]:
    """Code and subcode of the NOTIFICATION that a session gets whose peer begins with these octets."""
    before = len(node.sessions("ipv4"))
    node.answer("ipv4", octets)
    if node.routing == "frr":
        vtysh("clear bgp 192.0.2.1")
    else:
        node.birdc("bird", "restart", "as64500_ipv4_1")

    def told() -> list[tuple[int, ...]]:
        later = [message for session in node.sessions("ipv4")[before:] for message in session]
        return [tuple(message.body[:2]) for message in later if message.kind == wire.NOTIFICATION]

    until(lambda: told() != [], what="a NOTIFICATION")
    return told()[-1]


@pytest.mark.parametrize("routing", BOTH)
def test_both_refuse_the_same_for_the_same_reason(tmp_path: pathlib.Path, routing: str) -> None:
    with BesideListener(tmp_path, routing, "options") as node:
        assert {name: refused(node, octets) for name, (octets, _reason) in REFUSED.items()} == {
            name: reason for name, (_octets, reason) in REFUSED.items()
        }


def test_what_frr_tells_of_itself_unless_it_is_told_not_to_is_seen(tmp_path: pathlib.Path) -> None:
    """The guard: with its own defaults it would tell the machine's name, and take several paths."""
    with BesideListener(tmp_path, "frr", "options") as node:
        vtysh(
            "configure",
            "router bgp 20144",
            "neighbor 192.0.2.1 capability fqdn",
            "address-family ipv4 unicast",
            "no neighbor 192.0.2.1 disable-addpath-rx",
        )
        before = len(node.sessions("ipv4"))
        vtysh("clear bgp 192.0.2.1")
        until(lambda: any(node.sessions("ipv4")[before:]), what="another session")
        found = capabilities(node.sessions("ipv4")[-1][0].body)
        assert 73 in {code for code, _value in found}
        assert (ADD_PATH, "00010101") in found
