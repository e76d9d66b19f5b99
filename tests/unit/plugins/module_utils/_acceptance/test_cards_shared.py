# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of the uplink's cards (HW-09): what passes, and what is skipped; test_checks.py has the rest."""

from __future__ import annotations

import card_outputs as outputs
import hardware_cases
import pytest
from card_cases import PANDORA, has
from recordings import CHECKS, Scene, Spoil


def _judged(spoil: Spoil) -> tuple[str, str]:
    scene = Scene()
    spoil(scene)
    status, words = scene.judge("HW-09")
    return status.value, words


def _set(card: outputs.Card, queues: int, receive: int) -> outputs.Card:
    assert card.channels
    assert card.rings
    card.channels = card.channels._replace(combined=queues)
    card.rings, card.udp = card.rings._replace(receive=receive), outputs.PORTS
    return card


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            has(_set(outputs.ixgbe(), 16, 4096), **PANDORA),
            (
                "eno1 (ixgbe): 16 of 63 queues, 4096 of 4096 packets in a receive ring, 512 of 4096 packets in a "
                "transmit ring, UDP spread by address and port"
            ),
        ),
        (has(_set(outputs.igb(), 8, 4096), **PANDORA), "eno1 (igb): 8 of 8 queues"),  # no more than it has
        (has(_set(outputs.virtio(), 1, 256), **PANDORA), "eno1 (virtio_net): 1 of 1 queues"),
        (has(_set(outputs.mlx5(), 16, 4104), **PANDORA), "4104 of 8192"),  # a driver that rounds up
        (has(outputs.tg3(), queues=16, transmit_ring=511), "eno1 (tg3): 4 of 4 queues"),
        (has(outputs.ixgbe(), range(8), transmit_ring=512), "20 of 63 queues"),  # half of the cores
        (has(outputs.ixgbe(), None, transmit_ring=512), "20 of 63 queues"),  # a kernel that does not tell
        (has(outputs.ixgbe(), [], transmit_ring=512), "20 of 63 queues"),
        (has(outputs.virtio(), [1], transmit_ring=256), "1 of 1 queues"),  # one queue has one processor
    ],
)
def test_what_passes(spoil: Spoil, said: str) -> None:
    status, words = _judged(spoil)
    assert (status, said in words) == ("pass", True), words


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (has(outputs.ixgbe()), "the profile says nothing of cards (eno1 (ixgbe): 20 of 63 queues, 512 of 4096"),
        (has(outputs.veth()), "the profile says nothing of cards (eno1 (veth): nothing that can be set)"),
        (
            has(outputs.veth(), **PANDORA),
            (
                "eno1 has no queues; eno1 has no packets in a receive ring; eno1 has no fields that spread UDP that "
                "can be chosen (eno1 (veth): nothing that can be set)"
            ),
        ),
        (has(outputs.tg3(), hash_ports=1), "eno1 has no fields that spread UDP that can be chosen (eno1 (tg3): 4 of 4"),
        (
            lambda scene: (has(outputs.ixgbe())(scene), scene.expected["hardware"].update(ports=["eno7"])),
            "no port of the uplink is there",
        ),
    ],
)
def test_what_is_skipped_and_why(spoil: Spoil, said: str) -> None:
    status, words = _judged(spoil)
    assert (status, said in words) == ("skipped", True), words


def test_what_a_card_lacks_hides_nothing_that_is_wrong() -> None:
    status, words = _judged(has(outputs.tg3(), hash_ports=1, receive_ring=1024))
    assert (status, words) == (
        "fail",
        "eno1 has 200 packets in a receive ring, 1024 in the profile, and it can have 2047",
    )


def test_a_container_has_no_card_of_its_own() -> None:
    scene = Scene()
    has(outputs.veth(), **PANDORA)(scene)
    scene.hardware["virtual"]["container"] = "systemd-nspawn"
    assert scene.judge("HW-09").status == "skipped"


def test_none_does_harm() -> None:
    assert (CHECKS["HW-09"].severity, CHECKS["HW-09"].harm) == ("W", False)
    assert hardware_cases.GIVEN["cards"]
