# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power that fails and lines that break in the middle of a run: all old or all new, and the next run goes on."""

from __future__ import annotations

import json
import shutil
import typing as t

from imrslab import cuts, shell
from imrslab.drill import ALL, PATIENCE

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill
    from imrslab.runs import Play

ELSEWHERE = '{"network_operator_networks": {"ipv4": ["203.0.113.64/29"], "ipv6": []}}'
DARK = ("-e", "imrs_leave_dark=true")
SEED = 20144

HOOK = "/usr/local/lib/python3.13/dist-packages/drill.pth"
STOPS = (
    "import os, sys; sys.addaudithook(lambda event, words: os.kill(os.getpid(), 19) "
    "if event == 'os.rename' and str(words[1]).startswith('{}') and os.path.exists('/run/drill') else None)"
)
"""Python stops itself when it is about to rename such a file into its place; not any more after a boot."""
FILTER = "/etc/nftables.conf"
STOPPED = "grep -l '^State:.T' /proc/[0-9]*/status || true"  # grep fails when it finds none, and that is an answer

BEFORE = ("systemd-networkd", "nftables", "ssh", "knot", "bird", "imrs-gate")
"""What must not have started before the way back was gone."""


def files(drill: Drill) -> str:
    """Every file that a bundle looks after: checksum, owner, mode."""
    return cuts.files(drill, cuts.owned(drill))


def stop_at(drill: Drill, place: str) -> None:
    """Have the next module that is about to put a file there stand still."""
    drill.node("sh", "-c", f'echo "$1" > {HOOK}; touch /run/drill', "sh", STOPS.format(place))


def stands_still(drill: Drill) -> bool:
    """Whether one does."""
    return bool(drill.node("sh", "-c", STOPPED))


def go_on(drill: Drill) -> None:
    """Have it go on, and stand still no more."""
    drill.node(
        "sh", "-c", f"rm -f /run/drill {HOOK}; for each in $({STOPPED}); do kill -CONT $(basename ${{each%/*}}); done"
    )


def comes_back_as_it_was(drill: Drill, before: tuple[str, str], reason: str) -> None:
    """Power on: before anything else ran, all files were as before; the node announces by its rules, and converges."""
    drill.switch_on()
    drill.node("systemctl", "is-system-running", "--wait")
    assert drill.journals() == []
    assert (files(drill), drill.node(*cuts.RULES)) == before
    noted = json.loads(drill.node("cat", "/var/lib/imrs-bundle/last-rollback.json"))
    assert (noted["reason"], noted["complete"], noted["troubles"]) == (reason, True, [])
    assert reason in drill.node("journalctl", "--boot", "--unit=imrs-bundle-recover", "--output=cat", "--no-pager")

    def moment(unit: str, which: str) -> int:
        return int(drill.node("systemctl", "show", "--value", f"--property={which}TimestampMonotonic", unit))

    ended = moment("imrs-bundle-recover", "ExecMainExit")
    assert ended
    for unit in BEFORE:
        assert moment(unit, "ExecMainStart") > ended, unit
    assert not drill.node("systemctl", "list-units", "--all", "--plain", "--no-legend", "imrs-bundle-confirm-*").strip()
    drill.wait(ALL if drill.status()["certificate"]["valid"] else set())


def test_power_fails_between_two_renames_and_before_a_confirmation(drill: Drill, tmp_path: pathlib.Path) -> None:
    """Uplink and packet filter change: of a run that stands between the two, and of one that locks itself out."""
    copy = tmp_path / "inventory"
    shutil.copytree(drill.lab.inventory, copy)
    sheet = copy / "sites/xlb.yml"
    sheet.write_text(sheet.read_text().replace("mtu: 1500", "mtu: 1400"))
    before = files(drill), drill.node(*cuts.RULES)

    stop_at(drill, FILTER)
    told = ("-e", "imrs_disrupt=true", *DARK)  # the uplink's file counts as a reset of its sessions
    run = drill.begin("site", "--tags", "network", "-e", ELSEWHERE, *told, inventory=copy)
    shell.wait_for("a module that stands still", lambda: stands_still(drill), PATIENCE)
    assert drill.journals() == ["network.changing"]
    half = files(drill).splitlines()
    assert len(set(half) ^ set(before[0].splitlines())) == 2, "one file is new, the others are old"
    drill.cut_power()
    run.kill()
    comes_back_as_it_was(drill, before, "a run was killed while it changed files")
    drill.node("rm", HOOK)

    run = drill.begin("site", "--tags", "network", "-e", ELSEWHERE, "-e", "network_confirm_seconds=3600", *DARK)
    shell.wait_for("the wrong change", lambda: drill.journals() == ["network.unconfirmed"], PATIENCE)
    assert not drill.lets_in()
    state = drill.disk / "var/lib/imrs-bundle"
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in state.glob("*.jo*n*")} == {0o600}
    drill.cut_power()
    run.kill()
    comes_back_as_it_was(drill, before, "the node was rebooted before the controller had confirmed the change")
    drill.mend()


def test_a_line_that_breaks_leaves_all_old_or_all_new(drill: Drill) -> None:
    """While the name server's files change, and while the packet filter does, which is to be confirmed afterwards."""

    def cut(name: str, place: str, journal: str) -> Play:
        stop_at(drill, place)
        found = list[str]()

        def due() -> bool:
            if stands_still(drill):
                found[:] = drill.journals()
            return bool(found)

        done = cuts.cut(drill, name, due, lambda: go_on(drill))
        assert found == [journal]
        return done

    try:
        done = cut("new", "/etc/knot/", "nameserver.changing")
        assert done.status != 0
        done = cut("old", FILTER, "network.changing")
        assert done.status == 0, done.output[-3000:]
        assert "the connection broke while the bundle was at work on the node" in done.output
    finally:
        go_on(drill)
        drill.forget_falls()
        drill.restore()
