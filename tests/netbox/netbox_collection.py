#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the collection netbox.netbox and what it imports into .cache/, once for each lock file.

It comes out of the wheel of the PyPI package ``ansible`` (54 MB; a hundred collections, of which this one is kept),
as Galaxy is not needed for anything else. pytz, which its inventory plugin wants, goes to .cache/netbox/python.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCK = ROOT / "tests/requirements/netbox.txt"
CACHE = ROOT / ".cache"
STAMP = CACHE / "netbox/lock.txt"
PYTHON = CACHE / "netbox/python"
"""For PYTHONPATH."""
WANTED = {"ansible_collections/netbox/": CACHE, "pytz/": PYTHON}


def ensure() -> None:
    """Download and extract, unless this lock file's packages are there."""
    if STAMP.exists() and STAMP.read_bytes() == LOCK.read_bytes():
        return
    for folder, place in WANTED.items():
        shutil.rmtree(place / folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as wheels:
        subprocess.run(
            [
                sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                "--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement", LOCK, "--dest", wheels,
            ],
            check=True,
        )  # fmt: skip
        for wheel in pathlib.Path(wheels).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    place = next((place for folder, place in WANTED.items() if name.startswith(folder)), None)
                    if place:
                        archive.extract(name, place)
    STAMP.parent.mkdir(parents=True, exist_ok=True)
    STAMP.write_bytes(LOCK.read_bytes())


if __name__ == "__main__":
    ensure()
