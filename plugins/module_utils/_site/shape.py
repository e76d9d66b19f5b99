# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: BSD-2-Clause
# PRIVATE to the collection: no stable interface for others.
"""Hold parsed files against the schema: plain sentences out, and the part of the data that is sound."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
import typing as t

from . import fit, formats
from .document import Document, Path, show_key

if t.TYPE_CHECKING:
    from .errors import Problem

try:
    import jsonschema
except ImportError:  # said by the glue, in one sentence: see fleet.missing_libraries()
    HAS_JSONSCHEMA = False
else:
    HAS_JSONSCHEMA = True

Schema = t.Mapping[str, t.Any]


class Shaped(t.NamedTuple):
    """A document without the parts that break the schema, and what is wrong with those.

    What is wrong becomes None, so that indexes stay true and a rule can tell it from what is absent; keys that nobody
    knows are gone. The rules thus see all that is sound, and one run tells everything.
    """

    document: Document
    problems: tuple[Problem, ...]


class Mould:
    """A schema, made ready once for any number of documents."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._fits = fit.test_of(schema)

    @functools.cached_property
    def validator(self) -> t.Any:
        """The jsonschema validator, with our formats; and 1.0, of a source that is no sheet, is no integer."""
        checker = jsonschema.FormatChecker(formats=())
        for name in formats.NAMES:
            checker.checks(name)(formats.of(name))
        types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
        extend: t.Any = jsonschema.validators.extend
        return extend(jsonschema.Draft202012Validator, type_checker=types)(self._schema, format_checker=checker)

    def shape(self, document: Document) -> Shaped:
        """Check one document. One that could not be parsed becomes an empty one."""
        if document.data is None:
            return Shaped(dataclasses.replace(document, data={}), document.problems)
        if self._fits(document.data):
            return Shaped(document, ())
        problems: set[Problem] = set()
        broken: set[Path] = set()
        unknown: set[Path] = set()
        for error in self.validator.iter_errors(document.data):
            for path, message in _explain(error):
                problems.add(document.problem(path, message))
                (unknown if error.validator == "additionalProperties" else broken).add(path)
        sound = _without(document.data, (), broken, unknown)
        return Shaped(dataclasses.replace(document, data=sound or {}), tuple(sorted(problems)))


def _is_integer(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _explain(error: t.Any) -> t.Iterator[tuple[Path, str]]:
    """The places that one schema error is about, each with what is wrong and what would be right."""
    path: Path = tuple(error.absolute_path)
    value, wanted = error.instance, error.schema
    if error.validator == "required":
        for key in error.validator_value:
            if key not in value:
                yield (*path, key), f"is missing; {_add(wanted['properties'][key])}"
    elif error.validator == "additionalProperties":
        for key in value:
            if key not in wanted["properties"]:
                yield (*path, key), _unknown(key, list(wanted["properties"]))
    else:
        yield path, _wrong(value, wanted, error.validator)


def _wrong(value: t.Any, wanted: Schema, keyword: str) -> str:
    """What is wrong with the value itself."""
    right = wanted.get("description", "what belongs here")
    if wanted.get("x-imrs-secret"):
        return f"is not {right}; the value is not repeated here, because it may be a secret: keep secrets in the vault"
    if value is None:
        return f"is empty; {_add(wanted)}"
    if wanted.get("type") in {"object", "array"} or isinstance(value, (dict, list)):
        return f"is {'empty' if value in ([], {}) else 'something else'}; {_add(wanted)}"
    if keyword == "type" and wanted["type"] == "string" and "enum" not in wanted:
        return f"{show(value)} is read as a number or as true or false; put it in quotes"
    if keyword == "type" and wanted["type"] == "integer" and re.fullmatch(r"[0-9]{1,18}", str(value)):
        return f"{show(value)} is text, being in quotes; write the number without them"
    why = formats.WHY.get(wanted.get("format", ""), _no_reason)(value) if isinstance(value, str) else None
    return f"{show(value)} {why or f'is not {right}'}"


def _no_reason(_text: str) -> None:
    return None


def _add(wanted: Schema) -> str:
    return f"give {wanted.get('description', 'a value')}"


def _unknown(key: str, known: list[str]) -> str:
    shown = show_key(key)
    if shown is None:
        return "unknown key, not shown because it is no plain word; is there a space after the colon?"
    near = difflib.get_close_matches(shown, known, 1)
    return f"unknown key; did you mean {near[0]!r}?" if near else f"unknown key; the keys here are {', '.join(known)}"


def show(value: object) -> str:
    """A value as a message repeats it: short, and on one line whatever it holds."""
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return short if re.fullmatch(r"[!-&(-~]+(?: [!-&(-~]+)*", short) else ascii(short)


def _without(value: t.Any, path: Path, broken: set[Path], unknown: set[Path]) -> t.Any:
    """A copy of the data, with None at the broken paths and nothing at the unknown ones."""
    if path in broken:
        return None
    if isinstance(value, dict):
        return {
            key: _without(item, (*path, key), broken, unknown)
            for key, item in value.items()
            if (*path, key) not in unknown
        }
    if isinstance(value, list):
        return [_without(item, (*path, index), broken, unknown) for index, item in enumerate(value)]
    return value
