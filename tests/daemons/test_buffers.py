# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much the kernel keeps of what a nameserver has not read yet: the default of role hardening, whatever the daemon
would ask for. NSD asks for less with SO_RCVBUFFORCE alone, which its unit does not let it do. Needs root and the lab
image.
"""

from __future__ import annotations

import pathlib
import re
import subprocess

import pytest
from imrs_gate_config import SERVICE
from imrs_parity_bench import PROVIDERS, Nameserver
from imrs_provider_bench import RENDERED

DEFAULT = pathlib.Path("/proc/sys/net/core/rmem_default")
"""Octets, as the kernel counts them. It belongs to the machine that runs the tests."""


class Bounded(Nameserver):
    """Without the capability that no unit of a nameserver leaves it, and that SO_RCVBUFFORCE takes."""

    def start(self, name: str, namespace: str, *command: str) -> None:
        if name == self.provider:
            sandbox = RENDERED / self.case / f"etc/systemd/system/{name}.service.d/30-sandbox.conf"
            assert "CAP_NET_ADMIN" not in sandbox.read_text()
            command = ("setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin", *command)
        super().start(name, namespace, *command)


def receive_buffers(nameserver: Nameserver) -> dict[str, set[int]]:
    """Of the sockets on port 53, by service address."""
    command = ("ip", "netns", "exec", nameserver.node, "ss", "--no-header", "-uamn", "sport = :53")
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, set[int]] = {}
    for address, size in re.findall(r"(\S+):53\s.*?\brb(\d+)", said, re.DOTALL):
        found.setdefault(address.strip("[]"), set()).add(int(size))
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_nameserver_has_the_buffers_that_the_system_gives(
    provider: str, signed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with Bounded(tmp_path, provider) as nameserver:
        nameserver.serve(signed)
        found = receive_buffers(nameserver)
    wanted = {int(DEFAULT.read_text())}
    assert {address: found.get(address) for address in SERVICE} == dict.fromkeys(SERVICE, wanted)
