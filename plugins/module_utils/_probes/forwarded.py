# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""How far the log has gone to the fleet's log server. No line of the log is in the evidence."""

from __future__ import annotations

import json
import pathlib
import time
import typing as t

from . import host

UNIT = "imrs-log.service"
STATE = "/var/lib/private/imrs-log/state"
"""Where systemd-journal-upload(8) writes the last line that the server has taken (``--save-state``, with
``DynamicUser=`` of systemd.exec(5)).
"""


def parse_cursor(text: str) -> str:
    """The cursor in that file; empty where there is none."""
    lines = (line.partition("=") for line in text.splitlines())
    return next((value for name, _equals, value in lines if name == "LAST_CURSOR"), "")


def parse_moment(text: str) -> float | None:
    """``journalctl --output=json`` of one line: when it was written, as a Unix time; null where there is no line."""
    return int(json.loads(text)["__REALTIME_TIMESTAMP"]) / 1e6 if text.strip() else None


def read(runner: host.Runner = host.run, state: str = STATE) -> dict[str, t.Any]:
    """``active``: the unit's state. ``waits``: seconds for which the oldest line that the server has not taken has
    waited, 0 where it has all; null while it has taken none, or while the log cannot be read.
    """
    active = runner(["systemctl", "is-active", UNIT])["stdout"].strip()
    try:
        cursor = parse_cursor(pathlib.Path(state).read_text(encoding="ascii"))
    except OSError:
        cursor = ""
    # Without any field of a line but when it was written.
    wanted = ("--lines=+1", "--output=json", "--output-fields=_BOOT_ID", "--quiet", "--no-pager")
    behind = runner(["journalctl", f"--after-cursor={cursor}", *wanted]) if cursor else None
    if behind is None or behind["rc"] != 0:
        return {"active": active, "waits": None}
    moment = parse_moment(behind["stdout"])
    return {"active": active, "waits": 0.0 if moment is None else round(max(0.0, time.time() - moment), 3)}
