# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as others get it: the tarball, and the releases of ansible-core that it is tried with."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import tempfile
import typing as t

import pytest
from imrs_cores import CORES, ROOT, Core, clean_environment, ends, files, install


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--cores`."""
    parser.addoption("--cores", default="ends", help="releases of ansible-core: all, ends, or some with commas between")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat what needs a core for each that was asked for."""
    if "core" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--cores")
        chosen = {"all": list(CORES), "ends": ends()}.get(asked, asked.split(","))
        if unknown := set(chosen) - set(CORES):
            raise pytest.UsageError(f"--cores: {', '.join(sorted(unknown))} is none of {', '.join(CORES)}")
        metafunc.parametrize("core", chosen, indirect=True)


@pytest.fixture
def core(request: pytest.FixtureRequest) -> Core:
    """A release of ansible-core, installed."""
    return install(request.param)


@pytest.fixture(scope="session")
def room() -> t.Iterator[pathlib.Path]:
    """A folder that the lab's image sees, too."""
    (ROOT / ".lab").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="matrix-", dir=ROOT / ".lab") as folder:
        yield pathlib.Path(folder)


@pytest.fixture(scope="session")
def tarball(room: pathlib.Path) -> pathlib.Path:
    """What `ansible-galaxy collection build` makes of this checkout."""
    run_here(room, "galaxy", "collection", "build", "--output-path", room / "build", ROOT)
    (built,) = (room / "build").iterdir()
    return built


@pytest.fixture(scope="session")
def fleet(room: pathlib.Path) -> pathlib.Path:
    """Some of the example's sites: a single, a distant one with a bond, a cluster with all four pairs of daemons."""
    example, copy = ROOT / "inventories/example", room / "fleet"
    (copy / "sites").mkdir(parents=True)
    for name in ("imrs.yml", "fleet.yml", *(f"sites/{site}.yml" for site in ("mrs", "nbo", "ywg"))):
        shutil.copy(example / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def rendered_here(room: pathlib.Path, fleet: pathlib.Path) -> dict[str, bytes]:
    """What the checkout itself renders of the fleet, with the tests' own core."""
    run_here(room, "playbook", "icann.imrs.render", "-i", fleet / "imrs.yml", "-e", f"documents_directory={room}/here")
    return files(room / "here")


def run_here(room: pathlib.Path, name: str, *arguments: str | pathlib.Path) -> None:
    """A command of the tests' own ansible-core, on this checkout and with Ansible's defaults."""
    (room / "ansible.cfg").touch()
    own = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"), "ANSIBLE_CONFIG": str(room / "ansible.cfg")}
    command = [sys.executable, "-m", f"ansible.cli.{name}", *map(str, arguments)]
    done = subprocess.run(command, env=clean_environment() | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
