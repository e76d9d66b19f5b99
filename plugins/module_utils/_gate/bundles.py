# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether a bundle (``icann.imrs.bundle``) is changing files, so that nobody judges a change half-way.

Nothing is held: whoever looks must not keep a bundle waiting, nor may a bundle ever wait for whoever waits here.
"""

from __future__ import annotations

import contextlib
import fcntl
import pathlib
import time

FORESEEN = "foreseen"
"""In ``/run/imrs``: there while the gate's certificate covers a planned change."""
STATE = pathlib.Path("/var/lib/imrs-bundle")
"""Where bundles are remembered, and locked; the same as ``_bundle.STATE``."""
PATIENCE = 20.0
"""Seconds that a bundle may take from the first file that it touches to the last."""
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
        with contextlib.suppress(FileNotFoundError), (self._state / ".lock").open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
