# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether a node may be upgraded now. Pure.

An upgrade is made in a copy of the system in use, the *candidate*, on a second root volume. The firmware boots it once.
Only acceptance makes it stay. Nobody far away keeps a node out of service by it for longer than the candidate's
minutes: then it reboots by itself, and any other boot is one of the system before.
"""

from __future__ import annotations

import json
import typing as t

from .._bundle import windows

if t.TYPE_CHECKING:
    import datetime

VOLUMES = ("root", "second")
"""The two root volumes, as ``roles/upgrade/files/candidate`` knows them."""


class Systems(t.NamedTuple):
    """The two systems of a node, as ``candidate look`` tells of them."""

    running: str
    """The volume in use: one of ``VOLUMES``, or empty where the node has no such volumes."""
    booted: str
    """The volume that is booted when nobody says anything else."""
    kept: bool
    """Whether the system in use stays. One that was not kept reboots by itself."""
    wrong: str
    """Why this node cannot be upgraded so; empty where it can."""

    @property
    def other(self) -> str:
        """The volume that is not in use."""
        return VOLUMES[self.running == VOLUMES[0]]


def parse(text: str) -> Systems:
    """What ``candidate look`` has printed. Raises ValueError."""
    try:
        found = Systems(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise ValueError(f"the node's systems are not understood: {error}: {text[:200]!r}") from error
    return found


def refusal(
    machine: str,
    systems: Systems,
    modes: t.Collection[str],
    periods: t.Sequence[windows.Window],
    moment: datetime.datetime,
    *,
    disrupt: bool,
) -> str:
    """Why the node is not upgraded, and what to do; empty when it may be.

    ``modes``: what its families announce; ``periods``: its maintenance windows; ``moment``: now (UTC); ``disrupt``: it
    may be outside of them, as a person says so, or as nothing is going to be done to it.
    """
    if systems.wrong:
        return f"{machine} has no way back by itself: {systems.wrong}. Install it anew by a medium of icann.imrs.image"
    if not systems.kept:
        return (
            f"{machine} runs a candidate that was never kept, and reboots by itself before long. Reboot it, or wait "
            "for that; then upgrade it again"
        )
    if systems.running != systems.booted:
        return (
            f"{machine} runs the system on the volume {systems.running}, and would boot that on {systems.booted}. "
            "Reboot it, and see that it is accepted (icann.imrs.accept); then upgrade it again"
        )
    if "live" in modes and not disrupt and not windows.is_open(periods, moment):
        following = windows.following(periods, moment)
        when = f"its next window is {following}" if following else "its site has no maintenance window"
        return f"{machine} is live, and an upgrade takes it down for minutes: {when}. Or say -e imrs_disrupt=true"
    return ""


class Change(t.NamedTuple):
    """One package, in the system in use and in the candidate."""

    name: str
    before: str
    """Its version; empty where it was not installed."""
    after: str

    def __str__(self) -> str:
        """As in ``libc6 2.41-12 → 2.41-13``."""
        return f"{self.name} {self.before or 'not there'} → {self.after or 'gone'}"


def changes(text: str) -> list[Change]:
    """What ``candidate install`` has printed: a line a package, with ``-`` for no version. Raises ValueError."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue  # of a terminal
        if len(words) != len(Change._fields):
            raise ValueError(f"the candidate's packages are not understood: {line[:200]!r}")
        name, before, after = ("" if word == "-" else word for word in words)
        found.append(Change(name, before, after))
    return found
