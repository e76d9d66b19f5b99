# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's fleet, the smallest that is sound, and a trust anchor for it: what tests copy and then break."""

from __future__ import annotations

import pathlib
import shutil

LAB = pathlib.Path(__file__).resolve().parents[2] / "inventories" / "lab"
DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
DS = f". IN DS 20326 8 2 {DIGEST}"
"""The root zone's key of 2017, in presentation format."""


def copy(directory: pathlib.Path) -> None:
    """The fleet's file, one sheet and a configuration, as in a lab's inventory, in a directory that need not exist."""
    (directory / "sites").mkdir(parents=True)
    (directory / "imrs.yml").write_text("plugin: icann.imrs.sites\n", encoding="utf-8")
    for name in ("fleet.yml", "sites/xlb.yml"):
        shutil.copy(LAB / name, directory / name)
