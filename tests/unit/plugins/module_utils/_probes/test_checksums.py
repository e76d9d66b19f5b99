# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP checksums by hand, and packets that are read; sockets are tried in tests/daemons/test_checksums.py, as root."""

from __future__ import annotations

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import checksums

ENDS = {4: ("192.0.2.1", "199.7.83.42"), 6: ("2001:db8::1", "2001:500:9f::42")}
PACKET = "4500002d000040004011 0000 c0000201 c707532a 8000003500190000 2b0301000001000000000000 0000060001"
"""IPv4 and UDP, without checksums."""


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("payload", [b"", b"a", b"ab", checksums.question(checksums.PLAIN)])
def test_a_datagram_adds_up_to_ones(version: int, payload: bytes) -> None:
    source, destination = ENDS[version]
    octets = checksums.datagram((source, 4711), (destination, 53), payload)
    assert checksums.total(source, destination, octets) == checksums.ALL_ONES
    broken = checksums.datagram((source, 4711), (destination, 53), payload, broken=True)
    assert broken[:6] + broken[8:] == octets[:6] + octets[8:]
    assert checksums.total(source, destination, broken) != checksums.ALL_ONES
    assert broken[6:8] != b"\0\0", "which is none"


def test_a_wrong_checksum_is_wrong_and_there_from_every_port() -> None:
    """Of two ports the right one is what others are made wrong with."""
    for port in range(1024, 65536):
        octets = checksums.datagram(("::1", port), ("2001:500:9f::42", 53), checksums.question(1), broken=True)
        assert octets[6:8] != b"\0\0"
        assert checksums.total("::1", "2001:500:9f::42", octets) != 0xFFFF, port


def test_sums_that_were_made_by_hand() -> None:
    """The length counts twice, in the header and before it, and the protocol is 0x11; an odd octet is a high one."""
    assert checksums.total("0.0.0.0", "0.0.0.0", bytes.fromhex("0001 0002 0008 ffdb")) == 0xFFFF
    assert checksums.total("0.0.0.0", "0.0.0.1", bytes.fromhex("0001 0002 0009 ffdb ff")) == 0xFF03


def test_a_packet_is_read() -> None:
    packet = bytes.fromhex(PACKET)
    assert checksums.answer_in(packet, 4) == ("192.0.2.1", "199.7.83.42", packet[20:])
    assert checksums.answer_in(packet + b"padding of a short frame", 4) == ("192.0.2.1", "199.7.83.42", packet[20:])


@pytest.mark.parametrize(
    ("change", "version"),
    [(slice(0, 0), 6), (slice(9, 10), 4), (slice(6, 8), 4), (slice(24, 26), 4)],
    ids=["not IPv6", "TCP", "a fragment", "longer than it is"],
)
def test_what_is_no_whole_datagram_is_left_alone(change: slice, version: int) -> None:
    packet = bytearray(bytes.fromhex(PACKET))
    packet[change] = {9: b"\x06", 6: b"\x20\x01", 24: b"\x00\xff"}.get(change.start, b"")
    assert checksums.answer_in(bytes(packet), version) is None


@pytest.mark.parametrize("packet", [b"", b"\x45", bytes(20), bytes.fromhex(PACKET)[:27]])
def test_a_packet_that_is_cut_is_left_alone(packet: bytes) -> None:
    assert checksums.answer_in(packet, 4) is None
    assert checksums.answer_in(packet, 6) is None
