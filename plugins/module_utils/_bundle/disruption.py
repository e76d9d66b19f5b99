# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What a change does to the service, and whether it may be done now."""

from __future__ import annotations

import typing as t

from .commands import run
from .model import DISRUPTIONS, HARMLESS, Bundle
from .windows import following, is_open

if t.TYPE_CHECKING:
    import datetime

    from .model import Command
    from .units import Step

_NOT_IN_SERVICE = 3
"""Exit status of a node that says so, as with `systemctl is-active`: a program that breaks has others."""
_PATIENCE = 20.0
"""Seconds in which a node can say whether it is in service."""


def disruptions(
    bundle: Bundle,
    lines: t.Mapping[str, t.Collection[str] | None],
    steps: t.Sequence[Step],
    owed: t.Collection[Command] = (),
) -> dict[str, str]:
    """What happens to each unit when these paths change and these steps are made; empty when nothing does.

    ``lines``: by changed path, the lines that come or go, or None: what is not known counts as the worst.
    Units that the bundle activates and that this change leaves alone are listed with ``none``.
    """
    found: dict[str, str] = {}
    due = bundle.activations(lines, owed)
    for activation in bundle.activate if due or steps else ():
        disruption = "none"
        if activation in due:
            disruption = activation.disruption if activation.command in owed else activation.takes(lines)
        if activation.named or disruption != "none":
            found[activation.whom] = worst((found.get(activation.whom, "none"), disruption))
    for step in steps:
        if step.verb == "stop":
            found[step.unit] = worst((found.get(step.unit, "none"), "restart"))
    return found


def worst(found: t.Iterable[str]) -> str:
    """The one that hurts most."""
    return max(found, key=DISRUPTIONS.index, default="none")


def in_service(bundle: Bundle) -> bool:
    """Whether the node attracts traffic. What gives no clear answer may be in service; what is not installed is not."""
    if bundle.in_service is None:
        return False
    answer = run(bundle.in_service.argv, _PATIENCE)
    return not answer.missing and answer.rc != _NOT_IN_SERVICE


def refusal(bundle: Bundle, found: t.Mapping[str, str], now: t.Callable[[], datetime.datetime]) -> str:
    """Why this may not be done now, in a sentence; empty when it may. The node is asked only when it matters."""
    harm = worst(found.values())
    if harm in HARMLESS or bundle.disrupt:
        return ""
    moment = now()
    if is_open(bundle.windows, moment) or not in_service(bundle):
        return ""
    unit = next(unit for unit, disruption in found.items() if disruption == harm)
    following_ = following(bundle.windows, moment)
    return (
        f"bundle {bundle.name}: {unit} needs a {harm}, and the node is in service; next maintenance window: "
        f"{following_ or 'none is defined'}; wait, or say disrupt: true"
    )
