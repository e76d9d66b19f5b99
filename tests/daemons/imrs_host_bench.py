# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts' routers that misbehave, and a gate that says what it is told to: around the node of imrs_provider_bench."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

from imrs_gate_bench import run, until
from imrs_gate_config import MARKS
from imrs_provider_bench import FRR, Node

HOST_PEERS = ("192.0.2.2", "2001:db8::2")
"""The node's addresses, as the host's router speaks to it."""
FRR_HOST = """
router bgp 64500
 bgp router-id 192.0.2.1
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 bgp log-neighbor-changes
 neighbor 192.0.2.2 remote-as 20144
 neighbor 192.0.2.2 password bgp-password-of-the-host-00
 neighbor 192.0.2.2 ttl-security hops 1
 neighbor 192.0.2.2 timers {timers}
 neighbor 192.0.2.2 timers connect 1
 neighbor 2001:db8::2 remote-as 20144
 neighbor 2001:db8::2 password bgp-password-of-the-host-00
 neighbor 2001:db8::2 ttl-security hops 1
 neighbor 2001:db8::2 timers {timers}
 neighbor 2001:db8::2 timers connect 1
 address-family ipv4 unicast
  neighbor 192.0.2.2 activate
 exit-address-family
 address-family ipv6 unicast
  neighbor 2001:db8::2 activate
 exit-address-family
"""
GATE = """
import asyncio, dataclasses, json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from imrs._gate import session, wire
said = pathlib.Path(sys.argv[2])
plain = wire.encode


def encode(message):
    if isinstance(message, wire.Update) and message.announced:
        more = tuple(tuple(one) for one in json.loads(said.read_text())["more"])
        message = dataclasses.replace(message, communities=message.communities + more)
    return plain(message)


async def speak():
    hops = {"ipv4": "127.0.0.2", "ipv6": "100::1"}
    speaker = session.Session(session.Peering("127.0.0.2", "127.0.0.1", 179, 20144, 240, hops))
    task = asyncio.create_task(speaker.run())
    while not task.done():
        told = json.loads(said.read_text())
        speaker.announce(told["prefixes"], told["graceful"], told["sessions"])
        await asyncio.sleep(0.05)


wire.encode = encode
asyncio.run(speak())
"""
"""The gate's own session, without its judgement: it announces what a file says; ``more`` are communities beside."""


class Told(Node):
    """A node whose gate says what it is told to."""

    def say(
        self,
        prefixes: t.Iterable[str],
        graceful: bool = False,
        more: t.Sequence[tuple[int, int]] = (),
        sessions: t.Sequence[str] = MARKS,
    ) -> None:
        """From now on the gate announces this, for these sessions."""
        path = self.directory / "said.json"
        written = path.with_suffix(".new")
        said = {"prefixes": sorted(prefixes), "graceful": graceful, "more": more, "sessions": sessions}
        written.write_text(json.dumps(said))
        written.replace(path)
        if "gate" not in self.processes:
            self.start("gate", self.node, sys.executable, "-c", GATE, str(self.directory / "lib"), str(path))

    def end_of_routing_on_purpose(self) -> None:
        """What the unit does when it is stopped, its own ``ExecStop=`` lines first."""
        drop_in = pathlib.Path(f"/etc/systemd/system/{self.routing}.service.d/10-imrs.conf")
        for command in re.findall(r"(?m)^ExecStop=-(.+)$", drop_in.read_text()):
            ours = command.replace("birdc ", f"birdc -s {self.directory}/bird.ctl ")
            run("sh", "-c", ours)


class BesideFrr(Node):
    """A node whose host's router is FRR's bgpd, with the timers that it is told."""

    timers = "3 9"

    def start_router(self) -> None:
        """Only bgpd: it needs no kernel to hold what it was told."""
        folder = pathlib.Path("/etc/frr/host")
        pathlib.Path("/run/frr").mkdir(exist_ok=True)
        shutil.chown("/run/frr", "frr", "frr")  # that of the node, too
        for path in (folder, pathlib.Path("/run/frr/host")):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            shutil.chown(path, "frr", "frr")
        (folder / "bgpd.conf").write_text(FRR_HOST.format(timers=self.timers))
        shutil.chown(folder / "bgpd.conf", "frr", "frr")
        options = ("-N", "host", "-Z", "-n", "-P", "0", "-f", str(folder / "bgpd.conf"), "--log", "stdout")
        self.start("router", self.router, str(FRR / "bgpd"), *options)
        until(pathlib.Path("/run/frr/host/bgpd.vty").exists, what="the host's FRR")

    def host(self, *commands: str) -> str:
        """What the host's console says."""
        words = [word for command in commands for word in ("-c", command)]
        return subprocess.run(["vtysh", "-N", "host", *words], check=True, capture_output=True, text=True).stdout

    def offer(self, timers: str) -> None:
        """The host's router offers another hold time; the sessions begin anew."""
        timed = (f"neighbor {peer} timers {timers}" for peer in HOST_PEERS)
        self.host("configure", "router bgp 64500", *timed)
        self.host("clear bgp *")

    def heard(self) -> str:
        """The log of the host's router: each NOTIFICATION that it sent or received, and why a session ended."""
        return (self.directory / "router.out").read_text()

    def routes(self) -> dict[str, str]:
        """What the host's router holds: prefix to AS path."""
        found = {}
        for family in ("ipv4", "ipv6"):
            table = json.loads(self.host(f"show bgp {family} unicast json"))
            found |= {prefix: str(paths[0]["path"]) for prefix, paths in table.get("routes", {}).items()}
        return found


SPEAKER = """
import pathlib, socket, sys, time
sys.path.insert(0, sys.argv[1])
from imrs._gate import wire
directory = pathlib.Path(sys.argv[2])
listening = socket.create_server(("192.0.2.1", 179))
listening.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
(directory / "speaker.up").touch()
number = 0
while True:
    connection, _peer = listening.accept()
    connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
    connection.settimeout(0.1)
    number += 1
    log = directory / f"heard.{number}"
    log.touch()
    decoder, sent = wire.Decoder(), set()
    connection.sendall(wire.encode(wire.Open(64500, 240, "192.0.2.1", ("ipv4",))) + wire.encode(wire.Keepalive()))
    try:
        while True:
            for file in sorted(directory.glob("send.*")):
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
            with log.open("a") as heard:
                for message in decoder.feed(data):
                    print(message, file=heard, flush=True)
    except OSError as error:
        log.open("a").write(f"{error}\\n")
    connection.close()
"""
"""A host's router that sends the octets of files named ``send.*``, and writes down each session that it hears."""


class BesideSpeaker(Node):
    """A node whose host's router for IPv4 is a few lines that send what they are told to."""

    def start_router(self) -> None:
        """It waits for the node to connect."""
        self.start(
            "router", self.router, sys.executable, "-c", SPEAKER, str(self.directory / "lib"), str(self.directory)
        )
        until((self.directory / "speaker.up").exists, what="the speaker")

    def send(self, name: str, octets: bytes) -> None:
        """Have the router send these octets in the session that there is."""
        path = self.directory / f"new.{name}"
        path.write_bytes(octets)
        path.rename(self.directory / f"send.{name}")

    def heard(self) -> list[str]:
        """What the node said, session by session."""
        return [path.read_text() for path in sorted(self.directory.glob("heard.*"))]


REFUSER = """
import pathlib, socket, sys, time
sys.path.insert(0, sys.argv[1])
from imrs._gate import wire
directory = pathlib.Path(sys.argv[2])
listening = socket.create_server(("192.0.2.1", 179))
listening.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
(directory / "refuser.up").touch()
while True:
    connection, _peer = listening.accept()
    connection.settimeout(10)
    try:
        if connection.recv(4096):
            with (directory / "asked").open("a") as log:
                print(time.monotonic(), file=log, flush=True)
            connection.sendall(wire.encode(wire.Open(64500, 240, "192.0.2.1", ("ipv4",))))
            connection.sendall(wire.encode(wire.Notification(6, 5)))
            connection.recv(4096)
    except OSError:
        pass
    connection.close()
"""
"""A host's router that answers every OPEN with `Connection Rejected` (RFC 4486), and writes down when it was asked."""


class BesideRefuser(Node):
    """A node whose host's router for IPv4 wants no session at the moment."""

    def start_router(self) -> None:
        """It waits for the node to connect."""
        places = (str(self.directory / "lib"), str(self.directory))
        self.start("router", self.router, sys.executable, "-c", REFUSER, *places)
        until((self.directory / "refuser.up").exists, what="the router that refuses")

    def asked(self) -> list[float]:
        """When it was asked for a session, in seconds of the monotonic clock."""
        path = self.directory / "asked"
        return [float(line) for line in path.read_text().split()] if path.exists() else []


def with_role(text: str, role: str) -> str:
    """A BIRD of the host's that has a role of RFC 9234 in every session."""
    return text.replace("ttl security on;", f"ttl security on; local role {role};")


def crowd(text: str, number: int) -> str:
    """A BIRD of the host's that tells of so many prefixes more."""
    prefixes = (f"{20 + (at >> 16)}.{at >> 8 & 255}.{at & 255}.0/24" for at in range(number))
    told = " ".join(f"route {prefix} blackhole;" for prefix in prefixes)
    return text.replace("protocol static told4 {{ ipv4;", f"protocol static told4 {{{{ ipv4; {told}")
