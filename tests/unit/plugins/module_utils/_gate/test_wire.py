# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BGP on the wire: what is encoded decodes to itself, and nothing that comes in can break the decoder."""

from __future__ import annotations

import dataclasses
import ipaddress

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import wire
from hypothesis import given
from hypothesis import strategies as st

ASN = st.integers(1, 2**32 - 1)
FAMILIES = st.sampled_from([("ipv4", "ipv6"), ("ipv4",), ("ipv6", "ipv4")])


def prefixes(bits: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Prefixes of one family, each in canonical spelling."""
    one = st.tuples(st.integers(0, 2**bits - 1), st.integers(0, bits)).map(
        lambda pair: str(ipaddress.ip_network((pair[0].to_bytes(bits // 8, "big"), pair[1]), strict=False))
    )
    return st.lists(one, max_size=20).map(tuple)


OPENS = st.builds(
    wire.Open, ASN, st.integers(0, 65535), st.ip_addresses(v=4).map(str), FAMILIES, st.booleans(),
    st.sampled_from([(), ("ipv4",), ("ipv4", "ipv6")]),
)  # fmt: skip
NOTIFICATIONS = st.builds(wire.Notification, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=100))
HALF = st.integers(0, 65535)
COMMUNITIES = st.lists(st.tuples(HALF, HALF), max_size=70).map(tuple)
REFRESHES = st.builds(wire.RouteRefresh, st.sampled_from(["ipv4", "ipv6"]))
V4 = st.builds(
    wire.Update, st.just("ipv4"), prefixes(32).filter(bool), prefixes(32), st.ip_addresses(v=4).map(str),
    st.none() | st.integers(0, 2**32 - 1), st.lists(ASN, max_size=5).map(tuple), COMMUNITIES,
)  # fmt: skip
V6 = st.builds(
    wire.Update, st.just("ipv6"), prefixes(128).filter(bool), prefixes(128), st.ip_addresses(v=6).map(str),
    st.none() | st.integers(0, 2**32 - 1), st.lists(ASN, max_size=5).map(tuple), COMMUNITIES,
)  # fmt: skip
WITHDRAWALS = st.one_of(
    st.builds(lambda gone: wire.Update("ipv4", withdrawn=gone, local_pref=None), prefixes(32)),
    st.builds(lambda gone: wire.Update("ipv6", withdrawn=gone, local_pref=None), prefixes(128)),
)
MARKED = st.builds(
    lambda marks: wire.Update("ipv4", ("199.7.83.0/24",), next_hop="127.0.0.2", large_communities=tuple(marks)),
    st.lists(st.tuples(*[st.integers(0, 2**32 - 1)] * 3), max_size=128),
)
"""128 marks are more than 255 octets: a length of two (RFC 4271 section 4.3)."""
MESSAGES = st.one_of(MARKED, OPENS, NOTIFICATIONS, REFRESHES, V4, V6, WITHDRAWALS, st.just(wire.Keepalive()))


@given(st.lists(MESSAGES, max_size=5), st.integers(1, 50))
def test_what_is_encoded_decodes_to_itself_in_pieces_of_any_size(messages: list[wire.Message], size: int) -> None:
    stream = b"".join(wire.encode(message) for message in messages)
    decoder = wire.Decoder()
    found = [message for at in range(0, len(stream), size) for message in decoder.feed(stream[at : at + size])]
    assert found == messages


@given(st.lists(st.one_of(V4, V6, WITHDRAWALS), max_size=5), st.integers(0, 2**32 - 1))
def test_paths_decode_to_themselves(updates: list[wire.Update], path: int) -> None:
    """Where ADD-PATH was agreed on (RFC 7911 section 3). A message without prefixes has no path."""
    sent = [dataclasses.replace(each, path=path if each.announced or each.withdrawn else None) for each in updates]
    decoder = wire.Decoder()
    decoder.add_path = True
    assert decoder.feed(b"".join(wire.encode(message) for message in sent)) == sent


def test_an_update_of_several_paths_is_one_for_each() -> None:
    both = [wire.Update("ipv6", ("2001:500:3::/48",), next_hop="2001:db8::1", path=path) for path in (7, 8)]
    (first, second) = (wire.encode(each) for each in both)
    reach = first[first.index(b"\0\0\0\x07") :]  # the last attribute: path, length, prefix
    size = len(reach[: reach.index(b"\0\x03") + 2])
    extra = second[second.index(b"\0\0\0\x08") :][:size]
    body = bytearray(first[19:])
    at = body.index(b"\0\0\0\x07")
    body[at + size : at + size] = extra
    length_at = body.index(b"\x80\x0e") + 2
    body[length_at] += size
    body[2:4] = (int.from_bytes(body[2:4], "big") + size).to_bytes(2, "big")
    assert wire.decode(wire.UPDATE, bytes(body), add_path=True) == both


@pytest.mark.parametrize("body", [b"\0\0\0\0", b"\0\0\0\0\0\0\0\x01", b"\0\0\0\0\0\0\0\x01\x19"])
def test_a_path_that_is_cut_short_is_refused(body: bytes) -> None:
    if body == b"\0\0\0\0":  # End-of-RIB (RFC 4724 section 2)
        assert wire.decode(wire.UPDATE, body, add_path=True) == [wire.Update("ipv4", local_pref=None)]
        return
    with pytest.raises(wire.WireError):
        wire.decode(wire.UPDATE, body, add_path=True)


@given(
    st.sampled_from([wire.OPEN, wire.UPDATE, wire.NOTIFICATION, wire.KEEPALIVE, wire.ROUTE_REFRESH]),
    st.binary(),
    st.booleans(),
)
def test_any_body_decodes_or_is_refused(kind: int, body: bytes, add_path: bool) -> None:
    stream = wire.HEADER.pack(wire.MARKER, wire.HEADER.size + len(body), kind) + body
    decoder = wire.Decoder()
    decoder.add_path = add_path
    try:
        decoder.feed(stream)
    except wire.WireError as error:
        assert 1 <= error.code <= 6  # noqa: PT017 - to decode is right too


@given(st.binary(), st.data())
def test_a_damaged_message_decodes_or_is_refused(noise: bytes, data: st.DataObject) -> None:
    message = data.draw(MESSAGES)
    decoder = wire.Decoder()
    decoder.add_path = data.draw(st.booleans())
    if decoder.add_path and isinstance(message, wire.Update):
        message = dataclasses.replace(message, path=data.draw(st.integers(0, 2**32 - 1)))
    stream = bytearray(wire.encode(message))
    for octet in noise:
        stream[data.draw(st.integers(0, len(stream) - 1))] = octet
    try:
        decoder.feed(bytes(stream))
    except wire.WireError as error:
        assert 1 <= error.code <= 6  # noqa: PT017 - to decode is right too


def test_an_update_of_the_imrs_looks_as_the_rfc_says() -> None:
    update = wire.Update("ipv4", ("199.7.82.0/23",), next_hop="127.0.0.2")
    header = "ff" * 16 + "0030" + "02"
    attributes = "40010100" + "400200" + "4003047f000002" + "40050400000064"
    assert wire.encode(update).hex() == header + "0000" + "0015" + attributes + "17" + "c70752"


def test_graceful_shutdown_looks_as_the_rfcs_say() -> None:
    """RFC 1997: optional and transitive, of type 8; RFC 8326 section 3: 0xFFFF0000."""
    update = wire.Update("ipv4", ("199.7.82.0/23",), next_hop="127.0.0.2", communities=((65535, 0),))
    assert "c00804ffff0000" in wire.encode(update).hex()


def test_an_update_of_two_families_becomes_two() -> None:
    both = bytearray(wire.encode(wire.Update("ipv6", withdrawn=("2001:500:3::/48",))))[19:]
    body = b"\0\3\x10\xc0\0" + both[2:]
    assert wire.decode(wire.UPDATE, body) == [
        wire.Update("ipv4", withdrawn=("192.0.0.0/16",), local_pref=None),
        wire.Update("ipv6", withdrawn=("2001:500:3::/48",), local_pref=None),
    ]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"\0" * 19, (1, 1)),
        (wire.HEADER.pack(wire.MARKER, 18, 4), (1, 2)),
        (wire.HEADER.pack(wire.MARKER, 4097, 4), (1, 2)),
        (wire.HEADER.pack(wire.MARKER, 19, 9), (1, 3)),
        (wire.HEADER.pack(wire.MARKER, 20, 4) + b"\0", (1, 2)),
        (wire.HEADER.pack(wire.MARKER, 29, 1) + b"\3" + b"\0" * 9, (2, 1)),
        (wire.HEADER.pack(wire.MARKER, 24, 2) + b"\0\0\0\0\x21", (3, 10)),
        (wire.HEADER.pack(wire.MARKER, 28, 2) + b"\0\0\0\5\xc0\x08\2\xff\xff", (3, 5)),
    ],
)
def test_what_is_not_bgp_is_refused_with_the_right_code(octets: bytes, code: tuple[int, int]) -> None:
    with pytest.raises(wire.WireError) as caught:
        wire.Decoder().feed(octets)
    assert (caught.value.code, caught.value.subcode) == code


def test_a_message_that_does_not_fit_is_refused() -> None:
    many = tuple(f"2001:db8:{number:x}::/48" for number in range(1000))
    with pytest.raises(ValueError, match="too long"):
        wire.encode(wire.Update("ipv6", many, next_hop="100::1"))
