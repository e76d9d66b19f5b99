#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of a rendering is kept to compare with, and how.

Usage: golden.py RENDERED GOLDEN. Every node's own files are kept, and the page of the fleet. Of the hosts' sheets, some
are kept whole, one of each sort; of the others a checksum, as they would be several MB of nearly the same words.
The gate's library is the collection's own source, so only its list is kept, in each node's MANIFEST.
"""

from __future__ import annotations

import hashlib
import pathlib
import shutil
import sys

WHOLE_SHEETS = ("acc", "bog", "lpb", "nbo")
"""A single, a decommissioned one, one in the middle of onboarding, a cluster."""
AS_TEXT = ("akl", "beg", "vli", "waw")
"""A distant peer, a suspended one, NO_EXPORT, a drained one: their Markdown."""
SUMS = "sites/SHA256SUMS"
_LIBRARY = "usr/lib/imrs/imrs"


def kept(rendered: pathlib.Path) -> dict[str, bytes]:
    """The golden files of a rendering: path to content."""
    found: dict[str, bytes] = {}
    sums = []
    for path in sorted(path for path in rendered.rglob("*") if path.is_file()):
        name = path.relative_to(rendered).as_posix()
        if name == ".imrs-rendered" or f"/{_LIBRARY}/" in name:
            continue
        whole = path.stem in WHOLE_SHEETS or (path.stem in AS_TEXT and path.suffix == ".md")
        if name.startswith("sites/") and not whole:
            sums.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
        else:
            found[name] = path.read_bytes()
    return {**found, SUMS: "".join(sums).encode()}


def stored(golden: pathlib.Path) -> dict[str, bytes]:
    """What is committed."""
    return {
        path.relative_to(golden).as_posix(): path.read_bytes() for path in sorted(golden.rglob("*")) if path.is_file()
    }


def main(rendered: pathlib.Path, golden: pathlib.Path) -> None:
    """Replace what is committed."""
    shutil.rmtree(golden, ignore_errors=True)
    for name, content in kept(rendered).items():
        target = golden / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]))
