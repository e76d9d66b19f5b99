# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""YAML text to plain data that knows its lines.

The YAML that is accepted is deliberately small (the types of the YAML 1.2 core schema, minus floats): what a sheet
says must be what its reader sees. So ``NO`` is a country and not false, ``010`` is not eight, and nothing is defined
twice or elsewhere. Built from parser events, because only these tell a tag or an anchor that was really written.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import sys
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
"""The schema needs six levels."""

_DEEP = f"is nested more than {MAX_DEPTH} levels deep"

_TOO_DEEP = re.compile(r"\bnest(?:ed|ing)|\bdepth\b|\brecurs", re.IGNORECASE)
"""What PyYAML and libyaml say of limits of their own, which they may reach before ours."""
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is not in c-printable of YAML 1.2, section 5.1."""
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")


class _RefusedError(Exception):
    """This text is not taken; the first reason is enough."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


@dataclasses.dataclass(frozen=True, eq=False)
class Document:
    """One file, parsed; or data of another source, which then has no lines.

    ``data`` is None when the text could not be taken; ``problems`` then says why.
    """

    file: str
    """The name that messages give; relative to the inventory."""
    data: dict[str, t.Any] | None
    problems: tuple[Problem, ...] = ()
    text: str = dataclasses.field(default="", repr=False)
    """What ``data`` was parsed from; empty for data that never was a text."""

    @functools.cached_property
    def lines(self) -> t.Mapping[Path, int]:
        """The line of every key and list item, from 1. Read only for a problem: most sheets have none."""
        return _Builder(remember=True).read(self.text).lines if self.text else {}

    def line(self, path: Path) -> int:
        """The line of the value at ``path``, or of the nearest thing around it that is in the file; 0 if unknown."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return self.lines.get(known, 1 if self.text else 0)

    def problem(self, path: Path, message: str) -> Problem:
        """A problem with the value at ``path``."""
        return Problem(self.file, self.line(path), spell(path), message)


def spell(path: Path) -> str:
    """``("peers", 1, "asn")`` as people write it: ``peers[1].asn``. A key that may hold a secret becomes ``?``."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{show_key(step) or '?'}" for step in path)
    return "".join(parts).removeprefix(".")


def show_key(key: object) -> str | None:
    """The key, when it is a plain word; None for others, such as ``md5:secret`` written without its space."""
    return key if isinstance(key, str) and _PLAIN_KEY.fullmatch(key) else None


def parse(file: str, content: bytes | str) -> Document:
    """Parse the content of ``file`` (a name for messages; nothing is read). Never raises for what it holds."""
    try:
        text = _text(content)
        return Document(file, _Builder().read(text).data(), (), text)
    except _RefusedError as refused:
        return Document(file, None, (Problem(file, refused.line, "", refused.message),))


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


class _Frame:
    """A mapping or list that is still open."""

    __slots__ = ("items", "key", "value")

    def __init__(self, value: dict[str, t.Any] | list[t.Any]) -> None:
        self.value: t.Any = value
        self.items = value if isinstance(value, list) else None
        """The same, where it is a list."""
        self.key: str | None = None
        """Of a mapping: the key whose value comes next, or is open."""


class _Builder:
    """Plain data from parser events. Iterative, so that no text can exhaust the stack.

    Remembering the lines takes as long as all the rest, so it is done only where a line is asked for.
    """

    def __init__(self, *, remember: bool = False) -> None:
        self.lines: dict[Path, int] = {}
        self._remember = remember
        self._text = ""
        self._documents: list[t.Any] = []
        self._open: list[_Frame] = []
        self._top: _Frame | None = None
        """The last one of those that are open."""

    def read(self, text: str) -> _Builder:
        """Take all events of the text; raises _RefusedError."""
        self._text = text
        take: dict[type, t.Callable[[t.Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: _refuse_anchor,
            yaml.MappingStartEvent: self._start_mapping,
            yaml.SequenceStartEvent: self._start_list,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
        }
        try:
            events = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
            while (event := events.get_event()) is not None:
                handler = take.get(type(event))
                if handler:
                    handler(event)
        except RecursionError:
            raise _RefusedError(0, _DEEP) from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            if _TOO_DEEP.search(error.problem or ""):
                raise _RefusedError(line, _DEEP) from None
            raise _RefusedError(line, f"is not YAML: {error.problem or 'cannot be parsed'}") from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            if _TOO_DEEP.search(str(error)):
                raise _RefusedError(0, _DEEP) from None
            raise _RefusedError(*_unprintable(text)) from None
        return self

    def data(self) -> dict[str, t.Any]:
        """The one mapping of the text; raises _RefusedError when it is another thing."""
        if not self._documents:
            raise _RefusedError(0, "is empty")
        data = self._documents[0]
        if not isinstance(data, dict):
            raise _RefusedError(1, "is empty" if data is None else "must be a mapping (lines of 'key: value')")
        return data

    def _scalar(self, event: t.Any) -> None:
        if event.anchor is not None:
            _refuse_anchor(event)
        if event.tag is not None:
            _refuse_tag(event)
        value, top = event.value, self._top
        if top is None or top.key is not None or top.items is not None:
            self._place(_value(value) if event.implicit[0] else value, event)
            if top is not None:
                top.key = None
            return
        if value in top.value:
            self._refuse_key(value, event)
        top.key = sys.intern(value)  # the same words in every sheet
        if self._remember:
            self._note(event)

    def _start_mapping(self, event: t.Any) -> None:
        self._start({}, event)

    def _start_list(self, event: t.Any) -> None:
        self._start([], event)

    def _start(self, value: dict[str, t.Any] | list[t.Any], event: t.Any) -> None:
        if event.anchor is not None:
            _refuse_anchor(event)
        if event.tag is not None:
            _refuse_tag(event)
        top = self._top
        if top is not None and top.items is None and top.key is None:
            raise _RefusedError(event.start_mark.line + 1, "uses a mapping or list as a key; a key is one word")
        if len(self._open) == MAX_DEPTH:
            raise _RefusedError(event.start_mark.line + 1, _DEEP)
        self._place(value, event)
        self._top = _Frame(value)
        self._open.append(self._top)

    def _end(self, _event: t.Any) -> None:
        self._open.pop()
        self._top = self._open[-1] if self._open else None
        if self._top is not None:
            self._top.key = None

    def _place(self, value: t.Any, event: t.Any) -> None:
        """Put a value where the text has it. The key is kept as long as its value is open: it is part of the path."""
        top = self._top
        if top is None:
            if self._documents:
                raise _RefusedError(event.start_mark.line + 1, "holds a second document (---); one file holds one")
            self._documents.append(value)
        elif top.items is None:
            top.value[top.key] = value
            return
        else:
            top.items.append(value)
        if self._remember:
            self._note(event)

    def _note(self, event: t.Any) -> None:
        self.lines[self._path()] = event.start_mark.line + 1

    def _path(self) -> Path:
        """Where the innermost frame stands now: the key just read, or the item just appended."""
        return tuple(
            len(frame.items) - 1 if frame.items is not None else t.cast(str, frame.key) for frame in self._open
        )

    def _refuse_key(self, key: str, event: t.Any) -> t.NoReturn:
        if not self._remember:
            _Builder(remember=True).read(self._text)  # refuses at the same place, and knows the first one's line
        path = (*self._path()[:-1], key)
        shown = show_key(key)
        named = f"key {shown!r}" if shown else "a key"
        raise _RefusedError(event.start_mark.line + 1, f"{named} was already given in line {self.lines[path]}")


def _unprintable(text: str) -> tuple[int, str]:
    """Line and reason for a text that YAML's reader does not take: it holds what is no printable character."""
    found = _UNPRINTABLE.search(text)
    if not found:
        return 0, "is not YAML: cannot be read"
    return text.count("\n", 0, found.start()) + 1, f"is not YAML: holds the character U+{ord(found[0]):04X}; remove it"


def _refuse_anchor(event: t.Any) -> t.NoReturn:
    message = "uses an anchor or alias (& or *); write the value out, or quote it"
    raise _RefusedError(event.start_mark.line + 1, message)


def _refuse_tag(event: t.Any) -> t.NoReturn:
    raise _RefusedError(event.start_mark.line + 1, "uses a tag (!); write the plain value, or quote it")


def _value(plain: str) -> str | int | bool | None:
    """An unquoted scalar."""
    if plain in _WORDS:
        return _WORDS[plain]
    return int(plain) if _INTEGER.fullmatch(plain) else plain
