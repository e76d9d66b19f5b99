#!/usr/bin/env python3
# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of a rendering is kept to compare with, and how.

Usage: golden.py RENDERED GOLDEN. Every byte is covered, and nothing is kept twice:

* Of a node's files, one of each path and shape is kept whole, that of the first node in the alphabet that has it. Two
  files have one shape when their lines differ in values only: names, numbers, addresses, comments.
* Of the hosts' sheets some are kept whole, one of each sort.
* Of every other file the checksum is kept, in the SHA256SUMS of its node.
* A MANIFEST is compared without its column of checksums, or each change of a file would change every MANIFEST.
* The gate's library is the collection's own source, and is not kept.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
import shutil
import sys
import typing as t

Tree = t.Mapping[str, bytes]
"""Path below the root, with slashes, to content."""

WHOLE_SHEETS = ("acc", "bog", "lpb", "nbo")
"""A single, a decommissioned one, one in the middle of onboarding, a cluster."""
AS_TEXT = ("akl", "beg", "tnr.fr", "vli", "waw")
"""A distant peer, a suspended one, one in French, NO_EXPORT, a drained one: their Markdown."""
SUMS = "SHA256SUMS"
SHEETS = "sites"
LIBRARY = "usr/lib/imrs/imrs"
MANIFEST = "MANIFEST"
_VALUE = re.compile(r"""[#!].*|"[^"]*"|<[^>]*>|[^\s",;(){}\[\]=]*\d[^\s",;(){}\[\]=]*""")
_VALUES = re.compile(r"@[@\s,]*")


def read(root: pathlib.Path) -> dict[str, bytes]:
    """All files below a directory."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def compared(rendered: Tree) -> dict[str, bytes]:
    """What of a rendering is compared with the golden files, in the form in which it is."""
    return {
        name: _without_sums(content) if name.endswith(f"/{MANIFEST}") else content
        for name, content in sorted(rendered.items())
        if name != ".imrs-rendered" and f"/{LIBRARY}/" not in name
    }


def kept(rendered: Tree) -> dict[str, bytes]:
    """The golden files of a rendering."""
    whole: dict[str, bytes] = {}
    sums: dict[str, list[str]] = {}
    shown = set()
    for name, content in compared(rendered).items():
        top, _, path = name.rpartition("/") if name.startswith(f"{SHEETS}/") else name.partition("/")
        if top == SHEETS:
            keep = path.partition(".")[0] in WHOLE_SHEETS or path.removesuffix(".md") in AS_TEXT
        else:
            keep = (path, shape(content)) not in shown
            shown.add((path, shape(content)))
        if keep:
            whole[name] = content
        else:
            sums.setdefault(top, []).append(f"{digest(content)}  {path}\n")
    return {**whole, **{f"{top}/{SUMS}": "".join(lines).encode() for top, lines in sums.items()}}


def shape(content: bytes) -> frozenset[str]:
    """What is left of a file's lines without their values and their order."""
    return frozenset(_VALUES.sub("@", _VALUE.sub("@", line)) for line in content.decode().splitlines())


def digests(golden: Tree) -> dict[str, str]:
    """By path, the checksum of every file that golden files cover, whole or not."""
    found = {}
    for name, content in golden.items():
        top, _, last = name.rpartition("/")
        if last == SUMS:
            for line in content.decode().splitlines():
                checksum, _, path = line.partition("  ")
                found[f"{top}/{path}"] = checksum
        else:
            found[name] = digest(content)
    return found


def digest(content: bytes) -> str:
    """The checksum, as sha256sum prints it."""
    return hashlib.sha256(content).hexdigest()


def _without_sums(manifest: bytes) -> bytes:
    """A MANIFEST without its third column; ``test_a_manifest_tells_the_truth`` compares that with the files."""
    return re.sub(rb"(?m)^(\S+ \S+) [0-9a-f]{12} ", rb"\1 ", manifest)


def main(rendered: pathlib.Path, golden: pathlib.Path) -> None:
    """Replace what is committed."""
    shutil.rmtree(golden, ignore_errors=True)
    for name, content in kept(read(rendered)).items():
        target = golden / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]))
