# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes between two rendered trees, in words. Usage: render_changes.py BEFORE AFTER."""

from __future__ import annotations

import pathlib
import sys

from ansible_collections.icann.imrs.plugins.module_utils._documents import changes


def tree(root: pathlib.Path) -> dict[str, str]:
    """By path below the root, what every file says."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


if __name__ == "__main__":
    before, after = (pathlib.Path(name) for name in sys.argv[1:])
    sys.stdout.write(changes.describe(tree(before), tree(after)).rstrip("\n") + "\n")
