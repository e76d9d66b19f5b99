# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Runs commands: never a shell, never a prompt, never for ever."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
import types
import typing as t
from dataclasses import dataclass

COMMAND_TIMEOUT = 300.0
"""Seconds that a check or an activation may take; systemd itself gives up a start after 90."""

NOT_FOUND = 127
"""What a shell returns for a program that is not there."""

TIMED_OUT = 124
"""What timeout(1) returns."""

LAST_WORDS = 30.0
"""Seconds that a command may still take when we are told to end: what comes next must not run beside it."""

_LONGEST = 6000


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said, on both streams."""

    rc: int
    output: str = ""
    missing: bool = False
    """There is no such program."""


@contextlib.contextmanager
def _deferred(number: int) -> t.Iterator[None]:
    """A signal that makes us leave comes when we know what we have started, and not in the midst of it."""
    handler = signal.getsignal(number)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came = []

    def remember(_number: int, _frame: types.FrameType | None) -> None:
        came.append(number)

    signal.signal(number, remember)
    try:
        yield
    finally:
        signal.signal(number, handler)
        if came:
            os.kill(os.getpid(), number)


def _see_off(process: subprocess.Popen[bytes], patience: float) -> bool:
    """Whether the command ended by itself; nothing of it runs any more."""
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def _there(program: str, path: str) -> bool:
    """Whether there is one, even if it cannot be run."""
    places = [""] if "/" in program else path.split(os.pathsep)
    return any(os.path.lexists(os.path.join(place, program)) for place in places)


def run(argv: t.Sequence[str], timeout: float = COMMAND_TIMEOUT, inherit: int | None = None) -> Answer:
    """Run one command from ``/`` with the system's programs on the path and no input.

    ``inherit``: a descriptor that the command keeps open, and whose lock thereby tells that it still runs.
    """
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
    environment = {**os.environ, "PATH": path.lstrip(os.pathsep), "LC_ALL": "C.UTF-8"}
    # Output goes to a file: a daemon that keeps the stream open must not keep us waiting. It is in memory: on the way
    # back from a full disk there is no room for it elsewhere.
    with open(os.memfd_create("said"), "w+b") as output:
        process = None
        try:
            with _deferred(signal.SIGTERM):
                process = subprocess.Popen(
                    [shutil.which(argv[0], path=path) or argv[0], *argv[1:]],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    env=environment,
                    start_new_session=True,
                    pass_fds=() if inherit is None else (inherit,),
                )
            rc = process.returncode if _see_off(process, timeout) else TIMED_OUT
        except OSError as error:
            return Answer(NOT_FOUND, f"{argv[0]}: {error.strerror}", missing=not _there(argv[0], path))
        except BaseException:
            if process:
                _see_off(process, LAST_WORDS)
            raise
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Answer(rc, text if rc != TIMED_OUT else f"{text}\nno end after {timeout:g} seconds; stopped")


def shorten(text: str) -> str:
    """The end of a long output, where parsers put their verdict."""
    text = text.strip()
    return text if len(text) <= _LONGEST else "[...]\n" + text[-_LONGEST:].partition("\n")[2]


def retry(argv: t.Sequence[str], deadline: float) -> Answer:
    """Run until it succeeds or the deadline (monotonic clock) has passed; at least once."""
    pause = 0.1
    while True:
        answer = run(argv, max(1.0, deadline - time.monotonic()))
        if answer.rc == 0 or time.monotonic() + pause >= deadline:
            return answer
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
