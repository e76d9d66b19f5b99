# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small zone with right and wrong answers, the gate's word, and a nameserver of the test's own, for loads."""

from __future__ import annotations

import contextlib
import copy
import itertools
import socket
import threading
import typing as t

import dns.message
import dns.name
import dns.rrset
import ports
from ansible_collections.icann.imrs.plugins.module_utils._correctness.zone import Zone
from ansible_collections.icann.imrs.plugins.module_utils._probes import burst

HOST = "127.0.0.1"
TEXT = """
. 86400 SOA a.root-servers.net. nstld.example. {serial} 1800 900 604800 3600
. 518400 NS a.root-servers.net.
com. 172800 NS a.gtld.net.
net. 172800 NS a.gtld.net.
a.gtld.net. 172800 A 192.0.2.3
a.root-servers.net. 518400 A 192.0.2.4
"""
NOW = 1796000000.0
STATUS: dict[str, t.Any] = {
    "mode": {"ipv4": "drained", "ipv6": "drained"},
    "intent": {"mode": "drained"},
    "verdict": {"ipv4": {"healthy": True, "falls": 0}, "ipv6": {"healthy": True, "falls": 1}},
    "falls": {"gate": 0, "routing": 0, "configuration": 0},
}
"""Of a node that may be loaded."""


def status(**changes: t.Any) -> dict[str, t.Any]:
    """The gate's word with other values; ``verdict__ipv4__falls=1`` is one further down."""
    found = copy.deepcopy(STATUS)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = found
        for step in way:
            place = place[step]
        place[last] = value
    return found


def zone(serial: int = 7) -> Zone:
    """The root."""
    return Zone.read(TEXT.format(serial=serial))


def soa(serial: int = 7, ttl: int = 86400) -> tuple[bytes, bytes]:
    """A question for the root's SOA and its answer, without identifiers; right for ``zone(serial)`` with this TTL."""
    query = dns.message.make_query(".", "SOA", want_dnssec=True, flags=0, id=0, payload=1232)
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    answer.use_edns(0, dns.flags.DO, 1232)
    data = f"a.root-servers.net. nstld.example. {serial} 1800 900 604800 3600"
    answer.answer.append(dns.rrset.from_text(dns.name.root, ttl, "IN", "SOA", data))
    return query.to_wire()[2:], answer.to_wire()[2:]


KNOWN = burst.Known(*soa())


class Nameserver:
    """Answers on 127.0.0.1 over UDP and TCP what ``reply`` makes of the number of a question and its octets."""

    def __init__(self, reply: t.Callable[[int, bytes], t.Sequence[bytes]] | None = None) -> None:
        self._reply = reply or (lambda _number, question: [question[:2] + KNOWN.answer])
        self._numbers = itertools.count()
        self.sources = set[str]()
        self._sockets: list[socket.socket] = []
        self._tcp, self._udp = ports.same((HOST, socket.SOCK_STREAM), (HOST, socket.SOCK_DGRAM))
        self._tcp.listen()
        self.port: int = self._tcp.getsockname()[1]
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    def __enter__(self) -> t.Self:
        for work in (self._datagrams, self._connections):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        for made in (self._tcp, self._udp, *self._sockets):
            with contextlib.suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)
            made.close()

    def _datagrams(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                question, source = self._udp.recvfrom(65535)
                if not source:  # it was shut down
                    return
                self.sources.add(source[0])
                for answer in self._reply(next(self._numbers), question):
                    self._udp.sendto(answer, source)

    def _connections(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                made, source = self._tcp.accept()
                self.sources.add(source[0])
                self._sockets.append(made)
                threading.Thread(target=self._stream, args=(made,), daemon=True).start()

    def _stream(self, made: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), made.makefile("rb") as stream:
            while length := int.from_bytes(stream.read(2), "big"):
                for answer in self._reply(next(self._numbers), stream.read(length)):
                    made.sendall(len(answer).to_bytes(2, "big") + answer)
