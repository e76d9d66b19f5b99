# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much the kernel keeps of what a nameserver has not read yet: what it is set to takes effect. Needs root and the
lab image.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import typing as t

import pytest
from imrs_gate_config import SERVICE
from imrs_parity_bench import PROVIDERS, Nameserver, sign

WANTED = 4194304
"""Octets, as the kernel counts them: twice what a process asks for, or the default as it is (socket(7))."""
DEFAULT = pathlib.Path("/proc/sys/net/core/rmem_default")
"""Of the machine that runs the tests; on a node role hardening makes it WANTED."""


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("signed")
    sign(folder)
    return folder


def receive_buffers(nameserver: Nameserver) -> dict[str, set[int]]:
    """Of the sockets on port 53, by service address."""
    command = ("ip", "netns", "exec", nameserver.node, "ss", "--no-header", "-uamn", "sport = :53")
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, set[int]] = {}
    for address, size in re.findall(r"(\S+):53\s.*?\brb(\d+)", said, re.DOTALL):
        found.setdefault(address.strip("[]"), set()).add(int(size))
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_nameserver_has_the_buffers_that_it_is_set_to(
    provider: str, signed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    wanted = {"nsd": WANTED, "knot": int(DEFAULT.read_text())}[provider]
    with Nameserver(tmp_path, provider) as nameserver:
        nameserver.serve(signed)
        found = receive_buffers(nameserver)
    served: t.Iterable[str] = SERVICE
    assert {address: found.get(address) for address in served} == {address: {wanted} for address in served}
