# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resolvers get that are all sent to TCP, each on a connection of its own which it keeps. As Markdown.

As root, in the lab's image: ``python tests/bench/connections.py [RATE]``. So many connections a second are opened for
SECONDS, one question is asked on each, and only the nameserver ever closes one. It has the role's files, but for the
number of TCP clients, and one processor; who asks has another one. Everything is in network namespaces.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import typing as t

import nameservers
from imrs_gate_config import SERVICE
from imrs_parity_bench import COMMANDS, sign
from imrslab import zone_states

SECONDS = 20
"""Twice as long as a connection may be idle: as many are closed as are opened then."""
CLIENTS = (250, 10_000)
HALVES = (0, 16)
"""Strangers who have half a message each all the time."""
LIMITS = {
    "knot": ("/etc/knot/answers.conf", r"(tcp-max-clients: )\d+"),
    "nsd": ("/etc/nsd/nsd.conf", r"(tcp-count: )\d+"),
}


class Many(nameservers.Ours):
    """Takes so many TCP clients at once."""

    def __init__(self, directory: pathlib.Path, provider: str, clients: int) -> None:
        super().__init__(directory, provider)
        self.clients = clients

    def start(self, name: str, namespace: str, *command: str) -> None:
        """With what the files say of that put right before."""
        if name == self.provider:
            file, words = LIMITS[name]
            text, found = re.subn(words, rf"\g<1>{self.clients}", pathlib.Path(file).read_text())
            assert found == 1, text
            pathlib.Path(file).write_text(text)
        super().start(name, namespace, *command)


def measure(nameserver: Many, rate: int, halves: int) -> str:
    """One row; ``halves``: strangers with half a message each."""
    before = nameservers.memory()
    asker = pathlib.Path(__file__).with_name("connections_asking.py")
    inside = ("ip", "netns", "exec", nameserver.router, "taskset", "--cpu-list", nameservers.CLIENT)
    command = [*inside, sys.executable, str(asker), SERVICE[0], str(rate), str(SECONDS), str(halves)]
    got: dict[str, t.Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    asked = got["asked"]
    share = {name: f"{100 * got[name] / asked:.1f} %" for name in ("soon", "late", "never")}
    return (
        f"| {nameserver.provider} | {nameserver.clients} | {halves} | {asked / SECONDS:.0f} "
        f"| {share['soon']} | {share['late']} "
        f"| {share['never']} | {got['most']} | {before:.0f} | {nameservers.memory():.0f} |"
    )


def main(rate: int) -> None:
    """Print the table."""
    print(
        "| nameserver | TCP clients | half messages | connections a second | answered within 1 s | later | not "
        "| open at once | memory before (MiB) | after |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        sign(folder, zone_states.STATES["double-2048"])
        for provider in COMMANDS:
            for clients, halves in ((CLIENTS[0], 0), *((CLIENTS[1], each) for each in HALVES)):
                room = folder / f"{provider}-{clients}-{halves}"
                room.mkdir()
                with Many(room, provider, clients) as nameserver:
                    nameserver.serve(folder)
                    print(measure(nameserver, rate, halves), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
