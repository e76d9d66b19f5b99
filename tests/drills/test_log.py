# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system's log outlives a cut of the power, within its limits."""

from __future__ import annotations

import typing as t

from imrslab.drill import ALL

if t.TYPE_CHECKING:
    from imrslab.drill import Drill


def test_the_log_outlives_a_boot(drill: Drill) -> None:
    said = drill.node("journalctl", "--unit=systemd-journald", "--boot=0", "--output=cat", "--no-pager")
    assert "/etc/systemd/journald.conf.d/60-imrs.conf:" not in said, "a line that journald does not understand"
    drill.node("systemd-cat", "--identifier=drill", "echo", "before the power went")
    drill.node("journalctl", "--sync")
    drill.cut_power()
    drill.switch_on()
    told = drill.node("journalctl", "--boot=-1", "--identifier=drill", "--output=cat", "--no-pager")
    assert told == "before the power went\n"
    assert "max 1G" in drill.node("journalctl", "--unit=systemd-journald", "--boot=0", "--output=cat", "--no-pager")
    drill.wait(ALL)
