# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What an operator asked for: the mode that a node is wanted in. It survives reboots.

An intent set by hand is a ceiling that playbooks cannot lift, even after they lowered the node for a while. What is
missing or damaged counts as dark, and says why.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._routing.policy import Mode
from . import store

if t.TYPE_CHECKING:
    import pathlib

OPERATOR = "operator"


def by_hand(name: str) -> bool:
    """Whether a person asked, not a playbook (which gives its file name)."""
    return not name.endswith((".yml", ".yaml"))


@dataclasses.dataclass(frozen=True)
class Intent:
    """The mode that was asked for; ``ceiling`` is the highest that a playbook may ask for."""

    mode: Mode = Mode.DARK
    by: str = ""
    at: str = ""
    ceiling: Mode = Mode.LIVE
    reason: str = "nobody has asked for more than dark"


class Intents:
    """The intent, in memory and on disk."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self.current = _read(path)

    def ask(self, mode: Mode, by: str, now: str) -> dict[str, t.Any]:
        """Take a new intent; the answer says what became of it. ``now`` is the time to remember, in ISO 8601."""
        before = self.current
        hand = by_hand(by)
        granted = mode if hand else min(mode, before.ceiling)
        answer: dict[str, t.Any] = {"changed": granted != before.mode, "mode": str(granted)}
        if granted < mode:
            answer |= {"kept": str(granted), "reason": f"set to {before.ceiling} by hand; only a person may raise it"}
        if (granted, before.ceiling) == (before.mode, mode if hand else before.ceiling) and before.by:
            return answer
        after = Intent(granted, by, now, mode if hand else before.ceiling, "")
        if granted < before.mode:
            self.current = after  # lowering is in force even if it cannot be remembered
        try:
            store.write(self._path, {**dataclasses.asdict(after), "mode": str(granted), "ceiling": str(after.ceiling)})
        except OSError as error:
            in_force = self.current is after
            what = "in force, but cannot be remembered" if in_force else "refused, for it cannot be remembered"
            return {**answer, "changed": in_force, "error": f"{what}: {error}"}
        self.current = after
        return answer


def _read(path: pathlib.Path) -> Intent:
    try:
        data = store.read(path)
        if data is None:
            return Intent()
        mode, ceiling = Mode.parse(data["mode"]), Mode.parse(data.get("ceiling", "live"))
        return Intent(mode, str(data["by"]), str(data["at"]), ceiling, "")
    except (store.DamagedError, KeyError, ValueError) as error:
        return Intent(ceiling=Mode.DARK, reason=f"damaged intent: {error}")
