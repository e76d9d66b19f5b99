# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Which bundles stand on the node just as their last change left them. One that would change nothing is not sent again.

A manifest says all that a bundle wants of a node: files by their sums, directories, what is to be absent, units. The
controller makes the same digest of what it would send; where both are equal and the node still is so, ``apply`` would
find nothing to do. Whatever is in doubt is not intact, and so is sent, and told of there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import pathlib
import typing as t

from .entry import group_id, read, user_id
from .journal import load
from .memory import Memory
from .model import BundleError, Unit
from .owed import owed
from .units import between, look

KEYS = ("files", "directories", "absent", "units")
"""Of a manifest: what it says of the node."""


def digest(wanted: t.Mapping[str, t.Any]) -> str:
    """SHA-256 of ``Bundle.state``, or of a manifest, which has the same keys; in hexadecimal."""
    return hashlib.sha256(json.dumps({key: wanted[key] for key in KEYS}, sort_keys=True).encode()).hexdigest()


def intact(directory: str) -> dict[str, str]:
    """By bundle of this state directory that is as its manifest says: the digest of that. Changes nothing."""
    found: dict[str, dict[str, t.Any]] = {}
    try:
        if Memory(directory, "").open_journals():
            return {}
        due = owed(pathlib.Path(directory))
    except (BundleError, OSError):
        return {}
    for path in sorted(pathlib.Path(directory).glob("*.json")):
        with contextlib.suppress(BundleError, OSError, KeyError, TypeError, ValueError, AttributeError):
            manifest = load(path)
            if path.stem not in due and manifest.get("name") == path.stem and _stands(manifest):
                found[path.stem] = manifest
    units = {name: [Unit(*each) for each in manifest["units"]] for name, manifest in found.items()}
    now = iter(look([unit for each in units.values() for unit in each]))
    there = {name: not between([next(now) for _unit in each], each) for name, each in units.items()}
    return {name: digest(manifest) for name, manifest in found.items() if there[name]}


def _stands(manifest: t.Mapping[str, t.Any]) -> bool:
    """Whether all paths are as they shall be. KeyError for a manifest of an earlier version, or an unknown owner."""
    return (
        all(_is(path, "file", wanted) for path, wanted in manifest["files"].items())
        and all(_is(path, "directory", wanted) for path, wanted in manifest["directories"].items())
        and all(read(path).kind == "absent" for path in manifest["absent"])
        and isinstance(manifest["units"], list)
    )


def _is(path: str, kind: str, wanted: t.Mapping[str, t.Any]) -> bool:
    now = read(path, follow=kind == "directory")
    owned = user_id(wanted["owner"]), group_id(wanted["group"]), int(wanted["mode"], 8)
    return now.kind == kind and now.attributes == owned and (kind == "directory" or now.sha256 == wanted["sha256"])
