# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the collection's playbooks against a lab: how they end, and how they are disturbed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import tempfile
import typing as t

from .topology import ROOT

LONGEST = 3600.0
"""Seconds that no run takes: a machine with a kernel of its own may be translated, and an upgrade boots it twice."""


@dataclasses.dataclass(frozen=True)
class Play:
    """How a playbook ended: exit status, everything it printed, and ``changed=`` of the appliance."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        """The recap's own count."""
        return int(self.output.rpartition("changed=")[2].split()[0])


class Run:
    """A playbook that runs while a drill does something else."""

    def __init__(self, name: str, arguments: t.Sequence[str], inventory: pathlib.Path) -> None:
        """Begin it."""
        command = ["ansible-playbook", f"icann.imrs.{name}", "-i", str(inventory), *arguments]
        descriptor, said = tempfile.mkstemp(prefix="imrs-run-")
        self._said = pathlib.Path(said)
        with open(descriptor, "wb") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, "IMRS_DRILL_RUN": said},
            )  # fmt: skip

    def ended(self) -> bool:
        """Whether it has come to its end."""
        return self._process.poll() is not None

    def kill(self) -> Play:
        """End it at once, with all that it started; a connection that it has kept open for the next run stays."""
        os.killpg(self._process.pid, signal.SIGKILL)
        return self.end()

    def pause(self) -> None:
        """Have it begin no other task until it goes on; what is at work on a machine comes to its end."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After a pause."""
        self._process.send_signal(signal.SIGCONT)

    def cut(self) -> int:
        """Break the connections that it has made; how many there were.

        SSH is let be, as it would be by a router that fails: it is the relay behind it (tests/lab/relay.py) that ends.
        """
        mine = f"IMRS_DRILL_RUN={self._said}\0".encode()
        return cut_relays(lambda _, environment: mine in environment)

    def end(self, seconds: float = LONGEST) -> Play:
        """Wait for its end."""
        status = self._process.wait(seconds)
        output = self._said.read_text(encoding="utf-8")
        self._said.unlink()
        return Play(status, output)


def cut_relays(which: t.Callable[[bytes, bytes], bool]) -> int:
    """End the relays (tests/lab/relay.py) of which that is true, by their arguments and environment; how many."""
    cut = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if b"/relay.py\0" in command and which(command, (process / "environ").read_bytes()):
                os.kill(int(process.name), signal.SIGKILL)
                cut += 1
    return cut
