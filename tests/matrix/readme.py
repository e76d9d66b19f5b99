# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of README.md, section "Installing it elsewhere", exactly as they stand there. They download packages.

No test_*.py, so that only `make test-matrix` runs it: what a registry has today must not turn `make test` red.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

from imrs_cores import ROOT, clean_environment

SECTION = re.compile(r"^## Installing it elsewhere$.*?^```sh$\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_somebody_who_follows_the_readme_sees_the_example_fleet(tarball: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found = SECTION.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found
    commands = found[1]
    assert tarball.name in commands
    shutil.copy(tarball, tmp_path)
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", commands],
        cwd=tmp_path, env={**clean_environment(), "HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "rendered/index.html").exists()
    assert (tmp_path / "rendered/acc01/etc/knot/knot.conf").exists()
    assert "Skipping" not in done.stderr  # what the inventory plugin `yaml` says of a sheet
