# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands, writing files and waiting: the few verbs everything else in the lab is made of."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time
import typing as t


class LabError(Exception):
    """Something the person at the keyboard can read and act on."""


def say(text: str) -> None:
    """Progress for people, on standard error, so that standard output stays for results."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


def run(*command: str, **options: t.Any) -> str:
    """Run a command to its end and return what it printed; LabError with its words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[-2000:]
        raise LabError(f"{' '.join(command)}: exit status {done.returncode}\n{words}")
    return done.stdout


def write(path: pathlib.Path, text: str, mode: int = 0o644) -> None:
    """Write a file with exactly this mode, making its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)


def wait_for(what: str, holds: t.Callable[[], bool], seconds: float, *, closely: bool = False) -> None:
    """Wait until a condition holds; LabError that names it when it does not in time.

    A look may cost several processes: what takes long is asked less and less often, unless ``closely``.
    """
    began = time.monotonic()
    while not holds():
        waited = time.monotonic() - began
        if waited > seconds:
            raise LabError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1 if closely else min(max(0.1, waited / 10), 0.5))


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not yet reaped does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
