# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against a nameserver of a few lines: whatever is answered becomes evidence."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import struct
import time
import typing as t

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import nameserver
from ansible_collections.icann.imrs.plugins.module_utils._probes.nameserver import Evidence

SOA = dns.rrset.from_text(".", 60, "IN", "SOA", "a. b. 2026010100 1800 900 604800 86400")
RRSIG = dns.rrset.from_text(".", 60, "IN", "RRSIG", "SOA 13 0 86400 20260201000000 20260101000000 1 . AAAA")
OTHER = dns.rrset.from_text(".", 60, "IN", "RRSIG", "NS 13 0 86400 20300101000000 20260101000000 1 . AAAA")
RIGHT = Evidence("", "NOERROR", True, False, 2026010100, "xlb01", (1769904000,), there=True)

Answer = t.Callable[[bytes], bytes]


def answer(wire: bytes, *, rcode: int = 0, flags: int = dns.flags.AA, nsid: bytes | None = b"xlb01") -> bytes:
    """A right answer, or one with something else in it."""
    query = dns.message.from_wire(wire)
    options = [] if nsid is None else [dns.edns.GenericOption(dns.edns.OptionType.NSID, nsid)]
    reply = dns.message.make_response(query)
    reply.use_edns(0, options=options)
    reply.flags |= flags
    reply.set_rcode(rcode)
    if rcode == 0 and not flags & dns.flags.TC:
        reply.answer += [SOA, RRSIG, OTHER]
    return reply.to_wire()


async def ask(transport: str, reply: Answer | None, times: int = 1, seconds: float = 10) -> list[Evidence]:
    """What the prober finds at a nameserver that answers so; None: a port where nobody listens."""
    loop = asyncio.get_running_loop()

    class Udp(asyncio.DatagramProtocol):
        def connection_made(self, transport: t.Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: t.Any) -> None:
            assert reply is not None
            if made := reply(data):
                self.transport.sendto(made, addr)

    async def tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert reply is not None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            if made := reply(await reader.readexactly(length)):
                writer.write(struct.pack("!H", len(made)) + made)
        writer.close()

    datagrams, _protocol = await loop.create_datagram_endpoint(Udp, local_addr=("127.0.0.1", 0))
    port = datagrams.get_extra_info("sockname")[1]
    server = await asyncio.start_server(tcp, "127.0.0.1", port)
    if reply is None:
        datagrams.close()
        server.close()
        await asyncio.sleep(0)
    try:
        prober = nameserver.Prober("127.0.0.1", port, ".")
        return [await prober.ask(transport, seconds) for _ in range(times)]
    finally:
        datagrams.close()
        server.close()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("transport", [nameserver.UDP, nameserver.TCP])
@pytest.mark.parametrize(
    ("reply", "evidence"),
    [
        (answer, RIGHT),
        (
            lambda query: answer(query, nsid=None),
            Evidence("", "NOERROR", True, False, 2026010100, None, (1769904000,), True),
        ),
        (lambda query: answer(query, rcode=2, flags=0), Evidence(rcode="SERVFAIL", nsid="xlb01")),
        (lambda query: answer(query, rcode=5, flags=0), Evidence(rcode="REFUSED", nsid="xlb01")),
        (
            lambda query: answer(query, flags=dns.flags.AA | dns.flags.TC),
            Evidence("", "NOERROR", True, True, None, "xlb01"),
        ),
        (lambda query: query[:2] + b"\xff" * 9, Evidence("not a DNS message: ShortHeader")),
        (lambda query: query, Evidence("the answer is to another question")),
        (None, Evidence("connection refused")),
    ],
)
def test_what_is_answered_becomes_evidence(transport: str, reply: Answer | None, evidence: Evidence) -> None:
    assert asyncio.run(ask(transport, reply, times=2)) == [evidence, evidence]


def test_silence_is_a_timeout() -> None:
    (found,) = asyncio.run(ask(nameserver.UDP, lambda _query: b"", seconds=0.05))
    assert found.failure == nameserver.TIMEOUT
    assert found.overdue >= 0


def test_an_answer_to_another_query_is_not_taken() -> None:
    def stranger(query: bytes) -> bytes:
        return bytes([query[0] ^ 1]) + answer(query)[1:]

    assert asyncio.run(ask(nameserver.UDP, stranger, seconds=0.05))[0].failure == nameserver.TIMEOUT


def test_an_answer_that_came_while_the_asker_stood_still_is_an_answer() -> None:
    def stand_still(query: bytes) -> bytes:
        asyncio.get_running_loop().call_soon(time.sleep, 0.3)
        return answer(query)

    (found,) = asyncio.run(ask(nameserver.UDP, stand_still, seconds=0.2))
    assert found == RIGHT


def test_a_referral_says_that_the_name_is_there() -> None:
    com = dns.rrset.from_text("com.", 60, "IN", "NS", "a.gtld-servers.net.")

    def referral(there: bool) -> bytes:
        reply = dns.message.make_response(dns.message.make_query("com.", "A"))
        reply.authority += [com if there else SOA]
        return reply.to_wire()

    name, kind = dns.name.from_text("com."), dns.rdatatype.A
    assert nameserver.parse(referral(True), name, kind).there
    assert not nameserver.parse(referral(False), name, kind).there


def test_a_connection_closed_early_is_evidence() -> None:
    assert "closed before the answer" in asyncio.run(ask(nameserver.TCP, lambda _query: b""))[0].failure


def test_the_query_asks_for_dnssec_and_nsid_with_a_new_id_each_time() -> None:
    seen: list[bytes] = []

    def remember(query: bytes) -> bytes:
        seen.append(query)
        return answer(query)

    asyncio.run(ask(nameserver.UDP, remember, times=8))
    query = dns.message.from_wire(seen[0])
    assert query.ednsflags & dns.flags.DO
    assert [option.otype for option in query.options] == [dns.edns.OptionType.NSID]
    assert not query.flags & dns.flags.RD
    assert len({query[:2] for query in seen}) > 1


def test_an_asker_without_a_file_descriptor_left_blames_nobody() -> None:
    async def story() -> Evidence:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
        try:
            return await nameserver.Prober("127.0.0.1", 53, ".").ask(nameserver.UDP, 1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert asyncio.run(story()).failure == nameserver.EXHAUSTED


def test_an_address_that_is_not_here_is_evidence() -> None:
    found = asyncio.run(nameserver.Prober("192.0.2.1", 53, ".").ask(nameserver.UDP, 0.1))
    assert found.failure.startswith("cannot be asked: ")
