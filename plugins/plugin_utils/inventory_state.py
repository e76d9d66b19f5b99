# Copyright (c) 2026 The icann.imrs authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible itself does with inventories: it reads a folder file by file, and takes a failure for a warning."""

from __future__ import annotations

import pathlib
import re
import typing as t

from ansible import constants, context

UNPARSED = "imrs_unparsed"
"""Variable of group ``all``: the configuration files that could not be parsed, each with the first line of the reason.

The playbooks refuse to run while there is one.
"""


def mark_unparsed(inventory: t.Any, path: str, reason: str) -> None:
    """Note in the inventory that ``path`` is missing from it, and why: to Ansible, that is only a warning as a rule."""
    before = inventory.groups["all"].vars.get(UNPARSED, {})
    first = reason.partition("\n")[0].rstrip(":")
    # Before ansible-core 2.19, a variable is a template, and the reason may repeat what somebody else has written.
    told = "see the warnings" if "{" in first else first
    inventory.set_variable("all", UNPARSED, {**before, path: told})


def read_as_inventories(files: t.Iterable[pathlib.Path]) -> list[pathlib.Path]:
    """Those of the files and folders that exist and that Ansible also reads as inventories of their own.

    It does so where an inventory is a folder (``-i``, or ``inventory`` in ansible.cfg). It reads all files below it,
    except names that ``ignore_patterns`` match or that end as ``ignore_extensions`` say.
    """
    named = [pathlib.Path(source).resolve() for source in context.CLIARGS.get("inventory") or ()]
    folders = [folder for folder in named if folder.is_dir()]
    there = (file for file in files if file.exists())
    return [file for file in there if any(_is_read(file.resolve(), folder) for folder in folders)]


def _is_read(file: pathlib.Path, folder: pathlib.Path) -> bool:
    if not file.is_relative_to(folder):
        return False
    patterns, endings = constants.INVENTORY_IGNORE_PATTERNS, tuple(constants.INVENTORY_IGNORE_EXTS)
    names = file.relative_to(folder).parts
    return not any(name.endswith(endings) or any(re.search(each, name) for each in patterns) for name in names)
