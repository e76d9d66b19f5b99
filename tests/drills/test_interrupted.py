# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power that fails and lines that break in the middle of a run: all old or all new, and the next run goes on."""

from __future__ import annotations

import shutil
import typing as t

from imrslab import cuts, shell
from imrslab.drill import PATIENCE

if t.TYPE_CHECKING:
    import pathlib

    from imrslab.drill import Drill
    from imrslab.runs import Play

DARK = ("-e", "imrs_leave_dark=true")

FILTER = "/etc/nftables.conf"


def files(drill: Drill) -> str:
    """Every file that a bundle looks after: checksum, owner, mode."""
    return cuts.files(drill, cuts.owned(drill))


def test_power_fails_between_two_renames_and_before_a_confirmation(drill: Drill, tmp_path: pathlib.Path) -> None:
    """Uplink and packet filter change: of a run that stands between the two, and of one that locks itself out."""
    copy = tmp_path / "inventory"
    shutil.copytree(drill.lab.inventory, copy)
    sheet = copy / "sites/xlb.yml"
    sheet.write_text(sheet.read_text().replace("mtu: 1500", "mtu: 1400"))
    before = files(drill), drill.node(*cuts.RULES)

    cuts.stop_at(drill, FILTER)
    told = ("-e", "imrs_disrupt=true", *DARK)  # the uplink's file counts as a reset of its sessions
    run = drill.begin("site", "--tags", "network", "-e", cuts.ELSEWHERE, *told, inventory=copy)
    shell.wait_for("a module that stands still", lambda: cuts.stands_still(drill), PATIENCE)
    assert drill.journals() == ["network.changing"]
    half = files(drill).splitlines()
    assert len(set(half) ^ set(before[0].splitlines())) == 2, "one file is new, the others are old"
    drill.cut_power()
    run.kill()
    cuts.comes_back_as_it_was(drill, before, "a run was killed while it changed files")
    drill.node("rm", cuts.HOOK)

    run = drill.begin("site", "--tags", "network", "-e", cuts.ELSEWHERE, "-e", "network_confirm_seconds=3600", *DARK)
    shell.wait_for("the wrong change", lambda: drill.journals() == ["network.unconfirmed"], PATIENCE)
    assert not drill.lets_in()
    state = drill.disk / "var/lib/imrs-bundle"
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in state.glob("*.jo*n*")} == {0o600}
    drill.cut_power()
    run.kill()
    cuts.comes_back_as_it_was(drill, before, "the node was rebooted before the controller had confirmed the change")
    drill.mend()


def test_a_line_that_breaks_leaves_all_old_or_all_new(drill: Drill) -> None:
    """While the name server's files change, and while the packet filter does, which is to be confirmed afterwards."""

    def cut(name: str, place: str, journal: str) -> Play:
        cuts.stop_at(drill, place)
        found = list[str]()

        def due() -> bool:
            if cuts.stands_still(drill):
                found[:] = drill.journals()
            return bool(found)

        done = cuts.cut(drill, name, due, lambda: cuts.go_on(drill))
        assert found == [journal]
        return done

    try:
        done = cut("new", "/etc/knot/", "nameserver.changing")
        assert done.status != 0
        done = cut("old", FILTER, "network.changing")
        assert done.status == 0, done.output[-3000:]
        assert "the connection broke while the bundle was at work on the node" in done.output
    finally:
        cuts.go_on(drill)
        drill.forget_falls()
        drill.restore()
