# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Whether what people do on the node is on record: the kernel's audit and its rules. No record is in the evidence."""

from __future__ import annotations

import pathlib
import typing as t

from . import host

RULES = "/etc/imrs-audit/imrs.rules"
"""Role hardening's; each rule is written there as ``auditctl -l`` prints it."""


def parse_status(text: str) -> dict[str, str]:
    """``auditctl -s``: a value by its name, as ``enabled``, ``pid``, ``lost`` (auditctl(8))."""
    return {words[0]: words[1] for line in text.splitlines() if len(words := line.split(None, 1)) == 2}


def parse_rules(text: str) -> list[str]:
    """The rules in a file of rules, or in what ``auditctl -l`` prints, sorted; settings and remarks are left out."""
    return sorted(line for line in map(str.strip, text.splitlines()) if line.startswith("-a "))


def read(runner: host.Runner = host.run, rules: str = RULES) -> dict[str, t.Any]:
    """``status``: of the kernel's audit; null where it does not say. ``loaded``: the rules that it has. ``wanted``:
    those of role hardening; null where its file is not there. ``error``: what auditctl says instead.
    """
    status, loaded = (runner(["auditctl", option]) for option in ("-s", "-l"))
    failed = next((done["stderr"].strip() or "no output" for done in (status, loaded) if done["rc"] != 0), "")
    try:
        wanted = parse_rules(pathlib.Path(rules).read_text(encoding="ascii"))
    except OSError:
        wanted = None
    return {
        "status": None if failed else parse_status(status["stdout"]),
        "loaded": parse_rules(loaded["stdout"]),
        "wanted": wanted,
        "error": failed,
    }
