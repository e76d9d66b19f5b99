# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another pair of daemons goes live from bare, and falls and comes back like the usual one: NSD and FRR, of site xnf.

It has a lab of its own meanwhile, made from that sheet.
"""

from __future__ import annotations

import typing as t

import pytest
from imrslab import topology
from imrslab.drill import ALL, COVERING, Drill


@pytest.fixture(scope="module")
def xnf() -> t.Iterator[Drill]:
    """A bare appliance, and what is around it."""
    lab = Drill(topology.Lab(topology.name_beside()), "xnf")
    try:
        lab.up()
        yield lab
    finally:
        lab.down()


@pytest.fixture(autouse=True)
def live() -> None:
    """Nothing of the usual lab is needed (conftest.py)."""


def test_nsd_and_frr_go_live_from_bare(xnf: Drill) -> None:
    done = xnf.play("site")
    assert done.status == 0, done.output[-6000:]
    assert xnf.received() == ALL
    status = xnf.status()
    assert (status["certificate"]["mode"], status["certificate"]["valid"]) == ("live", True), status["certificate"]
    assert len(status["certificate"]["sessions"]) == 2
    running = xnf.node("systemctl", "show", "--property=ActiveState", "nsd.service", "frr.service")
    assert running.split() == ["ActiveState=active"] * 2
    said = xnf.inside(xnf.appliance.vantage, "dig", "@199.7.83.42", ".", "SOA", "+norec", "+nsid")
    assert '("xnf01.l.root-servers.org")' in said

    again = xnf.play("site")
    assert (again.status, again.changed) == (0, 0), again.output[-6000:]


@pytest.mark.parametrize(("unit", "signal"), [("nsd.service", "KILL"), ("nsd.service", "STOP")])
def test_what_falls_is_withdrawn_and_comes_back(xnf: Drill, unit: str, signal: str) -> None:
    assert xnf.received() == ALL
    xnf.node("systemctl", "kill", f"--signal={signal}", unit)
    xnf.wait(set())
    if signal == "STOP":
        xnf.node("systemctl", "kill", "--signal=CONT", unit)
    xnf.wait(ALL)


def test_drained_and_live_again(xnf: Drill) -> None:
    xnf.node("imrs", "drain")
    xnf.wait(COVERING)
    xnf.node("imrs", "live")
    xnf.wait(ALL)
