# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules of nodes that come, drain and go, of lost sessions and ways, stalls and restarts, at a router's gate.

What the nodes really announce is known, so what the gate announces can be held against it.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._gate import config, wire
from ansible_collections.icann.imrs.plugins.module_utils._gate.health import Outcome, Weight
from ansible_collections.icann.imrs.plugins.module_utils._gate.router import Router
from ansible_collections.icann.imrs.plugins.module_utils._gate.session import Route
from ansible_collections.icann.imrs.plugins.module_utils._gate.update import GRACEFUL_SHUTDOWN
from ansible_collections.icann.imrs.plugins.module_utils._routing import policy
from ansible_collections.icann.imrs.plugins.module_utils._routing.policy import Mode
from gate_data import NODES, router_data
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

FAMILIES = ("ipv4", "ipv6")
MINIMUM = 2
BEAT, HELD = 0.1, 700.0
"""Seconds between two beats, and after which whatever fell is forgotten or waited for."""


class World(RuleBasedStateMachine):
    """``told`` is what each node announces, by family; the routing daemon passes it on while ``up``."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.told: dict[tuple[str, str], frozenset[str]] = {}
        self.leaving: set[tuple[str, str]] = set()
        self.numbers: dict[tuple[str, str], int] = {}
        self.way = dict.fromkeys(FAMILIES, True)
        self.up, self.number, self.lost_at = True, 0, dict.fromkeys(FAMILIES, -1.0)

    @initialize(below=st.sampled_from(["drained", "dark"]))
    def begin(self, below: str) -> None:
        """A gate that knows nothing yet."""
        found = router_data(minimum=MINIMUM, below=below)
        found["way"] = {"devices": ["lo"], "addresses": {"ipv4": ["198.41.0.4"], "ipv6": ["2001:503:ba3e::2:30"]}}
        found["prefixes"] = {
            family: {"specific": list(each.specific), "covering": list(each.covering)}
            for family, each in policy.IMRS_PREFIXES.items()
        }
        parsed = config.parse(found)
        assert isinstance(parsed, config.RouterConfig)
        self.config, self.router = parsed, Router(parsed, {}, self.now)

    def prefixes(self, family: str, covering: bool = True, specific: bool = True) -> frozenset[str]:
        """Those of the IMRS."""
        each = self.config.prefixes[family]
        return frozenset((*(each.specific if specific else ()), *(each.covering if covering else ())))

    def modes(self) -> dict[str, Mode]:
        """What is announced, if all is asked for and proven."""
        return self.router.modes(Mode.LIVE, Mode.LIVE, self.now)

    def routes(self, family: str) -> frozenset[Route]:
        """The ways that are announced."""
        return self.router.routes(policy.announced(self.modes()[family], self.config.prefixes[family]))

    def really(self, prefixes: t.Collection[str], family: str) -> set[str]:
        """The nodes that announce all of these."""
        return {name for (name, of), told in self.told.items() if of == family and told >= set(prefixes)}

    def pass_on(self, name: str, family: str, before: frozenset[str]) -> None:
        """What a routing daemon says of a node that told ``before``: later words replace earlier ones."""
        after = self.told.get((name, family), frozenset())
        communities = (GRACEFUL_SHUTDOWN,) if (name, family) in self.leaving else ()
        path = self.numbers.setdefault((name, family), len(self.numbers) + 1)
        hop = NODES[name][family]
        gone = tuple(sorted(before - after))
        self.router.heard(
            wire.Update(family, tuple(sorted(after)), gone, hop, communities=communities, path=path), self.now
        )

    def beat(self, times: int = 1, step: float = BEAT) -> None:
        """Time goes by."""
        for _ in range(times):
            self.now += step
            self.router.beat(0.0, self.now)
            for family in FAMILIES:
                outcome = Outcome(Weight.GOOD) if self.way[family] else Outcome(Weight.SOFT, "no route leaves by lo")
                self.router.observe(family, "way out", outcome, self.now)
            self.router.look(self.now)

    # What happens

    @rule(
        name=st.sampled_from([*NODES]),
        family=st.sampled_from(FAMILIES),
        what=st.sampled_from(["all", "covering", "none", "one less"]),
    )
    def a_node_tells(self, name: str, family: str, what: str) -> None:
        before = self.told.get((name, family), frozenset())
        after = {
            "all": self.prefixes(family),
            "covering": self.prefixes(family, specific=False),
            "none": frozenset(),
            "one less": frozenset(sorted(self.prefixes(family))[1:]),
        }
        self.told[name, family] = after[what]
        if self.up:
            self.pass_on(name, family, before)

    @rule(name=st.sampled_from([*NODES]), family=st.sampled_from(FAMILIES), leaving=st.booleans())
    def a_node_is_about_to_go(self, name: str, family: str, leaving: bool) -> None:
        (self.leaving.add if leaving else self.leaving.discard)((name, family))
        if self.up:
            self.pass_on(name, family, self.told.get((name, family), frozenset()))

    @rule(name=st.sampled_from([*NODES]), family=st.sampled_from(FAMILIES))
    def the_routing_daemon_numbers_a_path_anew(self, name: str, family: str) -> None:
        """The new one first."""
        told, old = self.told.get((name, family), frozenset()), self.numbers.get((name, family))
        if self.up and old:
            self.number += 1
            self.numbers[name, family] = 1000 + self.number
            self.pass_on(name, family, told)
            self.router.heard(wire.Update(family, withdrawn=tuple(sorted(told)), path=old), self.now)

    @rule(family=st.sampled_from(FAMILIES), told=st.booleans())
    def a_stranger_tells(self, family: str, told: bool) -> None:
        """A path by what is no node's address."""
        hop = {"ipv4": "192.0.2.99", "ipv6": "2001:db8::99"}[family]
        prefixes = tuple(sorted(self.prefixes(family)))
        if self.up:
            gone = () if told else prefixes
            self.router.heard(wire.Update(family, prefixes if told else (), gone, hop, path=99), self.now)

    @rule(killed=st.booleans())
    def the_session_is_lost(self, killed: bool) -> None:
        if self.up and killed:
            self.router.routing_fell(self.now)
        self.up = False
        self.router.forget(self.now)

    @precondition(lambda self: not self.up)
    @rule()
    def the_session_is_back(self) -> None:
        self.up = True
        for name, family in list(self.told):
            self.pass_on(name, family, frozenset())

    @rule(family=st.sampled_from(FAMILIES), there=st.booleans())
    def the_way_out(self, family: str, there: bool) -> None:
        self.way[family] = there

    @rule(late=st.sampled_from([0.5, 3.0]))
    def the_gate_is_late(self, late: float) -> None:
        self.now += late
        self.router.beat(late, self.now)

    @rule()
    def the_gate_starts_anew(self) -> None:
        """It remembers what has fallen, and hears everything again."""
        self.router = Router(self.config, self.router.memory(), self.now)
        if self.up:
            self.the_session_is_back()

    @rule(times=st.integers(1, 30))
    def time_goes_by(self, times: int) -> None:
        self.beat(times)

    # What must always hold

    @invariant()
    def the_specific_prefixes_take_the_minimum(self) -> None:
        for family, mode in self.modes().items():
            assert mode is not Mode.LIVE or len(self.really(self.prefixes(family), family)) >= MINIMUM

    @invariant()
    def nothing_is_announced_that_no_node_announces(self) -> None:
        for family, mode in self.modes().items():
            if mode is not Mode.DARK:
                assert self.up
                assert self.really(self.prefixes(family, specific=False), family)
            assert mode is not Mode.DRAINED or self.config.below is Mode.DRAINED

    @invariant()
    def every_way_leads_to_a_node_that_announces(self) -> None:
        for family, mode in self.modes().items():
            due = {
                Route(prefix, NODES[name][family], number)
                for number, name in enumerate(NODES, 1)
                for prefix in policy.announced(mode, self.config.prefixes[family])
                if name in self.really([prefix], family)
            }
            assert {route._replace(leaving=False) for route in self.routes(family)} == due

    @invariant()
    def what_a_node_is_about_to_take_away_is_about_to_go(self) -> None:
        for family in FAMILIES:
            going = {NODES[name][of] for name, of in self.leaving if of == family}
            assert all(route.leaving for route in self.routes(family) if route.next_hop in going)
            if not going and self.modes()[family] is Mode.LIVE:
                assert not any(route.leaving for route in self.routes(family))

    @invariant()
    def a_reason_wherever_it_is_not_live(self) -> None:
        for family, mode in self.modes().items():
            assert mode is Mode.LIVE or self.router.reason(family, self.now)

    @rule()
    def whatever_is_lost_is_noticed(self) -> None:
        self.beat(25)
        for family in FAMILIES:
            assert self.way[family] or self.modes()[family] is Mode.DARK

    @rule()
    def what_there_is_comes_back(self) -> None:
        """However often it fell before."""
        self.beat(round(HELD), step=1.0)
        for family in FAMILIES:
            live = len(self.really(self.prefixes(family), family)) >= MINIMUM
            some = bool(self.really(self.prefixes(family, specific=False), family))
            low = self.config.below if some else Mode.DARK
            due = (Mode.LIVE if live else low) if self.up and self.way[family] else Mode.DARK
            assert self.modes()[family] is due, self.router.reason(family, self.now)


@pytest.mark.parametrize("share", range(2))
def test_schedules(share: int) -> None:
    chosen = settings(
        max_examples=300, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run(World, settings=chosen)
