# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which driver and which firmware a network card has, as ``ethtool -i`` tells of it, without the package."""

from __future__ import annotations

import array
import fcntl
import os
import socket
import struct
import typing as t

SIOCETHTOOL, GET_DRIVER_INFO = 0x8946, 0x00000003
"""The kernel's numbers (linux/sockios.h, linux/ethtool.h)."""
TEXT = 32
"""Octets of a text in ``struct ethtool_drvinfo``: driver, version of it, firmware, bus, ROM."""
SIZE = 4 + 5 * TEXT + 12 + 5 * 4

Ask = t.Callable[[str, "array.array[int]"], None]
"""Has the kernel fill in what it knows of an interface; OSError where that is nothing. Tests hand in their own."""


def ask(interface: str, into: array.array[int]) -> None:
    """Ask the kernel; OSError where there is no such interface, or its driver has nothing to say."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        address, _length = into.buffer_info()
        fcntl.ioctl(asked, SIOCETHTOOL, struct.pack("16sP16x", os.fsencode(interface), address))


def read(interface: str, asked: Ask = ask) -> dict[str, str]:
    """``driver`` and ``firmware`` of a card; the latter is empty where the driver does not say, or both are."""
    told = array.array("B", struct.pack("I", GET_DRIVER_INFO) + bytes(SIZE - 4))
    try:
        asked(interface, told)
    except OSError:
        return {"driver": "", "firmware": ""}
    texts = struct.unpack_from(f"{TEXT}s{TEXT}s{TEXT}s", told, 4)
    driver, _version, firmware = (text.partition(b"\0")[0].decode("utf-8", errors="replace").strip() for text in texts)
    return {"driver": driver, "firmware": "" if firmware == "N/A" else firmware}
