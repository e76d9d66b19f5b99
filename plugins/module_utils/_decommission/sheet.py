# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The sheet's next state: the whole site decommissioned, or a cluster without one node; for a person to look at.

Only the lines concerned are edited. What comes out is parsed again: an edit that would change anything else is none.
"""

from __future__ import annotations

import contextlib
import copy
import json
import typing as t

from .._site import document
from . import DecommissionError

with contextlib.suppress(ImportError):  # said by the glue: see _site.fleet.missing_libraries()
    import yaml

NAME = "decommission.patch"
BY_HAND = "is written in a way that cannot be edited here; change it by hand"


class End(t.NamedTuple):
    """When (``YYYY-MM-DD``), by whom and why, as the field ``decommissioned`` has it."""

    date: str
    by: str
    reason: str


def ended(file: str, text: str, end: End) -> str:
    """The text of a sheet whose site is decommissioned; as it was where it says so already.

    Raises DecommissionError where that cannot be done without other changes.
    """
    before = document.parse(file, text).data or {}
    if "decommissioned" in before:
        return text
    wanted = {**before, "decommissioned": end._asdict()}
    values = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in end._asdict().items())
    gap = "" if text.endswith("\n") else "\n"
    return _checked(file, f"{text}{gap}\ndecommissioned: {{{values}}}\n", wanted)


def without(file: str, text: str, node: str) -> str:
    """The text of a cluster's sheet without one node, and without what people have attested of it."""
    before = document.parse(file, text).data or {}
    wanted = copy.deepcopy(before)
    wanted["nodes"] = [each for each in before.get("nodes", ()) if each.get("node") != node]
    if len(wanted["nodes"]) == len(before.get("nodes", ())):
        return text
    found = _cut(text, "nodes", node)
    if attested := before.get("attestations"):
        wanted["attestations"] = [each for each in attested if each.get("node") != node]
        if wanted["attestations"] != attested:
            raise DecommissionError(f"{file}: has attestations of {node}, too; take it out by hand")
    return _checked(file, found, wanted)


def _cut(text: str, key: str, node: str) -> str:
    """The text without the whole lines of one item of a block sequence."""
    try:
        top: t.Any = yaml.compose(text, Loader=yaml.SafeLoader)
        items = next(value for name, value in top.value if name.value == key)
        starts = [each.start_mark.line for each in items.value]
        at = next(
            number
            for number, item in enumerate(items.value)
            if any((name.value, value.value) == ("node", node) for name, value in item.value)
        )
    except (AttributeError, StopIteration, yaml.YAMLError):
        return text  # what comes out is not what is wanted, and is refused
    lines = text.splitlines(keepends=True)
    end = starts[at + 1] if at + 1 < len(starts) else _last(items.value[at]) + 1
    return "".join([*lines[: starts[at]], *lines[end:]])


def _last(node: t.Any) -> int:
    """The last line of a value. A block's mark stands where the next one begins; what is in it ends before that."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        inner = node.value[-1]
        return _last(inner[1] if isinstance(inner, tuple) else inner)
    return int(node.end_mark.line)


def _checked(file: str, found: str, wanted: t.Mapping[str, t.Any]) -> str:
    if document.parse(file, found).data != wanted:
        raise DecommissionError(f"{file}: {BY_HAND}")
    return found
