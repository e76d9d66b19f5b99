# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a profile says of network cards: how nodes are told of it, and what is refused."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from .conftest import Lab

SUPPLIES = "    power_supplies: 2\n"


def test_what_is_said_of_cards_is_told_and_nothing_else(lab: Lab) -> None:
    given = "    cards: {queues: 16, receive_ring: 4096, hash_ports: true}\n"
    found = lab.hosts(fleet_=[(SUPPLIES, SUPPLIES + given)])["xlb01"]["imrs_profile"]
    assert found["cards"] == {"queues": 16, "receive_ring": 4096, "hash_ports": True}
    assert lab.hosts()["xlb01"]["imrs_profile"]["cards"] == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{queues: 0}", "queues: 0 is not a number of queues (1\u20131024)"),
        ("{queues: max}", "is not a number of queues"),
        ("{receive_ring: 32}", "receive_ring: 32 is not a number of packets (64\u201365536)"),
        ("{hash_ports: 4}", "hash_ports"),
        ("{rings: 4096}", "rings"),
    ],
)
def test_what_is_no_setting_is_refused(lab: Lab, given: str, said: str) -> None:
    (message,) = lab.messages(fleet_=[(SUPPLIES, f"{SUPPLIES}    cards: {given}\n")])
    assert message.startswith("fleet.yml: profiles[0].cards")
    assert said in message
