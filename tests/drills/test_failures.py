# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dies, hangs or restarts, and what host-router holds then (requirements section 3.8)."""

from __future__ import annotations

import json
import typing as t

import pytest
from imrslab import shell
from imrslab.drill import ALL, COVERING, PATIENCE, ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill


def is_withdrawn_and_comes_back(drill: Drill, unit: str, signal: str) -> None:
    """By itself. What fell is held down for five seconds, so that it is seen however soon the unit is there again."""
    drill.node("systemctl", "kill", f"--signal={signal}", unit)
    drill.wait(set())
    drill.wait(ALL)


@pytest.fixture
def dead_knot(drill: Drill) -> t.Iterator[None]:
    """A nameserver that was killed, and does not come back meanwhile."""
    drill.node("sh", "-c", "systemctl kill --signal=KILL knot.service; systemctl stop knot.service")
    drill.wait(set())
    yield
    drill.node("systemctl", "start", "knot.service")
    drill.wait(ALL)


def test_the_second_run_touches_nothing(drill: Drill) -> None:
    def sessions() -> dict[str, tuple[int, int]]:
        return {
            name: (neighbor["connectionsEstablished"], neighbor["messageStats"]["updatesRecv"])
            for name, neighbor in drill.neighbors().items()
        }

    def second_run() -> None:
        before = sessions()
        done = drill.play("site")
        assert done.status == 0, done.output
        assert done.changed == 0
        assert sessions() == before, "a session was reset, or something was announced or withdrawn"

    drill.undisturbed(second_run)


def test_fb02_knot_killed_is_withdrawn_and_comes_back(drill: Drill) -> None:
    is_withdrawn_and_comes_back(drill, "knot.service", "KILL")


def test_fb02_knot_hung_is_withdrawn(drill: Drill) -> None:
    drill.node("systemctl", "kill", "--signal=STOP", "knot.service")
    drill.wait(set())
    verdict = drill.status()["verdict"]
    assert all("the nameserver is stopped" in each["reason"] for each in verdict.values()), verdict
    drill.node("systemctl", "kill", "--signal=CONT", "knot.service")
    drill.wait(ALL)


def test_planned_stop_withdraws_before_dns_stops(drill: Drill) -> None:
    drill.node("systemctl", "stop", "knot.service")
    drill.wait(set())
    units = ("--unit=imrs-gate", "--unit=knot")
    journal = drill.node("journalctl", "--output=cat", "--no-pager", "--lines=60", *units).splitlines()
    withdrawn = max(number for number, line in enumerate(journal) if "ipv4 dark (stepped aside" in line)
    stopping = max(number for number, line in enumerate(journal) if "info: stopping server" in line)
    assert withdrawn < stopping, journal
    drill.node("systemctl", "start", "knot.service")
    drill.wait(ALL)


def test_fb09_gate_stopped_is_withdrawn(drill: Drill) -> None:
    drill.node("systemctl", "stop", "imrs-gate.service")
    drill.wait(set())
    drill.node("systemctl", "start", "imrs-gate.service")
    drill.wait(ALL)


def test_fb09_gate_killed_is_withdrawn(drill: Drill) -> None:
    is_withdrawn_and_comes_back(drill, "imrs-gate.service", "KILL")


def test_fb09_gate_hung_is_withdrawn_by_the_hold_time(drill: Drill) -> None:
    """Without systemd's watchdog, so that it is BGP's own timer that acts; it is one of three seconds."""
    timer = drill.node("birdc", "show", "protocols", "all", "gate").partition("Hold timer:")[2].splitlines()[0]
    assert timer.endswith("/3"), timer
    drill.node("systemctl", "service-watchdogs", "no")
    try:
        drill.node("systemctl", "kill", "--signal=STOP", "imrs-gate.service")
        drill.wait(set())
        drill.node("systemctl", "kill", "--signal=CONT", "imrs-gate.service")
        drill.wait(ALL)
    finally:
        drill.node("systemctl", "service-watchdogs", "yes")


def test_fb09_gate_hung_is_restarted_by_the_watchdog(drill: Drill) -> None:
    before = drill.node("systemctl", "show", "--property=MainPID", "imrs-gate.service")
    is_withdrawn_and_comes_back(drill, "imrs-gate.service", "STOP")
    assert drill.node("systemctl", "show", "--property=MainPID", "imrs-gate.service") != before


def test_fb06_bird_killed_comes_back_announcing(drill: Drill) -> None:
    is_withdrawn_and_comes_back(drill, "bird.service", "KILL")


def test_bird_hung_is_killed_at_the_gates_word_and_comes_back(drill: Drill) -> None:
    """T-10: the peer's hold time is longer than it takes the gate to notice, and root to act."""
    is_withdrawn_and_comes_back(drill, "bird.service", "STOP")
    ends = {neighbor["lastResetDueTo"] for neighbor in drill.neighbors().values()}
    assert not any("Hold Timer" in end for end in ends), ends
    assert "hangs: killed" in drill.node("journalctl", "--unit=imrs-routing-hung.service", "--output=cat")


def test_the_identity_zone_has_no_part_in_the_service(drill: Drill) -> None:
    """What answers for it comes back by itself; while it hangs the node stays as it is, and acceptance warns."""
    unit = "imrs-identity.service"
    report = ROOT / f".lab/{drill.lab.name}-reports/{drill.appliance.name}/acceptance.json"

    def process() -> str:
        return drill.node("systemctl", "show", "--value", "--property=MainPID", unit).strip()

    def dead_and_hung() -> None:
        before = process()
        drill.node("systemctl", "kill", "--signal=KILL", unit)
        shell.wait_for("another process", lambda: process() not in ("0", before), PATIENCE)
        drill.node("systemctl", "kill", "--signal=STOP", unit)
        done = drill.play("accept")
        drill.node("systemctl", "kill", "--signal=CONT", unit)
        assert done.status == 0, done.output[-6000:]
        (found,) = (each for each in json.loads(report.read_text())["results"] if each["id"] == "DN-54")
        assert found["status"] == "fail", found

    drill.undisturbed(dead_and_hung)


def test_a_routing_daemon_that_was_stopped_on_purpose_stays_so(drill: Drill) -> None:
    word = "/run/imrs/routing-hung"
    drill.node("systemctl", "stop", "bird.service")
    drill.wait(set())
    drill.node("runuser", "-u", "imrs-gate", "--", "touch", word)
    busy = f'test -e {word} || test "$(systemctl show --value --property=ActiveState imrs-routing-hung)" != inactive'
    shell.wait_for(
        "the helper to be done", lambda: drill.node("sh", "-c", f"if {busy}; then echo busy; fi") == "", PATIENCE
    )
    assert "does not run: left as it is" in drill.node(
        "journalctl", "--unit=imrs-routing-hung.service", "--output=cat", "--lines=5"
    )
    assert drill.node("systemctl", "show", "--value", "--property=ActiveState", "bird.service").strip() == "inactive"
    drill.node("systemctl", "start", "bird.service")
    drill.wait(ALL)


@pytest.mark.usefixtures("dead_knot")
def test_bird_restarted_while_knot_is_dead_announces_nothing(drill: Drill) -> None:
    before = {name: neighbor["connectionsEstablished"] for name, neighbor in drill.neighbors().items()}
    drill.node("systemctl", "restart", "bird.service")

    def again() -> bool:
        now = drill.neighbors()
        return all(
            now[name]["bgpState"] == "Established" and now[name]["connectionsEstablished"] > before[name]
            for name in before
        )

    shell.wait_for("both sessions established anew", again, PATIENCE)
    shell.wait_for(
        "the gate's session with BIRD", lambda: drill.status()["session"]["state"] == "Established", PATIENCE
    )
    # The gate has told the new BIRD all there is to tell: nothing.
    drill.node("imrs", "wait", "dark", "--timeout", "60")
    assert "/" not in drill.node("birdc", "show", "route", "protocol", "gate")
    assert drill.received() == set()


def test_drained_keeps_the_covering_prefixes_only(drill: Drill) -> None:
    drill.node("imrs", "drain")
    drill.wait(COVERING)
    kept = drill.play("site")
    assert kept.status == 0, kept.output
    assert drill.received() <= COVERING, "a playbook must not undo an engineer's drain"
    drill.wait(COVERING)
    drill.node("imrs", "live")
    drill.wait(ALL)
