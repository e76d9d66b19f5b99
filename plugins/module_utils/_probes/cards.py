# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a network card is and how it is set, as ``ethtool -i``, ``-l``, ``-g`` and ``-n`` tell of it, without the
package.

A setting that the card does not have, or that its driver does not tell of, is None. Numbers and structures are those of
linux/sockios.h and linux/ethtool.h.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import pathlib
import socket
import struct
import typing as t

SIOCETHTOOL = 0x8946
GET_DRIVER_INFO = 0x00000003
GET_RINGS, SET_RINGS = 0x00000010, 0x00000011
GET_HASH, SET_HASH = 0x00000029, 0x0000002A
GET_CHANNELS, SET_CHANNELS = 0x0000003C, 0x0000003D
"""The kernel's commands; those that set take the whole structure that was read, changed."""
TEXT = 32
"""Octets of a text in ``struct ethtool_drvinfo``: driver, version of it, firmware, bus, ROM."""
SIZE = 4 + 5 * TEXT + 12 + 5 * 4
WORDS = 9
"""Numbers in ``struct ethtool_channels`` and ``struct ethtool_ringparam``, with the command."""
HASH_SIZE = 192
"""Octets of ``struct ethtool_rxnfc``; of a flow's hash only command, flow and fields count."""
UDP = {"ipv4": 0x02, "ipv6": 0x06}
"""Flows (``UDP_V4_FLOW``, ``UDP_V6_FLOW``)."""
BY_ADDRESS, BY_PORT = 0x30, 0xC0
"""Fields of a hash: source and destination address, source and destination port (``RXH_*``)."""

Ask = t.Callable[[str, "array.array[int]"], None]
"""Has the kernel fill in what it knows of an interface, or set it; OSError where it cannot. Tests hand in their own."""
Json = dict[str, t.Any]


class Channels(t.NamedTuple):
    """A card's queues: those that receive and send (combined), and those that do one of the two; with their most."""

    most_receive: int
    most_transmit: int
    most_other: int
    most_combined: int
    receive: int
    transmit: int
    other: int
    combined: int


class Rings(t.NamedTuple):
    """How many packets wait in each queue of a card, and the most that may."""

    most_receive: int
    most_mini: int
    most_jumbo: int
    most_transmit: int
    receive: int
    mini: int
    jumbo: int
    transmit: int


def ask(interface: str, into: array.array[int]) -> None:
    """Ask the kernel; OSError where there is no such interface, or its driver has nothing to say."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        address, _length = into.buffer_info()
        fcntl.ioctl(asked, SIOCETHTOOL, struct.pack("16sP16x", os.fsencode(interface), address))


def numbers(interface: str, command: int, given: t.Sequence[int] = (), asked: Ask = ask) -> tuple[int, ...]:
    """The eight numbers behind a command of channels or rings, after the kernel has filled them in; OSError."""
    told = array.array("B", struct.pack(f"{WORDS}I", command, *(given or [0] * (WORDS - 1))))
    asked(interface, told)
    return struct.unpack(f"{WORDS}I", told.tobytes())[1:]


def channels(interface: str, asked: Ask = ask) -> Channels | None:
    """A card's queues; None where there is nothing to choose."""
    with contextlib.suppress(OSError):
        return Channels(*numbers(interface, GET_CHANNELS, asked=asked))
    return None


def rings(interface: str, asked: Ask = ask) -> Rings | None:
    """Its ring buffers."""
    with contextlib.suppress(OSError):
        return Rings(*numbers(interface, GET_RINGS, asked=asked))
    return None


def fields(interface: str, flow: int, fields_: int | None = None, asked: Ask = ask) -> int:
    """What a flow's packets are spread over the queues by; or set it. OSError."""
    command = GET_HASH if fields_ is None else SET_HASH
    told = array.array("B", struct.pack("IIQ", command, flow, fields_ or 0).ljust(HASH_SIZE, b"\0"))
    asked(interface, told)
    return int(struct.unpack_from("IIQ", told)[2])


def hashes_ports(interface: str, asked: Ask = ask) -> bool | None:
    """Whether questions over UDP are spread by ports, too, in both families; None where no driver tells."""
    with contextlib.suppress(OSError):
        return all(fields(interface, flow, asked=asked) & BY_PORT == BY_PORT for flow in UDP.values())
    return None


def processors(interface: str, root: pathlib.Path) -> list[int] | None:
    """Which processors take the card's interrupts; None where it has none of its own (MSI)."""
    device = root / "sys/class/net" / interface / "device"
    with contextlib.suppress(OSError, ValueError):
        # What is below a virtio device has none: they are those of the PCI device that it is on.
        own = next((each for each in (device, device.resolve().parent) if (each / "msi_irqs").is_dir()), None)
        if own:
            irqs = [root / "proc/irq" / each.name / "effective_affinity_list" for each in (own / "msi_irqs").iterdir()]
            return sorted({number for each in irqs for number in _list(each.read_text(encoding="ascii").strip())})
    return None


def _list(text: str) -> t.Iterator[int]:
    """The numbers of a list such as ``0-2,7``; none of an empty one."""
    for part in filter(None, text.split(",")):
        first, _dash, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def read(interface: str, asked: Ask = ask, root: pathlib.Path = pathlib.Path("/")) -> Json:
    """``driver`` and ``firmware`` of a card (empty where its driver does not say), and how it is set.

    ``queues``, ``receive_ring`` and ``transmit_ring``: each ``now`` and ``most``. ``hash_ports``: see ``hashes_ports``.
    ``processors``: see there.
    """
    told = array.array("B", struct.pack("I", GET_DRIVER_INFO) + bytes(SIZE - 4))
    try:
        asked(interface, told)
    except OSError:
        told = array.array("B", bytes(SIZE))
    texts = struct.unpack_from(f"{TEXT}s{TEXT}s{TEXT}s", told, 4)
    driver, _version, firmware = (text.partition(b"\0")[0].decode("utf-8", errors="replace").strip() for text in texts)
    return {
        "driver": driver,
        "firmware": "" if firmware == "N/A" else firmware,
        "queues": _queues(channels(interface, asked)),
        **_rings(rings(interface, asked)),
        "hash_ports": hashes_ports(interface, asked),
        "processors": processors(interface, root),
    }


def _queues(found: Channels | None) -> Json | None:
    """How many queues receive; None where that cannot be chosen."""
    if found is None or not found.most_combined + found.most_receive:
        return None
    most = found.most_combined or found.most_receive
    return {"now": found.combined + found.receive, "most": most}


def _rings(found: Rings | None) -> Json:
    if found is None:
        return {"receive_ring": None, "transmit_ring": None}
    pairs = (("receive", found.receive, found.most_receive), ("transmit", found.transmit, found.most_transmit))
    return {f"{name}_ring": {"now": now, "most": most} if most else None for name, now, most in pairs}
