# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""systemd units: which state they are in, and the few commands that change it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .commands import run
from .model import Unit

_ENABLED = frozenset(
    {"enabled", "enabled-runtime", "static", "indirect", "alias", "generated", "linked-runtime", "transient"}
)
_FIXED = frozenset({"static", "indirect", "generated", "transient"})
_RUNNING = frozenset({"active", "activating", "reloading", "refreshing"})


@dataclass(frozen=True)
class Step:
    """One command on a unit."""

    verb: str
    unit: str

    def __str__(self) -> str:
        """As a person would type it."""
        return f"systemctl {self.verb} {self.unit}"

    @property
    def forward(self) -> tuple[str, ...]:
        """The command."""
        return "systemctl", self.verb, self.unit


def _shown(units: t.Sequence[Unit]) -> list[dict[str, str]]:
    """One call for all units; an unknown unit, or no systemd, gives an empty state."""
    names = [unit.unit for unit in units]
    answer = run(["systemctl", "show", "--property=ActiveState,UnitFileState", "--", *names])
    blocks = answer.output.strip().split("\n\n")
    states = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return states if len(states) == len(names) else [{} for _name in names]


def look(units: t.Sequence[Unit]) -> tuple[Unit, ...]:
    """The units as they are now, as far as they are asked about; None for what cannot be changed."""
    if not units:
        return ()
    found = []
    for unit, state in zip(units, _shown(units), strict=True):
        file_state, running = state.get("UnitFileState", ""), state.get("ActiveState", "") in _RUNNING
        enabled = None if unit.enabled is None or file_state in _FIXED else file_state in _ENABLED
        found.append(Unit(unit.unit, enabled, None if unit.started is None else running))
    return tuple(found)


def between(now: t.Sequence[Unit], wanted: t.Sequence[Unit]) -> list[Step]:
    """What has to be done to the units, in order."""
    found: list[Step] = []
    for is_, shall in zip(now, wanted, strict=True):
        if None not in (is_.enabled, shall.enabled) and is_.enabled != shall.enabled:
            found.append(Step("enable" if shall.enabled else "disable", shall.unit))
        if None not in (is_.started, shall.started) and is_.started != shall.started:
            found.append(Step("start" if shall.started else "stop", shall.unit))
    return found


def steps(units: t.Sequence[Unit]) -> list[Step]:
    """What has to be done now."""
    return between(look(units), units)
