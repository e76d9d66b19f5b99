# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A packet filter of role `network` in a network namespace of its own, and packets that a test makes."""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import json
import os
import socket
import struct
import subprocess
import time
import typing as t

import jinja2
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from imrs_role_cases import CASES, NODE
from imrs_role_render import OPTIONS, ROOT, configured

ROLE = ROOT / "roles/network"
V4, V6 = NODE["imrs_service_addresses"]["ipv4"][0], NODE["imrs_service_addresses"]["ipv6"][0]
LIBC = ctypes.CDLL(None, use_errno=True)
NEWNET = 0x40000000
"""``CLONE_NEWNET``; module `os` has it from Python 3.12 on."""
COUNT = """table inet seen {
  counter arrived { }
  counter passed { }
  counter let_in { }
  chain first { type filter hook prerouting priority -400; tcp dport { 22, 53, 179 } counter name arrived; }
  chain later { type filter hook prerouting priority 0; tcp dport { 22, 53, 179 } counter name passed; }
  chain last { type filter hook input priority 10; tcp dport { 22, 53, 179 } counter name let_in; }
}"""


def ruleset(case: str = "plain", **given: t.Any) -> str:
    """The file, as the role renders it."""
    loader = DataLoader()
    (task,) = loader.load_from_file(str(ROLE / "tasks/files.yml"), trusted_as_template=True)
    defaults = loader.load_from_file(str(ROLE / "defaults/main.yml"), trusted_as_template=True)
    node = {**NODE, **CASES[case][1], "imrs_operator_networks": {"ipv4": [], "ipv6": []}}
    managed = {"ansible_managed": "Ansible managed", "network_gate_account": "root"}
    engine = Templar(loader, {**node, **defaults, **managed, **task["vars"], **given})
    names = [*defaults, "__network_bfd", "__network_bgp", "__network_inside", "__network_members"]
    names += ["__network_time", "__network_nts", "__network_log", "ansible_managed"]
    values = {name: engine.template(engine.available_variables[name]) for name in names if "windows" not in name}
    templates = configured(jinja2.Environment(**OPTIONS), "network")  # noqa: S701 - configuration, not HTML
    return templates.get_template("etc/nftables.conf.j2").render(values)


def checksum(octets: bytes) -> int:
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def syn(source: str, target: str, port: int, hops: int) -> bytes:
    """A packet with the first segment of a connection."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    tcp = [40000, port, 1, 0, 5 << 12 | 2, 1024, 0, 0]
    tcp[6] = checksum(ends + struct.pack("!II", 20, 6) + struct.pack("!HHIIHHHH", *tcp))
    segment = struct.pack("!HHIIHHHH", *tcp)
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28, 20, 6, hops) + ends + segment
    head = [0x45, 0, 40, 1, 0, hops, 6, 0]
    head[7] = checksum(struct.pack("!BBHHHBBH", *head) + ends)
    return struct.pack("!BBHHHBBH", *head) + ends + segment


class Wire:
    """Both ends of a cable; the packet filter is at ``near``."""

    def load(self, text: str) -> None:
        subprocess.run(["nft", "-f", "-"], input=text + COUNT, text=True, check=True)

    def counters(self) -> dict[str, int]:
        listed = subprocess.check_output(["nft", "-j", "list", "counters"])
        found = [entry["counter"] for entry in json.loads(listed)["nftables"] if "counter" in entry]
        return {each["name"]: each["packets"] for each in found}

    def send(
        self, source: str, number: int, target: str = "", port: int = 53, hops: int = 60, by: str = "far"
    ) -> dict[str, int]:
        """How many of these SYNs arrived, passed the first chain, and were let in."""
        before, target = self.counters(), target or (V6 if ":" in source else V4)
        links = json.loads(subprocess.check_output(["ip", "-j", "link"]))
        to = next(each["address"] for each in links if each["ifname"] == ("near" if by == "far" else by))
        kind = b"\x86\xdd" if ":" in source else b"\x08\x00"
        frame = bytes.fromhex(to.replace(":", "")) + bytes(6) + kind + syn(source, target, port, hops)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
            cable.bind((by, 0))
            for _ in range(number):
                cable.send(frame)
        end = time.monotonic() + 20
        while self.counters()["arrived"] < before["arrived"] + number:
            assert time.monotonic() < end, "not all of them arrived"
        return {name: value - before[name] for name, value in self.counters().items()}


@contextlib.contextmanager
def laid() -> t.Iterator[Wire]:
    """A cable in a network namespace of its own, which is gone afterwards."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    assert LIBC.unshare(NEWNET) == 0, os.strerror(ctypes.get_errno())
    try:
        uplink = [f"address add {each} dev near nodad" for each in NODE["imrs_uplink"]["addresses"] if ":" in each]
        uplink += [f"address add {each} dev near" for each in NODE["imrs_uplink"]["addresses"] if ":" not in each]
        service = [f"address add {V4}/32 dev lo", f"address add {V6}/128 dev lo nodad"]
        steps = ["link set lo up", "link add near type veth peer name far", "link set near up", "link set far up"]
        for step in [*steps, *uplink, *service]:
            subprocess.run(["ip", *step.split()], check=True)
        yield Wire()
    finally:
        assert LIBC.setns(home, NEWNET) == 0, os.strerror(ctypes.get_errno())
        os.close(home)
