# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which the uplink's cards are not set as they have to be; a part of test_checks.py, on cards as real ones."""

from __future__ import annotations

import typing as t

import card_outputs as outputs
import hardware_cases

if t.TYPE_CHECKING:
    from recordings import Scene, Spoil

PANDORA = {"queues": 16, "receive_ring": 4096, "hash_ports": True}


def has(
    card: outputs.Card, processors: t.Sequence[int] | None = range(16), uplink: str = "eno1", **wanted: int
) -> Spoil:
    """A sound machine with 16 cores whose ports are all such cards, and what its profile says of them."""

    def put(scene: Scene) -> None:
        hardware_cases.sound(uplink)(scene)
        told = hardware_cases.card(card, processors)
        scene.hardware["links"]["cards"] = dict.fromkeys(scene.hardware["links"]["cards"], told)
        scene.expected["hardware"].update(cards=wanted, cores=16)

    return put


FAILS: list[tuple[str, str, Spoil, str]] = [
    (
        "HW-09",
        "a ring as the driver has it",
        has(outputs.mlx5(), receive_ring=4096),
        "eno1 has 1024 packets in a receive ring, 4096 in the profile, and it can have 8192",
    ),
    ("HW-09", "too few queues", has(outputs.i40e(), queues=16), "has 1 queues, 16 in the profile, and it can have 64"),
    ("HW-09", "too many", has(outputs.mlx5(), queues=16), "has 63 queues, 16 in the profile"),
    ("HW-09", "fewer than it can", has(outputs.igb(), transmit_ring=8192), "256 packets in a transmit ring, 8192"),
    (
        "HW-09",
        "by address alone",
        has(outputs.ixgbe(), hash_ports=1),
        "eno1 spreads questions over UDP by address alone, in the profile by address and port",
    ),
    ("HW-09", "by port", has(outputs.i40e(), hash_ports=0), "by address and port, in the profile by address alone"),
    ("HW-09", "each port of a bond", has(outputs.ixgbe(), uplink="vlan120", queues=16), "; eno3 has 20 queues, 16 in"),
    (
        "HW-09",
        "one processor",
        has(outputs.ixgbe(), [3]),
        "eno1 has 20 queues, whose interrupts go to processor 3 alone",
    ),
    ("HW-09", "too few processors", has(outputs.ixgbe(), range(7)), "processor 0, 1, 2, 3, 4, 5, 6 alone"),
]
