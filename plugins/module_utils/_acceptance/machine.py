# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What the checks of a machine's hardware share: how they read its evidence, and what they compare it with."""

from __future__ import annotations

import typing as t

from .check import Verdict, skipped
from .evidence import Missing

if t.TYPE_CHECKING:
    from .evidence import Evidence
    from .expected import Expected, Hardware


def part(evidence: Evidence, name: str) -> t.Any:
    """One part of what is known of the machine; Missing with why it could not be read."""
    found = evidence.section("node", "hardware").get(name)
    if isinstance(found, dict) and found.get("error"):
        raise Missing(f"{name} could not be read: {found['error']}")
    return found


def container(evidence: Evidence) -> Verdict | None:
    """The verdict on a container, whose kernel tells of its host's hardware. A virtual machine has what its host gives
    it, and is judged by that, as any other: what it cannot tell is skipped.
    """
    found = part(evidence, "virtual")
    if found["container"]:
        return skipped(f"a container ({found['container']}) has the hardware of the machine that runs it")
    return None


def wanted(expected: Expected) -> Hardware:
    """What hardware there has to be; Missing where nobody said."""
    if expected.hardware is None:
        raise Missing("what hardware there has to be was not told")
    return expected.hardware
