# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Notice at once that a daemon's main process ended, whoever its parent is (pidfd_open(2))."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import typing as t

from .._probes import load

if t.TYPE_CHECKING:
    import pathlib

LOG = logging.getLogger("imrs.gate.watch")
AGAIN, AGAIN_AFTER_ERROR = 0.5, 5.0
"""Seconds until the next look for a process that is not there, and for one that could not be asked for."""

Find = t.Callable[[], t.Awaitable[int]]
"""Gives the process id of the daemon, 0 when it has none; OSError or ValueError when that cannot be told."""


def by_service(service: str) -> Find:
    """Ask systemd for the main process of a unit."""

    async def find() -> int:
        command = ("systemctl", "show", "-p", "MainPID", "--value", service)
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=pipe, stderr=pipe)
        try:
            async with asyncio.timeout(5):
                said, complained = await process.communicate()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        if process.returncode:
            raise OSError(complained.decode(errors="replace").strip() or f"systemctl ended with {process.returncode}")
        return int(said)

    return find


def by_file(path: pathlib.Path) -> Find:
    """Read the process id from a file; a missing file is no process."""

    async def find() -> int:
        try:
            return int(path.read_text(encoding="ascii"))  # noqa: ASYNC240 - a few octets
        except FileNotFoundError:
            return 0

    return find


class Watch:
    """Holds the process of a daemon; ``on_exit`` is called the moment it ends. Looks for the next one then."""

    def __init__(self, name: str, find: Find, on_exit: t.Callable[[int], None]) -> None:
        self._name = name
        self._find = find
        self._on_exit = on_exit
        self.pid = 0
        self.reason = "not looked for yet"
        self._stopped = 0

    async def run(self) -> None:
        """For ever. Not to find the process is no evidence of anything: the probes go on."""
        while True:
            again = AGAIN
            try:
                pid = await self._find()
                descriptor = os.pidfd_open(pid) if pid else -1
            except (OSError, ValueError) as error:
                if str(error) != self.reason:
                    LOG.warning("cannot watch the process of the %s: %s", self._name, error)
                descriptor, self.reason, again = -1, str(error), AGAIN_AFTER_ERROR
            else:
                self.reason = "" if pid else f"the {self._name} has no main process"
            if descriptor >= 0:
                await self._hold(pid, descriptor)
            await asyncio.sleep(again)

    def stopped(self) -> int:
        """In how many looks in a row, this one included, all threads of the process were stopped (``T`` in /proc)."""
        states = load.threads(self.pid) if self.pid else ""
        self._stopped = self._stopped + 1 if states and not states.strip(load.STOPPED) else 0
        return self._stopped

    async def _hold(self, pid: int, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def gone() -> None:
            loop.remove_reader(descriptor)
            self.pid, self.reason = 0, f"the main process of the {self._name} ended"
            self._on_exit(pid)
            ended.set()

        self.pid = pid
        loop.add_reader(descriptor, gone)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
