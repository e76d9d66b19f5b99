#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's switch that a bond or a VLAN of a virtual machine is plugged into.

``switch.py TAP PORT… [--vlan ID] [--lacp] -- COMMAND…`` starts the command, QEMU, with a socket for each port, under
the file descriptors of these numbers, and ends with it. What comes in by a port with the right tag goes untagged to the
bridge of TAP, and back. It is a process, as the kernel that runs the lab may know neither bonds nor VLANs.

With ``--lacp`` the ports are one link (IEEE 802.1AX): it answers the LACPDUs of the machine, sends by a port only while
that port's were heard within three seconds, and takes nothing from others. Without, a machine is where it spoke last.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import functools
import os
import pathlib
import selectors
import socket
import struct
import subprocess
import sys
import time
import zlib

RESERVED = bytes.fromhex("0180c20000")
"""The first octets of addresses that no switch passes on (IEEE 802.1Q, table 8-1), LACP's among them."""
LACP = bytes.fromhex("0180c2000002")
SLOW, TAGGED = b"\x88\x09", b"\x81\x00"
"""Types of a frame: slow protocols, of which LACP is subtype 1, and a frame with a tag (IEEE 802.1Q)."""
OWN = bytes.fromhex("525400000001")
"""The switch's own address: locally administered."""
SHORT_TIMEOUT = 3.0
"""Seconds after which a port that is not heard is out (802.1AX, Short_Timeout_Time)."""
END = struct.Struct(">H6sHHHB3x")
"""One end of a link, in an LACPDU: system's priority, system, key, port's priority, port, state."""
ACTIVITY, TIMEOUT, AGGREGATION, SYNC, COLLECTING, DISTRIBUTING = (1 << bit for bit in range(6))
IN_USE = SYNC | COLLECTING | DISTRIBUTING
ACTOR, PARTNER = 18, 38
"""Where an LACPDU tells of its sender, and of what that knows of the other end."""
IDENTITY = 14
"""Octets of an end that say who it is, without its state."""
FLOW = {b"\x08\x00": slice(26, 38), b"\x86\xdd": slice(22, 58)}
"""Where IPv4 and IPv6 have addresses and ports: what belongs together stays in order, on one port."""
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SO_SNDBUFFORCE = 32
QUEUE = 1000
"""Frames that wait for a machine that is busy, as in a network card's ring."""
LARGEST = 65536


class Switch:
    """What becomes of each frame; ``now`` in seconds, of any clock that is not set."""

    def __init__(self, ports: int, vlan: int | None, *, lacp: bool) -> None:
        """``vlan``: the only one that passes, tagged; None: what has no tag."""
        self._ports, self._vlan, self._lacp = ports, vlan, lacp
        self._heard: dict[int, tuple[float, bytes]] = {}
        """Of LACP, by port: when, and the machine's system and key."""
        self._places: dict[bytes, int] = {}
        """Without LACP: the port of an address."""

    def upwards(self, port: int, frame: bytes, now: float) -> bytes | None:
        """What the bridge gets of a frame of the machine's; None: nothing."""
        if frame.startswith(RESERVED) or (self._lacp and port not in self._links(now)):
            return None
        if not self._lacp:
            self._places[frame[6:12]] = port
        tagged = frame[12:14] == TAGGED
        if self._vlan is None:
            return None if tagged else frame
        if not tagged or int.from_bytes(frame[14:16], "big") & 0xFFF != self._vlan:
            return None
        return frame[:12] + frame[16:]

    def downwards(self, frame: bytes, now: float) -> tuple[list[int], bytes]:
        """The ports by which a frame of the bridge's leaves, and what leaves there."""
        if self._lacp:
            links = self._links(now)
            flow = frame[FLOW.get(frame[12:14], slice(0, 12))]
            ports = [links[zlib.crc32(flow) % len(links)]] if links else []
        else:
            place = self._places.get(frame[:6])
            ports = list(range(self._ports)) if place is None else [place]
        if self._vlan is not None:
            frame = frame[:12] + TAGGED + self._vlan.to_bytes(2, "big") + frame[12:]
        return ports, frame

    def answer(self, port: int, frame: bytes, now: float) -> bytes | None:
        """The LACPDU that answers a frame of the machine's; None where that is none, or LACP is off."""
        if not self._lacp or frame[:6] != LACP or frame[12:15] != SLOW + b"\x01":
            return None
        theirs = frame[ACTOR : ACTOR + END.size]
        priority, system, key, *_port, state = END.unpack(theirs)
        whose = struct.pack(">H6sH", priority, system, key)
        others = {each for at, (when, each) in self._heard.items() if at != port and now - when < SHORT_TIMEOUT}
        together = others <= {whose}  # a port of another link is not to be mixed with these
        ours = END.pack(
            0x8000, OWN, 1, 0x8000, port + 1, ACTIVITY | TIMEOUT | AGGREGATION | (IN_USE if together else 0)
        )
        known = frame[PARTNER : PARTNER + IDENTITY] == ours[:IDENTITY]
        if together and known and state & SYNC:
            self._heard[port] = (now, whose)
        else:
            self._heard.pop(port, None)
        return b"".join(
            (LACP, OWN, SLOW, b"\x01\x01", b"\x01\x14", ours, b"\x02\x14", theirs, b"\x03\x10", bytes(14 + 52))
        )

    def _links(self, now: float) -> list[int]:
        """Of LACP, the ports that are in use."""
        return sorted(port for port, (when, _) in self._heard.items() if now - when < SHORT_TIMEOUT)


def run(tap: str, numbers: list[int], switch: Switch, command: list[str]) -> int:
    """Start the command, and pass frames on until it ends; its exit status."""
    bridge = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(bridge, TUNSETIFF, struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
    pathlib.Path("/proc/sys/net/unix/max_dgram_qlen").write_text(f"{QUEUE}\n", encoding="ascii")
    ports: list[socket.socket] = []
    for number in numbers:
        own, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, QUEUE * 4096)
        os.dup2(theirs.fileno(), number)
        theirs.close()
        ports.append(own)
    child = subprocess.Popen(command, pass_fds=numbers)
    for number in numbers:
        os.close(number)
    with selectors.DefaultSelector() as waits:
        waits.register(os.pidfd_open(child.pid), selectors.EVENT_READ)
        waits.register(bridge, selectors.EVENT_READ, lambda now: _down(switch, bridge, ports, now))
        for port, own in enumerate(ports):
            waits.register(own, selectors.EVENT_READ, functools.partial(_up, switch, bridge, port, own))
        while child.poll() is None:
            for passes in [key.data for key, _ in waits.select() if key.data]:
                with contextlib.suppress(OSError):  # what there is no room for is lost, as by any switch
                    passes(time.monotonic())
    return child.returncode


def _down(switch: Switch, bridge: int, ports: list[socket.socket], now: float) -> None:
    leaves, frame = switch.downwards(os.read(bridge, LARGEST), now)
    for port in leaves:
        ports[port].send(frame)


def _up(switch: Switch, bridge: int, port: int, own: socket.socket, now: float) -> None:
    frame = own.recv(LARGEST)
    if answer := switch.answer(port, frame, now):
        own.send(answer)
    if passed := switch.upwards(port, frame, now):
        os.write(bridge, passed)


def main(arguments: list[str]) -> int:
    """The command's exit status."""
    own, command = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tap")
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--vlan", type=int)
    parser.add_argument("--lacp", action="store_true")
    given = parser.parse_args(own)
    return run(given.tap, given.ports, Switch(len(given.ports), given.vlan, lacp=given.lacp), command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
