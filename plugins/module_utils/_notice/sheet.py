# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""The sheet's next state as a patch: the steps of the onboarding that end with the notice, and nothing else.

A patch for a person to look at: nothing here changes a sheet. Only the lines concerned are edited, where PyYAML says
that they are, so that comments, order and style stay. What comes out is parsed again: a patch that would change
anything else is none. Whether money is due follows from these steps (``_site.onboarding``); no field says it.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import re
import typing as t

from .._site import document
from .._site.onboarding import STEPS
from . import NoticeError

with contextlib.suppress(ImportError):  # said by the glue: see _site.fleet.missing_libraries()
    import yaml

NAME = "onboarding.patch"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9/'.() -]*(?<! )")
"""Texts that mean themselves in YAML, in a flow mapping, too; they hold no colon, comma, hash or quote at the start."""
_WORDS = {"y", "yes", "n", "no", "on", "off", "true", "false", "null"}
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*")
_BOM = "\ufeff"


class Step(t.NamedTuple):
    """A step that is done: ``date`` (``YYYY-MM-DD``), and who did it."""

    date: str
    by: str


def steps(
    given: t.Mapping[str, t.Mapping[str, t.Any]], tested: str, notified: str, today: str, by: str
) -> dict[str, Step]:
    """What the sheet lacks once the host was notified on the day ``notified``, in order; empty: nothing.

    ``given``: the steps of the sheet. ``tested``: the day on which the last appliance passed at stage live. A step that
    is dated later than ``today`` was a plan, and is dated anew. Dates of hosts are those of their own places, and no
    date may go back: one that would is that of the step before.
    """
    found: dict[str, Step] = {}
    before = ""
    for step in STEPS:
        there = given.get(step.key)
        if there and str(there["date"]) <= today:
            before = max(before, str(there["date"]))
        elif step.key in {"install", "notify"}:
            before = max(before, tested if step.key == "install" else notified)
            found[step.key] = Step(before, str(there["by"]) if there else by)
        else:
            return {}
    return found


def edited(file: str, text: str, missing: t.Mapping[str, Step]) -> str:
    """The text of a sheet with these steps. Raises NoticeError where that cannot be done without other changes."""
    mark, given = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    wanted = copy.deepcopy(document.parse(file, given).data)
    found = given
    for key, step in missing.items():
        if wanted is None:
            break
        wanted["onboarding"]["steps"][key] = step._asdict()
        found = _with(found, key, step)
    after = document.parse(file, found).data
    if after is None or after != wanted:
        raise NoticeError(f"{file}: its steps are written in a way that cannot be edited here; write them in by hand")
    return mark + found


def patch(file: str, before: str, after: str, heading: t.Iterable[str] = ()) -> str:
    """A unified diff for ``git apply`` in the fleet's folder; empty where nothing is different.

    ``file``: relative to that folder; ``heading``: lines above it, which git skips. Raises NoticeError for a file's
    name that would have to be quoted.
    """
    if not _FILE.fullmatch(file):
        raise NoticeError(f"{file}: cannot be named in a patch; rename it with letters, digits, dot, _ and - alone")
    lines = list(difflib.unified_diff(_lines(before), _lines(after), f"a/{file}", f"b/{file}"))
    told = [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join([*(f"{line}\n" for line in heading), *told]) if told else ""


def _lines(text: str) -> list[str]:
    """With their ends, as git counts them: LF alone ends a line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _with(text: str, key: str, step: Step) -> str:
    """The text with one more step, or with another date of one that is there."""
    parts = _mapping(_mapping(yaml.compose(text, Loader=yaml.SafeLoader))["onboarding"][1])["steps"][1]
    known = _mapping(parts)
    if key in known:
        date = _mapping(known[key][1])["date"][1]
        return _replaced(text, date.start_mark.index, date.end_mark.index, step.date)
    order = [each.key for each in STEPS]
    first, last = known[order[order.index(key) - 1]]  # there: no step is left out
    told = f"{key}: {{date: {step.date}, by: {_scalar(step.by)}}}"
    if parts.flow_style:
        return _replaced(text, last.end_mark.index, last.end_mark.index, f", {told}")
    indent = " " * first.start_mark.column
    if not last.flow_style:
        inner = " " * min(each.start_mark.column for each, _value in _mapping(last).values())
        told = f"{key}:\n{inner}date: {step.date}\n{inner}by: {_scalar(step.by)}"
    # A block ends where the next one begins; what it holds ends before that.
    end = text.find("\n", len(text[: _end(last)].rstrip()))
    where, ending = (len(text), "") if end < 0 else (end + 1, "\n")
    lead = "" if end >= 0 else "\n"
    written = f"{lead}{indent}{told}{ending}"
    newline = "\r\n" if text[:where].endswith("\r\n") else "\n"
    return _replaced(text, where, where, written.replace("\n", newline))


def _mapping(node: t.Any) -> dict[str, tuple[t.Any, t.Any]]:
    """Key and value nodes by key."""
    return {key.value: (key, value) for key, value in node.value}


def _end(node: t.Any) -> int:
    """Index behind a value; behind a literal one are also the empty lines that follow it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)


def _replaced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _scalar(text: str) -> str:
    """A text as YAML has it, quoted where it would be read as something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return "'" + text.replace("'", "''") + "'"
