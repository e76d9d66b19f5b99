# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Driver and firmware of a network card, as the kernel fills them in."""

from __future__ import annotations

import typing as t

import card_outputs as outputs
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import cards

if t.TYPE_CHECKING:
    import array
    import pathlib

# Recorded of an e1000e of the lab's virtual machine (Linux 6.12): five texts of 32 octets behind the command's number.
E1000E = b"e1000e".ljust(32, b"\0") + b"6.12.118+deb13-amd64".ljust(32, b"\0") + b"2.1-0".ljust(32, b"\0")


def told(texts: bytes) -> cards.Ask:
    def ask(interface: str, into: array.array[int]) -> None:
        if into[0] != cards.GET_DRIVER_INFO:
            raise OSError(95, "Operation not supported")
        assert (interface, into[0], len(into)) == ("eno1", 3, 196), "struct ethtool_drvinfo has 196 octets"
        into[4 : 4 + len(texts)] = type(into)("B", texts)

    return ask


def silent(_interface: str, _into: array.array[int]) -> None:
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (told(E1000E), {"driver": "e1000e", "firmware": "2.1-0"}),
        (told(b"veth".ljust(64, b"\0") + b"N/A".ljust(32, b"\0")), {"driver": "veth", "firmware": ""}),
        (told(b"x" * 96), {"driver": "x" * 32, "firmware": "x" * 32}),  # no octet is left for an end
        (silent, {"driver": "", "firmware": ""}),
    ],
)
def test_cards(ask: cards.Ask, found: dict[str, str]) -> None:
    unset = dict.fromkeys(("queues", "receive_ring", "transmit_ring", "hash_ports", "processors"))
    assert cards.read("eno1", ask) == {**unset, **found}


@pytest.mark.parametrize("interface", ["lo", "imrs-not-there"])
def test_this_machine_s_kernel_answers(interface: str) -> None:
    """No firmware, and no error: of an interface without a driver, and of none."""
    assert cards.read(interface)["firmware"] == ""


def _ring(now: int, most: int) -> dict[str, int]:
    return {"now": now, "most": most}


@pytest.mark.parametrize(
    ("card", "queues", "receive", "transmit", "ports"),
    [
        (outputs.ixgbe, _ring(20, 63), _ring(512, 4096), _ring(512, 4096), False),
        (outputs.i40e, _ring(1, 64), _ring(512, 4096), _ring(512, 4096), True),
        (outputs.tg3, _ring(4, 4), _ring(200, 2047), _ring(511, 511), None),
        (outputs.mlx5, _ring(63, 63), _ring(1024, 8192), _ring(1024, 8192), True),
        (outputs.apart, _ring(64, 64), None, None, None),
        (outputs.virtio, _ring(1, 1), _ring(256, 256), _ring(256, 256), False),
        (outputs.veth, None, None, None, None),
    ],
)
def test_how_cards_are_set(
    card: t.Callable[[], outputs.Card],
    queues: dict[str, int] | None,
    receive: dict[str, int] | None,
    transmit: dict[str, int] | None,
    ports: bool | None,
) -> None:
    found = cards.read("eno1", outputs.Kernel({"eno1": card()}))
    assert (found["driver"], found["queues"], found["hash_ports"]) == (card().driver, queues, ports)
    assert (found["receive_ring"], found["transmit_ring"]) == (receive, transmit)


def test_who_takes_the_interrupts(tmp_path: pathlib.Path) -> None:
    root = outputs.tree(tmp_path, "eno1", {40: "0", 41: "2-3,7", 42: "2", 43: ""})
    assert cards.processors("eno1", root) == [0, 2, 3, 7]
    assert cards.processors("eno2", root) is None
    (root / "proc/irq/41/effective_affinity_list").unlink()  # it has gone meanwhile
    assert cards.processors("eno1", root) is None


def test_of_a_virtio_card_it_is_the_pci_device_that_has_interrupts(tmp_path: pathlib.Path) -> None:
    pci = outputs.tree(tmp_path, "eno1", {40: "0", 41: "1"}) / "sys/class/net/eno1/device"
    (pci / "virtio0").mkdir()
    (tmp_path / "sys/class/net/eno3").mkdir()
    (tmp_path / "sys/class/net/eno3/device").symlink_to(pci / "virtio0")
    assert cards.processors("eno3", tmp_path) == [0, 1]
