# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What auditctl 4.0.2 printed on Debian 13's kernel, beside the file that it had read."""

from __future__ import annotations

import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._probes import trail

if t.TYPE_CHECKING:
    import pathlib
    from collections.abc import Sequence

STATUS = """\
enabled 1
failure 1
pid 213
rate_limit 1000
backlog_limit 4096
lost 0
backlog 0
backlog_wait_time 0
backlog_wait_time_actual 0
loginuid_immutable 0 unlocked
"""
TASK = "-a never,task -F auid=-1"
BPF = "-a always,exclude -F msgtype=BPF"


class Kernel:
    """Answers as auditctl does."""

    def __init__(self, listed: str, rc: int = 0, stderr: str = "") -> None:
        self._listed, self._rc, self._stderr = listed, rc, stderr

    def __call__(self, command: Sequence[str]) -> dict[str, t.Any]:
        stdout = {"-s": STATUS, "-l": self._listed}[command[1]]
        return {"rc": self._rc, "stdout": stdout, "stderr": self._stderr}


def test_rules_are_compared_whatever_their_order(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "imrs.rules"
    file.write_text(f"# -a a remark\n-D\n-b 4096\n{BPF}\n{TASK}\n-e 1\n")
    found = trail.read(Kernel(f"{TASK}\n{BPF}\n"), str(file))
    assert found["loaded"] == found["wanted"] == [BPF, TASK]
    assert {name: found["status"][name] for name in ("enabled", "pid", "loginuid_immutable")} == {
        "enabled": "1",
        "pid": "213",
        "loginuid_immutable": "0 unlocked",
    }
    assert found["error"] == ""


def test_a_kernel_without_rules_has_none(tmp_path: pathlib.Path) -> None:
    found = trail.read(Kernel("No rules\n"), str(tmp_path / "none"))
    assert (found["loaded"], found["wanted"]) == ([], None)


def test_a_machine_that_does_not_say_is_not_sound() -> None:
    found = trail.read(Kernel("", rc=1, stderr="You must be root to run this program.\n"))
    assert (found["status"], found["error"]) == (None, "You must be root to run this program.")
    assert trail.read(Kernel("", rc=127))["error"] == "no output"
