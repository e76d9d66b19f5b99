# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer that writes down every octet of what a node says, for both families."""

from __future__ import annotations

import pathlib
import struct
import sys
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._gate import wire
from imrs_gate_bench import until
from imrs_host_bench import Told

LISTENER = """
import pathlib, socket, sys, threading
sys.path.insert(0, sys.argv[1])
from imrs._gate import wire
directory = pathlib.Path(sys.argv[2])


def speak(family, address, level, option):
    listening = socket.create_server((address, 179), family=family)
    listening.setsockopt(level, option, 255)
    name = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}[family]
    (directory / f"{name}.up").touch()
    number = 0
    while True:
        connection, _peer = listening.accept()
        connection.settimeout(0.1)
        number += 1
        log = directory / f"{name}.{number:03}"
        log.touch()
        held, sent = b"", set()
        try:
            connection.sendall((directory / f"{name}.answer").read_bytes())
            while True:
                for file in sorted(directory.glob(f"{name}.send.*")):
                    if file not in sent:
                        sent.add(file)
                        connection.sendall(file.read_bytes())
                try:
                    data = connection.recv(65536)
                except TimeoutError:
                    connection.sendall(wire.encode(wire.Keepalive()))
                    continue
                if not data:
                    break
                held += data
                with log.open("a") as heard:
                    while len(held) >= 19 and len(held) >= (length := int.from_bytes(held[16:18], "big")):
                        print(held[18], held[19:length].hex() or "-", file=heard, flush=True)
                        held = held[length:]
        except OSError:
            pass
        connection.close()


threading.Thread(
    target=speak, args=(socket.AF_INET, "192.0.2.1", socket.IPPROTO_IP, socket.IP_TTL)
).start()
speak(socket.AF_INET6, "2001:db8::1", socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)
"""
"""Answers a session with the octets of ``FAMILY.answer``, sends those of ``FAMILY.send.*`` once in each session, and
writes kind and body of what it hears to ``FAMILY.NUMBER``."""
FAMILIES = ("ipv4", "ipv6")


class Heard(t.NamedTuple):
    """One message of the node's."""

    kind: int
    body: bytes


class BesideListener(Told):
    """A node whose host's routers are a few lines; the gate says what it is told to."""

    def start_router(self) -> None:
        """It waits for the node to connect."""
        for family in FAMILIES:
            self.answer(family, wire.encode(wire.Open(64500, 240, "192.0.2.1", (family,))))
        places = (str(self.directory / "lib"), str(self.directory))
        self.start("router", self.router, sys.executable, "-c", LISTENER, *places)
        until(lambda: all((self.directory / f"{family}.up").exists() for family in FAMILIES), what="the peer")

    def answer(self, family: str, opening: bytes) -> None:
        """From the next session on the peer begins with these octets, and a KEEPALIVE."""
        path = self.directory / f"{family}.answer"
        written = path.with_suffix(".new")
        written.write_bytes(opening + wire.encode(wire.Keepalive()))
        written.replace(path)

    def send(self, family: str, name: str, octets: bytes) -> None:
        """Have the peer send these octets, in the session that there is and in each later one."""
        path = self.directory / f"{family}.new"
        path.write_bytes(octets)
        path.replace(self.directory / f"{family}.send.{name}")

    def sessions(self, family: str) -> list[list[Heard]]:
        """What the node said, session by session."""
        return [_read(path) for path in sorted(self.directory.glob(f"{family}.[0-9]*"))]


def _read(path: pathlib.Path) -> list[Heard]:
    lines = (line.split() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n"))
    return [Heard(int(kind), bytes.fromhex(body.strip("-"))) for kind, body in lines]


def capabilities(opening: bytes) -> set[tuple[int, str]]:
    """Of the body of an OPEN: code and value of what it offers (RFC 5492), however it is packed (RFC 9072)."""
    rest, width = opening[10:], "B"
    if rest[:1] == b"\xff":
        rest, width = rest[3:], "H"
    found = set()
    for kind, value in _fields(rest, width):
        assert kind == 2, "an optional parameter that is none of capabilities"
        found |= {(code, said.hex()) for code, said in _fields(value, "B")}
    return found


def attributes(update: bytes) -> tuple[tuple[str, ...], dict[int, str]]:
    """Of the body of an UPDATE: the prefixes that it announces, and the other path attributes by type."""
    (gone,) = struct.unpack_from("!H", update)
    (length,) = struct.unpack_from("!H", update, 2 + gone)
    found, rest = {}, update[4 + gone : 4 + gone + length]
    while rest:
        wide = rest[0] & 0x10
        size = struct.unpack_from("!H" if wide else "!B", rest, 2)[0]
        start = 4 if wide else 3
        # How wide the length is, nobody but the encoder cares.
        found[rest[1]] = f"{rest[0] & 0xE0:02x} {rest[start : start + size].hex()}"
        rest = rest[start + size :]
    (told,) = {message.announced for message in wire.decode(wire.UPDATE, update)} or {()}
    if 14 in found:  # MP_REACH_NLRI: family, next hop
        reach = bytes.fromhex(found[14][3:])
        found[14] = f"{found[14][:3]}{reach[: 4 + reach[3]].hex()}"
    return told, found


def _fields(data: bytes, width: str) -> t.Iterator[tuple[int, bytes]]:
    head = struct.Struct(f"!B{width}")
    while data:
        kind, length = head.unpack_from(data)
        yield kind, data[head.size : head.size + length]
        data = data[head.size + length :]
