# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of an appliance with a kernel, a disk and a power switch of its own; the scenario `vm` has taken it live."""

from __future__ import annotations

import contextlib

import pytest
from imrslab import shell
from imrslab.drill import ALL, PATIENCE, Drill


@pytest.fixture(scope="session")
def drill() -> Drill:
    """The lab that the scenario left, or one that is brought up now."""
    lab = Drill(site="xvm")
    lab.up()
    return lab


@pytest.fixture(autouse=True)
def live(drill: Drill) -> None:
    """Every story begins with an appliance that is live, and with a clean record."""
    drill.forget_falls()  # which takes a new gate, and that looks before it announces
    with contextlib.suppress(shell.LabError):
        drill.wait(ALL, PATIENCE)
    if drill.received() != ALL:
        drill.mend()
    drill.wait(ALL)
