# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live node gets other daemons, both in one run: it is withdrawn first, and proven before it is announced again."""

from __future__ import annotations

import typing as t

import pytest
from imrslab.drill import ALL

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill

OTHERS = (("nameserver: knot", "nameserver: nsd"), ("routing: bird", "routing: frr"))
BEFORE, AFTER = ("knot.service", "bird.service"), ("nsd.service", "frr.service")


@pytest.fixture
def inventory(drill: Drill, edited: t.Callable[..., pathlib.Path]) -> t.Iterator[pathlib.Path]:
    """The sheet with the others."""
    try:
        yield edited(*OTHERS)
    finally:
        drill.restore()


def states(drill: Drill, verb: str, units: t.Sequence[str]) -> list[str]:
    """What systemd says of units; it fails when one is not active, or not enabled, and its word is what is judged."""
    return drill.node("sh", "-c", f"systemctl {verb} {' '.join(units)} || true").split()


def when(drill: Drill, unit: str, words: str) -> float:
    """When that was last said of or by a unit, since the machine started, in seconds."""
    said = drill.node("journalctl", "--boot", "--output=short-monotonic", f"--unit={unit}", f"--grep={words}")
    return float(said.strip().splitlines()[-1].partition("[")[2].partition("]")[0])


def test_a_live_node_changes_its_daemons(drill: Drill, inventory: pathlib.Path) -> None:
    # What is judged then is the node as it is, which is not as its sheet says.
    foretold = drill.play("site", "--check", inventory=inventory)
    both = "nsd.service restart, imrs-identity.service none, knot.service restart"
    assert f"bundle nameserver would do: {both}" in foretold.output
    assert "bundle routing would do: frr.service session reset, bird.service restart" in foretold.output
    assert "xlb01 is left as it is by a check" in foretold.output, foretold.output[-3000:]
    assert states(drill, "is-active", BEFORE) == ["active"] * 2
    assert drill.received() == ALL

    held: set[frozenset[str]] = set()
    with drill.watching(held.add):
        done = drill.play("site", "-e", "imrs_disrupt=true", inventory=inventory)
    assert done.status == 0, done.output[-5000:]
    drill.wait(ALL)
    assert frozenset() in held
    assert when(drill, "imrs-gate.service", "ipv4 dark") < when(drill, "knot.service", "Stopp(ed|ing) ")
    assert states(drill, "is-active", AFTER) == ["active"] * 2
    assert states(drill, "is-active", BEFORE) == ["inactive"] * 2
    assert states(drill, "is-enabled", BEFORE) == ["disabled"] * 2
    status = drill.status()
    assert (status["certificate"]["mode"], status["certificate"]["valid"]) == ("live", True)
    said = drill.inside("vantage", "dig", "@199.7.83.42", ".", "SOA", "+norec", "+nsid")
    assert '("xlb01.l.root-servers.org")' in said

    again = drill.play("site", inventory=inventory)
    assert (again.status, again.changed) == (0, 0), again.output[-5000:]
    drifted = drill.play("drift", inventory=inventory)
    assert drifted.status == 0, drifted.output[-5000:]


def test_it_is_not_changed_beside_its_windows(drill: Drill, inventory: pathlib.Path) -> None:
    """Not unless somebody says so."""
    before = states(drill, "show --property=MainPID", BEFORE)
    done = drill.play("site", "-e", '{"imrs_maintenance_windows": []}', inventory=inventory)
    assert done.status != 0
    assert "The node was not touched." in done.output, done.output[-3000:]
    assert states(drill, "show --property=MainPID", BEFORE) == before
    assert drill.received() == ALL
