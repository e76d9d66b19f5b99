# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch before a virtual machine's bond: tags, LACP, and what a cable that is out takes with it."""

from __future__ import annotations

import struct
import subprocess
import sys
import textwrap

import pytest
from imrslab import sheets, switch, topology, virtual

MACHINE, OTHER = bytes.fromhex("525411111111"), bytes.fromhex("525422222222")
CLIENT, EVERYONE = bytes.fromhex("021122334455"), b"\xff" * 6
PLAIN = EVERYONE + MACHINE + b"\x08\x06" + b"who has the gateway?"


def tagged(frame: bytes, vlan: int, priority: int = 0) -> bytes:
    return frame[:12] + b"\x81\x00" + (priority << 13 | vlan).to_bytes(2, "big") + frame[12:]


def lacpdu(port: int, state: int = 0x0F, *, knows: bool = True, system: bytes = MACHINE) -> bytes:
    """As Linux sends one (drivers/net/bonding/bond_3ad.c): by default in sync, and with what it knows of the switch."""
    actor = struct.pack(">H6sHHHB3x", 65535, system, 9, 255, port + 1, state)
    partner = struct.pack(">H6sHHHB3x", 0x8000, switch.OWN, 1, 0x8000, port + 1, 0x3F) if knows else bytes(18)
    body = b"\x01\x01\x01\x14" + actor + b"\x02\x14" + partner + b"\x03\x10" + bytes(14) + bytes(52)
    return switch.LACP + system + b"\x88\x09" + body


def flow(number: int) -> bytes:
    """A frame for the machine, of one of several clients."""
    addresses = bytes([192, 0, 2, number]) + bytes([199, 7, 83, 42])
    return MACHINE + CLIENT + b"\x08\x00" + bytes(12) + addresses + b"\x30\x39\x00\x35" + bytes(20)


def test_only_the_right_tag_passes_and_it_is_taken_off() -> None:
    made = switch.Switch(1, 120, lacp=False)
    assert made.upwards(0, tagged(PLAIN, 120), 0) == PLAIN
    assert made.upwards(0, tagged(PLAIN, 120, priority=5), 0) == PLAIN
    assert made.upwards(0, tagged(PLAIN, 121), 0) is None
    assert made.upwards(0, PLAIN, 0) is None
    assert made.downwards(PLAIN, 0) == ([0], tagged(PLAIN, 120))


def test_without_a_vlan_no_tag_passes() -> None:
    made = switch.Switch(1, None, lacp=False)
    assert made.upwards(0, PLAIN, 0) == PLAIN
    assert made.upwards(0, tagged(PLAIN, 1), 0) is None
    assert made.downwards(PLAIN, 0) == ([0], PLAIN)


def test_what_a_switch_keeps_to_itself_does_not_pass() -> None:
    made = switch.Switch(2, None, lacp=False)
    assert made.upwards(0, lacpdu(0), 0) is None
    assert made.answer(0, lacpdu(0), 0) is None


def test_without_lacp_a_machine_is_where_it_spoke_last() -> None:
    made = switch.Switch(2, None, lacp=False)
    to_it = MACHINE + CLIENT + b"\x08\x00" + bytes(40)
    assert made.downwards(to_it, 0)[0] == [0, 1]
    for port in (0, 1):
        made.upwards(port, PLAIN, 0)
        assert made.downwards(to_it, 0)[0] == [port]
    assert made.downwards(EVERYONE + to_it[6:], 0)[0] == [0, 1]


def test_an_lacpdu_is_answered_with_what_the_machine_said_of_itself() -> None:
    made = switch.Switch(2, None, lacp=True)
    answer = made.answer(1, lacpdu(1, state=0x47, knows=False), 0)
    assert answer
    assert len(answer) == 124
    assert (answer[:6], answer[6:12], answer[12:18]) == (switch.LACP, switch.OWN, b"\x88\x09\x01\x01\x01\x14")
    assert answer[18:36] == struct.pack(">H6sHHHB3x", 0x8000, switch.OWN, 1, 0x8000, 2, 0x3F)
    assert answer[36:56] == b"\x02\x14" + struct.pack(">H6sHHHB3x", 65535, MACHINE, 9, 255, 2, 0x47)
    assert answer[56:58] == b"\x03\x10"


@pytest.mark.parametrize("said", [lacpdu(0, knows=False), lacpdu(0, state=0x07)], ids=["a stranger", "not in sync"])
def test_a_port_that_does_not_agree_carries_nothing(said: bytes) -> None:
    made = switch.Switch(2, None, lacp=True)
    made.answer(0, lacpdu(0), 0)
    assert made.downwards(PLAIN, 0)[0] == [0]
    made.answer(0, said, 1)
    assert made.downwards(PLAIN, 1)[0] == []
    assert made.upwards(0, PLAIN, 1) is None


def test_a_port_that_is_silent_is_out_after_three_seconds() -> None:
    made = switch.Switch(2, None, lacp=True)
    for port in (0, 1):
        assert made.upwards(port, PLAIN, 0) is None
        made.answer(port, lacpdu(port), 0)
    assert {made.downwards(flow(number), 1)[0][0] for number in range(20)} == {0, 1}
    assert len({made.downwards(flow(7), when)[0][0] for when in (0, 1, 2)}) == 1
    made.answer(1, lacpdu(1), 2)
    assert {made.downwards(flow(number), 3)[0][0] for number in range(20)} == {1}
    assert made.upwards(0, PLAIN, 3) is None
    assert made.upwards(1, PLAIN, 3) == PLAIN
    assert made.downwards(flow(1), 5)[0] == []


def test_ports_of_two_machines_are_no_link() -> None:
    """The second one is told so: its port is not in sync."""
    made = switch.Switch(2, None, lacp=True)
    made.answer(0, lacpdu(0), 0)
    answer = made.answer(1, lacpdu(1, system=OTHER), 0)
    assert answer
    assert answer[32] == 0x07
    assert made.downwards(PLAIN, 0)[0] == [0]


def test_frames_go_through_until_the_command_ends() -> None:
    """In a network namespace of its own: a stand-in for QEMU asks for an address by ARP, until it is answered."""
    asks = textwrap.dedent(
        """
        import select, socket
        ports = [socket.socket(fileno=number) for number in (50, 51)]
        whole = bytes.fromhex('ffffffffffff' '525411111111' '81000078' '0806' '0001' '0800' '0604' '0001'
                              '525411111111' 'c0000202' '000000000000' 'c0000201')
        heard = b''
        while heard[12:18].hex() != '810000780806' or heard[32:36].hex() != 'c0000201':
            ports[0].send(whole)
            if select.select(ports[:1], [], [], 0.1)[0]:
                heard = ports[0].recv(2000)
        raise SystemExit(7)
        """
    )
    lays = (
        "ip link set lo up; ip tuntap add dev plug mode tap; ip address add 192.0.2.1/24 dev plug; ip link set plug up"
    )
    starts = f'{lays}; exec "$0" "$1" plug 50 51 --vlan 120 -- "$0" -c "$2"'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-ec", starts, sys.executable, switch.__file__, asks],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 7, done.stderr


def test_a_bond_and_a_vlan_are_plugged_into_a_switch() -> None:
    plan = sheets.plan(["xbd"])
    assert topology.Plan.read(plan.text()) == plan
    link = plan.machine("xbd01").link("vlan120")
    assert (link.cards, link.vlan, link.lacp) == (("enp0s3", "enp0s4"), 120, True)
    before, cards = virtual.wiring(topology.Lab("x"), plan.machine("xbd01"))
    assert before == [sys.executable, switch.__file__, "xbd01-1", "51", "52", "--vlan=120", "--lacp", "--"]
    assert [word for word in cards if word.startswith(("tap", "socket"))] == [
        "tap,id=net0,ifname=xbd01-0,script=no,downscript=no",
        "socket,id=net1,fd=51",
        "socket,id=net2,fd=52",
    ]
    assert [word.partition(",mac=")[0] for word in cards if word.startswith("e1000e")] == [
        f"e1000e,netdev=net{number},bus=pcie.0,addr=0x{number + 2}" for number in range(3)
    ]


def test_a_plain_uplink_has_no_switch() -> None:
    before, cards = virtual.wiring(topology.Lab("x"), sheets.plan(["xvm"]).machine("xvm01"))
    assert before == []
    assert "tap,id=net1,ifname=xvm01-1,script=no,downscript=no" in cards
