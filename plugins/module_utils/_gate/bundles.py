# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether a bundle (``icann.imrs.bundle``) is changing files, so that nobody judges a change half-way.

Whoever only looks (``Bundles``) holds nothing: that must not keep a bundle waiting, nor may a bundle ever wait for who
waits here. Root's helper that restarts daemons (``kept_out``) is waited for by a bundle, and itself waits for none.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import pathlib
import time
import typing as t

FORESEEN = "foreseen"
"""In ``/run/imrs``: there while the gate's certificate covers a planned change."""
STATE = pathlib.Path("/var/lib/imrs-bundle")
"""Where bundles are remembered, and locked; the same as ``_bundle.STATE``."""
LEASE = pathlib.Path("/run/imrs-bundle/lease.json")
"""Which run of a playbook holds the node, as ``_bundle.lease`` writes it; until ``until``, in seconds since boot."""
LEASED, AT_WORK = 900.0, 60.0
"""Seconds that it lasts from when it was last renewed (``_bundle.lease.SECONDS``), and those in which its run works:
one that failed leaves it, and acceptance asks for dark in that time, so that nothing comes back under its eyes.
"""
PATIENCE = 20.0
"""Seconds that a bundle may take from the first file that it touches to the last."""
LOCK, HELPER = ".lock", ".helper"
"""In the state directory: whom a bundle keeps out, and whom it waits for; the same as in ``_bundle.memory``."""
HELPED = 60.0
"""Seconds that whoever needs a node at rest waits for root's helper."""
_PAUSE = 0.05
"""Seconds between two looks: a lock that is let go tells nobody but who waits to hold it."""


class Bundles:
    """The bundles of this node, as long as the mark ``foreseen`` is there and for ``patience`` seconds at most."""

    def __init__(self, state: pathlib.Path, foreseen: pathlib.Path, patience: float = PATIENCE) -> None:
        self._state, self._foreseen = state, foreseen
        self._deadline = time.monotonic() + patience

    def changed_at(self) -> int:
        """Another number after each change of a bundle: it begins and ends with an entry in the state directory."""
        try:
            return self._state.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def meddled(self, since: int) -> bool:
        """Whether one that counts has been at work since ``changed_at()`` said that; returns when it is done."""
        if not self._waiting() or not (self._at_work() or self.changed_at() != since):
            return False
        while self._waiting() and self._at_work():
            time.sleep(_PAUSE)
        return True

    def _waiting(self) -> bool:
        return time.monotonic() < self._deadline and self._foreseen.exists()

    def _at_work(self) -> bool:
        with contextlib.suppress(FileNotFoundError), (self._state / LOCK).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


class BusyError(Exception):
    """A run holds the node, a bundle is at work or has left something to do; the text says what."""


def _held(lease: pathlib.Path) -> str:
    """Whose run is at work on the node; empty when none is. What cannot be read keeps us out, as it does runs."""
    try:
        data = json.loads(lease.read_bytes())
        if time.clock_gettime(time.CLOCK_BOOTTIME) >= float(data["until"]) - LEASED + AT_WORK:
            return ""
        return f"a run of a playbook holds this node ({data['run']['playbook']} by {data['run']['who']})"
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, TypeError, KeyError) as error:
        return f"nobody knows whether a run holds this node: {lease} cannot be read ({error!r})"


@contextlib.contextmanager
def kept_out(state: pathlib.Path, lease: pathlib.Path) -> t.Iterator[None]:
    """Meanwhile no bundle changes anything, and nobody judges the node; BusyError, with nothing held, when a run is
    under way. Who begins one takes the lease first and waits then, so that one of both sees the other.
    """
    state.mkdir(mode=0o700, exist_ok=True)
    with (state / HELPER).open("a") as helper, (state / LOCK).open("a") as bundle:
        fcntl.flock(helper, fcntl.LOCK_EX)  # others hold it for an instant
        try:
            fcntl.flock(bundle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError("a bundle is changing this node at the moment") from None
        if left := sorted(path.name for ending in ("*.journal", "*.owed") for path in state.glob(ending)):
            raise BusyError(f"a change of a bundle has not ended, or is owed ({', '.join(left)} in {state})")
        if held := _held(lease):
            raise BusyError(held)
        yield


def await_helper(state: pathlib.Path, seconds: float = HELPED) -> bool:
    """Wait until root's helper is not at work; whether that came about in time. Takes root."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(FileNotFoundError), (state / HELPER).open("rb") as file:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
    return True
