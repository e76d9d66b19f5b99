# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What came of the steps of an upgrade, from what the node and acceptance have said. Pure."""

from __future__ import annotations

import json
import typing as t

from . import ready

WITHDRAWN = "BG-05"
"""The check that the node's own daemons, and the host's router, have nothing of it."""


def modes(answer: str) -> dict[str, str]:
    """What ``imrs status --json`` says of each family, whatever is printed before it; nothing for what says nothing.

    A node without a gate announces nothing. Raises ValueError for what cannot be read.
    """
    if "{" not in answer:
        return {}
    try:
        found = json.loads(answer[answer.index("{") :])["mode"]
        return {str(family): str(mode) for family, mode in found.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"its gate's answer is not understood: {answer[:200]!r}") from error


def entered(systems: str, candidate: str) -> bool:
    """Whether the candidate runs; ``systems``: what ``candidate look`` has printed, or nothing."""
    try:
        return ready.parse(systems).running == candidate
    except ValueError:
        return False  # what does not answer is not rebooted from here


def withdrawn(results: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """Why a node is not proven withdrawn, from acceptance's results; empty when it is. A check that is not there proves
    nothing.
    """
    found = [each for each in results if each.get("id") == WITHDRAWN]
    if found and all(each.get("status") == "pass" for each in found):
        return ""
    said = "; ".join(str(each.get("message", "")) for each in found) or f"{WITHDRAWN} was not judged"
    return f"It is not proven withdrawn. {said}"


class Back(t.NamedTuple):
    """What became of a node whose candidate was not kept."""

    as_before: bool
    said: str


def back(machine: str, systems: str, candidate: str, before: str, now: str, *, why: str) -> Back:
    """Whether the node is what it was, and what is to be said of it.

    ``systems``: what ``candidate look`` has printed last, or nothing; ``before`` and ``now``: what its gate said and
    says, empty where it says nothing; ``why``: what went wrong.
    """
    try:
        as_before = ready.parse(systems).running not in ("", candidate) and modes(now) == modes(before)
    except ValueError:
        as_before = False
    good, bad = (
        "It runs the system before, and announces what it did.",
        "IT IS NOT AS IT WAS: look at it (imrs status).",
    )
    return Back(as_before, f"{machine} was not upgraded: {why.strip()} {good if as_before else bad}")
