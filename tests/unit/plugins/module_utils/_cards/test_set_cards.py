# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards are set as the profile says, as far as they can, and back; with a kernel that answers as real drivers did."""

from __future__ import annotations

import errno
import json
import typing as t

import card_outputs as outputs
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._cards import main as program
from ansible_collections.icann.imrs.plugins.module_utils._cards.settings import Settings
from ansible_collections.icann.imrs.plugins.module_utils._probes import cards

if t.TYPE_CHECKING:
    import pathlib

ALL = {"queues": 16, "receive_ring": 4096, "transmit_ring": 1024, "hash_ports": True}
CHANNELS, RINGS, HASH = cards.SET_CHANNELS, cards.SET_RINGS, cards.SET_HASH


class Node:
    """A machine with one card or more, and what the program is told; its clock goes on by itself."""

    def __init__(self, folder: pathlib.Path, **ports: outputs.Card) -> None:
        self.folder, self.kernel = folder, outputs.Kernel(ports)
        self.seconds = 0.0
        for port in ports:
            outputs.tree(folder, port, {})

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def run(self, **settings: t.Any) -> int:
        """Write the file for all ports, and run the program."""
        return self.run_on(list(self.kernel.ports), settings)

    def run_on(self, ports: t.Sequence[str], settings: t.Mapping[str, t.Any]) -> int:
        self.kernel.did.clear()
        file = self.folder / "cards.json"
        file.write_text(json.dumps({"ports": ports, "settings": settings}), encoding="utf-8")
        return self.again()

    def again(self) -> int:
        machine = program.Machine(self.folder / "sys/class/net", self.kernel, lambda: self.seconds, self.wait)
        given = ["--config", str(self.folder / "cards.json"), "--memory", str(self.folder / "memory")]
        return program.main(given, machine)


@pytest.mark.parametrize(
    ("card", "queues", "receive", "transmit", "udp"),
    [
        (outputs.ixgbe, 16, 4096, 1024, outputs.PORTS),
        (outputs.i40e, 16, 4096, 1024, outputs.PORTS),
        (outputs.mlx5, 16, 4096, 1024, outputs.PORTS),
        (outputs.igb, 8, 4096, 1024, outputs.PORTS),  # no more than it has
        (outputs.virtio, 1, 256, 256, outputs.PORTS),
        (outputs.tg3, 4, 2047, 511, None),
    ],
)
def test_a_card_is_set_as_far_as_it_can(
    tmp_path: pathlib.Path,
    card: t.Callable[[], outputs.Card],
    queues: int,
    receive: int,
    transmit: int,
    udp: int | None,
) -> None:
    node = Node(tmp_path, eno1=card())
    assert node.run(**ALL) == 0
    found = node.kernel.ports["eno1"]
    assert found.channels
    assert found.rings
    assert found.channels.combined + found.channels.receive == queues
    assert (found.rings.receive, found.rings.transmit, found.udp) == (receive, transmit, udp)
    assert found.channels[:4] == card().channels[:4]  # type: ignore[index]
    assert (found.channels.other, found.channels.transmit) == (card().channels.other, card().channels.transmit)  # type: ignore[union-attr]
    # Once more, as at the next boot of the unit: nothing differs, so no link is lost.
    node.kernel.did.clear()
    assert node.again() == 0
    assert node.kernel.did == []


@pytest.mark.parametrize("card", outputs.ALL)
def test_a_profile_that_says_nothing_touches_nothing(
    tmp_path: pathlib.Path, card: t.Callable[[], outputs.Card]
) -> None:
    node = Node(tmp_path, eno1=card())
    assert node.run() == 0
    assert (node.kernel.ports["eno1"], node.kernel.did) == (card(), [])
    assert not (tmp_path / "memory").exists()


def test_only_what_is_said_is_set(tmp_path: pathlib.Path) -> None:
    node = Node(tmp_path, ens1f0=outputs.ixgbe(), ens1f1=outputs.ixgbe())
    assert node.run(receive_ring=2048) == 0
    assert node.kernel.did == [("ens1f0", RINGS), ("ens1f1", RINGS)]
    assert node.kernel.ports["ens1f1"].rings == outputs.ixgbe().rings._replace(receive=2048)  # type: ignore[union-attr]


def test_without_its_file_nothing_is_done(tmp_path: pathlib.Path) -> None:
    assert Node(tmp_path, eno1=outputs.ixgbe()).again() == 0


@pytest.mark.parametrize("card", outputs.ALL)
def test_a_file_that_is_put_back_takes_the_card_with_it(
    tmp_path: pathlib.Path, card: t.Callable[[], outputs.Card]
) -> None:
    """As the bundle does when the probe behind a change fails: other values first, then none, then another port's."""
    node = Node(tmp_path, eno1=card())
    assert node.run(**ALL) == 0
    assert node.run(queues=2) == 0
    assert node.run() == 0
    assert node.kernel.ports["eno1"] == card()
    assert node.run(**ALL) == 0
    assert node.run_on([], ALL) == 0
    assert node.kernel.ports["eno1"] == card()


def test_a_card_that_has_none_of_it_is_told_and_no_failure(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Node(tmp_path, uplink=outputs.veth()).run(**ALL) == 0
    assert capsys.readouterr().out.splitlines() == [
        "uplink: the card has no number of queues",
        "uplink: the card has no ring buffers",
        "uplink: the card has nothing that spreads UDP",
    ]


def test_what_a_driver_refuses_keeps_nothing_else_from_being_set(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = outputs.ixgbe()
    card.refuses = {CHANNELS: errno.EBUSY, HASH: errno.EOPNOTSUPP}
    node = Node(tmp_path, eno1=card)
    assert node.run(**ALL) == 0
    assert node.kernel.did == [("eno1", RINGS)]
    assert capsys.readouterr().out.splitlines() == [
        "eno1: queues: not set: Device or resource busy",
        "eno1: ring buffers: set",
        "eno1: what spreads UDP over ipv4: not set: Operation not supported",
        "eno1: what spreads UDP over ipv6: not set: Operation not supported",
    ]


def test_a_port_is_waited_for_at_boot_and_not_for_ever(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Node(tmp_path, eno1=outputs.ixgbe())
    assert node.run_on(["eno1", "eno7"], ALL) == 0
    assert program.PATIENCE <= node.seconds < program.PATIENCE + 1
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "eno7: there is no such port, or it is not up"
    assert told[0] == "eno1: queues: set"
    assert not (tmp_path / "memory/eno7.json").exists()


def test_a_port_that_comes_up_meanwhile_is_set_then(tmp_path: pathlib.Path) -> None:
    node = Node(tmp_path, eno1=outputs.ixgbe())
    flags = tmp_path / "sys/class/net/eno1/flags"
    flags.write_text("0x1002\n", encoding="ascii")

    def pause(seconds: float) -> None:
        node.wait(seconds)
        if node.seconds > 3:
            flags.write_text("0x1003\n", encoding="ascii")

    machine = program.Machine(tmp_path / "sys/class/net", node.kernel, lambda: node.seconds, pause)
    machine.wait(["eno1"])
    assert 3 < node.seconds < 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "imrs-cards: "),
        ('{"ports": ["eno1"], "settings": {"queue": 4}}', "imrs-cards: queue: no setting of a card"),
        ('{"ports": ["eno1"]}', "imrs-cards: 'settings'"),
        ('{"ports": ["eno1"], "settings": {"queues": "many"}}', "imrs-cards: invalid literal"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    node = Node(tmp_path, eno1=outputs.ixgbe())
    (tmp_path / "cards.json").write_text(text, encoding="utf-8")
    assert node.again() == 1
    assert capsys.readouterr().err.startswith(said)
    assert node.kernel.did == []


def test_the_settings_are_those_of_the_schema() -> None:
    from ansible_collections.icann.imrs.plugins.module_utils._site.schema_fleet import CARDS  # noqa: PLC0415

    assert tuple(CARDS["properties"]) == Settings._fields


def test_this_machine_s_kernel_takes_the_structures() -> None:
    """Of an interface without such a driver: an answer that says so, in none of the three ways a crash."""
    assert program.Machine().read("lo") == program.State()
