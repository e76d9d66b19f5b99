# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""What nodes run, by their latest reports of acceptance: nobody asks them."""

from __future__ import annotations

import datetime
import json
import re
import typing as t

from .._acceptance import report_json, words

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,100}", re.ASCII)
"""Of a Debian package (Debian Policy 5.6.1, 5.6.7): it becomes a word of a command, and of YAML."""
JUDGE = "judge it again (icann.imrs.accept)"


class Package(t.NamedTuple):
    """A Debian package that is installed."""

    name: str
    source: str
    version: str
    """Of the source package."""


class Software(t.NamedTuple):
    """What a node ran when it was judged."""

    judged: float
    """Unix time."""
    packages: tuple[Package, ...]


def read(text: str) -> Software:
    """Of the content of ``acceptance.json``. ValueError that says why it is not known, after "its report"."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"is not JSON: {JUDGE}") from None
    if not isinstance(found, dict) or found.get("format") != report_json.FORMAT:
        raise ValueError(f"is of another format than {report_json.FORMAT}: {JUDGE}")
    if found.get("status") != words.JUDGED:
        raise ValueError(f"has no verdict, as a run broke off, is at work, or did not reach it: {JUDGE}")
    if "installed" not in found:
        raise ValueError(f"is of an earlier version of the collection, and names no packages: {JUDGE}")
    if found.get("candidate"):
        raise ValueError(f"is of a system that an upgrade has tried and not kept: {JUDGE}")
    packages = _packages(found["installed"])
    if not packages:
        raise ValueError(f"names no packages, as the node could not be asked: {JUDGE}")
    return Software(_moment(found.get("started")), packages)


def _packages(installed: t.Any) -> tuple[Package, ...]:
    if not isinstance(installed, dict):
        raise ValueError(f"is no report: installed is no mapping: {JUDGE}")  # noqa: TRY004 - told like the others
    found = []
    for name, said in installed.items():
        source, _space, version = str(said).partition(" ")
        if not (_NAME.fullmatch(name) and _NAME.fullmatch(source)):
            raise ValueError(f"is no report: installed has {name[:40]!r}, which is no name of a package: {JUDGE}")
        if not version:
            raise ValueError(f"has a running kernel of no package that is installed ({name}): reboot it, and {JUDGE}")
        found.append(Package(name, source, version))
    return tuple(found)


def _moment(text: t.Any) -> float:
    try:
        return datetime.datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        raise ValueError(f"is no report: started is no time: {JUDGE}") from None
