# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody does who has only the tarball: install it into an empty folder, and render a fleet from there.

Usage: PYTHONPATH=PACKAGES python3 -S stranger.py TARBALL FLEET RESULT. In PACKAGES are ansible-core and what
meta/requirements.txt asks for; ansible.cfg is empty. Prints what Ansible says; exit status 1 when a step fails.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def main(tarball: str, fleet: str, result: str) -> int:
    """Install, copy, render; 0 when all worked."""
    with tempfile.TemporaryDirectory(prefix="imrs-stranger.") as empty:
        shutil.copytree(fleet, pathlib.Path(empty, "fleet"))
        pathlib.Path(empty, "ansible.cfg").touch()  # or one in /etc would count
        environment = {
            **{name: os.environ[name] for name in ("PATH", "PYTHONPATH")},
            "ANSIBLE_COLLECTIONS_PATH": f"{empty}/collections",
            "HOME": empty,
            "LC_ALL": "C.UTF-8",
        }
        steps = (
            ("galaxy", "collection", "install", "--offline", tarball, "--collections-path", f"{empty}/collections"),
            ("playbook", "icann.imrs.render", "-i", "fleet/imrs.yml", "-e", f"documents_directory={result}"),
        )
        for name, *arguments in steps:
            # Without -S, packages of this Python itself would stand in for a requirement that is not written down.
            command = [sys.executable, "-S", "-m", f"ansible.cli.{name}", *arguments]
            if subprocess.run(command, cwd=empty, env=environment, stderr=subprocess.STDOUT, check=False).returncode:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
