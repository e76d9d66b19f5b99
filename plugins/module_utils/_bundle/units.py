# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""systemd units: which state they are in, and the few commands that change it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .commands import run

if t.TYPE_CHECKING:
    from .model import Unit

_ENABLED = frozenset(
    {"enabled", "enabled-runtime", "static", "indirect", "alias", "generated", "linked-runtime", "transient"}
)
_FIXED = frozenset({"static", "indirect", "generated", "transient"})
_RUNNING = frozenset({"active", "activating", "reloading", "refreshing"})


@dataclass(frozen=True)
class Step:
    """One command on a unit, and the one that undoes it."""

    verb: str
    unit: str
    undo: str

    def __str__(self) -> str:
        """As a person would type it."""
        return f"systemctl {self.verb} {self.unit}"

    @property
    def forward(self) -> tuple[str, ...]:
        """The command."""
        return "systemctl", self.verb, self.unit

    @property
    def back(self) -> tuple[str, ...]:
        """What undoes it."""
        return "systemctl", self.undo, self.unit


def _states(units: t.Sequence[Unit]) -> list[dict[str, str]]:
    """One call for all units; an unknown unit, or no systemd, gives an empty state."""
    names = [unit.unit for unit in units]
    blocks = run(["systemctl", "show", "--property=ActiveState,UnitFileState", "--", *names]).output.split("\n\n")
    states = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return states if len(states) == len(names) else [{} for _ in names]


def steps(units: t.Sequence[Unit]) -> list[Step]:
    """What has to be done to the units, in order."""
    found: list[Step] = []
    if not units:
        return found
    for unit, state in zip(units, _states(units), strict=True):
        file_state, running = state.get("UnitFileState", ""), state.get("ActiveState", "") in _RUNNING
        enabled = file_state in _ENABLED
        if unit.enabled is not None and unit.enabled != enabled and file_state not in _FIXED:
            pair = ("enable", "disable") if unit.enabled else ("disable", "enable")
            found.append(Step(pair[0], unit.unit, pair[1]))
        if unit.started is not None and unit.started != running:
            pair = ("start", "stop") if unit.started else ("stop", "start")
            found.append(Step(pair[0], unit.unit, pair[1]))
    return found
