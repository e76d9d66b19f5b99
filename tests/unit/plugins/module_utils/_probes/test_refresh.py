# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A master's serial counts when it is signed with our key, and not otherwise."""

from __future__ import annotations

import asyncio
import typing as t

import dns.message
import dns.name
import dns.rcode
import dns.rrset
import dns.tsig
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import refresh
from ansible_collections.icann.imrs.plugins.module_utils._probes.refresh import Answer, Master

SECRET, OTHER = "c2VjcmV0c2VjcmV0c2VjcmV0", "b3RoZXJvdGhlcm90aGVyb3RoZXI="
SOA = dns.rrset.from_text(".", 60, "IN", "SOA", "a. b. 2026010100 1800 900 604800 86400")

Reply = t.Callable[[bytes], bytes]


def master(wire: bytes, secret: str = SECRET, *, rcode: int = 0, sign: bool = True, soa: bool = True) -> bytes:
    """What a master that knows this secret answers."""
    keyring = dns.tsig.Key(dns.name.from_text("one."), secret, dns.name.from_text("hmac-sha256"))
    try:
        query = dns.message.from_wire(wire, keyring=keyring)
    except dns.tsig.BadSignature:
        query = dns.message.from_wire(wire, keyring=lambda _message, _name: keyring, continue_on_error=True)
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.NOTAUTH)
        reply.use_tsig(keyring, tsig_error=16)
        return reply.to_wire()
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    reply.answer += [SOA] if soa else []
    if sign:
        return reply.to_wire()
    bare = dns.message.make_response(dns.message.make_query(".", "SOA", id=query.id))
    bare.answer.append(SOA)
    return bare.to_wire()


async def ask(reply: Reply, seconds: float = 10) -> Answer:
    """What is made of a master that answers so."""

    class Udp(asyncio.DatagramProtocol):
        def connection_made(self, transport: t.Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: t.Any) -> None:
            if made := reply(data):
                self.transport.sendto(made, addr)

    loop = asyncio.get_running_loop()
    transport, _protocol = await loop.create_datagram_endpoint(Udp, local_addr=("127.0.0.1", 0))
    try:
        asked = Master("dist1", "127.0.0.1", transport.get_extra_info("sockname")[1], "one.", "hmac-sha256")
        return await refresh.ask(asked, ".", SECRET, seconds)
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("reply", "serial", "failure"),
    [
        (master, 2026010100, ""),
        (lambda wire: master(wire, sign=False), None, refresh.UNSIGNED),
        (lambda wire: master(wire, rcode=5), None, "REFUSED"),
        (lambda wire: master(wire, soa=False), None, "no SOA in the answer"),
        (lambda wire: b"\0" * 3 + master(wire), None, "no answer"),
        (lambda wire: wire[:2] + b"\xff" * 9, None, refresh.UNSIGNED),
        (lambda _wire: b"", None, "no answer"),
    ],
)
def test_only_a_signed_answer_counts(reply: Reply, serial: int | None, failure: str) -> None:
    answer = asyncio.run(ask(reply, 0.2 if failure == "no answer" else 10))
    assert (answer.serial, answer.failure.partition(" (")[0]) == (serial, failure)


def test_a_master_with_another_secret_counts_for_nothing() -> None:
    answer = asyncio.run(ask(lambda wire: master(wire, OTHER)))
    assert answer.serial is None
    assert answer.failure


@pytest.mark.parametrize("secret", ["not base64!", ""])
def test_a_secret_that_is_none_is_a_failure(secret: str) -> None:
    asked = Master("dist1", "127.0.0.1", 1, "one.", "hmac-sha256")
    assert asyncio.run(refresh.ask(asked, ".", secret, 0.2)).failure


def test_a_master_that_does_not_listen_is_a_failure() -> None:
    asked = Master("dist1", "127.0.0.1", 1, "one.", "hmac-sha256")
    assert "cannot be asked" in asyncio.run(refresh.ask(asked, ".", SECRET, 5)).failure
