# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another pair of daemons goes live from bare, and falls and comes back like the usual one: NSD and FRR, of site xnf.

It has a lab of its own meanwhile, which the scenario `pairs` brings up from that sheet and the usual one: two instances
of one anycast service. Clients of either host reach the other instance while their own is withdrawn.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from imrslab import shell, topology
from imrslab.drill import ALL, COVERING, PATIENCE, Drill

VANTAGES = {"xnf01": "vantage2", "xlb01": "vantage"}


@pytest.fixture(scope="module")
def xnf() -> t.Iterator[Drill]:
    """An appliance of another pair, another one behind another host, and what is around them: the scenario `pairs`."""
    lab = Drill(topology.Lab(topology.name_beside()), "xnf")
    try:
        done = lab.scenario("pairs")
        assert done.status == 0, done.output[-6000:]
        yield lab
    finally:
        lab.down()


def answers(lab: Drill, node: str, *vantages: str) -> None:
    """Wait until this node answers those who ask from there."""

    def who(vantage: str) -> str:
        ask = ("dig", "@199.7.83.42", ".", "SOA", "+norec", "+nsid", "+time=1", "+tries=1")
        # dig fails without an answer: amid a change that is none from this node, and is asked again.
        return lab.inside(vantage, "sh", "-c", f"{' '.join(ask)} || true")

    due = f'("{node}.l.root-servers.org")'
    for vantage in vantages:
        shell.wait_for(f"{node} to answer {vantage}", lambda vantage=vantage: due in who(vantage), PATIENCE)


@pytest.fixture(autouse=True)
def live() -> None:
    """Nothing of the usual lab is needed (conftest.py)."""


def test_each_hosts_clients_have_an_instance_of_their_own(xnf: Drill) -> None:
    assert xnf.received() == ALL
    status = xnf.status()
    assert (status["certificate"]["mode"], status["certificate"]["valid"]) == ("live", True), status["certificate"]
    assert len(status["certificate"]["sessions"]) == 2
    for node, vantage in VANTAGES.items():
        answers(xnf, node, vantage)


@pytest.mark.parametrize("name", VANTAGES)
def test_the_other_instance_stands_in(xnf: Drill, name: str) -> None:
    (other,) = set(VANTAGES) - {name}
    words = {"imrs_by": "the drill", "imrs_reason": "fibre work"}
    done = xnf.play("dark", "--limit", name, "-e", json.dumps(words))
    assert done.status == 0, done.output[-3000:]
    answers(xnf, other, *VANTAGES.values())
    done = xnf.play("live", "--limit", name, "-e", json.dumps(words))
    assert done.status == 0, done.output[-3000:]
    for node, vantage in VANTAGES.items():
        answers(xnf, node, vantage)


@pytest.mark.parametrize(("unit", "signal"), [("nsd.service", "KILL"), ("nsd.service", "STOP")])
def test_what_falls_is_withdrawn_and_comes_back(xnf: Drill, unit: str, signal: str) -> None:
    assert xnf.received() == ALL
    xnf.node("systemctl", "kill", f"--signal={signal}", unit)
    xnf.wait(set())
    if signal == "STOP":
        answers(xnf, "xlb01", "vantage2")
        xnf.node("systemctl", "kill", "--signal=CONT", unit)
    xnf.wait(ALL)
    answers(xnf, "xnf01", "vantage2")


def test_drained_and_live_again(xnf: Drill) -> None:
    xnf.node("imrs", "drain")
    xnf.wait(COVERING)
    xnf.node("imrs", "live")
    xnf.wait(ALL)
