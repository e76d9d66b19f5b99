# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""icann.imrs.drill on an appliance: one that withdraws, one that leaks, and one that is live."""

from __future__ import annotations

import json
import typing as t

import pytest
from imrslab.drill import ALL, COVERING, ROOT

if t.TYPE_CHECKING:
    from imrslab.drill import Drill
    from imrslab.runs import Play

LEAK = r"""
rm -rf /run/leak
cp -a /etc/bird /run/leak
cat >> /run/leak/bird.conf <<'E'
protocol static leak {
  ipv4;
  route 199.7.82.0/23 blackhole;
}
E
cd /run/leak && sed -i 's/if proto != "gate" || ! is_imrs_ipv4() .* then/if ! is_imrs_ipv4() then/' policy.conf
birdc configure '"/run/leak/bird.conf"'
"""
"""BIRD announces the covering prefix whatever the gate says. No file that is certified has changed."""


LATE = "s are allowed"
"""What a result says of a machine that is slow, or clocks that do not tell: no failure of the node's here."""


def drilled(drill: Drill, *faults: str) -> Play:
    """A run of the playbook."""
    return drill.begin(*words(drill, *faults)).end()


def words(drill: Drill, *faults: str) -> list[str]:
    given = {"imrs_faults": faults} if faults else {}
    return ["drill", "--limit", drill.appliance.name, "-e", json.dumps(given)]


@pytest.fixture
def drained(drill: Drill) -> t.Iterator[None]:
    drill.node("imrs", "drain")
    drill.wait(COVERING)
    yield
    drill.forget_falls()
    drill.node("imrs", "live")
    drill.wait(ALL)


def test_a_live_node_is_not_drilled(drill: Drill) -> None:
    def refused() -> None:
        done = drilled(drill)
        assert done.status == 2, done.output
        assert "xlb01 is live, and drills would lose its questions. Drain it first" in done.output

    drill.undisturbed(refused)


@pytest.mark.usefixtures("drained")
def test_a_drained_node_passes_and_its_reports_say_so(drill: Drill) -> None:
    reports = ROOT / f".lab/{drill.lab.name}-reports/{drill.appliance.name}"
    done = drilled(drill)
    found = json.loads((reports / "drill.json").read_text())
    late = [each for each in found["faults"] if each["status"] != "pass"]
    assert [each for each in late if LATE not in each["message"]] == [], found
    assert done.status == (2 if late else 0), done.output
    assert "by what the node says alone" not in str(found)
    assert drill.received() == COVERING
    assert "0 timers" in drill.node("systemctl", "list-timers", "--all", "imrs-drill-undo.timer")
    assert "imrs_drill" not in drill.node("nft", "list", "tables")
    accepted = drill.play("accept")
    assert accepted.status == 0, accepted.output
    results = {each["id"]: each for each in json.loads((reports / "acceptance.json").read_text())["results"]}
    for each in found["results"]:
        assert results[each["id"]]["status"] == each["status"]
        assert each["message"][:100] in results[each["id"]]["message"]


@pytest.mark.usefixtures("drained")
def test_a_node_that_leaks_is_found(drill: Drill) -> None:
    """In its running configuration only: no file says so, and the gate believes that all is well."""
    drill.node("sh", "-c", LEAK)
    try:
        done = drilled(drill, "nameserver_hung")
    finally:
        drill.node("birdc", "configure", '"/etc/bird/bird.conf"')
        drill.node("rm", "-rf", "/run/leak")
    assert done.status == 2, done.output
    assert "the nameserver hung: IPv4 was not withdrawn" in " ".join(done.output.split())
    assert "leave it drained, and find out why" in done.output


@pytest.mark.usefixtures("drained")
@pytest.mark.parametrize("fault", ["nameserver_hung", "line_dead"])
def test_a_fault_ends_by_itself_when_everybody_is_killed(drill: Drill, fault: str) -> None:
    run = drill.begin(*words(drill, fault))
    drill.wait(set())
    drill.node("pkill", "--signal", "KILL", "--full", "icann.imrs.drill|AnsiballZ_drill|async_wrapper")
    run.kill()
    drill.wait(COVERING)
