# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as strangers get it: the tarball."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """What `ansible-galaxy collection build` makes of this checkout."""
    folder = tmp_path_factory.mktemp("build")
    galaxy = pathlib.Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run([galaxy, "collection", "build", "--output-path", folder, ROOT], check=True, env=clean_environment())
    (built,) = folder.iterdir()
    return built


def clean_environment() -> dict[str, str]:
    """The environment without what the tests themselves say to Ansible and to the collection."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "IMRS_"))}
