# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""YAML text to plain data that remembers its lines.

The YAML that is accepted is deliberately small (the types of the YAML 1.2 core schema, minus floats): what a sheet
says must be what its reader sees. So ``NO`` is a country and not false, ``010`` is not eight, and nothing is defined
twice or elsewhere. Built from parser events, because only these tell a tag or an anchor that was really written.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .errors import Problem

try:
    import yaml
except ImportError:  # said by the glue, in one sentence: see fleet.missing_libraries()
    HAS_YAML = False
else:
    HAS_YAML = True

Path = tuple[t.Union[str, int], ...]
"""Where a value stands: keys and list indexes from the top, such as ``("peers", 1, "asn")``."""

MAX_BYTES = 1 << 20
"""A real sheet has a few KiB; a file beyond this is not a sheet."""
MAX_DEPTH = 16
"""The schema needs five levels."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")


class _RefusedError(Exception):
    """This text is not taken; the first reason is enough."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


@dataclasses.dataclass(frozen=True)
class Document:
    """One file, parsed. ``data`` is None when the text could not be taken; ``problems`` then says why."""

    file: str
    data: dict[str, t.Any] | None
    lines: t.Mapping[Path, int]
    problems: tuple[Problem, ...] = ()

    def problem(self, path: Path, message: str) -> Problem:
        """A problem with the value at ``path``, or with the nearest thing around it that is in the file."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Problem(self.file, self.lines.get(known, 1), spell(path), message)


def spell(path: Path) -> str:
    """``("peers", 1, "asn")`` as people write it: ``peers[1].asn``. A key that may hold a secret becomes ``?``."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{show_key(step) or '?'}" for step in path)
    return "".join(parts).removeprefix(".")


def show_key(key: object) -> str | None:
    """The key, when it is a plain word; None for others, such as ``md5:secret`` written without its space."""
    return key if isinstance(key, str) and _PLAIN_KEY.fullmatch(key) else None


def parse(file: str, content: bytes | str) -> Document:
    """Parse the content of ``file`` (a name for messages; nothing is read). Never raises for what it holds."""
    builder = _Builder()
    try:
        data = builder.build(_text(content))
    except _RefusedError as refused:
        return Document(file, None, {}, (Problem(file, refused.line, "", refused.message),))
    return Document(file, data, builder.lines)


def _text(content: bytes | str) -> str:
    """The characters of a file, or a refusal of what no sheet should hold."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(raw) > MAX_BYTES:
        raise _RefusedError(0, f"is larger than {MAX_BYTES >> 10} KiB, so it is not a sheet")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _RefusedError(raw.count(b"\n", 0, error.start) + 1, "is not UTF-8 text; save the file as UTF-8") from None
    if (tab := text.find("\t")) >= 0:
        raise _RefusedError(text.count("\n", 0, tab) + 1, "holds a tab; indent and align with spaces only")
    return text


@dataclasses.dataclass
class _Frame:
    """A mapping or list that is still open."""

    value: dict[str, t.Any] | list[t.Any]
    path: Path
    key: str | None = None


class _Builder:
    """Plain data from parser events. Iterative, so that no text can exhaust the stack."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._open: list[_Frame] = []
        self._documents: list[t.Any] = []

    def build(self, text: str) -> dict[str, t.Any]:
        try:
            for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise _RefusedError(line, f"is not YAML: {error.problem or 'cannot be parsed'}") from None
        except (yaml.YAMLError, ValueError, OverflowError):  # a character that YAML forbids, or cannot be
            raise _RefusedError(0, "is not YAML: holds a character that YAML does not allow") from None
        if not self._documents:
            raise _RefusedError(0, "is empty")
        data = self._documents[0]
        if not isinstance(data, dict):
            raise _RefusedError(1, "is empty" if data is None else "must be a mapping (lines of 'key: value')")
        return data

    def _take(self, event: t.Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _RefusedError(line, "uses an anchor or alias (& or *); write the value out, or quote it")
        if getattr(event, "tag", None):
            raise _RefusedError(line, "uses a tag (!); write the plain value, or quote it")
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._start({}, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._start([], line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()

    def _scalar(self, event: t.Any, line: int) -> None:
        frame = self._open[-1] if self._open else None
        if frame is None or isinstance(frame.value, list) or frame.key is not None:
            self._place(_value(event.value) if event.implicit[0] else event.value, line)
            return
        if event.value in frame.value:
            shown = show_key(event.value)
            first = self.lines[(*frame.path, event.value)]
            raise _RefusedError(line, f"{f'key {shown!r}' if shown else 'a key'} was already given in line {first}")
        frame.key = event.value
        self.lines[(*frame.path, event.value)] = line

    def _start(self, value: dict[str, t.Any] | list[t.Any], line: int) -> None:
        if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
            raise _RefusedError(line, "uses a mapping or list as a key; a key is one word")
        if len(self._open) == MAX_DEPTH:
            raise _RefusedError(line, f"is nested more than {MAX_DEPTH} levels deep")
        self._open.append(_Frame(value, self._place(value, line)))

    def _place(self, value: t.Any, line: int) -> Path:
        """Put a value where the text has it; its path."""
        if not self._open:
            if self._documents:
                raise _RefusedError(line, "holds a second document (---); one file holds one")
            self._documents.append(value)
            self.lines[()] = line
            return ()
        frame = self._open[-1]
        if isinstance(frame.value, list):
            path = (*frame.path, len(frame.value))
            frame.value.append(value)
            self.lines[path] = line
            return path
        key = t.cast(str, frame.key)
        frame.value[key] = value
        frame.key = None
        return (*frame.path, key)


def _value(plain: str) -> str | int | bool | None:
    """An unquoted scalar."""
    if plain in _WORDS:
        return _WORDS[plain]
    return int(plain) if _INTEGER.fullmatch(plain) else plain
