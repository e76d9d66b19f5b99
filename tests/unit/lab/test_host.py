# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would make a lab hang in its boot is said before it."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import typing as t

import pytest
from imrslab import host, image, shell

ROOT = pathlib.Path(__file__).resolve().parents[3]


def asked_where_only(count: int) -> subprocess.CompletedProcess[str]:
    """Ask for one machine's watchers in a user namespace that has so many: it has a limit of its own."""
    limit = f"echo {count} > /proc/sys/user/max_inotify_instances"
    question = "from imrslab import host; host.has_watchers(1)"
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-ec", f'{limit}; exec "$0" -c "$1"', sys.executable, question],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests/lab")}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_watchers_that_are_used_up_are_said_with_their_number() -> None:
    done = asked_where_only(3)
    assert done.returncode
    assert f"{host.LIMIT} is " in done.stderr
    assert f"and 3 are left, where the lab takes up to {host.EACH}" in done.stderr


def test_enough_watchers_are_given_back() -> None:
    before = len(os.listdir("/proc/self/fd"))
    assert asked_where_only(host.EACH).returncode == 0
    host.has_watchers(0)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def cached(tmp_path: pathlib.Path) -> pathlib.Path:
    """What of an image tells whether it is whole."""
    sudo, home = tmp_path / "usr/bin/sudo", tmp_path / "home/dnseng"
    sudo.parent.mkdir(parents=True)
    sudo.touch()
    sudo.chmod(0o4755)
    home.mkdir(parents=True)
    os.chown(home, 1000, 1000)
    return tmp_path


def test_an_image_that_is_whole_is_taken(cached: pathlib.Path) -> None:
    image._is_whole(cached)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda top: (top / "usr/bin/sudo").chmod(0o755), "has no setuid bit"),
        (lambda top: os.chown(top / "home/dnseng", 0, 0), "belongs to root"),
        (lambda top: os.chown(top / "usr/bin/sudo", 1000, 1000), "does not belong to root"),
    ],
)
def test_an_image_that_was_copied_without_owners_or_modes_is_refused(
    cached: pathlib.Path, spoil: t.Callable[[pathlib.Path], None], reason: str
) -> None:
    spoil(cached)
    with pytest.raises(shell.LabError, match=f"{reason}: the image was copied without owners or modes"):
        image._is_whole(cached)
