# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes between two rendered trees, in words, and how many nodes then announce each prefix.

Usage: render_changes.py BEFORE AFTER [BEFORE.json AFTER.json]. The files are what ``ansible-inventory --list`` says of
the same revisions. Exit status 1: the fleet's budget does not allow that.
"""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

from ansible_collections.icann.imrs.plugins.module_utils._documents import changes
from ansible_collections.icann.imrs.plugins.module_utils._fleet import revision


def tree(root: pathlib.Path) -> dict[str, str]:
    """By path below the root, what every file says."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def hosts(listed: str) -> dict[str, dict[str, t.Any]]:
    """The variables of the appliances of an inventory."""
    found = json.loads(pathlib.Path(listed).read_text(encoding="utf-8"))
    return {name: each for name, each in found["_meta"]["hostvars"].items() if "imrs_node" in each}


if __name__ == "__main__":
    before, after, *listed = sys.argv[1:]
    told = changes.describe(tree(pathlib.Path(before)), tree(pathlib.Path(after)))
    found = revision.judge(*map(hosts, listed)) if listed else revision.Effect("", [])
    sys.stdout.write("\n".join(filter(None, [found.text, told])).rstrip("\n") + "\n")
    sys.stdout.flush()
    for refusal in found.refusals:
        sys.stderr.write(f"render: refused: {refusal}\n")
    sys.exit(bool(found.refusals))
