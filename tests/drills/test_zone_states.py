# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root zone's next four years in some minutes, with both nameservers live: rolls of KSK, ZSK and algorithm.

The lab is that of sites xlb (Knot DNS) and xnf (NSD), behind two hosts, and the states are those of
tests/lab/imrslab/zone_states.py. The trust anchors roll with the zone, as data. What counts is what those outside are
answered, and what the hosts' routers hold.
"""

from __future__ import annotations

import contextlib
import re
import typing as t

import pytest
from imrslab import shell, stream, topology, zones
from imrslab.drill import ALL, PATIENCE, UNLIMITED, Drill
from imrslab.zone_states import STATES

SERVICE = "199.7.83.42"
RATE = 500
"""Questions a second to each of the two."""
ANCHORS = {
    "before": ("ksk-2017", "ksk-2024"),
    "revoked": ("ksk-2024",),
    "double-1536": ("ksk-2024", "ksk-p256"),
    "p256": ("ksk-p256",),
}
"""The trust anchors, by the state in which they begin: after it was published, but those of a new key before."""
NEW_KEY = {"double-1536"}


class Pair:
    """Two instances, of which one has Knot DNS and the other NSD."""

    def __init__(self, lab: topology.Lab) -> None:
        self.lab = lab
        self.knot, self.nsd = self.nodes = Drill(lab, "xlb"), Drill(lab, "xnf")

    @staticmethod
    def serial(node: Drill) -> int:
        """Of the root zone that a node serves."""
        return int(node.status()["zones"]["."]["serial"])

    def publish(self, state: str) -> None:
        """Have the masters serve it, until both nodes do."""
        due = self.knot.publish(state)
        for node in self.nodes:
            what = f"{node.appliance.name} serving {state}"
            shell.wait_for(what, lambda node=node: self.serial(node) == due, PATIENCE)

    def trust(self, *keys: str) -> None:
        """Have the fleet trust these keys."""
        zones.trust(self.lab, *keys)
        done = self.knot.play("site", *UNLIMITED)
        assert done.status == 0, done.output[-6000:]

    def is_accepted(self) -> None:
        """By all checks, at the stage live."""
        done = self.knot.play("accept", *UNLIMITED)
        assert done.status == 0, done.output[-6000:]
        self.is_live()

    def is_live(self) -> None:
        """Both announce everything, on a certificate that holds."""
        for node in self.nodes:
            assert node.received() == ALL
            assert node.status()["certificate"]["valid"]

    @contextlib.contextmanager
    def nothing_is_lost(self) -> t.Iterator[None]:
        """Meanwhile those behind both hosts ask, over UDP and TCP, and no node falls."""
        with contextlib.ExitStack() as stack:
            spaces = [self.lab.namespace(node.appliance.vantage) for node in self.nodes]
            streams = [
                stack.enter_context(stream.Running(SERVICE, ("ip", "netns", "exec", space), RATE)) for space in spaces
            ]
            yield
            for node, found in zip(self.nodes, [each.end() for each in streams], strict=True):
                assert found["lost"] == 0, (node.appliance.name, found)
        for node in self.nodes:
            assert not any(verdict["falls"] for verdict in node.status()["verdict"].values())


@pytest.fixture(scope="module")
def pair() -> t.Iterator[Pair]:
    """Both are live."""
    made = Pair(topology.Lab(topology.name_beside()))
    try:
        made.knot.up("xnf")
        done = made.knot.play("site", *UNLIMITED)
        assert done.status == 0, done.output[-6000:]
        yield made
    finally:
        made.knot.down()


@pytest.fixture(autouse=True)
def live() -> None:
    """Nothing of the usual lab is needed (conftest.py)."""


def test_the_zone_and_its_anchors_roll_on_while_both_are_asked(pair: Pair) -> None:
    with pair.nothing_is_lost():
        for state in STATES:
            if state in NEW_KEY:
                pair.trust(*ANCHORS[state])
            pair.publish(state)
            pair.is_accepted()
            if state in ANCHORS.keys() - NEW_KEY:
                pair.trust(*ANCHORS[state])
                pair.is_live()


def test_changes_came_as_ixfr(pair: Pair) -> None:
    """All of the zone is sent at first only (RFC 1995)."""
    said = pair.knot.inside("dist1", "journalctl", "--unit=knot", "--output=cat")
    kinds = re.findall(r"\[\.\] (AXFR|IXFR), outgoing, .*finished", said)
    assert kinds.count("IXFR") > kinds.count("AXFR"), kinds


def test_a_zone_of_a_key_that_is_trusted_no_more_is_not_served(pair: Pair) -> None:
    """Knot DNS has no anchors: the gate withdraws the node. NSD's verifier refuses the zone, and the old one stays."""
    before = pair.serial(pair.nsd)
    pair.knot.publish("rsa-again")
    pair.knot.wait(set())
    reasons = {verdict["reason"] for verdict in pair.knot.status()["verdict"].values()}
    assert any("no key of the zone is a configured trust anchor" in reason for reason in reasons), reasons
    assert pair.nsd.received() == ALL
    assert pair.serial(pair.nsd) == before
    pair.publish("p256-again")
    for node in pair.nodes:
        node.wait(ALL)
