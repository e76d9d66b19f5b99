# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Where the gate keeps what it knows, and what it tells others by a file."""

from __future__ import annotations

import dataclasses
import logging
import typing as t

from . import store
from .bundles import FORESEEN

if t.TYPE_CHECKING:
    import pathlib

LOG = logging.getLogger("imrs.gate")


@dataclasses.dataclass(frozen=True)
class Paths:
    """``state`` survives reboots, ``runtime`` survives restarts of the gate."""

    state: pathlib.Path
    runtime: pathlib.Path

    @property
    def socket(self) -> pathlib.Path:
        """Where people and playbooks ask."""
        return self.runtime / "gate.sock"

    @property
    def fingerprint(self) -> pathlib.Path:
        """Written by the root helper."""
        return self.runtime / "fingerprint"

    @property
    def foreseen(self) -> pathlib.Path:
        """There while the certificate covers a planned change."""
        return self.runtime / FORESEEN

    @property
    def falls(self) -> pathlib.Path:
        """What has fallen, and when."""
        return self.runtime / "falls.json"

    @property
    def running(self) -> pathlib.Path:
        """There while a gate runs; one that finds it was preceded by one that was killed."""
        return self.runtime / "running"

    @property
    def routing_hung(self) -> pathlib.Path:
        """Asks systemd for the end of a routing daemon that hangs (``imrs-routing-hung.path``)."""
        return self.runtime / "routing-hung"

    @property
    def reinstate(self) -> pathlib.Path:
        """Asks root to bring back a node whose files are again as certified (``imrs-reinstate.path``)."""
        return self.runtime / "reinstate"

    def mark(self, word: pathlib.Path) -> None:
        """Have systemd start one of root's helpers; what fails is only said."""
        try:
            word.touch()
        except OSError:
            LOG.exception("cannot say so to systemd")

    def mark_foreseen(self, *, there: bool) -> str:
        """Tell ``imrs-fingerprint`` whether to wait for a bundle that is under way; the answer says why that failed.

        Without the mark the middle of a change voids the certificate; with one too many, a change counts a little late.
        """
        try:
            if not there:
                store.remove(self.foreseen)
            elif not self.foreseen.exists():
                self.foreseen.touch()
        except OSError as error:
            return f"cannot say whether a change is foreseen: {error}"
        return ""
