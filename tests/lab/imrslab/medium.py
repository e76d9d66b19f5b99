# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media for machines that arrive with empty disks: built by the playbook that engineers have for it."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from . import packages, shell, topology, virtual

PLAYBOOK = pathlib.Path(sys.executable).with_name("ansible-playbook")


def bare(plan: topology.Plan) -> list[topology.Machine]:
    """The machines that are installed by a medium."""
    return [each for each in plan.machines if each.hardware and each.hardware.disks]


def variables(lab: topology.Lab, image: pathlib.Path) -> dict[str, object]:
    """What the playbook has to know of the lab, for its inventory: role image."""
    mirror = packages.mirror()
    security = packages.LAB_SECURITY if mirror.security else None
    return {
        "lab_media": str(lab.media),
        "lab_sources": mirror.sources("trixie", mirror.main, mirror.security),
        "lab_build_options": mirror.apt_options(),
        "lab_node_sources": mirror.sources("trixie", packages.LAB_MAIN, security),
        "lab_apt_settings": [
            f'Acquire::http::Proxy "http://{topology.MANAGEMENT_GATEWAY}:{packages.PORT}";',
            'Acquire::Languages "none";',
        ],
        "lab_kernel_options": virtual.kernel_options(virtual.accelerated(image, lab.cache)),
    }


def build(lab: topology.Lab, names: list[str]) -> None:
    """Build the media of these machines, and know them by the keys that are on these."""
    shell.say(f"building the media that install {', '.join(names)}")
    told = subprocess.run(
        [PLAYBOOK, "icann.imrs.image", "-i", lab.inventory, "--limit", ",".join(names)],
        check=False, capture_output=True, text=True, cwd=topology.ROOT,
        env=os.environ | {
            "ANSIBLE_CONFIG": str(topology.ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(topology.ROOT / ".cache"),
        },
    )  # fmt: skip
    if told.returncode:
        raise shell.LabError(f"no medium could be built:\n{told.stdout[-4000:]}{told.stderr[-2000:]}")
    with (lab.secrets / "known_hosts").open("a", encoding="utf-8") as known:
        for name in names:
            known.write((lab.media / f"{name}.known_hosts").read_text(encoding="utf-8"))
