# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Where the gate keeps what it knows, and what it tells others by a file."""

from __future__ import annotations

import dataclasses
import typing as t

from .bundles import FORESEEN

if t.TYPE_CHECKING:
    import pathlib


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
