# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of a run is cut at random instants, on a lab: all old or all new, and the next run goes on.

`make test-faults`; SEED=<number> repeats them, CUTS=<number> is how many.
"""

from __future__ import annotations

import os
import random
import sys
import time
import typing as t

from imrslab import cuts
from imrslab.drill import ALL, Drill

if t.TYPE_CHECKING:
    import pytest

SEED = int(os.environ.get("SEED") or time.time_ns() % 1_000_000)
CUTS = int(os.environ.get("CUTS") or 20)


def test_cut_at_random_instants(capsys: pytest.CaptureFixture[str]) -> None:
    drill, chance = Drill(), random.Random(SEED)  # noqa: S311 - to be repeated, not to be secret
    drill.restore()
    began = time.monotonic()
    done = drill.play("site", *cuts.PROVISION, "-e", cuts.variables("new"))
    assert done.status == 0, done.output
    longest = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(f"\nSEED={SEED}: {CUTS} cuts in runs of {longest:.0f} s: ")
    broken = 0
    for number in range(CUTS):
        instant = chance.uniform(0.1, 0.9)
        due = time.monotonic() + instant * longest
        done = cuts.cut(drill, "new" if number % 2 else "old", lambda due=due: time.monotonic() > due)
        broken += done.status != 0
        with capsys.disabled():
            sys.stdout.write(f"{instant:.2f}{'x' if done.status else ''} ")
            sys.stdout.flush()
    assert broken, "no line was cut while it was in use"
    drill.forget_falls()  # so many restarts in a row hold a node down for minutes
    drill.restore()
    assert drill.received() == ALL
