# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""By which device would an answer leave? Asks the kernel's own routing table (rtnetlink(7)); nothing is sent."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct

RTM_NEWROUTE, RTM_GETROUTE = 24, 26
NLM_F_REQUEST, NLMSG_ERROR = 1, 2
RTA_DST, RTA_SRC, RTA_OIF = 1, 2, 4
RTN_UNICAST = 1
"""The only type of route that leads anywhere: not local, not to a black hole, not prohibited."""
_HEADER, _ROUTE, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BBBBBBBBI"), struct.Struct("=HH")


def device(source: str | None, destination: str) -> str:
    """The name of the device by which a packet between these addresses would leave; empty when there is no way out.
    Without a source, that of the machine's own packets.

    OSError when the kernel cannot be asked.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1)
        kernel.bind((0, 0))
        kernel.send(request(source, destination))
        return parse(kernel.recv(65536))


def request(source: str | None, destination: str) -> bytes:
    """The octets of the question."""
    ends = [(RTA_DST, ipaddress.ip_address(destination))]
    if source:
        ends.insert(0, (RTA_SRC, ipaddress.ip_address(source)))
    family, bits = (socket.AF_INET, 32) if ends[-1][1].version == 4 else (socket.AF_INET6, 128)
    body = _ROUTE.pack(family, bits, bits if source else 0, 0, 0, 0, 0, 0, 0)
    for kind, address in ends:
        body += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(address.packed), kind) + address.packed
    return _HEADER.pack(_HEADER.size + len(body), RTM_GETROUTE, NLM_F_REQUEST, 1, 0) + body


def parse(answer: bytes) -> str:
    """The device in the kernel's answer; empty when it says that there is no way. OSError for any other error."""
    _length, kind, _flags, _sequence, _port = _HEADER.unpack_from(answer)
    if kind == NLMSG_ERROR:
        (number,) = struct.unpack_from("=i", answer, _HEADER.size)
        if -number in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EACCES, errno.ENETDOWN}:
            return ""  # none, unreachable, a black hole, prohibited
        raise OSError(-number, os.strerror(-number))
    if kind != RTM_NEWROUTE:
        raise OSError(errno.EPROTO, "the kernel gave an answer to another question")
    if _ROUTE.unpack_from(answer, _HEADER.size)[7] != RTN_UNICAST:
        return ""
    at = _HEADER.size + _ROUTE.size
    while at + _ATTRIBUTE.size <= len(answer):
        length, what = _ATTRIBUTE.unpack_from(answer, at)
        if what == RTA_OIF:
            return socket.if_indextoname(struct.unpack_from("=I", answer, at + _ATTRIBUTE.size)[0])
        at += max(_ATTRIBUTE.size, (length + 3) & ~3)
    return ""
