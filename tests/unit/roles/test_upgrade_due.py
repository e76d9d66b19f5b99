# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""roles/upgrade/files/due with a program that stands for apt-get: what it asks, and what it makes of the answer."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest
from ansible_collections.icann.imrs.plugins.module_utils._upgrade import due

ROOT = pathlib.Path(__file__).resolve().parents[3]
APT = """#!/bin/sh
echo "$*" >> "{place}/asked"
for word; do case $word in
  Dir::Etc::preferencesparts=*) cat "${{word#*=}}/imrs-candidate" >> "{place}/asked" ;;
  update) [ ! -e "{place}/deaf" ] || {{ echo "E: Some index files failed" >&2; exit 100; }}
    echo "Hit:1"; exit ;;
  dist-upgrade | install) exec cat "{place}/plan" ;;
esac; done
"""
PLAN = """\
NOTE: This is only a simulation!
Inst libgcrypt20-dev [1.10.1-3] (1.10.1-3+deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable [amd64]) []
Inst knot [3.4.6-1] (3.4.7-1 Debian:13.2/stable [amd64])
Inst linux-image-6.12.60-amd64 (6.12.60-1 Debian-Security:13/stable-security [amd64])
Remv libold [1.0]
Conf knot (3.4.7-1 Debian:13.2/stable [amd64])
"""


class Node:
    """A directory with an apt-get of its own."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place = place
        (place / "apt-get").write_text(APT.format(place=place))
        (place / "apt-get").chmod(0o755)
        (place / "plan").write_text(PLAN)
        (place / "tmp").mkdir()

    def due(self, *packages: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.place}:{os.environ['PATH']}"
        return subprocess.run(
            ["sh", str(ROOT / "roles/upgrade/files/due"), *packages],
            env={"PATH": path, "TMPDIR": str(self.place / "tmp")},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        return (self.place / "asked").read_text().splitlines()


@pytest.fixture
def node(tmp_path: pathlib.Path) -> Node:
    return Node(tmp_path)


def test_what_would_be_another_is_told(node: Node) -> None:
    done = node.due()
    assert done.returncode == 0, done.stderr
    found = due.parse(done.stdout)
    assert [str(each) for each in found.changes] == [
        "knot 3.4.6-1 → 3.4.7-1",
        "libgcrypt20-dev 1.10.1-3 → 1.10.1-3+deb12u1",
        "libold 1.0 → gone",
        "linux-image-6.12.60-amd64 not there → 6.12.60-1",
    ]
    assert found.boot == pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert found.seconds > 0
    assert list((node.place / "tmp").iterdir()) == []


def test_nothing_is_nothing(node: Node) -> None:
    (node.place / "plan").write_text("NOTE: This is only a simulation!\n")
    assert due.parse(node.due().stdout).changes == []


def test_an_archive_that_gives_no_answer_is_an_error(node: Node) -> None:
    """It must not look as if all were as new as it can be."""
    (node.place / "deaf").touch()
    done = node.due()
    assert done.returncode == 100
    assert done.stdout == ""
    assert "--error-on=any update" in node.asked[0]
    assert "index files failed" in done.stderr


def test_it_asks_as_the_candidate_is_upgraded(node: Node) -> None:
    """Held packages too, and never the boot loader; only simulated."""
    candidate = (ROOT / "roles/upgrade/files/candidate").read_text()
    for packages, words in (
        ((), "dist-upgrade --ignore-hold --allow-change-held-packages"),
        (("knot=3.4.7-1", "./a file.deb"), "install --allow-change-held-packages --allow-downgrades"),
    ):
        (node.place / "asked").unlink(missing_ok=True)
        assert node.due(*packages).returncode == 0
        _update, asked, *pin = node.asked
        assert asked.endswith(" ".join((words, *packages)))
        assert "--simulate" in asked
        assert f"get {words}" in candidate
        assert pin == ["Package: grub* shim*", "Pin: release *", "Pin-Priority: -1"]
        assert "\\n".join(pin) in candidate
