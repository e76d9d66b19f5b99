#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on what strangers get, the tarball, without containers: ``make sanity``.

Usage: ansible_test.py TARBALL. It runs the ansible-test that is installed beside this Python.

ansible-test wants a collection in a folder ``ansible_collections/<namespace>/<name>``. It fetches pip for its
environments from a web site of Ansible's; a stand-in in its cache takes Python's own pip instead, so that only the
package registry is needed. Its home is a folder of the run, so that no cache of an earlier run hides a fault.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

STAND_IN = """\
import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", *wanted]))
"""
RUN = re.compile(r"^Running sanity test \"(\S+)\"", re.MULTILINE)
LEFT_OUT = re.compile(r"^WARNING: (?:Skipping|Required program) .*$", re.MULTILINE)
"""What ansible-test says of a test that it does not run, and calls a success."""


def stand_in(home: pathlib.Path) -> None:
    """What ansible-test finds in its cache, under the name that this release looks for."""
    internal = pathlib.Path(sys.prefix).glob("lib/python*/site-packages/ansible_test/_internal/python_requirements.py")
    (version,) = re.findall(r"pip='([\d.]+)'", next(internal).read_text(encoding="utf-8"))
    path = home / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"
    path.parent.mkdir(parents=True)
    path.write_text(STAND_IN, encoding="utf-8")


def judge(status: int, output: str) -> tuple[int, str]:
    """Exit status and words for an ended ansible-test; a test that it left out for lack of a tool is a failure."""
    if status:
        return status, output
    if left_out := LEFT_OUT.findall(output):
        return 1, "\n".join(["ansible-test left out tests:", *left_out])
    return 0, f"{len(set(RUN.findall(output)))} sanity tests passed"


def main(tarball: str) -> int:
    """Exit status of ansible-test, or 1 when a test was left out."""
    with tempfile.TemporaryDirectory(prefix="imrs-sanity-") as folder:
        home, collection = pathlib.Path(folder, "home"), pathlib.Path(folder, "ansible_collections/icann/imrs")
        stand_in(home)
        with tarfile.open(tarball) as archive:
            archive.extractall(collection, filter="data")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        ended = subprocess.run(
            [pathlib.Path(sys.executable).with_name("ansible-test"), "sanity", "--local", "--python", version],
            cwd=collection,
            env={name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
            | {"HOME": str(home)},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    status, words = judge(ended.returncode, ended.stdout)
    print(words)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
