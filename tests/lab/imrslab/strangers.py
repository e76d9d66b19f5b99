# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic of strangers to a nameserver, bounded in count and time. It ends by itself, and sends to one address only.

Usage: strangers.py KIND ADDRESS [--count N] [--seconds S]. It runs in whatever network namespace it is started in; the
service addresses are those of a real root server, so outside of a network namespace of the lab it refuses to. At its
end it prints one line of JSON: how much it ``sent``.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import random
import selectors
import socket
import struct
import sys
import time
import typing as t

MOST_SECONDS = 60
MOST = 2000
"""Of whatever a kind holds, and of packets a second where it sends by the second."""
QUESTION = struct.pack("!6H", 0x11, 0, 1, 0, 0, 0) + b"\0" + struct.pack("!2H", 6, 1)
"""The root's SOA."""
FRAMED = struct.pack("!H", len(QUESTION)) + QUESTION
SOURCES = tuple(f"203.0.113.{host}" for host in range(68, 71))
"""Neighbours of the vantage: forged sources are of its own network, so what answers them stays in the lab."""
RANDOM = random.Random(20144)  # noqa: S311 - noise, no secret


class Bounds(t.NamedTuple):
    """What one run may do."""

    address: str
    count: int
    end: float
    """In the time of time.monotonic()."""

    def going(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.end


def connections(bounds: Bounds, say: bytes, every: float = 0.0, sources: t.Sequence[str] = ("",)) -> int:
    """Hold ``count`` connections, opening again those that end; on each ``say``, once or ``every`` so many seconds.

    What comes back is read, and thrown away.
    """
    selector, due = selectors.DefaultSelector(), {}
    sent, source = 0, itertools.cycle(sources)
    while bounds.going():
        while len(due) < bounds.count and bounds.going():
            due[_opened(bounds, next(source), selector)] = time.monotonic()
        for one, moment in list(due.items()):
            if say and moment <= time.monotonic() and _said(one, say):
                sent += 1
                due[one] = time.monotonic() + every if every else float("inf")
        for key, _events in selector.select(0.05):
            one = t.cast("socket.socket", key.fileobj)
            if _ended(one):
                selector.unregister(one)
                del due[one]
                one.close()
        time.sleep(0.01)
    return sent + len(due)


def _opened(bounds: Bounds, source: str, selector: selectors.BaseSelector) -> socket.socket:
    one = socket.socket()
    one.setblocking(False)
    one.bind((source, 0))
    one.connect_ex((bounds.address, 53))
    selector.register(one, selectors.EVENT_READ)
    return one


def _said(one: socket.socket, say: bytes) -> bool:
    """Whether it could be said now: not before there is a connection."""
    try:
        return one.send(say) > 0
    except OSError:
        return False


def _ended(one: socket.socket) -> bool:
    try:
        return not one.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True


def half(bounds: Bounds) -> int:
    """One octet of a message, and no more."""
    return connections(bounds, b"\0")


def idle(bounds: Bounds) -> int:
    """Connections on which nobody asks."""
    return connections(bounds, b"")


def idle_from_many(bounds: Bounds) -> int:
    """The same, from several addresses, which the machine must have."""
    return connections(bounds, b"", sources=SOURCES)


def patient(bounds: Bounds) -> int:
    """A question every 1.5 seconds on each connection: none is ever idle for long."""
    return connections(bounds, FRAMED, every=1.5)


def unread(bounds: Bounds) -> int:
    """Questions in a row, and no answer is ever read."""
    held, sent = [], 0
    for _ in range(bounds.count):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        one.setblocking(False)
        one.connect_ex((bounds.address, 53))
        held.append(one)
    while bounds.going():
        for one in held:
            with contextlib.suppress(OSError):
                sent += one.send(FRAMED * 20) // len(FRAMED)
        time.sleep(0.05)
    for one in held:
        one.close()
    return sent


def paced(bounds: Bounds, send: t.Callable[[], object]) -> int:
    """``count`` times a second."""
    sent, start = 0, time.monotonic()
    while bounds.going():
        while sent < (time.monotonic() - start) * bounds.count and bounds.going():
            with contextlib.suppress(OSError):
                send()
            sent += 1
        time.sleep(0.005)
    return sent


def checksum(data: bytes) -> int:
    """Of IP, TCP, and ICMP (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source: str, destination: str, protocol: int, payload: bytes, fragment: int = 0, number: int = 0) -> bytes:
    """A packet; ``fragment`` is the field with the flags and the offset. The kernel fills in the checksum."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number, fragment, 64, protocol, 0) + ends + payload


def raw() -> socket.socket:
    """A socket that takes whole packets."""
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def syn(bounds: Bounds) -> int:
    """SYN packets from forged sources."""
    with raw() as out:

        def send() -> None:
            source = RANDOM.choice(SOURCES)
            ends = socket.inet_aton(source) + socket.inet_aton(bounds.address)
            port, number = RANDOM.randrange(1024, 65536), RANDOM.getrandbits(32)
            head = struct.pack("!2H2L4H", port, 53, number, 0, 0x5002, 64240, 0, 0)
            total = checksum(ends + struct.pack("!2H", 6, len(head)) + head)
            head = head[:16] + struct.pack("!H", total) + head[18:]
            out.sendto(ipv4(source, bounds.address, 6, head), (bounds.address, 0))

        return paced(bounds, send)


def udp(bounds: Bounds) -> int:
    """Questions over UDP, as fast as this machine sends; ``count`` is of no matter."""
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect((bounds.address, 53))
        while bounds.going():
            for _ in range(100):
                with contextlib.suppress(OSError):
                    out.send(QUESTION)
                sent += 1
    return sent


def opcodes(bounds: Bounds) -> int:
    """Messages of every opcode, with flags and counts at random."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect((bounds.address, 53))
        return paced(bounds, lambda: out.send(QUESTION[:2] + RANDOM.randbytes(4) + QUESTION[6:] + RANDOM.randbytes(8)))


def fragments(bounds: Bounds) -> int:
    """First fragments of datagrams whose rest never comes."""
    with raw() as out:
        here = _from(bounds.address)

        def send() -> None:
            datagram = struct.pack("!4H", 5353, 53, 2000, 0) + QUESTION + b"\0" * 47
            packet = ipv4(here, bounds.address, 17, datagram[:72], 0x2000, RANDOM.randrange(1, 65536))
            out.sendto(packet, (bounds.address, 0))

        return paced(bounds, send)


def icmp(bounds: Bounds) -> int:
    """`Port unreachable` for what the gate may just have asked, at its private listener and at the service address."""
    ports = itertools.cycle(range(32768, 61000))
    with raw() as out:
        here = _from(bounds.address)

        def send() -> None:
            port = next(ports)
            for address in ("127.0.0.3", "199.7.83.42"):
                quoted = ipv4(address, address, 17, struct.pack("!4H", port, 53, 40, 0))
                error = struct.pack("!BBHL", 3, 3, 0, 0) + quoted
                error = error[:2] + struct.pack("!H", checksum(error)) + error[4:]
                out.sendto(ipv4(here, bounds.address, 1, error), (bounds.address, 0))

        return paced(bounds, send)


def _from(address: str) -> str:
    """The address that this machine asks from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 53))
        return str(probe.getsockname()[0])


KINDS: dict[str, t.Callable[[Bounds], int]] = {
    kind.__name__: kind
    for kind in (half, idle, idle_from_many, patient, unread, syn, udp, opcodes, fragments, icmp)
}  # fmt: skip


def in_the_lab() -> bool:
    """Whether this network is one that `ip netns` has made, as the lab's are, and not the machine's own."""
    mine = pathlib.Path("/proc/self/ns/net").stat()
    made = (path.stat() for path in pathlib.Path("/run/netns").glob("*"))
    return any((each.st_dev, each.st_ino) == (mine.st_dev, mine.st_ino) for each in made)


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Exit status 2, and no packet, for what is out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("address")
    parser.add_argument("--count", type=int, default=300, help=f"connections, or packets a second; at most {MOST}")
    parser.add_argument("--seconds", type=float, default=5.0, help=f"at most {MOST_SECONDS}")
    told = parser.parse_args(arguments)
    if not (0 < told.count <= MOST and 0 < told.seconds <= MOST_SECONDS):
        parser.error(f"at most {MOST} and {MOST_SECONDS} seconds")
    if not in_the_lab():
        parser.error("this is not a network namespace of the lab: use ip netns exec")
    os.nice(5)
    sent = KINDS[told.kind](Bounds(told.address, told.count, time.monotonic() + told.seconds))
    print(json.dumps({"sent": sent}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
