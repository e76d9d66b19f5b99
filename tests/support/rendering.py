# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example fleet, rendered by the playbook `icann.imrs.render`, from this checkout or from a copy of it."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
INVENTORY = "inventories/example"
_PLAYBOOK = pathlib.Path(sys.executable).parent / "ansible-playbook"
_PARTS = ("plugins", "roles", "playbooks", "meta", "galaxy.yml", INVENTORY)
"""What a rendering reads."""


def settings(root: pathlib.Path = ROOT) -> dict[str, str]:
    """The environment of a rendering: the checkout's own settings, and no variable that is meant for the lab."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("IMRS_", "ANSIBLE_"))},
        "ANSIBLE_CONFIG": str(root / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"),
        "ANSIBLE_FORKS": str(os.cpu_count()),
    }


def copy(collections: pathlib.Path) -> pathlib.Path:
    """The collection as a copy, where Ansible looks for it below ``collections``; returns the copy's root."""
    top = collections / "ansible_collections/icann/imrs"
    for part in _PARTS:
        source, target = ROOT / part, top / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return top


def render(
    directory: str | pathlib.Path,
    *options: str,
    inventory: str | pathlib.Path = INVENTORY,
    environment: t.Mapping[str, str] | None = None,
    folder: pathlib.Path = ROOT,
    umask: int = -1,
) -> None:
    """Render into ``directory``; fails with what Ansible said.

    ``folder`` is the working directory, to which the other paths may be relative; ``umask`` -1 is the caller's.
    """
    command = [_PLAYBOOK, "icann.imrs.render", "-i", inventory, "-e", f"documents_directory={directory}", *options]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment if environment is not None else settings(),
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
