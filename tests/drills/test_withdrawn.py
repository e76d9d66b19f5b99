# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site that is suspended while its node is live: the playbooks take it dark, prove that, and refuse."""

from __future__ import annotations

import typing as t

from imrslab.drill import ALL, SUSPENDED, WHY_SUSPENDED

if t.TYPE_CHECKING:
    from imrslab.drill import Drill


def test_a_suspended_node_goes_dark_before_it_is_refused_w_1(drill: Drill) -> None:
    done = drill.play("site", "--check", *SUSPENDED)
    assert done.status != 0
    assert drill.received() == ALL, "a check has changed something"

    done = drill.play("site", *SUSPENDED)
    assert done.status != 0
    said = " ".join(done.output.split())
    assert f"xlb01: {WHY_SUSPENDED} It is dark: nothing goes out of it" in said, done.output[-3000:]
    drill.wait(set())
    status = drill.status()
    assert (status["intent"]["mode"], status["certificate"]["reason"]) == ("dark", "revoked")
    drill.restore()


def test_without_an_answer_of_the_gate_its_routing_daemon_ends(drill: Drill) -> None:
    drill.node("systemctl", "stop", "imrs-gate.service")
    done = drill.play("accept", *SUSPENDED)
    assert done.status != 0
    said = " ".join(done.output.split())
    assert f"xlb01: {WHY_SUSPENDED} It is dark: its routing daemon does not run" in said, done.output[-3000:]
    drill.wait(set())
    drill.restore()
