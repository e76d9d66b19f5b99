# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of UDP checksums (DN-49) between two machines, with nameservers that take care of them or do not.

Needs root and the lab image.
"""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import sys
import typing as t

import pytest
from imrs_gate_bench import run

ROOT = pathlib.Path(__file__).parents[2]
SERVICE = {"199.7.83.42": ("192.0.2.2", 32), "2001:500:9f::42": ("2001:db8::2", 128)}
LINK = {"n": ("192.0.2.2/29", "2001:db8::2/64"), "v": ("192.0.2.1/29", "2001:db8::1/64")}
HEAD = """
import json, select, socket, sys
from imrs._probes import checksums
SERVICE = ("199.7.83.42", "2001:500:9f::42")
"""
LOOK = HEAD + "print(json.dumps(getattr(checksums, sys.argv[1])(SERVICE, timeout=1)))"
SOCKETS = """
usual = [socket.socket(socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_DGRAM) for each in SERVICE]
for one, address in zip(usual, SERVICE):
    if sys.argv[1] == "zero":
        one.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK, of IPv4
    one.bind((address, 53))
print("ready", flush=True)
"""
USUAL = f"""{HEAD}{SOCKETS}
while True:
    for one in select.select(usual, [], [])[0]:
        asked, peer = one.recvfrom(4096)
        answer, own = asked[:2] + bytes([0x84, 0]) + asked[4:], one.getsockname()
        if sys.argv[1] == "wrong":
            with socket.socket(one.family, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
                raw.bind((own[0], 0))
                raw.sendto(checksums.datagram(own[:2], peer[:2], answer, broken=True), (peer[0], 0))
        else:
            one.sendto(answer, peer)
"""
CARELESS = f"""{HEAD}{SOCKETS}
packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
packets.bind(("lo", 3))
while True:
    packet, place = packets.recvfrom(65535)
    seen = checksums.answer_in(packet, checksums.ETHERTYPE.get(place[1], 0))
    if seen and seen[1] in SERVICE and place[2] != socket.PACKET_OUTGOING:
        source, server, octets = seen
        port, to, _length, _checksum = checksums.HEADER.unpack_from(octets)
        if to == 53:
            asked = octets[8:]
            usual[SERVICE.index(server)].sendto(asked[:2] + bytes([0x84, 0]) + asked[4:], (source, port))
"""
"""It answers whatever comes, and has its own way to look at it."""

Look = t.Callable[..., list[dict[str, t.Any]]]


@pytest.fixture
def look(tmp_path: pathlib.Path) -> t.Iterator[Look]:
    """Two machines; looks from one of them, while a nameserver of some kind answers on the node ``n``."""
    library = tmp_path / "lib"
    library.mkdir()
    (library / "imrs").symlink_to(ROOT / "plugins/module_utils")
    for name in LINK:
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    run("ip", "-n", "n", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", "v")
    for name, addresses in LINK.items():
        for each in addresses:
            run("ip", "-n", name, "address", "add", each, "dev", "wire", *(["nodad"] if ":" in each else []))
        run("ip", "-n", name, "link", "set", "wire", "up")
    for address, (way, length) in SERVICE.items():
        run("ip", "-n", "n", "address", "add", f"{address}/{length}", "dev", "lo")
        run("ip", "-n", "v", "route", "add", address, "via", way)

    def looking(what: str, script: str = USUAL, kind: str = "right", offload: bool = False) -> list[dict[str, t.Any]]:
        inside = ("env", f"PYTHONPATH={library}", "ip", "netns", "exec")
        if not offload:
            run(*inside, "n", sys.executable, str(ROOT / "tests/lab/imrslab/offload.py"), "wire")
        served = subprocess.Popen([*inside, "n", sys.executable, "-c", script, kind], stdout=subprocess.PIPE, text=True)
        try:
            assert served.stdout
            assert served.stdout.readline() == "ready\n"
            place = "n" if what == "sent" else "v"
            words = [*inside, place, sys.executable, "-c", LOOK, what]
            return list(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
        finally:
            served.send_signal(signal.SIGTERM)
            served.communicate()

    try:
        yield looking
    finally:
        for name in LINK:
            run("ip", "netns", "delete", name)


def test_the_kernel_drops_a_question_with_a_wrong_checksum(look: Look) -> None:
    rows = look("sent")
    assert [row["server"] for row in rows] == list(SERVICE)
    assert all((row["intact"], row["broken"], row["plain"], row["error"]) == (True, False, True, "") for row in rows)


def test_a_nameserver_that_takes_packets_past_the_kernel_is_seen(look: Look) -> None:
    assert [row["broken"] for row in look("sent", CARELESS)] == [True, True]


def test_answers_arrive_with_right_checksums(look: Look) -> None:
    rows = look("arrived")
    assert [row["server"] for row in rows] == list(SERVICE)
    assert all((row["ready"], row["total"], row["error"]) == (True, 0xFFFF, "") for row in rows)
    assert all(row["checksum"] for row in rows)


def test_no_checksum_is_seen(look: Look) -> None:
    """Over IPv6 there has to be one, and the kernel makes it."""
    assert [row["checksum"] == 0 for row in look("arrived", kind="zero")] == [True, False]


def test_a_wrong_checksum_is_seen(look: Look) -> None:
    rows = look("arrived", kind="wrong")
    assert all(row["ready"] and row["checksum"] and row["total"] != 0xFFFF for row in rows)


def test_what_was_on_no_wire_is_not_taken_for_wrong(look: Look) -> None:
    assert [row["ready"] for row in look("arrived", offload=True)] == [False, False]


def test_who_may_not_see_packets_says_so(look: Look, tmp_path: pathlib.Path) -> None:
    assert look
    dropped = HEAD.replace("import json", "import json, os") + "os.setuid(65534)\n"
    inside = ["env", f"PYTHONPATH={tmp_path}/lib", "ip", "netns", "exec", "v"]
    words = [*inside, sys.executable, "-c", dropped + "print(checksums.arrived(SERVICE))"]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert said.count("'error': 'permissionerror'") == len(SERVICE)
