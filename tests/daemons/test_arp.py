# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a link hears of a node's anycast addresses, with the kernel's own settings and with those of role hardening.

Needs root and the lab image.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import typing as t

import pytest

RENDERED = pathlib.Path(__file__).parents[1] / "golden/example/acc01/etc/sysctl.d/60-imrs.conf"
NODE, ROUTER = "imrs-arp-node", "imrs-arp-router"
SERVICE, UPLINK, GATEWAY = "199.7.83.42", "192.0.2.2", "192.0.2.1"

ASKED_BY = """
import json, socket, struct
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
link.bind(("wire", 0))
link.settimeout(20)
print("ready", flush=True)
while True:
    frame = link.recv(64)
    if frame[20:22] == b"\\x00\\x01" and frame[38:42] == socket.inet_aton("192.0.2.1"):
        print(json.dumps(socket.inet_ntoa(frame[28:32])))
        break
"""
"""In the router: whose address the first question for the gateway comes from."""

ANSWERED = """
import json, socket
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
link.bind(("wire", 0))
link.settimeout(20)
mine, told = link.getsockname()[4], []
for wanted in ("199.7.83.42", "192.0.2.2"):
    question = mine + socket.inet_aton("192.0.2.1") + bytes(6) + socket.inet_aton(wanted)
    link.send(b"\\xff" * 6 + mine + b"\\x08\\x06" + b"\\x00\\x01\\x08\\x00\\x06\\x04\\x00\\x01" + question)
while "192.0.2.2" not in told:
    frame = link.recv(64)
    if frame[20:22] == b"\\x00\\x02":
        told.append(socket.inet_ntoa(frame[28:32]))
print(json.dumps(told))
"""
"""In the router: for which addresses the node answers, in its order; asked last for the link's own."""

SPEAK = f"import socket; s = socket.socket(type=2); s.bind(('{SERVICE}', 0)); s.sendto(b'x', ('{GATEWAY}', 9))"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def inside(name: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", name, *command]


@pytest.fixture(params=["the kernel's", "ours"])
def ours(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> t.Iterator[bool]:
    """A node with a service address, and the host's router on one link with it."""
    for name in (NODE, ROUTER):
        ip("netns", "add", name)
    try:
        ip("-n", NODE, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", ROUTER)
        ip("-n", NODE, "address", "add", f"{UPLINK}/24", "dev", "wire")
        ip("-n", NODE, "address", "add", f"{SERVICE}/32", "dev", "lo")
        ip("-n", ROUTER, "address", "add", f"{GATEWAY}/24", "dev", "wire")
        lines = [line for line in RENDERED.read_text().splitlines() if re.match(r"net\.ipv[46]\.conf", line)]
        kernels = ["net.ipv4.conf.all.arp_ignore = 0", "net.ipv4.conf.all.arp_announce = 0"]
        file = tmp_path / "60-imrs.conf"
        file.write_text("\n".join(lines if request.param == "ours" else kernels) + "\n")
        subprocess.run(inside(NODE, "/usr/lib/systemd/systemd-sysctl", str(file)), check=True)
        for name, device in ((NODE, "lo"), (NODE, "wire"), (ROUTER, "wire")):
            ip("-n", name, "link", "set", device, "up")
        yield request.param == "ours"
    finally:
        for name in (NODE, ROUTER):
            ip("netns", "delete", name)


def test_the_gateway_is_asked_for_by_the_address_of_the_link(*, ours: bool) -> None:
    command = inside(ROUTER, "python3", "-c", ASKED_BY)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        assert listening.stdout.readline() == "ready\n"
        subprocess.run(inside(NODE, "python3", "-c", SPEAK), check=True)
        said, _ = listening.communicate(timeout=60)
    assert json.loads(said) == (UPLINK if ours else SERVICE)


def test_nobody_on_the_link_is_told_where_a_service_address_is(*, ours: bool) -> None:
    done = subprocess.run(inside(ROUTER, "python3", "-c", ANSWERED), check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == ([UPLINK] if ours else [SERVICE, UPLINK])
