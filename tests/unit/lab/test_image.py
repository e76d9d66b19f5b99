# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What builds an image mounts the machine's own /sys and /dev in it: none of that is left when it is killed."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

from imrslab import shell

ROOT = pathlib.Path(__file__).resolve().parents[3]
MMDEBSTRAP = """#!/bin/sh
for word; do case $word in *-unfinished) image=$word ;; esac; done
mkdir -p "$image"
mount -t tmpfs tmpfs "$image"
grep -c "$image" /proc/self/mounts > "$MOUNTED"
sleep 600
"""
BUILD = """
import pathlib, sys
from imrslab import image, topology
topology.ROOT = pathlib.Path(sys.argv[1])
image.build(topology.Lab(), "base")
"""


def test_a_build_that_is_killed_leaves_no_mount(tmp_path: pathlib.Path) -> None:
    program, mounted = tmp_path / "bin/mmdebstrap", tmp_path / "mounted"
    shell.write(program, MMDEBSTRAP, 0o755)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "MOUNTED": str(mounted)}
    environment["PYTHONPATH"] = str(ROOT / "tests/lab")
    command = [sys.executable, "-c", BUILD, str(tmp_path)]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        shell.wait_for("the mount", lambda: mounted.exists() and mounted.read_text() == "1\n", 60)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert str(tmp_path) not in pathlib.Path("/proc/self/mounts").read_text()
