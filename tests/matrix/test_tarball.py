# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball holds what its users run and read, and no more."""

from __future__ import annotations

import fnmatch
import pathlib
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BELONGS = (
    *("MANIFEST.json", "FILES.json"),  # ansible-galaxy's own
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.*", "LICENSES/*.txt", "changelogs/c*.yaml"),
    *("meta/*", "bindep.txt", "execution-environment.yml", "REUSE.toml"),
    *("tests/config.yml", "tests/sanity/*"),
    *("plugins/*.py", "roles/*.yml", "roles/*.j2", "roles/*.md", "playbooks/*.yml"),
    *("roles/image/files/build", "roles/image/files/installer/*", "roles/upgrade/files/*"),
    *("roles/*.po", "roles/*.mo"),  # the catalogues of texts, and what they are compiled from
    *("docs/*.md", "docs/schema/*.json", "docs/docsite/*.yml"),
    *("inventories/example/*", "inventories/netbox/netbox.yml"),
)
HIDDEN = (".*", "*/.*", "*.pyc", "*/reports/*", "*/molecule/*")
WHOLE = ("plugins", "roles", "playbooks", "meta")
"""Everything in these folders is needed."""
LARGEST = 1_200_000
"""Bytes. The tarball has some 1,040,000."""


def astray(names: set[str]) -> set[str]:
    """Paths of files that do not belong into the tarball."""

    def like(name: str, patterns: tuple[str, ...]) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    return {name for name in names if not like(name, BELONGS) or like(name, HIDDEN)}


@pytest.fixture(scope="module")
def names(tarball: pathlib.Path) -> set[str]:
    with tarfile.open(tarball) as archive:
        return {member.name for member in archive if member.isfile()}


def test_nothing_is_in_it_that_only_developers_need(names: set[str]) -> None:
    assert astray(names) == set()


def test_what_would_not_belong_there_is_noticed() -> None:
    wrong = {
        *(
            "tests/golden/example/index.html",
            "tests/unit/test_x.py",
            "tests/conftest.py",
            "tests/sanity.sh",
            "docs/images/fleet.png",
            "images/nbo01.iso",
        ),
        *("molecule/single/molecule.yml", "inventories/lab/fleet.yml", "inventories/example/reports/acc01/drift.json"),
        *("changelogs/fragments/x.yml", ".lab/cache/base.lock", "roles/gate/.cache/x.yml", "Makefile", "ansible.cfg"),
        *("plugins/modules/__pycache__/run.cpython-311.pyc", "icann-imrs-0.1.0.tar.gz", "rendered/index.html"),
    }
    assert astray({*wrong, "README.md", "plugins/modules/run.py", "tests/sanity/ignore-2.19.txt"}) == wrong


def test_nothing_that_runs_is_left_out(names: set[str]) -> None:
    here = {
        path.relative_to(ROOT).as_posix()
        for folder in WHOLE
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert here - names == set()


def test_it_is_small(tarball: pathlib.Path) -> None:
    assert tarball.stat().st_size < LARGEST
