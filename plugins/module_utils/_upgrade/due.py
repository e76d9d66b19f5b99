# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What an upgrade would bring a node, as it said when it was looked at. Pure.

A node for which that is nothing is left alone. So a run whose controller died needs no memory: each node is on the
system before, or upgraded, and the next run goes on with what is left.
"""

from __future__ import annotations

import typing as t

from . import ready

_FIRST = "boot "


class Due(t.NamedTuple):
    """What a node has answered."""

    boot: str
    """The kernel's name of the boot in which it is (proc_sys_kernel(5), ``random/boot_id``)."""
    seconds: float
    """Since that boot."""
    changes: list[ready.Change]
    """What would be another package."""


def parse(text: str) -> Due:
    """What ``roles/upgrade/files/due`` has printed: ``boot ID SECONDS``, then a line a package. Raises ValueError."""
    boot, seconds = up(text)
    return Due(boot, seconds, ready.changes(text.partition(_FIRST)[2].partition("\n")[2]))


def up(text: str) -> tuple[str, float]:
    """The boot that a node is in, and seconds since then, from a line ``boot ID SECONDS``; whatever stands before it,
    and behind. Raises ValueError.
    """
    try:
        boot, seconds, *_ = text.partition(_FIRST)[2].split()
        return boot, float(seconds)
    except ValueError as error:
        raise ValueError(f"it is not understood how long the node is up: {text[:200]!r}") from error
