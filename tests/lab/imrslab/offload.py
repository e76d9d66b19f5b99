#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the kernel make the checksums of what leaves by an interface of this namespace: ``offload.py INTERFACE``.

A veth leaves that to whatever card comes after it, and between namespaces there is none, so packets would arrive
without (DN-49). The same as ``ethtool --offload INTERFACE tx off``. Needs root.
"""

from __future__ import annotations

import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17


def checksums_are_made(interface: str) -> None:
    """From now on, by the kernel."""
    request = array.array("B", struct.pack("=II", ETHTOOL_STXCSUM, 0))
    address, _length = request.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, struct.pack("16sP8x", interface.encode(), address))


if __name__ == "__main__":
    checksums_are_made(sys.argv[1])
