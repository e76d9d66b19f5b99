# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""UDP checksums (RFC 768; RFC 8200 section 8.1): whether a question with a wrong one is dropped, and what answers carry
where they arrive. Evidence only. Both need the right to make raw sockets.

What a machine sends has a checksum only when it leaves, where its network card makes it: on the node itself, it would
be looked at too early.
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import struct
import time
import typing as t

from . import query

Json = dict[str, t.Any]

INTACT, BROKEN, PLAIN = 0x2B01, 0x2B02, 0x2B03
"""Identifiers of three questions: with a checksum of our own, with a wrong one, and as everybody asks."""
TRIES = 3
"""How often all are asked, where one that is to be answered was not: a packet may be lost."""
GRACE = 0.1
"""Seconds that an answer to the broken one may come later than the others."""
ASKER = {4: "127.0.0.1", 6: "::1"}
UDP, HEADER = 17, struct.Struct("!HHHH")
ETHERTYPE = {0x0800: 4, 0x86DD: 6}
EVERYTHING = 3
"""ETH_P_ALL."""
SOL_PACKET, PACKET_AUXDATA, NOT_READY = 263, 8, 1 << 3
"""Linux says of a packet that nobody has made its checksum yet, as it was on no wire (packet(7))."""
_AUXILIARY = struct.Struct("=IIIHHHH")
ALL_ONES = 0xFFFF
"""What a datagram with a right checksum adds up to."""


def question(ident: int) -> bytes:
    """The SOA of the root, without EDNS."""
    return struct.pack("!6H", ident, 0, 1, 0, 0, 0) + b"\0" + struct.pack("!HH", 6, 1)


def total(source: str, destination: str, datagram: bytes) -> int:
    """The sum of RFC 768 over a datagram, with its header and the pseudo-header of its addresses."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    octets = ends + struct.pack("!II", len(datagram), UDP) + datagram + b"\0" * (len(datagram) % 2)
    found = int(sum(struct.unpack(f"!{len(octets) // 2}H", octets)))
    while found > ALL_ONES:
        found = (found & ALL_ONES) + (found >> 16)
    return found


def datagram(source: tuple[str, int], destination: tuple[str, int], payload: bytes, *, broken: bool = False) -> bytes:
    """A UDP datagram with its header; ``broken``: with a checksum that is wrong, and not zero, which would be none."""
    header = (source[1], destination[1], HEADER.size + len(payload))
    checksum = ALL_ONES - total(source[0], destination[0], HEADER.pack(*header, 0) + payload) or ALL_ONES
    if broken:
        checksum = checksum ^ 0x0101 or 0x0202
    return HEADER.pack(*header, checksum) + payload


def sent(addresses: t.Sequence[str], port: int = 53, timeout: float = query.TIMEOUT) -> list[Json]:
    """For the first address of each family: ``server``; whether the question with our own checksum (``intact``), that
    with a wrong one (``broken``) and that of a usual socket (``plain``) were answered; and ``error``, why they could
    not be asked, or empty. A node asks itself.
    """
    first = [address for version in ASKER for address in [a for a in addresses if _version(a) == version][:1]]
    found = []
    for server in first:
        row = _asked(server, port, timeout)
        for _try in range(TRIES - 1):
            if row["error"] or row["broken"] or (row["intact"] and row["plain"]):
                break
            again = _asked(server, port, timeout)  # of a busy node one may be lost at a time
            row |= {name: row[name] or again[name] for name in ("intact", "broken", "plain", "error")}
        found.append(row)
    return found


def _version(address: str) -> int:
    return 6 if ":" in address else 4


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _asked(server: str, port: int, timeout: float) -> Json:
    row: Json = {"server": server, "intact": False, "broken": False, "plain": False, "error": ""}
    names = {INTACT: "intact", BROKEN: "broken", PLAIN: "plain"}
    family, asker = _family(server), ASKER[_version(server)]
    try:
        with (
            socket.socket(family, socket.SOCK_DGRAM) as usual,
            socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw,
        ):
            usual.bind((asker, 0))
            raw.bind((asker, 0))
            own = (asker, usual.getsockname()[1])
            for ident in (INTACT, BROKEN):
                raw.sendto(datagram(own, (server, port), question(ident), broken=ident == BROKEN), (server, 0))
            usual.sendto(question(PLAIN), (server, port))
            deadline = time.monotonic() + timeout
            while (left := deadline - time.monotonic()) > 0:
                if not select.select([usual], [], [], left)[0]:
                    break
                answer = usual.recv(65535)
                row[names.get(int.from_bytes(answer[:2], "big"), "plain")] = True
                if row["intact"] and row["plain"]:
                    deadline = min(deadline, time.monotonic() + GRACE)
    except OSError as error:
        row["error"] = query.error_of(error)
    return row


def arrived(addresses: t.Sequence[str], port: int = 53, timeout: float = query.TIMEOUT) -> list[Json]:
    """For each address, of its answer over UDP as it arrives on this machine: ``server``; the ``checksum``, null when
    none was seen; the ``total`` of the datagram; ``ready``, false for a packet that was on no wire; and ``error``.
    """
    found = []
    for server in addresses:
        for _try in range(TRIES):
            row = _seen(server, port, timeout)
            if row["checksum"] is not None or row["error"] != "timeout":
                break
        found.append(row)
    return found


def _seen(server: str, port: int, timeout: float) -> Json:
    row: Json = {"server": server, "checksum": None, "total": None, "ready": None, "error": "timeout"}
    try:
        with (
            socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERYTHING)) as packets,
            socket.socket(_family(server), socket.SOCK_DGRAM) as usual,
        ):
            packets.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            usual.connect((server, port))
            usual.send(question(PLAIN))
            own = usual.getsockname()[1]
            deadline = time.monotonic() + timeout
            while (left := deadline - time.monotonic()) > 0 and select.select([packets], [], [], left)[0]:
                packet, auxiliary, _flags, place = packets.recvmsg(65535, socket.CMSG_SPACE(_AUXILIARY.size))
                if (seen := answer_in(packet, ETHERTYPE.get(place[1], 0))) is None:
                    continue
                source, destination, octets = seen
                if source != server or HEADER.unpack_from(octets)[:2] != (port, own):
                    continue
                status = [_AUXILIARY.unpack(data)[0] for level, kind, data in auxiliary if (level, kind) == _KIND]
                row.update(checksum=HEADER.unpack_from(octets)[3], total=total(source, destination, octets), error="")
                row["ready"] = not any(each & NOT_READY for each in status)
                break
    except OSError as error:
        row["error"] = query.error_of(error)
    except AttributeError:  # no Linux
        row["error"] = "no packet sockets"
    return row


_KIND = (SOL_PACKET, PACKET_AUXDATA)


def answer_in(packet: bytes, version: int) -> tuple[str, str, bytes] | None:
    """Source, destination and datagram of a packet of IPv4 or IPv6; None for one that is no whole UDP datagram."""
    with contextlib.suppress(struct.error, IndexError, ValueError):
        if version == 4 and packet[9] == UDP and not struct.unpack_from("!H", packet, 6)[0] & 0x3FFF:
            ends, octets = (packet[12:16], packet[16:20]), packet[4 * (packet[0] & 15) :]
        elif version == 6 and packet[6] == UDP:
            ends, octets = (packet[8:24], packet[24:40]), packet[40:]
        else:
            return None
        length = HEADER.unpack_from(octets)[2]
        if HEADER.size <= length <= len(octets):
            source, destination = (str(ipaddress.ip_address(each)) for each in ends)
            return source, destination, octets[:length]
    return None
