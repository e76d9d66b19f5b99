# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine that runs the lab must have left, asked before it boots anything."""

from __future__ import annotations

import ctypes
import errno
import os
import pathlib

from . import shell, topology

SETTINGS = pathlib.Path("/proc/sys")
LIMIT = "fs.inotify.max_user_instances"
APPLIANCE, OTHER = 42, 5
"""inotify instances of root that a machine takes, nearly all for systemd."""
WATCHERS = APPLIANCE + 4 * OTHER
"""... and a lab with one appliance."""
OF_TWO_SITES = 2 * APPLIANCE + 6 * OTHER
"""... and a lab with one behind each host."""
OF_A_CLUSTER = 4 * APPLIANCE + 4 * OTHER
"""... and a lab with two nodes behind two routers of their own, which are appliances, too."""
SPARE = 32
"""More of them, for what else root runs beside the labs."""


def watchers(plan: topology.Plan) -> int:
    """inotify instances of root that a lab takes."""
    return OTHER * len(plan.machines) + (APPLIANCE - OTHER) * len(plan.appliances)


def has_watchers(wanted: int = WATCHERS) -> None:
    """LabError when root may not have so many more inotify instances: a machine without them hangs in its boot.

    The kernel counts them for root on the whole machine (inotify(7)), so containers of others count as well. They are
    taken, as nothing else tells whether there are enough, and given back.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    taken = list[int]()
    try:
        while len(taken) < wanted:
            descriptor = libc.inotify_init1(os.O_CLOEXEC)
            if descriptor < 0:
                if ctypes.get_errno() != errno.EMFILE:
                    raise shell.LabError(f"inotify_init1: {os.strerror(ctypes.get_errno())}")
                limit = int(SETTINGS.joinpath(*LIMIT.split(".")).read_text())
                raise shell.LabError(
                    f"{LIMIT} is {limit}, and {len(taken)} are left, where the lab takes up to {wanted}: end what else "
                    f"boots machines here, or raise it: sysctl --write {LIMIT}={limit + wanted}"
                )
            taken.append(descriptor)
    finally:
        for descriptor in taken:
            os.close(descriptor)


def make_room(wanted: int) -> None:
    """Raise root's limit, and say so, if it may not have so many more inotify instances; LabError when that fails."""
    try:
        has_watchers(wanted)
    except shell.LabError as lack:
        path = SETTINGS.joinpath(*LIMIT.split("."))
        limit = int(path.read_text())
        try:
            path.write_text(str(limit + wanted))
        except OSError:
            raise lack from None
        shell.say(f"{LIMIT} is {limit + wanted} until the machine starts again, and was {limit}")
        has_watchers(wanted)
