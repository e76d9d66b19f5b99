# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions as octets, and exchanges with a name server of the test's own."""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
import time
import typing as t

import dns.flags
import dns.message
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import query

SOA: query.Question = {"probe": "soa", "name": ".", "type": "SOA", "server": "127.0.0.1", "transport": "udp"}


def _question(**more: t.Any) -> query.Question:
    return t.cast(query.Question, {**SOA, **more})


def test_defaults() -> None:
    message = dns.message.from_wire(query.wire_of(SOA, 7))
    assert (message.id, int(message.flags), message.edns, message.payload) == (7, 0, 0, 1232)
    assert message.ednsflags == dns.flags.EDNSFlag.DO
    assert message.options == ()


def test_every_knob() -> None:
    wire = query.wire_of(
        _question(name="wWw.ExAmPlE.cOm.", type="TYPE666", flags=["RD"], edns=1, payload=512, nsid=True), 1
    )
    assert b"\x03wWw\x07ExAmPlE\x03cOm\x00" + struct.pack("!HH", 666, 1) in wire
    message = dns.message.from_wire(wire)
    assert (message.edns, message.payload, bool(message.flags & dns.flags.RD)) == (1, 512, True)
    assert [option.otype for option in message.options] == [3]


@pytest.mark.parametrize("opcode", [15, 2, 1])
def test_opcodes(opcode: int) -> None:
    wire = query.wire_of(_question(opcode=opcode), 1)
    assert (wire[2] >> 3) & 15 == opcode
    assert struct.unpack("!HHHH", wire[4:12]) == (1, 0, 0, 0)


def test_no_edns() -> None:
    assert dns.message.from_wire(query.wire_of(_question(edns=None), 1)).edns == -1


class Server:
    """Answers every UDP datagram with what a function makes of it."""

    def __init__(self, respond: t.Callable[[bytes], list[bytes]]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.respond = respond
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            for answer in self.respond(wire):
                self.socket.sendto(answer, peer)

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()


def _reply(wire: bytes) -> bytes:
    return wire[:2] + b"\x84\x00" + wire[4:]


def test_udp_keeps_the_octets() -> None:
    with Server(lambda wire: [_reply(wire)]) as server:
        exchange = query.ask(_question(port=server.port), 99)
    sent, answer = base64.b64decode(exchange["wire"]), base64.b64decode(exchange["answer"])
    assert answer == _reply(sent)
    assert (exchange["error"], exchange["size"], exchange["probe"]) == (None, len(answer), "soa")
    json.dumps(exchange)


def test_an_answer_to_another_question_is_not_taken() -> None:
    with Server(lambda wire: [b"\xff\xff" + _reply(wire)[2:], _reply(wire)]) as server:
        exchange = query.ask(_question(port=server.port), 99)
    assert base64.b64decode(exchange["answer"])[:2] == b"\x00\x63"


def test_truncation_is_not_retried() -> None:
    with Server(lambda wire: [wire[:2] + b"\x86\x00" + wire[4:]]) as server:
        exchange = query.ask(_question(port=server.port), 99)
    assert base64.b64decode(exchange["answer"])[2] == 0x86


def test_silence_is_a_timeout() -> None:
    with Server(lambda _wire: []) as server:
        exchange = query.ask(_question(port=server.port), 99, timeout=0.1)
    assert (exchange["error"], exchange["answer"]) == ("timeout", None)
    assert exchange["seconds"] > 0.05


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nobody_there(transport: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert query.ask(_question(port=port, transport=transport), 1, timeout=1)["error"] == "refused"


def _tcp(answer: t.Callable[[bytes], bytes]) -> int:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _peer = listener.accept()
        with listener, connection:
            connection.sendall(answer(connection.recv(4096)))

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


def test_tcp() -> None:
    port = _tcp(lambda sent: sent[:2] + _reply(sent[2:]))
    exchange = query.ask(_question(port=port, transport="tcp"), 5)
    assert base64.b64decode(exchange["answer"])[:4] == b"\x00\x05\x84\x00"


def test_tcp_closed_without_answer() -> None:
    port = _tcp(lambda _sent: b"")
    assert query.ask(_question(port=port, transport="tcp"), 5)["error"] == "connectionreseterror"


def test_long_answers_are_kept_whole() -> None:
    port = _tcp(lambda sent: struct.pack("!H", 60000) + _reply(sent[2:]).ljust(60000, b"\0"))
    exchange = query.ask(_question(port=port, transport="tcp"), 5)
    assert exchange["size"] == 60000
    assert len(base64.b64decode(exchange["answer"])) == 60000


def test_all_in_order_and_in_pace() -> None:
    with Server(lambda wire: [_reply(wire)]) as server:
        started = time.monotonic()
        exchanges = query.ask_all([_question(port=server.port, probe=str(n)) for n in range(10)], per_second=50)
    assert [exchange["probe"] for exchange in exchanges] == [str(n) for n in range(10)]
    assert time.monotonic() - started >= 9 / 50
    assert len({exchange["wire"][:3] for exchange in exchanges}) == 10


def test_raw_octets_have_an_identifier_in_front() -> None:
    assert query.wire_of(_question(raw="0102 03"), 0x1234) == bytes.fromhex("1234010203")


def test_what_nobody_knows_can_be_asked() -> None:
    message = dns.message.from_wire(
        query.wire_of(_question(flags=["AD"], edns_flags=0x0080, options=[[100, "0102"]]), 1)
    )
    assert message.ednsflags == dns.flags.EDNSFlag.DO | 0x0080
    assert [(option.otype, option.to_wire()) for option in message.options] == [(100, b"\1\2")]
    assert query.wire_of(_question(flags=["Z"]), 1)[2:4] == b"\0\x40"
