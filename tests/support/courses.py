# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gate says of a node, and the course that follows from it, for the tests of courses."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._acceptance import course
from ansible_collections.icann.imrs.plugins.module_utils._acceptance.course import Course, Order
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode

VOID = {"valid": False, "mode": None}
A, B, C = "20144:0:4", "20144:0:6", "20144:0:7"
ORDER = Order("xlb01", Mode.LIVE, "site.yml", 30, 300, 2)
UNRENDERED = ("bundle gate was not compared",)
DARK, DRAINED, LIVE = "dark", "drained", "live"
NOON = "2026-01-01T12:00:00Z"
BEFORE_NOON = 1767268800.0


def status(
    mode: str = LIVE, *, intent: dict[str, t.Any] | None = None, certificate: dict[str, t.Any] | None = None
) -> dict[str, t.Any]:
    """A node that is live and certified for good, but for what is given."""
    asked = {"mode": mode, "ceiling": LIVE, "until": None, "at_most": None, **(intent or {})}
    return {
        "mode": {"ipv4": mode, "ipv6": mode},
        "intent": {"standing": {"mode": asked["mode"], "ceiling": asked["ceiling"]}, **asked},
        "certificate": {
            "mode": LIVE,
            "valid": True,
            "expires_at": None,
            "foreseen_until": None,
            "fingerprint": "aa",
            "sessions": [A, B],
            "trial": [],
            **(certificate or {}),
        },
        "fingerprint": "aa",
    }


def plot(found: dict[str, t.Any], order: Order = ORDER, now: float = 0.0, **more: t.Any) -> Course:
    """The course; ``more`` are fields of the order."""
    return course.plot(json.dumps(found), dataclasses.replace(order, **more), now)
