# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which device would an answer leave? The kernel's own answers, in a namespace with routes of our choice."""

from __future__ import annotations

import errno
import pathlib
import struct
import subprocess
import sys

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._probes import way

ASK = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("way", sys.argv[1])
way = importlib.util.module_from_spec(spec); spec.loader.exec_module(way)
for destination in sys.argv[3:]: print(repr(way.device(sys.argv[2], destination)))
"""
LINKS = """set -e
ip link set lo up
ip link add uplink type veth peer name far
ip address add 192.0.2.2/29 dev uplink
ip -6 address add 2001:db8::2/64 dev uplink nodad
ip address add 199.7.83.42/32 dev lo
ip -6 address add 2001:500:9f::42/128 dev lo nodad
ip link set uplink up; ip link set far up
"""
FAR = {"199.7.83.42": "198.41.0.4", "2001:500:9f::42": "2001:503:ba3e::2:30"}


@pytest.mark.parametrize(
    ("source", "routes", "device"),
    [
        ("199.7.83.42", "", ""),
        ("199.7.83.42", "ip route add default via 192.0.2.1", "uplink"),
        ("199.7.83.42", "ip route add blackhole default", ""),
        ("199.7.83.42", "ip route add unreachable default", ""),
        ("199.7.83.42", "ip route add prohibit default", ""),
        ("199.7.83.42", "ip route add 198.41.0.0/24 via 192.0.2.1", "uplink"),
        ("199.7.83.42", "ip route add local 198.41.0.4 dev lo", ""),
        ("2001:500:9f::42", "", ""),
        ("2001:500:9f::42", "ip route add default via 2001:db8::1", "uplink"),
        ("2001:500:9f::42", "ip -6 route add blackhole default", ""),
    ],
)
def test_the_kernel_says_by_which_device(source: str, routes: str, device: str) -> None:
    code = [sys.executable, "-c", ASK, str(pathlib.Path(way.__file__)), source, FAR[source]]
    script = f'{LINKS}\n{routes}\nexec "$@"'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script, "sh", *code], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == repr(device)


def error(number: int) -> bytes:
    """The kernel's answer when it refuses."""
    return struct.pack("=IHHIIi", 36, way.NLMSG_ERROR, 0, 1, 0, -number)


def test_only_what_says_so_means_that_there_is_no_way() -> None:
    assert way.parse(error(errno.ENETUNREACH)) == ""
    with pytest.raises(PermissionError):
        way.parse(error(errno.EPERM))
    with pytest.raises(OSError, match="another question"):
        way.parse(struct.pack("=IHHII", 16, 3, 0, 1, 0))
