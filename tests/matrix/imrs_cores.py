# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of ansible-core, each with a Python that it supports.

A core runs on the Python of this machine where it supports that, and on the Python 3.13 of the lab's image otherwise
(Debian 13): the registry of Python packages has no interpreters.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCKS = ROOT / "tests/requirements/cores"
IMAGE = pathlib.Path("/checkout")
"""Where the lab's image has this checkout (tests/lab/lab.py in-image)."""
IMAGE_PYTHON = (3, 13)
CORES = {
    "2.16": ((3, 11), (3, 12)),
    "2.17": ((3, 11), (3, 12)),
    "2.18": ((3, 11), (3, 13)),
    "2.19": ((3, 11), (3, 13)),
    "2.20": ((3, 12), (3, 14)),
    "2.21": ((3, 12), (3, 14)),
}
"""Releases, and the oldest and the newest Python that a controller may have: ansible-core's support matrix, without the
Pythons that are too old for the collection."""


def python_for(core: str, here: tuple[int, int] = sys.version_info[:2]) -> tuple[int, int] | None:
    """The Python to run a core with, this machine's if possible; None where there is none that it supports."""
    oldest, newest = CORES[core]
    return next((version for version in (here, IMAGE_PYTHON) if oldest <= version <= newest), None)


def ends(here: tuple[int, int] = sys.version_info[:2]) -> list[str]:
    """The oldest and the newest core that can be tried on this machine."""
    possible = [core for core in CORES if python_for(core, here)]
    return [possible[0], possible[-1]]


class Core(t.NamedTuple):
    """A release that is installed, ready to run a program of the matrix."""

    release: str
    python: tuple[int, int]
    packages: pathlib.Path

    def run(self, script: pathlib.Path, *paths: pathlib.Path) -> subprocess.CompletedProcess[str]:
        """Run a script with paths below the checkout, without any other package than the core's."""
        if self.python == sys.version_info[:2]:
            top, start = ROOT, [str(pathlib.Path(sys.base_prefix, "bin", "python{}.{}".format(*self.python)))]
        else:
            lab = [sys.executable, str(ROOT / "tests/lab/lab.py"), "in-image"]
            top, start = IMAGE, [*lab, "env", f"PYTHONPATH={IMAGE / self.packages.relative_to(ROOT)}", "python3"]
        command = [*start, "-S", *(str(top / path.relative_to(ROOT)) for path in (script, *paths))]
        environment = {**clean_environment(), "PYTHONPATH": str(self.packages)} if top == ROOT else None
        return subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )


def install(release: str) -> Core:
    """A release, and what the collection needs beside it, from the lock files; once as long as these stay the same."""
    python = python_for(release)
    assert python, (
        f"ansible-core {release} supports neither this Python nor that of the lab's image; try it on Debian 12"
    )
    locks = [LOCKS / f"{release}.txt", LOCKS / "libraries.txt"]
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()[:12]
    packages = ROOT / ".lab/cores" / "{}-python{}.{}-{}".format(release, *python, digest)
    if not packages.exists():
        packages.parent.mkdir(parents=True, exist_ok=True)
        for old in packages.parent.glob(f"{release}-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=packages.parent) as unfinished:
            # The lock says which Python each release is for; pip itself may be another one's.
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
                 "--no-deps", "--require-hashes", "--only-binary=:all:", "--ignore-requires-python",
                 "--python-version={}.{}".format(*python), f"--target={unfinished}/packages",
                 *(option for lock in locks for option in ("--requirement", str(lock)))],
                check=True,
            )  # fmt: skip
            pathlib.Path(unfinished, "packages").rename(packages)
    return Core(release, python, packages)


def clean_environment() -> dict[str, str]:
    """The environment without what the tests themselves say to Ansible and to the collection."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "IMRS_", "PYTHON"))}


def files(folder: pathlib.Path) -> dict[str, bytes]:
    """Every file below a folder: its path there, and what it holds."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def different(one: t.Mapping[str, bytes], other: t.Mapping[str, bytes]) -> list[str]:
    """The paths of files that are not the same in both."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
