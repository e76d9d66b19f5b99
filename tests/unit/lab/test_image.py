# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What builds an image mounts the machine's own /sys and /dev in it: none of that is left when it is killed.

An image that is not as it was built any more is built again, and nobody boots from it.
"""

from __future__ import annotations

import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import typing as t

import pytest
from imrslab import image, shell, topology

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


BUILT = """#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/words"
for word; do case $word in *-unfinished) image=$word ;; esac; done
mkdir -p "$image/usr/bin" "$image/home/dnseng" "$image/etc/apt/apt.conf.d"
echo sudo > "$image/usr/bin/sudo"
chmod 4755 "$image/usr/bin/sudo"
chown 1000:1000 "$image/home/dnseng"
ln -s bin "$image/usr/sbin"
"""


@pytest.fixture
def lab(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> topology.Lab:
    """One without a machine, whose images are made at once."""
    shell.write(tmp_path / "bin/mmdebstrap", BUILT, 0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(topology, "ROOT", tmp_path)
    monkeypatch.setattr(image, "NAMESPACES", tmp_path / "netns")
    return topology.Lab()


SPOILT: dict[str, t.Callable[[pathlib.Path], None]] = {
    "a mode is lost": lambda top: (top / "usr/bin/sudo").chmod(0o755),
    "an owner is lost": lambda top: os.chown(top / "home/dnseng", 0, 0),
    "a file is missing": lambda top: (top / "usr/bin/sudo").unlink(),
    "a file is short": lambda top: os.truncate(top / "usr/bin/sudo", 1),
    "a link is missing": lambda top: (top / "usr/sbin").unlink(),
    "nobody knows": lambda top: image.sealed(top).unlink(),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_damaged_image_is_built_again(lab: topology.Lab, capsys: pytest.CaptureFixture[str], how: str) -> None:
    folder = image.build(lab, "base")
    assert image.is_whole(folder)
    SPOILT[how](folder)
    assert not image.is_whole(folder)
    capsys.readouterr()
    assert image.build(lab, "base") == folder
    assert image.is_whole(folder)
    assert f"{folder} is not as it was built" in "".join(capsys.readouterr())


def test_an_image_has_its_release_from_the_archive_and_on_the_machine(
    lab: topology.Lab, tmp_path: pathlib.Path
) -> None:
    for name, release in (("base", "trixie"), ("bookworm", "bookworm")):
        folder = image.build(lab, name)
        words = (tmp_path / "bin/words").read_text().splitlines()
        assert release in words
        sources = [line for line in words if line.startswith("deb ")]
        sources += (folder / "etc/apt/sources.list").read_text().splitlines()
        assert {line.split()[2].partition("-")[0] for line in sources} == {release}
        assert folder.name.startswith(f"{name}-")


def test_an_image_that_is_whole_is_taken(lab: topology.Lab, tmp_path: pathlib.Path) -> None:
    folder = image.build(lab, "base")
    (tmp_path / "bin/mmdebstrap").write_text("#!/bin/sh\nexit 1\n")
    assert image.build(lab, "base") == folder


@pytest.mark.parametrize("by", ["a lab", "a test"])
def test_no_image_is_taken_away_from_who_stands_on_it(lab: topology.Lab, by: str) -> None:
    folder = image.build(lab, "base")
    (folder / "usr/bin/sudo").chmod(0o755)
    with (lab.cache / "base.users").open("w") as users:
        if by == "a lab":
            (image.NAMESPACES / "imrs-lab").mkdir(parents=True)
        else:
            fcntl.flock(users, fcntl.LOCK_SH)
        assert image.build(lab, "base") == folder
        assert image.is_whole(folder)
        assert [(kept / "usr/bin/sudo").exists() for kept in damaged(lab)] == [True]
    shutil.rmtree(image.NAMESPACES, ignore_errors=True)
    image.sealed(folder).write_text("")
    image.build(lab, "base")
    assert damaged(lab) == []


def damaged(lab: topology.Lab) -> list[pathlib.Path]:
    """What was put aside."""
    return list(lab.cache.glob("base-*-damaged-*"))
