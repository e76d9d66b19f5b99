# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node in service is disturbed in its maintenance windows, or when somebody says so; whatever day it is today."""

from __future__ import annotations

import datetime
import json
import re
import typing as t

from imrslab import cuts
from imrslab.drill import ALL

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

RESTART = ("-e", "nameserver_workers=2")
RESET = ("-e", "routing_router_id=192.0.2.3")
DARK = ("-e", "imrs_leave_dark=true")
BOTH = ("--tags", "nameserver,routing", *RESTART, *RESET)


def windows(*days: str, start: str, end: str) -> tuple[str, str]:
    return "-e", json.dumps({"imrs_maintenance_windows": [{"day": day, "start": start, "end": end} for day in days]})


def test_a_node_in_service_is_disturbed_in_its_windows_only(drill: Drill) -> None:
    day = DAYS[(datetime.datetime.now(datetime.UTC).weekday() + 3) % 7]
    closed = windows(day, start="18:00", end="22:00")
    opened = windows(*DAYS, start="00:00", end="24:00")

    def process() -> str:
        return drill.node("systemctl", "show", "--property=MainPID", "knot.service")

    def foretold(*arguments: str) -> list[str]:
        done = drill.play("site", "--check", *BOTH, *arguments)
        assert done.status == 0, done.output[-3000:]
        return re.findall(r"^xlb01: bundle (\w+) would do: .*?((?:knot|bird)\.service [a-z ]+?)(?:,.*?)?( \(.*\))?$",
                          done.output, re.MULTILINE)  # fmt: skip

    def is_refused() -> None:
        sessions = {name: neighbor["connectionsEstablished"] for name, neighbor in drill.neighbors().items()}
        served, before = process(), cuts.look(drill)
        lines = [("nameserver", "knot.service restart"), ("routing", "bird.service session reset")]
        assert foretold(*closed) == [(*line, " (refused now)") for line in lines]
        assert foretold(*opened) == [(*line, "") for line in lines]
        assert foretold(*closed, "-e", "imrs_disrupt=true") == [(*line, "") for line in lines]

        for role, harm in (
            ("nameserver", "knot.service needs a restart"),
            ("routing", "bird.service needs a session reset"),
        ):
            done = drill.play("site", "--tags", role, *RESTART, *RESET, *closed)
            assert done.status != 0
            told = f"bundle {role}: {harm}, and the node is in service; next maintenance window: "
            assert f"{told}{day.capitalize()} 18:00" in done.output, done.output[-3000:]
            assert "The node was not touched." in done.output
        # What comes first in the run is a reload, allowed at any time; but not when the run will be refused afterwards.
        done = drill.play("site", "-e", "nameserver_rate_limit=199", *RESET, *closed)
        assert done.status != 0
        assert "bundle routing: bird.service needs a session reset, and the node is in service" in done.output
        assert "xlb01: bundle nameserver is going to do: knot.service reload" in done.output
        assert done.changed == 0, done.output[-3000:]
        assert cuts.look(drill) == before
        assert drill.received() == ALL
        assert {name: neighbor["connectionsEstablished"] for name, neighbor in drill.neighbors().items()} == sessions
        assert process() == served

    drill.undisturbed(is_refused)  # a node that is dark for a moment is one that may be disturbed
    served = process()
    done = drill.play("site", "--tags", "nameserver", *RESTART, *opened, *DARK)
    assert (done.status, done.changed) == (0, 1), done.output[-3000:]
    assert process() != served
    drill.wait(set())  # a changed configuration is to be accepted anew, so now nobody is disturbed
    done = drill.play("site", "--tags", "routing", *RESET, *closed, *DARK)
    assert (done.status, done.changed) == (0, 1), done.output[-3000:]
    drill.restore()
