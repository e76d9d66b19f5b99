# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed packages by source package, and whether the system that runs is to stay."""

from __future__ import annotations

import pathlib
import platform
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._probes import installed

SAID = """\
knot installed 3.4.6-2 knot 3.4.6-2
libssl3t64 installed 3.5.1-1+b1 openssl 3.5.1-1
nsd config-files 4.12.0-1 nsd 4.12.0-1
frr not-installed  frr \n"""
KERNELS = """\
linux-image-6.12.43+deb13-amd64 installed 6.12.43-1 linux-signed-amd64 6.12.43+1
linux-image-6.12.63+deb13-amd64 installed 6.12.63-1 linux-signed-amd64 6.12.63+1
linux-image-amd64 installed 6.12.63-1 linux-signed-amd64 6.12.63+1
"""


def test_versions_are_those_of_source_packages() -> None:
    assert installed.parse(SAID, "6.12.43+deb13-amd64") == {"knot": "knot 3.4.6-2", "libssl3t64": "openssl 3.5.1-1"}


def test_of_kernels_the_one_that_runs_counts() -> None:
    found = installed.parse(KERNELS, "6.12.43+deb13-amd64")
    assert found == {"linux-image-6.12.43+deb13-amd64": "linux 6.12.43-1"}


def test_a_kernel_that_is_no_longer_installed_is_not_left_out() -> None:
    assert installed.parse(KERNELS, "6.12.38+deb13-amd64") == {"linux-image-6.12.38+deb13-amd64": "linux"}


def test_a_dpkg_that_does_not_answer_is_no_empty_machine() -> None:
    asked = []

    def runner(rc: int) -> t.Callable[[t.Sequence[str]], dict[str, t.Any]]:
        return lambda command: asked.append(list(command)) or {"rc": rc, "stdout": SAID, "stderr": ""}

    assert installed.read(runner(2)) is None
    assert installed.read(runner(0)) == installed.parse(SAID, platform.release())
    assert asked[0][:3] == ["dpkg-query", "-W", "-f"]


def test_a_candidate_is_known_by_its_deadline(tmp_path: pathlib.Path) -> None:
    deadline = tmp_path / "imrs-candidate.timer"
    assert not installed.candidate(str(deadline))
    deadline.symlink_to("/nowhere")
    assert installed.candidate(str(deadline))


def test_the_deadline_is_the_one_that_an_upgrade_makes() -> None:
    root = pathlib.Path(__file__).resolve().parents[5]
    script = (root / "roles/upgrade/files/candidate").read_text(encoding="utf-8")
    folder, name = installed.DEADLINE.rsplit("/", 1)
    assert f"{folder}/$deadline.timer ]" in script
    assert f"deadline={name.removesuffix('.timer')}\n" in script
