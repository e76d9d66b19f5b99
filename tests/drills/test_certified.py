# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate covers: another way to start a program, or another library of it, voids it at once."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from imrslab.drill import Drill

DROP_IN = "/run/systemd/system/knot.service.d/90-drill.conf"
LIBRARY = "/usr/lib/*/libknot.so.*.*"
CASES = {
    "drop-in": (
        f"mkdir -p {DROP_IN.rpartition('/')[0]}; echo '[Service]' > {DROP_IN}",
        f"rm -r {DROP_IN.rpartition('/')[0]}",
    ),
    "library": (
        f"for f in {LIBRARY}; do cp -p $f /root/drill.so; cp -p $f $f.new; printf x >> $f.new; mv $f.new $f; done",
        f"for f in {LIBRARY}; do cp -p /root/drill.so $f.new; mv $f.new $f; done; rm /root/drill.so",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_as_certified_voids_the_certificate(drill: Drill, case: str) -> None:
    change, undo = CASES[case]
    drill.node("sh", "-ec", change)
    try:
        drill.wait(set())
        certificate = drill.status()["certificate"]
        assert certificate["valid"] is False
        assert certificate["reason"]
    finally:
        drill.node("sh", "-ec", undo)
