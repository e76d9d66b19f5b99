# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""BGP-4 messages as bytes and back (RFC 4271, 4760, 5492, 6793, 2918, 7911). Pure: no sockets, no clocks.

Only what a speaker of a handful of prefixes needs. There is no graceful restart (RFC 4724) on purpose: it would keep a
dead node announced.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import struct
import typing as t

from . import update
from .update import AFI, UNICAST, Update, WireError

__all__ = [
    "Decoder",
    "Keepalive",
    "Message",
    "Notification",
    "Open",
    "RouteRefresh",
    "Update",
    "WireError",
    "decode",
    "encode",
]

MARKER = b"\xff" * 16
HEADER = struct.Struct("!16sHB")
MAX_LENGTH = 4096
"""Octets of the longest message (RFC 4271 section 4.1)."""
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = 1, 2, 3, 4, 5
AS_TRANS = 23456
"""Stands in the two-octet field for an AS number that does not fit (RFC 6793 section 9)."""

_FAMILY = {number: family for family, number in AFI.items()}
_CAP_MULTIPROTOCOL, _CAP_ROUTE_REFRESH, _CAP_FOUR_OCTET_AS, _CAP_ADD_PATH = 1, 2, 65, 69
_BOTH_WAYS = 3
"""Send and receive several paths (RFC 7911 section 4)."""


@dataclasses.dataclass(frozen=True)
class Open:
    """OPEN (RFC 4271 section 4.2); ``hold_time`` in seconds, ``identifier`` as dotted quad. ``add_path``: the families
    of which several paths of a prefix are sent and taken (RFC 7911).
    """

    asn: int
    hold_time: int
    identifier: str
    families: tuple[str, ...] = ("ipv4", "ipv6")
    route_refresh: bool = True
    add_path: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Notification:
    """NOTIFICATION: the sender closes the session (RFC 4271 section 4.5)."""

    code: int
    subcode: int
    data: bytes = b""


@dataclasses.dataclass(frozen=True)
class Keepalive:
    """KEEPALIVE (RFC 4271 section 4.4)."""


@dataclasses.dataclass(frozen=True)
class RouteRefresh:
    """The peer asks for everything of one family again (RFC 2918); None: a family that we do not speak."""

    family: str | None


Message = t.Union[Open, Update, Notification, Keepalive, RouteRefresh]


def encode(message: Message) -> bytes:
    """The message on the wire; ValueError when it does not fit into one."""
    kind, body = _ENCODERS[type(message)](message)
    length = HEADER.size + len(body)
    if length > MAX_LENGTH:
        raise ValueError(f"a BGP message of {length} octets is too long")
    return HEADER.pack(MARKER, length, kind) + body


class Decoder:
    """Turns a byte stream into messages, whatever the sizes of the pieces it arrives in."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.add_path = False
        """Whether prefixes have path identifiers, once both have agreed on that."""

    def feed(self, data: bytes) -> list[Message]:
        """All messages completed by ``data``; WireError as soon as the stream cannot be BGP."""
        self._buffer += data
        messages: list[Message] = []
        while len(self._buffer) >= HEADER.size:
            marker, length, kind = HEADER.unpack_from(self._buffer)
            if marker != MARKER:
                raise WireError(1, 1, "the marker of a BGP message is wrong")
            if not HEADER.size <= length <= MAX_LENGTH:
                raise WireError(1, 2, f"a BGP message cannot be {length} octets long")
            if len(self._buffer) < length:
                break
            body = bytes(self._buffer[HEADER.size : length])
            del self._buffer[:length]
            messages += decode(kind, body, add_path=self.add_path)
        return messages


def decode(kind: int, body: bytes, *, add_path: bool = False) -> list[Message]:
    """The message of one type octet and body; an UPDATE of two families becomes two, and with ``add_path`` one for each
    path identifier. WireError for anything else.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise WireError(1, 3, f"{kind} is not a BGP message type")
    try:
        return decoder(body, add_path)
    except (struct.error, IndexError, ipaddress.AddressValueError) as error:
        code = {OPEN: 2, UPDATE: 3}.get(kind, 1)
        raise WireError(code, 1 if code == 3 else 0, f"a BGP message of type {kind} is cut short: {error}") from error


def _encode_open(message: Open) -> tuple[int, bytes]:
    capabilities = b"".join(
        struct.pack("!BBHBB", _CAP_MULTIPROTOCOL, 4, AFI[family], 0, UNICAST) for family in message.families
    )
    if message.route_refresh:
        capabilities += struct.pack("!BB", _CAP_ROUTE_REFRESH, 0)
    capabilities += struct.pack("!BBI", _CAP_FOUR_OCTET_AS, 4, message.asn)
    if message.add_path:
        ways = b"".join(struct.pack("!HBB", AFI[family], UNICAST, _BOTH_WAYS) for family in message.add_path)
        capabilities += struct.pack("!BB", _CAP_ADD_PATH, len(ways)) + ways
    parameter = struct.pack("!BB", 2, len(capabilities)) + capabilities
    two_octets = message.asn if message.asn < 1 << 16 else AS_TRANS
    identifier = ipaddress.IPv4Address(message.identifier).packed
    return OPEN, struct.pack("!BHH4sB", 4, two_octets, message.hold_time, identifier, len(parameter)) + parameter


def _decode_open(body: bytes) -> list[Message]:
    version, asn, hold_time, identifier, length = struct.unpack_from("!BHH4sB", body)
    if version != 4:
        raise WireError(2, 1, f"BGP version {version} is not 4")
    rest = body[10:]
    if length != len(rest):
        raise WireError(2, 0, "the optional parameters of an OPEN have another length than they say")
    families: list[str] = []
    add_path: list[str] = []
    refresh = False
    for code, value in _capabilities(rest):
        if code == _CAP_MULTIPROTOCOL and len(value) == 4:
            afi, _reserved, safi = struct.unpack("!HBB", value)
            if afi in _FAMILY and safi == UNICAST:
                families.append(_FAMILY[afi])
        elif code == _CAP_FOUR_OCTET_AS and len(value) == 4:
            (asn,) = struct.unpack("!I", value)
        elif code == _CAP_ROUTE_REFRESH:
            refresh = True
        elif code == _CAP_ADD_PATH and len(value) % 4 == 0:
            offered = struct.iter_unpack("!HBB", value)
            add_path += [
                _FAMILY[afi] for afi, safi, ways in offered if (safi, ways) == (UNICAST, _BOTH_WAYS) and afi in _FAMILY
            ]
    name = str(ipaddress.IPv4Address(identifier))
    return [Open(asn, hold_time, name, tuple(families) or ("ipv4",), refresh, tuple(add_path))]


def _capabilities(parameters: bytes) -> t.Iterator[tuple[int, bytes]]:
    for kind, value in _tlv(parameters):
        if kind != 2:
            raise WireError(2, 4, f"optional parameter {kind} of an OPEN is not known")
        yield from _tlv(value)


def _tlv(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    while data:
        kind, length = struct.unpack_from("!BB", data)
        if len(data) < 2 + length:
            raise WireError(2, 0, "a field of an OPEN is cut short")
        yield kind, data[2 : 2 + length]
        data = data[2 + length :]


def _decode_notification(body: bytes) -> list[Message]:
    return [Notification(body[0], body[1], body[2:])]


def _decode_keepalive(body: bytes) -> list[Message]:
    if body:
        raise WireError(1, 2, "a KEEPALIVE has no body")
    return [Keepalive()]


def _decode_refresh(body: bytes) -> list[Message]:
    afi, _subtype, safi = struct.unpack_from("!HBB", body)
    return [RouteRefresh(_FAMILY.get(afi) if safi == UNICAST else None)]


_ENCODERS: dict[type, t.Callable[[t.Any], tuple[int, bytes]]] = {
    Open: _encode_open,
    Update: lambda message: (UPDATE, update.encode(message)),
    Notification: lambda message: (NOTIFICATION, bytes([message.code, message.subcode]) + message.data),
    Keepalive: lambda _message: (KEEPALIVE, b""),
    RouteRefresh: lambda message: (ROUTE_REFRESH, struct.pack("!HBB", AFI[message.family], 0, UNICAST)),
}
_DECODERS: dict[int, t.Callable[[bytes, bool], list[Message]]] = {
    OPEN: lambda body, _add_path: _decode_open(body),
    UPDATE: lambda body, add_path: [*update.decode(body, add_path=add_path)],
    NOTIFICATION: lambda body, _add_path: _decode_notification(body),
    KEEPALIVE: lambda body, _add_path: _decode_keepalive(body),
    ROUTE_REFRESH: lambda body, _add_path: _decode_refresh(body),
}
