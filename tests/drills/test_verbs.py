# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""dark.yml, drain.yml and live.yml on a live node, in a fleet whose other nodes give no answer."""

from __future__ import annotations

import datetime
import json
import typing as t

from imrslab import stream
from imrslab.drill import ALL, COVERING

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill
    from imrslab.runs import Play

SERVICE = "199.7.83.42"
HOUR = datetime.timedelta(hours=1)


def order(drill: Drill, verb: str, by: str, *options: str, **more: str) -> Play:
    """A person's order for the appliance alone."""
    words = {"imrs_by": by, "imrs_reason": "fibre work", "imrs_ask_seconds": "5", **more}
    return drill.play(verb, "--limit", "xlb01", "-e", json.dumps(words), *options)


def intent(drill: Drill) -> dict[str, t.Any]:
    """What the gate says that it was asked for."""
    found: dict[str, t.Any] = drill.status()["intent"]
    return found


def test_a_node_is_drained_for_a_while_and_goes_back_by_itself(drill: Drill) -> None:
    end = f"{datetime.datetime.now(datetime.UTC) + HOUR:%Y-%m-%dT%H:%M:%SZ}"
    with stream.Running(SERVICE, ("ip", "netns", "exec", drill.lab.namespace("vantage")), rate=50) as questions:
        done = order(drill, "drain", "alice", imrs_until=end)
        assert done.status == 0, done.output
        assert f"xlb01: drained until {end}" in done.output
        drill.wait(COVERING)
        found = questions.end()
    assert found["lost"] == 0, found  # by the covering prefixes there is a way still
    said = drill.node("imrs", "status")
    assert f"until {end} (then live): fibre work" in said, said
    assert intent(drill)["by"] == "alice"

    # A playbook judges it in its place, and leaves it to what it goes back to.
    accepted = drill.play("accept")
    assert accepted.status == 0, accepted.output
    assert (intent(drill)["mode"], intent(drill)["until"]) == ("drained", end)
    assert intent(drill)["standing"]["mode"] == "live"

    # One that goes up by itself in the middle of its judgement would look like a leak, and be taken dark.
    drill.node("imrs", "drain", "--by", "alice", "--for", "300")
    refused = drill.play("accept")
    assert refused.status != 0
    assert "it goes back to live by itself at " in refused.output
    assert intent(drill)["mode"] == "drained"

    # Another end, and nobody who does anything more.
    drill.node("imrs", "drain", "--by", "alice", "--for", "2")
    drill.wait(ALL)
    assert (intent(drill)["mode"], intent(drill)["until"]) == ("live", None)


def test_the_end_outlasts_a_restart_of_the_gate(drill: Drill) -> None:
    drill.node("imrs", "dark", "--by", "alice", "--for", "3600", "--wait", "60")
    drill.node("systemctl", "restart", "imrs-gate.service")
    assert (intent(drill)["mode"], intent(drill)["standing"]["mode"]) == ("dark", "live")
    drill.node("imrs", "dark", "--by", "alice", "--for", "1")
    drill.wait(ALL)


def test_what_the_fleet_cannot_spare_is_refused_and_an_emergency_asks_nobody(
    drill: Drill, elsewhere: pathlib.Path
) -> None:
    fleet = ("-i", str(elsewhere))
    tight = {"imrs_budget": [{"group_by": "fleet", "max_unavailable": 2}]}
    refused = order(drill, "dark", "bob", *fleet, "-e", json.dumps(tight))
    assert refused.status != 0
    said = " ".join(refused.output.replace("\\n", " ").split())
    assert "Nothing is changed: 0 of 3 nodes of fleet lab would announce 199.7.83.0/24, " in said
    assert "(now 1), and 1 have to (max_unavailable: 2)" in said
    assert all(f"{name}: no answer" in said for name in ("xaa01", "xab01"))
    assert drill.received() == ALL
    assert intent(drill)["mode"] == "live"

    done = order(drill, "dark", "bob", *fleet, "-e", json.dumps(tight), imrs_emergency="true")
    assert done.status == 0, done.output
    drill.wait(set())
    assert (intent(drill)["mode"], intent(drill)["note"]) == ("dark", "fibre work")

    # What bob took down is not for everybody to take up again.
    refused = order(drill, "live", "alice")
    assert refused.status != 0
    assert "bob has asked for dark: fibre work" in refused.output
    assert drill.received() == set()
    done = order(drill, "live", "alice", imrs_lift="bob")
    assert done.status == 0, done.output
    assert "xlb01: live" in done.output
    drill.wait(ALL)


def test_without_a_certificate_nothing_goes_up(drill: Drill) -> None:
    drill.node("imrs", "revoke")
    drill.wait(set())
    refused = order(drill, "live", "alice")
    assert refused.status != 0
    assert "xlb01: revoked: have it accepted (icann.imrs.accept)" in refused.output
    drill.restore()
