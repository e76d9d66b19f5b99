# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""``imrs-reinstate``: make what runs be what is certified, when the files are again so, and tell the gate.

Runs as root, when the gate asks for it (``comeback``). The node is dark at that time, so a restart costs nobody an
answer. What the gate says is not believed: the fingerprint is computed here, before and after.

Nothing here may lock anybody out: what is loaded is what was in force when acceptance judged the node, over the same
way in. ``systemd-networkd`` is not restarted and no link is deleted, as nobody could take that back over a broken line.
"""

from __future__ import annotations

import argparse
import glob
import os
import pathlib
import subprocess
import sys
import time
import typing as t

from . import bundles, store
from . import config as configuration
from .cli import PATIENCE, ask
from .fingerprint import fingerprint

LONGEST = 60.0
"""Seconds that a command may take."""
BUSY, PAUSE = 75.0, 1.0
"""Seconds that runs and bundles are waited for, and between two looks; the gate asks again after that."""
NETWORKD = "systemd-networkd.service"
READ_AT_START = ("/etc/systemd/network/*.netdev", "/etc/systemd/networkd.conf.d", "/etc/systemd/networkd.conf.d/*")
"""What ``systemd-networkd`` takes in only when it starts; a reload changes no bond and no VLAN that is there."""

Run = t.Callable[[t.Sequence[str]], str]


def commands(units: t.Sequence[str]) -> list[tuple[str, ...]]:
    """What makes everything that has read a certified file read it again, in this order. ``units``: of the daemons.

    A unit that somebody has stopped stays so. The gate comes last, so that its verdicts are of daemons that have read
    these files.
    """
    return [
        ("systemctl", "daemon-reload"),
        ("ldconfig",),
        ("/usr/lib/systemd/systemd-sysctl", "/etc/sysctl.d/60-imrs.conf"),
        ("nft", "-f", "/etc/nftables.conf"),
        ("systemctl", "try-restart", "imrs-cards.service"),
        ("networkctl", "reload"),
        ("systemctl", "try-reload-or-restart", "ssh.service"),
        ("systemctl", "try-restart", *units),
        ("systemctl", "try-restart", "imrs-gate.service"),
    ]


def run(argv: t.Sequence[str]) -> str:
    """What it printed; ValueError when it failed or did not end."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{' '.join(argv)}: no end after {LONGEST:g} seconds") from None
    said = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode:
        raise ValueError(f"{' '.join(argv)} (rc {done.returncode}): {said[-1000:] or '(it said nothing)'}")
    return said


def read_at_start(run_: Run, patterns: t.Iterable[str] = READ_AT_START) -> str:
    """What has changed since ``systemd-networkd`` started, so that nobody knows what it has read; empty when nothing.

    The time of the last change of the inode counts, which nobody can set back but with the clock.
    """
    said = run_(("systemctl", "show", "--value", "--property=ExecMainStartTimestampMonotonic", NETWORKD))
    started = time.time() - time.monotonic() + int(said) / 1e6
    changed = [path for pattern in patterns for path in glob.glob(pattern) if os.lstat(path).st_ctime >= started]
    return ", ".join(changed)


def main(arguments: list[str] | None = None, run_: Run = run) -> int:
    """0 when the certificate counts again, or this is not the time; 1 when something is wrong. One line says which."""
    parser = argparse.ArgumentParser(prog="imrs-reinstate", description="Make what runs be as certified.")
    parser.add_argument("--config", type=pathlib.Path, default=pathlib.Path("/etc/imrs/gate.json"), metavar="FILE")
    parser.add_argument("--runtime", type=pathlib.Path, default=pathlib.Path("/run/imrs"), metavar="DIRECTORY")
    parser.add_argument("--bundles", type=pathlib.Path, default=bundles.STATE, help=argparse.SUPPRESS)
    parser.add_argument("--lease", type=pathlib.Path, default=bundles.LEASE, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    try:
        said = _when_at_rest(
            lambda: bundles.kept_out(given.bundles, given.lease), lambda: _reinstate(given.config, given.runtime, run_)
        )
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"imrs-reinstate: the node stays dark: {error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


def _when_at_rest(alone: t.Callable[[], t.ContextManager[None]], do: t.Callable[[], str]) -> str:
    """Do it as soon as no run and no bundle is at work."""
    deadline = time.monotonic() + BUSY
    while True:
        try:
            with alone():
                return do()
        except bundles.BusyError as error:
            if time.monotonic() >= deadline:
                return f"not now: {error}"
        time.sleep(PAUSE)


def _reinstate(path: pathlib.Path, runtime: pathlib.Path, run_: Run) -> str:
    """What was done; ValueError or OSError when it could not be."""
    config, door = configuration.load(path), runtime / "gate.sock"
    proven = _computed(config, runtime)
    asked = ask(door, {"verb": "reinstate", "fingerprint": proven, "ask": True}, PATIENCE)
    if "refused" in asked:
        return f"not now: {asked['refused']}"
    if unknown := read_at_start(run_):
        raise ValueError(
            f"{NETWORKD} may run with another configuration, as it has not been started since these have changed: "
            f"{unknown}. Start the node anew, or have it judged (icann.imrs.accept)"
        )
    for command in commands(config.units[::-1]):
        run_(command)
    found = _computed(config, runtime)
    if found != proven:
        raise ValueError(f"the configuration has changed meanwhile: {found}, not {proven}")
    answer = ask(door, {"verb": "reinstate", "fingerprint": found}, PATIENCE)
    for key in ("usage", "refused", "error"):
        if key in answer:
            raise ValueError(answer[key])
    return f"{found} is certified, and so is what runs: the certificate counts again, up to {answer['mode']}"


def _computed(config: configuration.Config, runtime: pathlib.Path) -> str:
    """The fingerprint of what is there now, for the gate to know, too: systemd does not watch all places."""
    value = fingerprint(config.fingerprint_paths)
    store.replace(runtime / "fingerprint", f"{value}\n".encode(), 0o644)
    return value
