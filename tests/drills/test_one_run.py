# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time a node, and certified is what was rendered."""

from __future__ import annotations

import json
import typing as t

from imrslab import shell
from imrslab.drill import ALL, COVERING, PATIENCE, SUSPENDED

if t.TYPE_CHECKING:
    from imrslab.drill import Drill
    from imrslab.runs import Play

LEASE = "/run/imrs-bundle/lease.json"
ELSEWHERE = """
import json, sys, time
run = {"id": "x@ctl9", "node": "xlb01", "who": "anna on ctl9", "playbook": "icann.imrs.site",
       "machine": "another", "process": "1 1"}
now = time.clock_gettime(time.CLOCK_BOOTTIME)
json.dump({"run": run, "since": "2026-01-01T00:00:00Z", "until": now + 600}, open(sys.argv[1], "w"))
"""
"""That a run on another machine holds the node."""

IMPATIENT = ("-e", "acceptance_patience=4")
"""For runs that wait for what does not come."""

LIMITS = "/etc/knot/answers.conf"


def limited(rate: int) -> tuple[str, str]:
    """A change that takes a reload, and voids the certificate."""
    return "-e", f"nameserver_rate_limit={rate}"


def said(play: Play) -> str:
    return " ".join(play.output.replace("\\n", " ").split())


def why(play: Play) -> str:
    """Where it failed, and what came last: between them are the reports of acceptance."""
    return play.output[play.output.find("FAILED!") :][:600] + play.output[-600:]


def held(drill: Drill) -> bool:
    text = drill.node("sh", "-c", f"cat {LEASE} 2>/dev/null || true")
    return bool(text and json.loads(text)["until"])


def unchanged(drill: Drill, before: str) -> bool:
    return drill.received() == ALL and drill.node("cat", LIMITS) == before


def test_the_second_run_is_refused_by_name_and_a_dead_one_is_taken_over_from_w_2(drill: Drill) -> None:
    before = drill.node("cat", LIMITS)
    first = drill.begin("site", *limited(301))
    shell.wait_for("the first run to hold the node", lambda: held(drill), PATIENCE, closely=True)
    first.pause()
    second = drill.play("site", *limited(302))
    assert second.status != 0
    assert "xlb01: another run holds the node: icann.imrs.site by" in said(second), why(second)
    assert "Nothing was changed now" in said(second)
    assert second.changed == 0
    assert unchanged(drill, before)
    first.kill()

    third = drill.play("site")
    assert third.status == 0, why(third)
    assert "held the node, and its process is gone; it is taken over" in said(third)
    assert not held(drill)


def test_a_run_elsewhere_is_taken_over_from_only_by_force(drill: Drill) -> None:
    drill.node("sh", "-c", f"mkdir -p -m 700 {LEASE.rpartition('/')[0]}")
    drill.node("python3", "-c", ELSEWHERE, LEASE)
    done = drill.play("accept")
    assert done.status != 0
    assert "icann.imrs.site by anna on ctl9, since 2026-01-01T00:00:00Z" in said(done), why(done)
    assert drill.received() == ALL

    done = drill.play("accept", "--check")
    assert done.status == 0, why(done)
    assert "this run would be refused" in said(done)

    done = drill.play("accept", "-e", "imrs_take_over=true")
    assert done.status == 0, why(done)
    assert "icann.imrs.accept by" in drill.node("journalctl", "--grep=takes xlb01 over", "--output=cat", "--no-pager")
    assert drill.received() == ALL
    assert not held(drill)


def test_a_node_that_is_withdrawn_is_not_raised_by_the_run_that_had_it(drill: Drill) -> None:
    """The run has an older sheet, and has just changed the node."""
    first = drill.begin("site", *limited(303))
    drill.wait(set())
    first.pause()
    second = drill.play("accept", *SUSPENDED)
    assert "It is dark" in said(second), why(second)
    assert drill.received() == set()
    more: set[str] = set()
    with drill.watching(more.update):
        first.go_on()
        done = first.end()
    assert done.status != 0, "whether it was refused or judged dark"
    assert (more, drill.received()) == (set(), set())
    assert not drill.status()["certificate"]["valid"]
    drill.restore()


def test_a_node_that_is_taken_dark_by_hand_stays_so_in_the_middle_of_a_run(drill: Drill) -> None:
    run = drill.begin("site", *limited(304))
    shell.wait_for("the covering prefixes alone", lambda: drill.received() == COVERING, PATIENCE, closely=True)
    drill.node("imrs", "dark")
    more: set[str] = set()
    drill.wait(set())
    with drill.watching(more.update):
        run.end()
    assert (more, drill.received()) == (set(), set())
    assert drill.status()["intent"]["ceiling"] == "dark"
    drill.restore()


def test_what_was_not_applied_is_not_certified_w_3(drill: Drill) -> None:
    started = ("--start-at-task", "Change what was planned")
    done = drill.play("site", *started, *limited(305), *IMPATIENT)
    assert done.status != 0
    assert f"bundle nameserver is not as rendered ({LIMITS})" in said(done), why(done)
    assert drill.received() == ALL, "it was certified as it is, and harms nobody"

    drill.node("imrs", "revoke")
    drill.wait(set())
    done = drill.play("site", *started, *limited(305), *IMPATIENT)
    assert done.status != 0
    assert f"bundle nameserver is not as rendered ({LIMITS})" in said(done)
    status = drill.status()
    assert (status["certificate"]["reason"], drill.received()) == ("revoked", set())
    assert not held(drill)

    done = drill.play("site", *started)
    assert done.status == 0, why(done)
    drill.wait(ALL)


def test_a_node_in_service_is_not_changed_without_acceptance_w_4(drill: Drill) -> None:
    before = drill.node("cat", LIMITS)
    done = drill.play("site", "--tags", "nameserver", *limited(306))
    assert done.status != 0
    assert "xlb01: the node is in service, and a change of nameserver would take it dark" in said(done)
    assert "Add the tag acceptance" in said(done)
    assert unchanged(drill, before)
    assert not held(drill)

    drill.node("imrs", "dark")
    done = drill.play("site", "--tags", "nameserver", *limited(306))
    assert done.status != 0
    assert "xlb01: this run has changed nameserver and left acceptance out" in said(done), why(done)
    assert drill.received() == set()
    drill.restore()


def test_a_node_that_was_edited_by_hand_is_not_accepted(drill: Drill) -> None:
    drill.node("sh", "-c", f"cp -a {LIMITS} /root/before; echo '# by hand' >> {LIMITS}")
    done = drill.play("accept", *IMPATIENT)
    assert done.status != 0
    assert f"OS-05 failed: {LIMITS}: other content" in said(done), why(done)
    drill.wait(set())
    assert not drill.status()["certificate"]["valid"]
    drill.node("cp", "-a", "/root/before", LIMITS)
    done = drill.play("accept")
    assert done.status == 0, why(done)
    drill.wait(ALL)
