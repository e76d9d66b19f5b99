# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that takes a reload, from an engineer's command to the last question of a stream that runs meanwhile.

The node is live all the time: no answer is lost, no session ends, no prefix is withdrawn. The change is foreseen by the
gate, so that the certificate covers it until acceptance has judged it.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from imrslab import stream
from imrslab.drill import ALL, PATIENT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

SERVICE = "199.7.83.42"
QUESTIONS = 5000
"""At least so many, while the change is made; at 1,200 a second."""
AT_REST: dict[str, t.Any] = {
    **PATIENT,
    "gate_foresee": 300,
    "nameserver_rate_limit": 0,
    "network_tcp_rate": 0,
    "imrs_disrupt": True,
}
"""The limit of one source's questions, and of its new connections, must not be what loses them."""


def variables(drill: Drill, **changed: t.Any) -> tuple[str, str]:
    """An option of ansible-playbook; ``peers`` are options of every session."""
    peers = changed.pop("peers", {})
    given = {**AT_REST, **changed}
    if peers:
        known = drill.host_variables()["imrs_peers"]
        given["imrs_peers"] = [{**peer, **peers} for peer in known]
    return "-e", json.dumps(given)


@pytest.fixture(scope="module")
def ready(drill: Drill) -> t.Iterator[Drill]:
    """A node whose gate foresees, and that answers as much as is asked; afterwards as it was."""
    with drill.kept(*variables(drill)):
        yield drill


def sessions(drill: Drill) -> dict[str, tuple[int, int]]:
    """By neighbour: how often the session came up, and how often it ended."""
    return {
        name: (each["connectionsEstablished"], each["connectionsDropped"]) for name, each in drill.neighbors().items()
    }


def withdrawals(drill: Drill) -> list[str]:
    """BIRD's counters, of each channel: whatever the gate has withdrawn, and what was then withdrawn from others."""
    return [line for line in drill.node("birdc", "show", "protocols", "all").splitlines() if " withdraws:" in line]


def without_room(drill: Drill) -> int:
    """Datagrams that the appliance's kernel has dropped so far, as the queue that they were for was full."""
    names, numbers = (line.split() for line in drill.node("grep", "^Udp:", "/proc/net/snmp").splitlines())
    return int(numbers[names.index("RcvbufErrors")])


CHANGES: dict[str, tuple[dict[str, t.Any], str]] = {
    "nameserver": ({"nameserver_tcp_clients": 249}, "knot.service reload"),
    "routing": ({"peers": {"communities": ["64500:777"]}}, "bird.service reload"),
    "network": (
        {"network_operator_networks": {"ipv4": ["198.51.100.0/24", "203.0.113.72/29"], "ipv6": []}},
        "nftables.service reload",
    ),
}


@pytest.mark.parametrize("role", CHANGES)
def test_a_reload_on_a_live_node_is_noticed_by_nobody(ready: Drill, role: str) -> None:
    change, plan = CHANGES[role]
    foretold = ready.play("site", "--check", *variables(ready, **change))
    assert f"bundle {role} would do: {plan}" in foretold.output, foretold.output
    before, withdrawn, dropped = sessions(ready), withdrawals(ready), without_room(ready)
    assert withdrawn
    held: set[frozenset[str]] = set()
    with stream.Running(SERVICE, ("ip", "netns", "exec", ready.lab.namespace("vantage"))) as questions:
        with ready.watching(held.add):
            done = ready.play("site", *variables(ready, **change, imrs_disrupt=False))
        questions.await_more(QUESTIONS)
        found = questions.end()
    assert done.status == 0, done.output
    assert done.changed > 0, done.output
    assert found["sent"] >= QUESTIONS
    dropped = without_room(ready) - dropped
    lost = found["udp"]["lost"]
    # Where a whole machine stands still for a moment, the kernel has no room for 1,000 questions a second.
    assert lost <= dropped, f"{lost} lost over UDP, for want of room the kernel dropped {dropped}: {found}"
    assert found["lost"] == lost, f"TCP loses nothing: {found}"
    assert not any(found[kind]["wrong"] for kind in ("udp", "kept", "new")), found
    assert held == {frozenset(ALL)}
    assert withdrawals(ready) == withdrawn
    assert sessions(ready) == before
