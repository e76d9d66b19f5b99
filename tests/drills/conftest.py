# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills on a lab whose appliance is live. What counts is what the host's router holds."""

from __future__ import annotations

import pytest
from imrslab.drill import ALL, Drill


@pytest.fixture(scope="session")
def drill() -> Drill:
    """The lab that IMRS_LAB names; the scenario `single` left its appliance live (tests/run.sh)."""
    lab = Drill()
    if lab.received() != ALL:
        lab.mend()
    lab.freeze()
    return lab


@pytest.fixture(autouse=True)
def live(drill: Drill) -> None:
    """Every drill begins with an appliance that is live at host-router, and with a clean record."""
    down = drill.received() != ALL
    drill.forget_falls()  # or a gate that is held down for long lets no acceptance in
    if down:
        drill.restore()
        drill.forget_falls()
    drill.wait(ALL)
