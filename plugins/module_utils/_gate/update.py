# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The UPDATE of BGP-4 as bytes and back (RFC 4271 section 4.3, RFC 4760, RFC 6793, RFC 7911, RFC 8092). Pure."""

from __future__ import annotations

import dataclasses
import ipaddress
import struct
import typing as t

AFI = {"ipv4": 1, "ipv6": 2}
"""Address family numbers (RFC 4760 section 6)."""
UNICAST = 1
"""Subsequent address family of ordinary routes."""
GRACEFUL_SHUTDOWN = (65535, 0)
"""Community of a route that will be withdrawn on purpose (RFC 8326 section 3)."""
_ORIGIN, _AS_PATH, _NEXT_HOP, _LOCAL_PREF, _COMMUNITIES, _MP_REACH, _MP_UNREACH = 1, 2, 3, 5, 8, 14, 15
_LARGE_COMMUNITIES = 32
_Prefixes = list[tuple["int | None", str]]
"""Prefixes, each with its path identifier."""
_WELL_KNOWN, _OPTIONAL, _TRANSITIVE, _EXTENDED = 0x40, 0x80, 0x40, 0x10


class WireError(ValueError):
    """What came in is no BGP message; ``code`` and ``subcode`` are for the NOTIFICATION (RFC 4271 section 6)."""

    def __init__(self, code: int, subcode: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.subcode = subcode


@dataclasses.dataclass(frozen=True)
class Update:
    """Prefixes of one family that come and go (RFC 4271 section 4.3; IPv6 by RFC 4760).

    ``communities``: of the announced prefixes, each as its two halves of 16 bits (RFC 1997). ``large_communities``:
    likewise, each as its three numbers of 32 bits (RFC 8092). ``path``: the path identifier of all of these prefixes,
    where ADD-PATH was agreed on (RFC 7911 section 3), and else None.
    """

    family: str
    announced: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    next_hop: str | None = None
    local_pref: int | None = 100
    as_path: tuple[int, ...] = ()
    communities: tuple[tuple[int, int], ...] = ()
    large_communities: tuple[tuple[int, int, int], ...] = ()
    path: int | None = None


def encode(message: Update) -> bytes:
    """The body of an UPDATE."""
    plain = message.family == "ipv4"
    attributes = b""
    if not plain:
        afi = struct.pack("!HB", AFI[message.family], UNICAST)
        if message.announced:
            hop = ipaddress.IPv6Address(message.next_hop or "::").packed
            reach = afi + bytes([len(hop)]) + hop + b"\0" + _encode_prefixes(message.announced, message.path)
            attributes += _attribute(_OPTIONAL, _MP_REACH, reach)
        if message.withdrawn or not message.announced:
            attributes += _attribute(_OPTIONAL, _MP_UNREACH, afi + _encode_prefixes(message.withdrawn, message.path))
    if message.announced:
        path = message.as_path
        attributes += _attribute(_WELL_KNOWN, _ORIGIN, b"\0")
        segment = struct.pack(f"!BB{len(path)}I", 2, len(path), *path) if path else b""
        attributes += _attribute(_WELL_KNOWN, _AS_PATH, segment)
        if plain:
            attributes += _attribute(_WELL_KNOWN, _NEXT_HOP, ipaddress.IPv4Address(message.next_hop or "").packed)
        if message.local_pref is not None:
            attributes += _attribute(_WELL_KNOWN, _LOCAL_PREF, struct.pack("!I", message.local_pref))
        if message.communities:
            value = b"".join(struct.pack("!HH", *community) for community in message.communities)
            attributes += _attribute(_OPTIONAL | _TRANSITIVE, _COMMUNITIES, value)
        if message.large_communities:
            value = b"".join(struct.pack("!III", *community) for community in message.large_communities)
            attributes += _attribute(_OPTIONAL | _TRANSITIVE, _LARGE_COMMUNITIES, value)
    withdrawn = _encode_prefixes(message.withdrawn, message.path) if plain else b""
    announced = _encode_prefixes(message.announced, message.path) if plain else b""
    lengths = struct.pack("!H", len(withdrawn)) + withdrawn + struct.pack("!H", len(attributes))
    return lengths + attributes + announced


def _attribute(flags: int, kind: int, value: bytes) -> bytes:
    if len(value) > 255:
        return struct.pack("!BBH", flags | _EXTENDED, kind, len(value)) + value
    return struct.pack("!BBB", flags, kind, len(value)) + value


def decode(body: bytes, *, add_path: bool = False) -> list[Update]:
    """One Update for each family in the body, with ``add_path`` also for each path identifier; WireError, struct.error
    or IndexError when it is none.
    """
    (gone_length,) = struct.unpack_from("!H", body)
    gone, rest = body[2 : 2 + gone_length], body[2 + gone_length :]
    (attributes_length,) = struct.unpack_from("!H", rest)
    if len(rest) < 2 + attributes_length:
        raise WireError(3, 1, "the attributes of an UPDATE are cut short")
    attributes = _attributes(rest[2 : 2 + attributes_length])
    nlri = rest[2 + attributes_length :]
    path = _decode_path(attributes.get(_AS_PATH, b""))
    preference = struct.unpack("!I", attributes[_LOCAL_PREF])[0] if _LOCAL_PREF in attributes else None
    communities = _decode_communities(attributes.get(_COMMUNITIES, b""))
    large = _decode_large_communities(attributes.get(_LARGE_COMMUNITIES, b""))
    updates: list[Update] = []
    if nlri or gone or not attributes:
        hop = str(ipaddress.IPv4Address(attributes[_NEXT_HOP])) if _NEXT_HOP in attributes else None
        announced, withdrawn = (_decode_prefixes("ipv4", part, add_path) for part in (nlri, gone))
        updates += _by_path(Update("ipv4", (), (), hop, preference, path, communities, large), announced, withdrawn)
    if _MP_REACH in attributes or _MP_UNREACH in attributes:
        hop, announced = _decode_reach(attributes.get(_MP_REACH), add_path)
        withdrawn = _decode_unreach(attributes.get(_MP_UNREACH), add_path)
        updates += _by_path(Update("ipv6", (), (), hop, preference, path, communities, large), announced, withdrawn)
    return updates


def _by_path(common: Update, announced: _Prefixes, withdrawn: _Prefixes) -> list[Update]:
    """An Update for each path identifier; one that says nothing where there is no prefix (End-of-RIB, RFC 4724)."""
    return [
        dataclasses.replace(
            common,
            announced=tuple(prefix for path, prefix in announced if path == number),
            withdrawn=tuple(prefix for path, prefix in withdrawn if path == number),
            path=number,
        )
        for number in dict.fromkeys(path for path, _prefix in (*announced, *withdrawn)) or (None,)
    ]


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while data:
        flags, kind = data[0], data[1]
        size, length = (4, struct.unpack_from("!H", data, 2)[0]) if flags & _EXTENDED else (3, data[2])
        if len(data) < size + length:
            raise WireError(3, 1, f"attribute {kind} of an UPDATE is cut short")
        found[kind] = data[size : size + length]
        data = data[size + length :]
    return found


def _decode_path(data: bytes) -> tuple[int, ...]:
    path: tuple[int, ...] = ()
    while data:
        size = 2 + 4 * data[1]
        path += struct.unpack(f"!{data[1]}I", data[2:size])
        data = data[size:]
    return path


def _decode_communities(data: bytes) -> tuple[tuple[int, int], ...]:
    if len(data) % 4:
        raise WireError(3, 5, f"communities of {len(data)} octets are not whole ones")
    return tuple(struct.iter_unpack("!HH", data))


def _decode_large_communities(data: bytes) -> tuple[tuple[int, int, int], ...]:
    if len(data) % 12:
        raise WireError(3, 5, f"large communities of {len(data)} octets are not whole ones")
    return tuple(struct.iter_unpack("!III", data))


def _decode_reach(value: bytes | None, add_path: bool) -> tuple[str | None, _Prefixes]:
    if value is None:
        return None, []
    _check_family(value)
    hop_length = value[3]
    hop, rest = value[4 : 4 + hop_length], value[5 + hop_length :]
    if hop_length not in (16, 32) or len(hop) != hop_length:
        raise WireError(3, 8, f"a next hop of {hop_length} octets is not an IPv6 address")
    return str(ipaddress.IPv6Address(hop[:16])), _decode_prefixes("ipv6", rest, add_path)


def _decode_unreach(value: bytes | None, add_path: bool) -> _Prefixes:
    if value is None:
        return []
    _check_family(value)
    return _decode_prefixes("ipv6", value[3:], add_path)


def _check_family(value: bytes) -> None:
    afi, safi = struct.unpack_from("!HB", value)
    if (afi, safi) != (AFI["ipv6"], UNICAST):
        raise WireError(3, 9, f"address family {afi}/{safi} was never agreed on")


def _encode_prefixes(prefixes: t.Iterable[str], path: int | None) -> bytes:
    encoded, number = b"", b"" if path is None else struct.pack("!I", path)
    for text in prefixes:
        network = ipaddress.ip_network(text)
        encoded += number + bytes([network.prefixlen]) + network.network_address.packed[: (network.prefixlen + 7) // 8]
    return encoded


def _decode_prefixes(family: str, data: bytes, add_path: bool) -> _Prefixes:
    size = 4 if family == "ipv4" else 16
    prefixes: _Prefixes = []
    while data:
        path = None
        if add_path:
            (path,) = struct.unpack_from("!I", data)
            data = data[4:]
        length, octets = data[0], (data[0] + 7) // 8
        if length > 8 * size or len(data) < 1 + octets:
            raise WireError(3, 10, f"{data[: 1 + octets].hex()} is not an {family} prefix")
        packed = data[1 : 1 + octets].ljust(size, b"\0")
        prefixes.append((path, str(ipaddress.ip_network((packed, length), strict=False))))
        data = data[1 + octets :]
    return prefixes
