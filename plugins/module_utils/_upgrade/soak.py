# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How long nodes serve with what is new before others get it, and whether they do serve. Pure.

The time is counted from a node's boot, by its own clock that nobody can set: a controller that is started again knows
it, too. A node that was booted for another reason is waited for as well, which costs minutes and does no harm.

Who cuts a node off from the controller, or brings it down, stops all further waves, as nobody knows whether that is the
upgrade's doing. Nobody can have a wave begin early by it.
"""

from __future__ import annotations

import math
import typing as t

from .._fleet import effect, order

UPGRADED, AS_IT_WAS = "kept", "unchanged"
"""How an upgrade may end, so that others may follow: the candidate was kept, or there was nothing new in it."""


class Watched(t.NamedTuple):
    """A node that is to serve for a while."""

    name: str
    boot: str
    """The boot in which it is to be."""
    before: t.Mapping[str, str] | None = None
    """The mode of each family before it was upgraded; None where another run did that."""


def ended(ends: t.Mapping[str, str]) -> list[str]:
    """Which nodes of a wave did not end well, from what is known of each; a node of which nothing is known did not."""
    return [
        f"{name}: it was not upgraded, or cannot be reached, as is told above"
        for name, end in ends.items()
        if end not in (UPGRADED, AS_IT_WAS)
    ]


def missing(seconds: t.Iterable[float], minutes: int) -> int:
    """Seconds until all of these nodes have been up for so many minutes; ``seconds``: since their boots."""
    return max((math.ceil(minutes * 60 - each) for each in seconds if each < minutes * 60), default=0)


def wrong(node: Watched, boot: str, status: t.Mapping[str, t.Any] | str) -> str:
    """Why the node does not serve as it did, with its name; empty when it does.

    ``boot``: the one that it is in now; ``status``: what its gate says (``imrs status --json``), or why there is none.
    """
    if isinstance(status, str):
        return f"{node.name}: no answer ({status})"
    if boot != node.boot:
        return f"{node.name}: it has rebooted once more since it was upgraded"
    try:
        mode, families, note = order.of_status(status)
        certificate, asked = status["certificate"], str(status["intent"]["mode"])
        if node.before and set(node.before.values()) != {"dark"} and not certificate["valid"]:
            return f"{node.name}: it has no valid certificate ({certificate['reason']})"
    except (KeyError, TypeError, ValueError):
        return f"{node.name}: its gate's answer is not understood"
    wanted = dict.fromkeys(families, asked) if node.before is None else node.before
    if lost := effect.of_modes(wanted) - effect.of_modes(families):
        return f"{node.name}: it is {mode} and does not announce {', '.join(sorted(lost))}" + (
            f": {note}" if note else ""
        )
    return ""
