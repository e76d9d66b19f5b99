# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Locks that end with whoever holds them."""

from __future__ import annotations

import fcntl
import time

MOMENT = 0.5
"""Seconds after which whoever still holds a lock is alive: a process that is killed while it starts another one leaves
its locks to it for the instant before that one begins."""

_PAUSE = 0.02
"""Seconds between two tries: flock can wait for ever or not at all, but not for a time."""


def lock(descriptor: int, patience: float | None) -> bool:
    """Whether the lock was to be had in that many seconds; None: wait for ever."""
    if patience is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        else:
            return True
