# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network cards as ``ethtool -l``, ``-g`` and ``-n <port> rx-flow-hash udp4`` told of real ones, and a kernel that has
them.

Channels and hashes mostly as published outputs have them, rings and defaults as the drivers' are known; ``n/a`` is 0.
virtio_net's were taken from a virtual machine with one queue.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import pathlib
import struct
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._probes import cards

if t.TYPE_CHECKING:
    import array

ADDRESS, PORTS = cards.BY_ADDRESS, cards.BY_ADDRESS | cards.BY_PORT
NO_DRIVER, NO_ROOM = errno.EOPNOTSUPP, errno.EINVAL


@dataclasses.dataclass
class Card:
    """How one is set; None where its driver has no such command. ``refuses``: commands that fail on it, and how."""

    driver: str
    channels: cards.Channels | None
    rings: cards.Rings | None
    udp: int | None
    refuses: dict[int, int] = dataclasses.field(default_factory=dict)


def ixgbe() -> Card:
    """Intel X520 and X550: as many queues as it has, or processors; UDP by address alone."""
    return Card(
        "ixgbe", cards.Channels(0, 0, 1, 63, 0, 0, 1, 20), cards.Rings(4096, 0, 0, 4096, 512, 0, 0, 512), ADDRESS
    )


def i40e() -> Card:
    """Intel X710."""
    return Card("i40e", cards.Channels(0, 0, 1, 64, 0, 0, 1, 1), cards.Rings(4096, 0, 0, 4096, 512, 0, 0, 512), PORTS)


def tg3() -> Card:
    """Broadcom BCM5720: queues that receive and that send are apart."""
    rings = cards.Rings(2047, 0, 1023, 511, 200, 0, 100, 511)
    return Card("tg3", cards.Channels(4, 4, 0, 0, 4, 1, 0, 0), rings, None)


def mlx5() -> Card:
    """Nvidia (Mellanox) ConnectX."""
    rings = cards.Rings(8192, 0, 0, 8192, 1024, 0, 0, 1024)
    return Card("mlx5_core", cards.Channels(0, 0, 0, 63, 0, 0, 0, 63), rings, PORTS)


def igb() -> Card:
    """Intel I350."""
    return Card("igb", cards.Channels(0, 0, 1, 8, 0, 0, 1, 8), cards.Rings(4096, 0, 0, 4096, 256, 0, 0, 256), ADDRESS)


def apart() -> Card:
    """One that may have its queues combined or apart, and tells nothing else."""
    return Card("apart", cards.Channels(64, 64, 0, 64, 0, 0, 0, 64), None, None)


def virtio() -> Card:
    """A virtual machine's, with one queue."""
    return Card(
        "virtio_net", cards.Channels(0, 0, 0, 1, 0, 0, 0, 1), cards.Rings(256, 0, 0, 256, 256, 0, 0, 256), ADDRESS
    )


def veth() -> Card:
    """A container's: nothing to be set."""
    return Card("veth", None, None, None)


ALL = (ixgbe, i40e, tg3, mlx5, igb, apart, virtio, veth)


@dataclasses.dataclass
class Kernel:
    """Answers as the kernel does (``cards.Ask``); ``did`` has what was set."""

    ports: dict[str, Card]
    did: list[tuple[str, int]] = dataclasses.field(default_factory=list)

    def __call__(self, port: str, into: array.array[int]) -> None:
        if port not in self.ports:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        card, (command,) = self.ports[port], struct.unpack_from("I", into)
        if command in card.refuses:
            raise OSError(card.refuses[command], os.strerror(card.refuses[command]))
        if command == cards.GET_DRIVER_INFO:
            struct.pack_into("32s", into, 4, card.driver.encode())
        elif command in (cards.GET_HASH, cards.SET_HASH):
            self._hash(port, card, command, into)
        else:
            self._numbers(port, card, command, into)

    def _numbers(self, port: str, card: Card, command: int, into: array.array[int]) -> None:
        name = "channels" if command in (cards.GET_CHANNELS, cards.SET_CHANNELS) else "rings"
        found: cards.Channels | cards.Rings | None = getattr(card, name)
        if found is None:
            raise OSError(NO_DRIVER, os.strerror(NO_DRIVER))
        if command in (cards.SET_CHANNELS, cards.SET_RINGS):
            given = struct.unpack_from("8I", into, 4)
            if any(now > most for now, most in zip(given[4:], found[:4], strict=True)):  # as the kernel itself looks
                raise OSError(NO_ROOM, os.strerror(NO_ROOM))
            setattr(card, name, type(found)(*found[:4], *given[4:]))
            self.did.append((port, command))
        struct.pack_into("8I", into, 4, *getattr(card, name))

    def _hash(self, port: str, card: Card, command: int, into: array.array[int]) -> None:
        if card.udp is None:
            raise OSError(NO_DRIVER, os.strerror(NO_DRIVER))
        if command == cards.SET_HASH:
            card.udp = struct.unpack_from("Q", into, 8)[0]
            self.did.append((port, command))
        struct.pack_into("Q", into, 8, card.udp)


def tree(root: pathlib.Path, port: str, processors: t.Mapping[int, str], *, up: bool = True) -> pathlib.Path:
    """The kernel's files of a port: its flags, and by interrupt the processors that take it."""
    device = root / "sys/class/net" / port / "device"
    (device / "msi_irqs").mkdir(parents=True)
    (device.parent / "flags").write_text("0x1003\n" if up else "0x1002\n", encoding="ascii")
    for number, taken in processors.items():
        (device / "msi_irqs" / str(number)).write_text("msix\n", encoding="ascii")
        (root / f"proc/irq/{number}").mkdir(parents=True)
        (root / f"proc/irq/{number}/effective_affinity_list").write_text(f"{taken}\n", encoding="ascii")
    return root
