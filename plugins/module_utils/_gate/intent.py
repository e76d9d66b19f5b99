# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What an operator asked for: the mode that a node is wanted in. It survives reboots.

There are two layers, and the lower one counts. The *standing* intent is for good. The *temporary* one has an end, and
when that is past the node is by itself back at the standing one (``until`` has the rule of clocks).

| who asks | standing | temporary |
|---|---|---|
| a person | that mode, which becomes the ceiling for playbooks | is over |
| a person, ``lower_only`` | no higher than it is; its ceiling likewise | stays if it is lower, else it is over |
| a person, with an end | stays | that mode; the one before is replaced |
| a person, with an end, ``lower_only`` | stays | that mode, unless the one before is lower |
| a playbook | that mode, but no higher than the ceiling | stays |

So a person's intent is a ceiling that playbooks cannot lift, even after they lowered the node for a while; and what a
playbook lowered meanwhile is not raised by an end. Going back is not going live: the gate announces no more than
certificate and verdict allow. What is missing or damaged counts as dark, and says why.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import typing as t

from .._routing.policy import Mode
from . import store, until

if t.TYPE_CHECKING:
    from .certificate import Moment
    from .until import End

OPERATOR = "operator"
BOOT_ID = pathlib.Path("/proc/sys/kernel/random/boot_id")
LONGEST_TEXT = 200
"""Characters of a name or a note: it has to fit on the screen of ``imrs status``."""


def by_hand(name: str) -> bool:
    """Whether a person asked, not a playbook (which gives its file name)."""
    return not name.endswith((".yml", ".yaml"))


@dataclasses.dataclass(frozen=True)
class Intent:
    """The mode that was asked for; ``ceiling`` is the highest that a playbook may ask for.

    ``reason`` says why it is dark although nobody asked for that; ``note`` is what was said by who asked.
    """

    mode: Mode = Mode.DARK
    by: str = ""
    at: str = ""
    ceiling: Mode = Mode.LIVE
    reason: str = "nobody has asked for more than dark"
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Layers:
    """All that was asked for. Of ``temporary``, mode and ceiling are the same; ``end`` is there when it is."""

    standing: Intent = dataclasses.field(default_factory=Intent)
    temporary: Intent | None = None
    end: End | None = None

    @property
    def current(self) -> Intent:
        """What counts now, by the name of who asked for the lower one."""
        low = self.temporary
        if low is None:
            return self.standing
        lower = self.standing if self.standing.mode < low.mode else low
        return dataclasses.replace(lower, ceiling=min(self.standing.ceiling, low.mode))

    def asked(self, word: Intent, end: End | None, *, lower_only: bool) -> Layers:
        """After that: the table above."""
        mode, standing, low = word.mode, self.standing, self.temporary
        keeps_low = low is not None and lower_only and low.mode < mode
        if not by_hand(word.by):
            granted = min(mode, standing.ceiling)
            return dataclasses.replace(self, standing=dataclasses.replace(word, mode=granted, ceiling=standing.ceiling))
        if end is not None:
            return self if keeps_low else Layers(standing, word, end)
        after = self if keeps_low else Layers(standing)
        if lower_only and standing.mode < mode:
            return dataclasses.replace(
                after, standing=dataclasses.replace(standing, ceiling=min(standing.ceiling, mode))
            )
        return dataclasses.replace(after, standing=word)

    def same(self, other: Layers) -> bool:
        """Whether nothing differs but when, and for the standing one also by whom and why, it was asked for."""
        mine, theirs = self.standing, other.standing
        return (
            bool(mine.by)
            and (mine.mode, mine.ceiling) == (theirs.mode, theirs.ceiling)
            and self.same_end(other)
            and (self.temporary and self.temporary.note) == (other.temporary and other.temporary.note)
        )

    def same_end(self, other: Layers) -> bool:
        """Whether the temporary one is the same, and ends at the same time."""
        return (self.temporary and self.temporary.mode, str(self.end)) == (
            other.temporary and other.temporary.mode,
            str(other.end),
        )

    def as_json(self) -> dict[str, t.Any]:
        """For ``imrs status``: what counts, and what it goes back to."""
        return {
            **_record(self.current),
            "until": str(self.end) if self.end else None,
            "at_most": str(self.temporary.mode) if self.temporary else None,
            "standing": _record(self.standing),
        }


class Intents:
    """The intent, in memory and on disk."""

    def __init__(self, path: pathlib.Path, boot_id: pathlib.Path = BOOT_ID) -> None:
        self._path = path
        self._boot_id = ""
        with contextlib.suppress(OSError, ValueError):
            self._boot_id = boot_id.read_text(encoding="ascii").strip()
        self.layers = _read(path)

    @property
    def current(self) -> Intent:
        """What counts now."""
        return self.layers.current

    def answer(self, request: t.Mapping[str, t.Any], now: Moment) -> dict[str, t.Any]:
        """One request of the control socket; KeyError, TypeError or ValueError when it makes no sense."""
        mode, by = Mode.parse(request["mode"]), str(request.get("by") or OPERATOR)
        limit = float(request["for"]) if "for" in request else None
        try:
            end = until.end(request.get("until"), limit, now, self._boot_id)
        except ValueError as error:
            return {"changed": False, "refused": str(error)}
        note, lower_only = str(request.get("note") or ""), bool(request.get("lower_only"))
        return self.ask(mode, by, str(now), note=note, end=end, lower_only=lower_only)

    def ask(
        self, mode: Mode, by: str, now: str, *, note: str = "", end: End | None = None, lower_only: bool = False
    ) -> dict[str, t.Any]:
        """Take a new intent; the answer says what became of it. ``now`` is the time to remember, in ISO 8601."""
        if refused := _refused(mode, by, note, end):
            return {"changed": False, "refused": refused}
        before = self.layers
        after = before.asked(Intent(mode, by, now, mode, "", note), end, lower_only=lower_only)
        granted = after.current.mode
        changed = granted != before.current.mode or not after.same_end(before)
        answer: dict[str, t.Any] = {"changed": changed, "mode": str(granted)}
        if end:
            answer["until"] = str(after.end)
        if granted < mode:
            answer |= {"kept": str(granted), "reason": _why_kept(after, mode, by)}
        if before.same(after):
            return answer
        if granted < before.current.mode:
            self.layers = after  # lowering is in force even if it cannot be remembered
        try:
            self._write(after)
        except OSError as error:
            in_force = self.layers is after
            what = "in force, but cannot be remembered" if in_force else "refused, for it cannot be remembered"
            return {**answer, "changed": in_force, "error": f"{what}: {error}"}
        self.layers = after
        return answer

    def lapse(self, now: Moment) -> str:
        """Call often: go back when the time is over. What is to be said of it; empty when nothing happened.

        What is on the disk says itself when it is over, so going back does not wait for the disk.
        """
        before = self.layers
        if before.end is None or not before.end.over(now, self._boot_id):
            return ""
        self.layers = Layers(before.standing)
        with contextlib.suppress(OSError):
            self._write(self.layers)
        return f"{before.current.mode} until {before.end} is over: back to {self.current.mode}"

    def _write(self, layers: Layers) -> None:
        """The first level is what counts now, at its lowest: all that a gate without a second layer reads."""
        data: dict[str, t.Any] = _record(layers.current)
        if layers.temporary and layers.end:
            data["standing"] = _record(layers.standing)
            data["temporary"] = {**_record(layers.temporary), "end": dataclasses.asdict(layers.end)}
        store.write(self._path, data)


def unprintable(text: str) -> str:
    """What is wrong with a name or a note, which come onto people's terminals; empty when nothing is."""
    if len(text) <= LONGEST_TEXT and text.isprintable():
        return ""
    return f"a name or reason is one line of {LONGEST_TEXT} printable characters at most"


def _refused(mode: Mode, by: str, note: str, end: End | None) -> str:
    """Why this cannot be asked for; empty when it can."""
    if wrong := unprintable(by) or unprintable(note):
        return wrong
    if end and mode is Mode.LIVE:
        return "live has no end: to go down at a time, ask then"
    if end and not by_hand(by):
        return f"{by} is a playbook's name, and only a person may give an end"
    return ""


def _why_kept(layers: Layers, mode: Mode, by: str) -> str:
    low, standing = layers.temporary, layers.standing
    if low and low.mode < mode and low.mode <= standing.mode:
        return f"{low.mode} is asked for by {low.by} until {layers.end}"
    if not by_hand(by):
        return f"set to {standing.ceiling} by hand; only a person may raise it"
    return f"{standing.mode} is asked for by {standing.by or 'nobody'} without an end, and is lower"


def _record(intent: Intent) -> dict[str, t.Any]:
    return {**dataclasses.asdict(intent), "mode": str(intent.mode), "ceiling": str(intent.ceiling)}


def _read(path: pathlib.Path) -> Layers:
    try:
        data = store.read(path)
        if data is None:
            return Layers()
        if "temporary" not in data:
            return Layers(_read_one(data))
        low = data["temporary"]
        return Layers(_read_one(data["standing"]), _read_one(low), until.read(low["end"]))
    except (store.DamagedError, KeyError, TypeError, ValueError) as error:
        return Layers(Intent(ceiling=Mode.DARK, reason=f"damaged intent: {error}"))


def _read_one(data: t.Mapping[str, t.Any]) -> Intent:
    """One layer. A reason is there only where nobody has asked yet."""
    mode, ceiling = Mode.parse(data["mode"]), Mode.parse(data.get("ceiling", "live"))
    by = str(data["by"])
    return Intent(
        mode, by, str(data["at"]), ceiling, "" if by else str(data.get("reason", "")), str(data.get("note", ""))
    )
