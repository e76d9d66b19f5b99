# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forwarding where a host's router runs a daemon that tells the kernel nothing: tests/lab/forward.py beside it."""

from __future__ import annotations

from . import topology
from .host_router import FORWARDING, FORWARDING_FILE

UNIT = "lab-forward.service"
PROGRAM = "usr/local/lib/lab-forward.py"


def settings(daemon: str, unit: str, service: str = "") -> dict[str, str]:
    """What is on the disk beside the daemon's own files; ``service``: more of its unit's section of that name."""
    return {
        FORWARDING_FILE: FORWARDING,
        PROGRAM: (topology.ROOT / "tests/lab/forward.py").read_text(encoding="utf-8"),
        f"etc/systemd/system/{unit}.d/lab.conf": f"[Unit]\nWants={UNIT}\n[Service]\n{service}",
        f"etc/systemd/system/{UNIT}": f"""[Unit]
Description=The kernel follows {unit}
BindsTo={unit}
After={unit}
[Service]
ExecStart=/usr/bin/python3 /{PROGRAM} {daemon}
ExecStopPost=/bin/sh -c 'ip -4 route flush proto bgp; ip -6 route flush proto bgp'
Restart=on-failure
""",
    }
